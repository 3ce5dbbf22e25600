"""The index: exact search, nothing encoded twice, swapped in one go, and never half there."""

from __future__ import annotations

import errno
import itertools
import json
import multiprocessing
import os
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from healthqa import index as index_module
from healthqa import index_store
from healthqa.errors import ArticleError, IndexFolderError
from healthqa.index import Index, IndexBuild, build_index, current_version
from healthqa.settings import Settings
from tests.fakes import FakeEncoder

BODY = (
    "## Signs\nTingling in the hands is one sign of it.\n\n## Tests\nA blood test measures the level of the vitamin.\n"
    "## FAQ\n### Does coffee matter?\nYes, much coffee can make a muscle twitch.\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    articles = tmp_path / "articles"
    articles.mkdir()
    write(articles, "one", BODY)
    return articles


@pytest.fixture
def config(tmp_path: Path, folder: Path) -> Settings:
    return Settings.from_env({}, articles_dir=folder, index_dir=tmp_path / "index")


def write(folder: Path, slug: str, body: str) -> None:
    (folder / f"{slug}.md").write_text(f"---\ntitle: About {slug}\n---\n{body}", encoding="utf-8")


def build(config: Settings, encoder: FakeEncoder | None = None) -> IndexBuild:
    return build_index(config.articles_dir, config, encoder or FakeEncoder())


def versions(config: Settings) -> list[str]:
    return sorted(path.name for path in (config.index_dir / "versions").iterdir())


def test_index_finds_the_passage_that_fits(config: Settings) -> None:
    encoder = FakeEncoder()
    result = build(config, encoder)
    assert (result.articles, result.passages, result.vectors, result.encoded, result.reused) == (1, 3, 6, 6, 0)
    with Index.load(config.index_dir, encoder) as index:
        assert index.version == result.version == current_version(config.index_dir)
        hits = index.search(encoder.encode(["a blood test of the vitamin level"]), 3)
        assert [index.passages[hit.ordinal].section for hit in hits][0] == "Tests"
        assert len({hit.ordinal for hit in hits}) == len(hits) == 3, (
            "a passage appears once, however many vectors it has"
        )
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_search_returns_the_best_of_a_passages_vectors(config: Settings) -> None:
    encoder = FakeEncoder()
    build(config, encoder)
    with Index.load(config.index_dir, encoder) as index:
        vectors, row, expected = index.vectors(), 0, []
        query = encoder.encode(["does much coffee matter", "tingling hands"])
        for passage in index.passages:
            rows = vectors[row : row + len(passage.encode_texts)]
            expected.append((rows @ query.T).max(axis=0))
            row += len(rows)
        for number, hits in enumerate(index.search_each(query, 10)):
            for hit in hits:
                assert hit.score == pytest.approx(expected[hit.ordinal][number], abs=1e-6)
        for hit in index.search(query, 10):
            assert hit.score == pytest.approx(expected[hit.ordinal].max(), abs=1e-6)
        assert index.search(query[0], 1)[0] == index.search_each(query[:1], 1)[0][0]
        assert index.search(query, 0) == []


def test_passages_come_back_as_they_were_built(config: Settings) -> None:
    write(
        config.articles_dir,
        "two",
        "Odd \u2028 text \U0001f600 stands in this one.\n\n| A | B |\n|---|---|\n| x y | z z z |\n",
    )
    build(config)
    from healthqa.articles import read_articles
    from healthqa.passages import split_articles

    with Index.load(config.index_dir, FakeEncoder()) as index:
        assert index.passages == split_articles(read_articles(config.articles_dir), config)


def test_manifest_says_what_the_index_was_made_of(config: Settings) -> None:
    result = build(config)
    path = config.index_dir / "versions" / result.version / "manifest.json"
    manifest = json.loads(path.read_text())
    assert manifest["format"] == 1
    assert (manifest["encoder_name"], manifest["encoder_fingerprint"], manifest["dimension"]) == ("fake", "fake-1", 64)
    assert (manifest["passages"], manifest["vectors"], manifest["kind"]) == (3, 6, "flat")
    assert list(manifest["articles"]) == ["one.md"] and len(manifest["articles"]["one.md"]) == 64
    assert manifest["built"].endswith("+00:00")


def test_unchanged_articles_build_nothing(config: Settings) -> None:
    first = build(config)
    encoder = FakeEncoder()
    second = build(config, encoder)
    assert (second.version, second.unchanged, second.encoded, second.reused) == (first.version, True, 0, 6)
    assert encoder.seen == []


def test_only_new_text_is_encoded(config: Settings) -> None:
    first = build(config)
    write(config.articles_dir, "two", "## More\nRest helps a tired muscle to calm down.\n")
    encoder = FakeEncoder()
    second = build(config, encoder)
    assert second.version != first.version
    assert (second.encoded, second.reused) == (2, 6)
    assert all("Rest helps" in text for text in encoder.seen)
    with Index.load(config.index_dir, encoder) as index:
        texts = [text for passage in index.passages for text in passage.encode_texts]
        assert np.allclose(index.vectors(), FakeEncoder().encode(texts), atol=1e-6)


def test_removed_article_leaves_the_index(config: Settings) -> None:
    write(config.articles_dir, "two", "## More\nRest helps a tired muscle to calm down.\n")
    build(config)
    (config.articles_dir / "two.md").unlink()
    assert build(config).passages == 3


def test_setting_that_shapes_passages_makes_a_new_version(config: Settings) -> None:
    text = "Rest helps a tired muscle to calm down. Warm water helps a tired muscle to calm down too."
    write(config.articles_dir, "two", f"## More\n{text}\n")
    first = build(config)
    second = build(replace(config, max_words=9))
    assert second.version != first.version and second.passages == first.passages + 1


def test_own_links_follow_the_address_given_at_loading(config: Settings) -> None:
    build(config)
    for address in ("https://health.example", "http://127.0.0.1:5105"):
        with Index.load(config.index_dir, FakeEncoder(), address) as index:
            assert all(passage.url.startswith(f"{address}/webhooks/web/articles/") for passage in index.passages)


def test_other_encoder_encodes_everything_anew_and_is_refused_before(config: Settings) -> None:
    build(config)
    other = FakeEncoder(fingerprint="fake-2")
    with pytest.raises(IndexFolderError, match="built with the encoder fake .*Run `make index`"):
        Index.load(config.index_dir, other)
    with pytest.raises(IndexFolderError, match="make index"):
        Index.load(config.index_dir, FakeEncoder(dimension=32))
    assert build(config, other).encoded == 6
    Index.load(config.index_dir, other).close()


def test_large_index_is_searched_by_graph(config: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "FLAT_LIMIT", 3)
    encoder = FakeEncoder()
    build(config, encoder)
    with Index.load(config.index_dir, encoder) as index:
        assert index.manifest.kind == "hnsw"
        hits = index.search(encoder.encode(["a blood test of the vitamin level"]), 3)
        assert index.passages[hits[0].ordinal].section == "Tests" and len(hits) == 3
        assert hits[0].score <= 1.0 + 1e-5
    write(config.articles_dir, "two", "## More\nRest helps a tired muscle to calm down.\n")
    assert build(config).reused == 6, "vectors are taken back from the graph too"


def test_missing_index_says_what_to_run(tmp_path: Path) -> None:
    assert current_version(tmp_path) == ""
    with pytest.raises(IndexFolderError, match="There is no index in .*Run `make index`"):
        Index.load(tmp_path, FakeEncoder())


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


def test_progress_is_told(config: Settings) -> None:
    told: list[tuple[str, int, int]] = []
    build_index(config.articles_dir, config, FakeEncoder(), lambda *step: told.append(step))
    assert told[0][0] == "reading articles"
    assert ("encoding", 6, 6) in told


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


def test_index_folder_can_be_moved(config: Settings, tmp_path: Path) -> None:
    build(config)
    shutil.move(config.index_dir, tmp_path / "moved folder")
    Index.load(tmp_path / "moved folder", FakeEncoder()).close()
