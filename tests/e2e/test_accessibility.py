"""No page of the table, no sign-in page, no shared report and no mail breaks a rule of axe, in light and in dark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from tests.conftest import Cast
from tests.e2e import pages

Scheme = Literal["light", "dark"]
# In a sandbox no script runs, axe neither: a frame's document is looked at by itself.
OPTIONS: dict[str, Any] = {"resultTypes": ["violations"], "iframes": False}
# A mail is shown inside its reader's page, which has the landmarks.
OF_PAGES = {"landmark-one-main": {"enabled": False}, "region": {"enabled": False}}
# What the dark changes: every other rule reads what is the same in both.
OF_COLOURS: dict[str, Any] = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
# Marks each text that is of a colour and size, before what is behind it, of which one was measured; gives those that now will be. Axe takes
# most of its time for this one rule, and a table has the same cell a hundred times. It measures no text of what is disabled.
MARK = """(known) => {
  const measured = new Set(known), found = new Set(), seen = new Map();
  const behind = (element) => {
    if (!element || seen.has(element)) return seen.get(element) ?? "";
    const {backgroundColor, backgroundImage, opacity, position, zIndex, filter, mixBlendMode} = getComputedStyle(element);
    const own = [backgroundColor, backgroundImage, opacity, position, zIndex, filter, mixBlendMode].join();
    const plain = own === "rgba(0, 0, 0, 0),none,1,static,auto,none,normal";
    seen.set(element, behind(element.parentElement) + (plain ? "" : `>${own}`));
    return seen.get(element);
  };
  const isText = (node) => node.nodeType === Node.TEXT_NODE && node.data.trim();
  for (const element of document.querySelectorAll("body *")) {
    const {color, fontSize, fontWeight, textShadow} = getComputedStyle(element);
    const kind = [behind(element), color, fontSize, fontWeight, textShadow].join(";");
    element.toggleAttribute("data-measured", measured.has(kind));
    const isOff = element.closest(":disabled, [aria-disabled=true], [inert]") || element.closest("label")?.control?.disabled;
    if (!isOff && element.checkVisibility() && [...element.childNodes].some(isText)) {
      measured.add(kind);
      found.add(kind);
    }
  }
  axe.configure({rules: [{id: "color-contrast", selector: "*:not([data-measured])"}]});
  return [...found].filter((kind) => !known.includes(kind));
}"""


@pytest.fixture
def window(chromium: Any) -> Iterator[Page]:
    """A browser's window in which a page that is gone may be seen."""
    # A colour on its way from one scheme to the other is neither's.
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB", reduced_motion="reduce")
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


class Looking:
    """Axe in one page after the other. What is written alike on the like has its contrast measured once in each scheme."""

    def __init__(self) -> None:
        self.measured: dict[Scheme, list[str]] = {"light": [], "dark": []}

    def broken(self, page: Page, name: str, **options: Any) -> Iterator[str]:
        """A line for each rule that the page breaks, in either scheme."""
        page.evaluate(AXE_SCRIPT)
        asked: dict[Scheme, dict[str, Any]] = {"light": options, "dark": OF_COLOURS}
        for scheme, rules in asked.items():
            page.emulate_media(color_scheme=scheme)
            self.measured[scheme] += page.evaluate(MARK, self.measured[scheme])
            for violation in page.evaluate("(options) => axe.run(options)", OPTIONS | rules)["violations"]:
                nodes = [" ".join(map(str, node["target"])) for node in violation["nodes"]]
                yield f"{name}, {scheme}: {violation['id']}: {violation['help']}: {', '.join(nodes[:4])}"


def test_no_page_and_no_mail_breaks_a_rule_of_axe(window: Page, site: str, pulled: Cast) -> None:
    found: list[str] = []
    looking = Looking()
    all_of_them = pages.every(pulled)
    for address in all_of_them.anybody:
        window.goto(site + address)
        assert window.url == site + address
        found += looking.broken(window, address)
    pages.sign_in(window, site, pulled.owner)
    # In these no script runs, not even axe.
    mails = [f"{all_of_them.shared}report/", *(address for address in all_of_them.owner if address.endswith(".html"))]
    documents = {address: window.request.get(f"{site}{address}").text() for address in mails}
    for name, html in {"the mail": all_of_them.mail, **documents}.items():
        window.goto("about:blank")
        window.set_content(html)
        found += looking.broken(window, name, rules=OF_PAGES)
    for address in all_of_them.owner:
        if address in documents:
            continue
        answer = window.goto(site + address)
        assert answer
        assert (answer.status, window.url) == (200, site + address), address
        found += looking.broken(window, address)
    assert found == [], "\n".join(found)
