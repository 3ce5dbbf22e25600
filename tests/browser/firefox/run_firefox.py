"""The widget's main paths in Firefox ESR. Not part of `pytest tests`: it needs node, firefox-esr and `npm ci` here.

make -C widget firefox
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from web_server import Served

from tests.browser.chat_bot import bot
from tests.browser.publisher_site import PublisherSite, script_tag

HERE = Path(__file__).parent


def test_widget_in_firefox(site: PublisherSite, served: Served, shots: Path) -> None:
    node, firefox = shutil.which("node"), shutil.which("firefox-esr")
    if node is None or firefox is None:
        pytest.skip(
            f"{'node' if node is None else 'firefox-esr'} is missing: apt-get install -y nodejs npm firefox-esr"
        )
    if not (HERE / "node_modules").is_dir():
        pytest.skip(f"puppeteer-core is missing: npm ci --prefix {HERE.relative_to(HERE.parents[2])}")
    served.agent.script = bot
    command = [node, "drive.mjs", firefox, site.show(script_tag(site.chat)), str(shots)]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=180, check=False)
    print(done.stdout)  # noqa: T201
    assert done.returncode == 0, done.stdout + done.stderr
