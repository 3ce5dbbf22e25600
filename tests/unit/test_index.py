"""The index: exact search, nothing encoded twice, refused where it does not fit the encoder."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from healthqa import index as index_module
from healthqa.errors import IndexFolderError
from healthqa.index import Index, build_index, current_version
from healthqa.settings import Settings
from tests.fakes import FakeEncoder
from tests.unit.small_index import build, make_config, write


@pytest.fixture
def config(tmp_path: Path) -> Settings:
    return make_config(tmp_path)


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


def test_progress_is_told(config: Settings) -> None:
    told: list[tuple[str, int, int]] = []
    build_index(config.articles_dir, config, FakeEncoder(), lambda *step: told.append(step))
    assert told[0][0] == "reading articles"
    assert ("encoding", 6, 6) in told


def test_index_folder_can_be_moved(config: Settings, tmp_path: Path) -> None:
    build(config)
    shutil.move(config.index_dir, tmp_path / "moved folder")
    Index.load(tmp_path / "moved folder", FakeEncoder()).close()
