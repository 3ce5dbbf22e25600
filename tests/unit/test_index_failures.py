"""The index when something goes wrong: damage, a full disk, a killed build, readers and builds at the same time."""

from __future__ import annotations

import errno
import itertools
import multiprocessing
import os
import threading
from pathlib import Path

import pytest

from healthqa import index_store
from healthqa.errors import ArticleError, IndexFolderError
from healthqa.index import Index, build_index, current_version
from healthqa.settings import Settings
from tests.fakes import FakeEncoder
from tests.unit.small_index import build, make_config, versions, write


@pytest.fixture
def config(tmp_path: Path) -> Settings:
    return make_config(tmp_path)


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        *itertools.product(["vectors.faiss", "passages.jsonl", "manifest.json"], ["cut", "gone", "changed"]),
        ("in-use.lock", "gone"),
    ],
)
def test_damaged_index_is_refused_and_mended_by_a_build(config: Settings, name: str, damage: str) -> None:
    version = build(config).version
    path = config.index_dir / "versions" / version / name
    data = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(data[: len(data) // 2] if damage == "cut" else data.replace(data[-9:-5], b"\x00\x01\x02\x03"))
    with pytest.raises(IndexFolderError, match="Run `make index`"):
        Index.load(config.index_dir, FakeEncoder())
    assert build(config).encoded == 6
    Index.load(config.index_dir, FakeEncoder()).close()


@pytest.mark.parametrize("pointer", ["", "no-such-version", "../../etc", "\x00"])
def test_broken_pointer_is_refused_and_mended_by_a_build(config: Settings, pointer: str) -> None:
    build(config)
    (config.index_dir / "current").write_text(pointer)
    with pytest.raises(IndexFolderError, match="make index"):
        Index.load(config.index_dir, FakeEncoder())
    build(config)
    Index.load(config.index_dir, FakeEncoder()).close()


def test_manifest_of_another_format_is_refused(config: Settings) -> None:
    version = build(config).version
    path = config.index_dir / "versions" / version / "manifest.json"
    path.write_text(path.read_text().replace('"format": 1', '"format": 99'))
    with pytest.raises(IndexFolderError, match="has format 99, this version of healthqa reads 1"):
        Index.load(config.index_dir, FakeEncoder())


def test_old_version_stays_while_it_is_loaded(config: Settings) -> None:
    encoder = FakeEncoder()
    first = build(config).version
    index = Index.load(config.index_dir, encoder)
    write(config.articles_dir, "two", "## More\nRest helps a tired muscle to calm down.\n")
    second = build(config).version
    assert versions(config) == sorted([first, second])
    assert index.search(encoder.encode(["blood test"]), 1)
    assert current_version(config.index_dir) == second != index.version
    index.close()
    index.close()
    build(config)
    assert versions(config) == [second]


def test_leftovers_of_an_interrupted_build_are_removed(config: Settings) -> None:
    version = build(config).version
    (config.index_dir / "versions" / ".building-x").mkdir()
    build(config)
    assert versions(config) == [version]


def fails_at(monkeypatch: pytest.MonkeyPatch, module: object, name: str, call: int) -> None:
    real, calls = getattr(module, name), iter(range(1, 10_000))

    def broken(*args: object, **more: object) -> object:
        if next(calls) == call:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(*args, **more)

    monkeypatch.setattr(module, name, broken)


@pytest.mark.parametrize(
    ("module", "name", "call"),
    [
        (index_store, "_write", 1),
        (index_store, "_write", 2),
        (index_store, "_write", 4),
        (index_store, "_write", 5),
        (index_store.os, "replace", 1),
        (index_store.os, "replace", 2),
        (index_store.os, "fsync", 3),
        (index_store.tempfile, "mkdtemp", 1),
    ],
)
def test_full_disk_leaves_the_index_in_use(
    config: Settings, monkeypatch: pytest.MonkeyPatch, module: object, name: str, call: int
) -> None:
    first = build(config).version
    write(config.articles_dir, "two", "## More\nRest helps a tired muscle to calm down.\n")
    with monkeypatch.context() as patch:
        fails_at(patch, module, name, call)
        with pytest.raises(IndexFolderError, match="No space left on device.*is unchanged.*make index"):
            build(config)
    assert current_version(config.index_dir) == first
    assert versions(config) == [first]
    Index.load(config.index_dir, FakeEncoder()).close()
    assert build(config).passages == 4, "the next try goes on"


def test_bad_article_leaves_the_index_in_use(config: Settings) -> None:
    first = build(config).version
    (config.articles_dir / "bad.md").write_text("no title here")
    with pytest.raises(ArticleError, match="bad.md"):
        build(config)
    assert current_version(config.index_dir) == first and versions(config) == [first]


def test_second_build_at_the_same_time_is_refused(config: Settings) -> None:
    with (
        index_store.build_lock(config.index_dir),
        pytest.raises(IndexFolderError, match=rf"Another build of .* is running \(process {os.getpid()}\)"),
    ):
        build(config)
    build(config)


def test_folder_that_cannot_be_made_is_refused(config: Settings, tmp_path: Path) -> None:
    (tmp_path / "index").write_text("a file")
    with pytest.raises(IndexFolderError, match="cannot be written"):
        build(config)


def test_readers_never_see_half_an_index_while_it_is_replaced(config: Settings) -> None:
    build(config)
    encoder, stop, failures = FakeEncoder(), threading.Event(), []

    def read() -> None:
        while not stop.is_set():
            try:
                with Index.load(config.index_dir, encoder) as index:
                    numbers = {passage.text.split()[1] for passage in index.passages if passage.section == "Count"}
                    assert len(numbers) <= 1
            except Exception as error:  # noqa: BLE001 - whatever it is, the test must see it
                failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(25):
        body = (
            f"## Count\nRound {number} has its own words here.\n\nRound {number} has a second paragraph of more words, "
        )
        write(config.articles_dir, "two", body + "which stands apart from the first one in the list.\n")
        build(config)
    stop.set()
    for reader in readers:
        reader.join()
    assert failures == []
    build(config)
    assert len(versions(config)) == 1


def _killed_in_the_middle(articles: Path, index_dir: Path) -> None:
    settings = Settings.from_env({}, articles_dir=articles, index_dir=index_dir)
    index_store.os.replace = lambda *_args: os._exit(9)  # type: ignore[attr-defined]
    build_index(articles, settings, FakeEncoder())


def test_killed_build_leaves_the_index_in_use_and_no_lock(config: Settings) -> None:
    first = build(config).version
    write(config.articles_dir, "two", "## More\nRest helps a tired muscle to calm down.\n")
    process = multiprocessing.get_context("spawn").Process(
        target=_killed_in_the_middle, args=(config.articles_dir, config.index_dir)
    )
    process.start()
    process.join(60)
    assert process.exitcode == 9
    assert current_version(config.index_dir) == first and len(versions(config)) == 2
    assert build(config).passages == 4
    assert len(versions(config)) == 1
