"""The pages of the `web` channel: the chat page, the widget and what else they load, the articles."""

from __future__ import annotations

import asyncio
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sanic.request import Request
from sanic.response import HTTPResponse, html

from addons.channels._failsafe import log_failure
from addons.channels._web_settings import WebSettings
from addons.channels._web_static import StaticFile
from healthqa.answer import DISCLAIMER
from healthqa.articles import read_articles
from healthqa.articles_html import article_page, articles_page, message_page
from healthqa.settings import Settings
from healthqa.texts import Texts
from healthqa.types import Article

__all__ = ["ArticleShelf", "Pages"]

_HERE = Path(__file__).parent
_STATIC = {
    "widget.js": "text/javascript; charset=utf-8",
    "chat.css": "text/css; charset=utf-8",
    "icon.svg": "image/svg+xml",
}


class ArticleShelf:
    """The articles as they are on disk now; read again when a file changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: tuple[tuple[str, int, int], ...] | None = None
        self._articles: dict[str, Article] = {}

    async def articles(self) -> dict[str, Article]:
        """Return the articles by slug. An article that cannot be read leaves the ones in use as they are."""
        return await asyncio.get_running_loop().run_in_executor(None, self._read)

    def _read(self) -> dict[str, Article]:
        seen = self._state()
        if seen != self._seen:
            try:
                self._articles = {article.slug: article for article in read_articles(self._folder)}
            except Exception as error:
                log_failure("the articles cannot be read, the ones in use stay", error)
            self._seen = seen
        return self._articles

    def _state(self) -> tuple[tuple[str, int, int], ...]:
        try:
            files = sorted(path for path in self._folder.rglob("*") if path.is_file())
            return tuple((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in files)
        except OSError:
            return ()


class Pages:
    """Renders what a browser opens by address."""

    def __init__(self, web: WebSettings, settings: Settings) -> None:
        self._web = web
        self._shelf = ArticleShelf(settings.articles_dir)
        environment = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._template = environment.get_template("chat.html")
        self._examples = _examples(settings)
        self._files = {name: StaticFile((_HERE / "static" / name).read_bytes(), kind) for name, kind in _STATIC.items()}

    async def chat(self, request: Request) -> HTTPResponse:
        """Return the chat page."""
        articles = await self._shelf.articles()
        strings = {"examples": list(self._examples), "disclaimer": DISCLAIMER}
        page = self._template.render(
            title=self._web.title, disclaimer=DISCLAIMER, articles=list(articles.values()), strings=strings
        )
        return html(page)

    async def static(self, request: Request, name: str) -> HTTPResponse:
        """Return the widget, a style sheet or a picture, or 404."""
        file = self._files.get(name)
        if file is None:
            return _page(message_page("Not found", "There is no such file.", "../"), 404)
        return file.response(request)

    async def article_list(self, request: Request) -> HTTPResponse:
        """Return the list of all articles."""
        articles = await self._shelf.articles()
        return _page(articles_page(tuple(articles.values()), DISCLAIMER))

    async def article(self, request: Request, slug: str) -> HTTPResponse:
        """Return one article, or a page that says that there is none."""
        article = (await self._shelf.articles()).get(slug)
        if article is None:
            text = "There is no article at this address. It may have been moved or taken down."
            return _page(message_page("Article not found", text, "./"), 404)
        return _page(article_page(article, DISCLAIMER))


def _examples(settings: Settings) -> tuple[str, ...]:
    """Return questions to begin with: the buttons of the help text."""
    try:
        return Texts.load(settings.responses_path).buttons.get("utter_help", ())
    except Exception as error:
        log_failure("the example questions cannot be read, none are shown", error)
        return ()


def _page(body: str, status: int = 200) -> HTTPResponse:
    return html(body, status=status, headers={"Cache-Control": "no-cache"})
