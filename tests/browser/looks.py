"""What a rendered page can be asked, also inside the widget's shadow root."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe

__all__ = ["ACTIVE", "FOCUSED", "SMALL_TARGETS", "check_with_axe"]

# The element that has the focus, inside the widget where it is there.
ACTIVE = "(document.activeElement.shadowRoot?.activeElement ?? document.activeElement)"
FOCUSED = f"(node => `${{node.tagName}} ${{node.getAttribute('aria-label') || node.textContent}}`.trim())({ACTIVE})"
# Everything that can be pressed and is less than 24 CSS pixels wide or high.
SMALL_TARGETS = """[...document.querySelector('health-chat').shadowRoot
    .querySelectorAll('button, textarea, summary, .entry a')]
    .filter(node => node.checkVisibility())
    .filter(node => { const box = node.getBoundingClientRect(); return box.width < 24 || box.height < 24; })
    .map(node => node.outerHTML)"""


def check_with_axe(page: Any) -> None:
    """Fail with axe's own words where it finds a violation; all its rules, best practices too."""
    # An entry that still fades or slides in has other colours than in a moment.
    page.evaluate(
        "Promise.all((document.querySelector('health-chat')?.shadowRoot ?? document).getAnimations()"
        ".filter(move => move.effect.getTiming().iterations < 9).map(move => move.finished))"
    )
    violations = Axe().run(page).response["violations"]
    faults = [
        f"{rule['id']}: {node['html'][:200]} {node['failureSummary']}" for rule in violations for node in rule["nodes"]
    ]
    assert not faults, "\n".join(faults)
