"""One short article, and the index that is built of it."""

from __future__ import annotations

from pathlib import Path

from healthqa.index import IndexBuild, build_index
from healthqa.settings import Settings
from tests.fakes import FakeEncoder

BODY = (
    "## Signs\nTingling in the hands is one sign of it.\n\n## Tests\nA blood test measures the level of the vitamin.\n"
    "## FAQ\n### Does coffee matter?\nYes, much coffee can make a muscle twitch.\n"
)


def make_config(tmp_path: Path) -> Settings:
    """Settings for a folder of articles with one article in it."""
    articles = tmp_path / "articles"
    articles.mkdir()
    write(articles, "one", BODY)
    return Settings.from_env({}, articles_dir=articles, index_dir=tmp_path / "index")


def write(folder: Path, slug: str, body: str) -> None:
    (folder / f"{slug}.md").write_text(f"---\ntitle: About {slug}\n---\n{body}", encoding="utf-8")


def build(config: Settings, encoder: FakeEncoder | None = None) -> IndexBuild:
    return build_index(config.articles_dir, config, encoder or FakeEncoder())


def versions(config: Settings) -> list[str]:
    return sorted(path.name for path in (config.index_dir / "versions").iterdir())
