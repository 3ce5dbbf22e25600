from __future__ import annotations

from pathlib import Path

import pytest

from scripts.stamps import exclusive, files_hash, is_fresh, read_stamp, write_stamp


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "data" / "deep").mkdir(parents=True)
    (tmp_path / "data" / "deep" / "a.yml").write_text("one", encoding="utf-8")
    (tmp_path / "config.yml").write_text("two", encoding="utf-8")
    return tmp_path


def test_files_hash_changes_with_content_name_and_extra(tree: Path) -> None:
    inputs = [tree / "data", tree / "config.yml"]
    before = files_hash(inputs, tree)
    assert files_hash(reversed(inputs), tree) == before
    assert files_hash(inputs, tree, "setting") != before
    (tree / "data" / "deep" / "a.yml").rename(tree / "data" / "deep" / "b.yml")
    renamed = files_hash(inputs, tree)
    assert renamed != before
    (tree / "data" / "deep" / "b.yml").write_text("three", encoding="utf-8")
    assert files_hash(inputs, tree) != renamed


def test_files_hash_ignores_caches_hidden_files_and_missing_folders(tree: Path) -> None:
    before = files_hash([tree / "data"], tree)
    (tree / "data" / "__pycache__").mkdir()
    (tree / "data" / "__pycache__" / "x.pyc").write_bytes(b"x")
    (tree / "data" / ".a.yml.swp").write_text("editor", encoding="utf-8")
    assert files_hash([tree / "data", tree / "nowhere"], tree) == before


def test_files_hash_stays_when_the_project_is_moved(tree: Path) -> None:
    moved = tree / "other place"
    moved.mkdir()
    (tree / "data").rename(moved / "data")
    (moved / "again").mkdir()
    before = files_hash([moved / "data"], moved)
    (moved / "data").rename(moved / "again" / "data")
    assert files_hash([moved / "again" / "data"], moved / "again") == before


def test_stamp_is_fresh_only_with_same_inputs_and_output(tmp_path: Path) -> None:
    stamp = tmp_path / "state" / "index.json"
    assert not is_fresh(stamp, "in", "out")
    write_stamp(stamp, "in", "out")
    assert is_fresh(stamp, "in", "out")
    assert not is_fresh(stamp, "changed", "out")
    assert not is_fresh(stamp, "in", "another output")


def test_stamp_without_output_is_never_fresh(tmp_path: Path) -> None:
    stamp = tmp_path / "index.json"
    write_stamp(stamp, "in", "")
    assert not is_fresh(stamp, "in", "")


@pytest.mark.parametrize("content", ["", "{", "[1]", "\x00\x01"])
def test_stamp_that_is_broken_reads_as_empty(tmp_path: Path, content: str) -> None:
    stamp = tmp_path / "index.json"
    stamp.write_text(content, encoding="utf-8")
    assert read_stamp(stamp) == {}


def test_exclusive_says_that_it_waits_and_then_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import threading

    entered = threading.Event()

    def second() -> None:
        with exclusive(tmp_path / "lock", "waiting"):
            entered.set()

    with exclusive(tmp_path / "lock", "waiting"):
        thread = threading.Thread(target=second)
        thread.start()
        assert not entered.wait(0.3)
    thread.join(5)
    assert entered.is_set()
    assert capsys.readouterr().out == "waiting\n"
