"""No page of the table, no sign-in page, no shared report and no mail breaks a rule of axe, in light and in dark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.conftest import Cast
from tests.e2e import pages

# In a sandbox no script runs, axe neither: a frame's document is looked at by itself.
OPTIONS: dict[str, Any] = {"resultTypes": ["violations"], "iframes": False}
# A mail is shown inside its reader's page, which has the landmarks.
OF_PAGES = {"landmark-one-main": {"enabled": False}, "region": {"enabled": False}}
# What the dark changes: every other rule reads what is the same in both.
OF_COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}


@pytest.fixture
def window(chromium: Any) -> Iterator[Page]:
    """A browser's window in which a page that is gone may be seen."""
    # A colour on its way from one scheme to the other is neither's.
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB", reduced_motion="reduce")
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


def broken(page: Page, name: str, **options: Any) -> Iterator[str]:
    """A line for each rule that the page breaks, in either scheme."""
    page.emulate_media(color_scheme="light")
    found = {"light": Axe().run(page, options=OPTIONS | options)}
    page.emulate_media(color_scheme="dark")
    # The script is in the page by now.
    found["dark"] = page.evaluate("(options) => axe.run(options)", OPTIONS | OF_COLOURS)
    for scheme, result in found.items():
        for violation in getattr(result, "response", result)["violations"]:
            nodes = [" ".join(map(str, node["target"])) for node in violation["nodes"]]
            yield f"{name}, {scheme}: {violation['id']}: {violation['help']}: {', '.join(nodes[:4])}"


def test_no_page_and_no_mail_breaks_a_rule_of_axe(window: Page, site: str, pulled: Cast) -> None:
    found: list[str] = []
    all_of_them = pages.every(pulled)
    for address in all_of_them.anybody:
        window.goto(site + address)
        assert window.url == site + address
        found += broken(window, address)
    pages.sign_in(window, site, pulled.owner)
    # In these no script runs, not even axe.
    mails = [f"{all_of_them.shared}report/", *(address for address in all_of_them.owner if address.endswith(".html"))]
    documents = {address: window.request.get(f"{site}{address}").text() for address in mails}
    for name, html in {"the mail": all_of_them.mail, **documents}.items():
        window.goto("about:blank")
        window.set_content(html)
        found += broken(window, name, rules=OF_PAGES)
    for address in all_of_them.owner:
        if address in documents:
            continue
        answer = window.goto(site + address)
        assert answer
        assert (answer.status, window.url) == (200, site + address), address
        found += broken(window, address)
    assert found == [], "\n".join(found)
