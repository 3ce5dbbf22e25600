"""The web site of a publisher: pages with a strict Content-Security-Policy that carry the widget."""

from __future__ import annotations

import http.server
import json
import threading
from dataclasses import dataclass, field
from html import escape
from urllib.parse import urlsplit

__all__ = ["POLICY", "STRINGS", "PublisherSite", "element", "script_tag"]

# The strictest policy a publisher can have: every line that docs/channels/widget.md asks for, and nothing else.
POLICY = (
    "default-src 'none'; script-src {chat}; connect-src {chat}{own}; base-uri 'none'; form-action 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
STRINGS = {"heading": "Frag uns", "send": "Senden", "question": "Ihre Frage", "launch": "Chat öffnen"}


def script_tag(chat: str, **data: str) -> str:
    """The one tag that a publisher adds."""
    values = {"server": chat, **data}
    attributes = " ".join(f'data-{name}="{escape(value)}"' for name, value in values.items())
    return f'<script src="{chat}static/widget.js" {attributes} defer></script>'


def element(chat: str, content: str = "", **attributes: str) -> str:
    """The script without a launcher of its own, and the element."""
    named = " ".join(f'{name}="{escape(value)}"' for name, value in {"server": chat, **attributes}.items())
    return f'<script src="{chat}static/widget.js" defer></script><health-chat {named}>{content}</health-chat>'


@dataclass
class PublisherSite:
    """Serves `body` at every path; `/strings.json` holds a translation.

    `own` lets pages fetch from their own origin too, which only a strings file needs.
    """

    body: str = ""
    chat: str = ""
    own: bool = False
    language: str = "en"
    direction: str = "ltr"
    _server: http.server.ThreadingHTTPServer = field(init=False)

    def __enter__(self) -> PublisherSite:
        site = self

        class Pages(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = urlsplit(self.path).path
                strings = ("application/json", json.dumps(STRINGS))
                kind, content = strings if path == "/strings.json" else site._page()
                data = content.encode()
                self.send_response(200)
                self.send_header("Content-Type", f"{kind}; charset=utf-8")
                self.send_header("Content-Security-Policy", site.policy)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def policy(self) -> str:
        parts = urlsplit(self.chat)
        return POLICY.format(chat=f"{parts.scheme}://{parts.netloc}", own=" 'self'" if self.own else "")

    def show(self, body: str, own: bool = False, language: str = "en", direction: str = "ltr") -> str:
        """Put this into the site's page and return its address."""
        self.body, self.own, self.language, self.direction = body, own, language, direction
        return f"{self.origin}/"

    def _page(self) -> tuple[str, str]:
        return "text/html", (
            f'<!doctype html><html lang="{self.language}" dir="{self.direction}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1"><title>A publisher</title></head>'
            '<body><main><h1>Vitamin B12</h1><p>An article. <a href="#more">More</a></p></main>'
            f"{self.body}</body></html>"
        )
