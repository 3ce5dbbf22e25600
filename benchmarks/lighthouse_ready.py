"""How long the widget takes on a page that is otherwise blank, with a CPU four times slower.

    python -m benchmarks.lighthouse_ready http://127.0.0.1:5005/webhooks/web/

A blank page and the same page with the script tag are opened in turn, both from a small site made up here, the script
from the server. Nothing lies between browser and servers: playwright's own way of faking a page holds every request up.
Both figures are read at the first frame in which the page is there, with the launcher in the second; the difference of
their medians is what the widget costs. The goal is 100 ms.
"""

from __future__ import annotations

import argparse
import http.server
import os
import shutil
import statistics
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

GOAL_MS = 100.0
SLOWDOWN = 4
HTML = '<!doctype html><html lang="en"><title>A page</title><p>Words.</p>{tag}</html>'
TAG = '<script src="{server}static/widget.js" data-server="{server}" defer></script>'
# Looks at every frame from the first one on; the time stamp is the one at which everything was there.
WATCH = """
(() => {
  const there = () => document.readyState !== "loading" && (!document.querySelector("script")
    || document.querySelector("health-chat")?.shadowRoot?.querySelector(".launcher"));
  const look = () => {
    if (there()) window.ready = performance.now();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})();
"""


@contextmanager
def site(pages: dict[str, str]) -> Iterator[str]:
    """Serve pages by their path; gives the address."""

    class Pages(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # noqa: N802
            data = pages.get(self.path, "").encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def milliseconds(browser: Browser, address: str) -> float:
    """Open the page in a fresh profile with the slow CPU; return when it was there."""
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script(WATCH)
    context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
    page.goto(address, wait_until="load")
    value = page.wait_for_function("window.ready").json_value()
    context.close()
    return float(value)


def main() -> int:
    """Measure, print, return 1 where the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("server", help="address of the web channel, with a slash at its end")
    parser.add_argument("--runs", type=int, default=15)
    arguments = parser.parse_args()
    server = arguments.server
    blank, widget = HTML.format(tag=""), HTML.format(tag=TAG.format(server=server))
    plain: list[float] = []
    ready: list[float] = []
    with site({"/blank": blank, "/widget": widget}) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-background-networking"]
        )
        for _ in range(arguments.runs):
            plain.append(milliseconds(browser, f"{address}/blank"))
            ready.append(milliseconds(browser, f"{address}/widget"))
        browser.close()
    over = statistics.median(ready) - statistics.median(plain)
    print(f"{SLOWDOWN}x slower CPU, {arguments.runs} runs each, median; load {os.getloadavg()[0]:.1f}")
    print(f"  blank page: {statistics.median(plain):.0f} ms ({min(plain):.0f} to {max(plain):.0f})")
    print(f"  launcher there: {statistics.median(ready):.0f} ms ({min(ready):.0f} to {max(ready):.0f})")
    print(f"  over the blank page: {over:.0f} ms (goal {GOAL_MS:.0f})")
    return int(over > GOAL_MS)


if __name__ == "__main__":
    sys.exit(main())
