"""What makes pages quick in the hand: keys, paper, a phone, nothing that jumps."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.conftest import Cast
from tests.e2e.test_journeys import sign_in

# Adds up by how much what was already painted moved (Layout Instability).
SHIFTS = """() => new Promise((done) => {
  let moved = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((entry) => (moved += entry.hadRecentInput ? 0 : entry.value)))
    .observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(moved), 300);
})"""
SMALL = """() => [...document.querySelectorAll("main a, main button, main summary, main label:has(input)")]
  .filter((one) => one.checkVisibility() && getComputedStyle(one).display !== "inline")
  .filter((one) => one.getBoundingClientRect().height < 24 && !one.closest(".picker:not([open]) .picker-panel"))
  .map((one) => `${one.textContent.trim()} ${one.getBoundingClientRect().height}`)"""


def test_the_analyst_goes_where_she_wants_by_keyboard(page: Page, site: str, pulled: Cast) -> None:
    sign_in(page, site, pulled.viewer.email)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.evaluate(SHIFTS) < 0.01

    page.keyboard.press("ArrowLeft")
    page.wait_for_url(re.compile(r"from=[\d-]+&to=[\d-]+"))
    days = page.url.partition("?")[2]
    page.keyboard.press("Control+k")
    page.keyboard.type("cost per cl")
    expect(page.get_by_role("option", selected=True)).to_contain_text("Cost per click")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"/kpis/cpc/.*{re.escape(days)}"))

    page.keyboard.press("Control+k")
    page.keyboard.type("campaigns")
    expect(page.get_by_role("option", selected=True)).to_contain_text("Campaigns")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/campaigns/"))
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.get_by_label("Single keys work outside of fields").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).not_to_be_visible()

    # The figures under a chart's pointer are those of its table.
    page.goto(f"{site}/c/lumen/")
    page.locator("svg[data-plot]:visible").first.focus()
    page.keyboard.press("End")
    newest = page.locator(".chart tbody tr").first.evaluate("(row) => [...row.cells].map((cell) => cell.textContent)")
    for figure in newest:
        expect(page.locator(".tip:visible")).to_contain_text(figure)

    page.emulate_media(media="print")
    expect(page.locator(".side")).not_to_be_visible()
    expect(page.locator(".toolbar")).not_to_be_visible()
    page.emulate_media(media="screen")

    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{site}/c/lumen/channels/")
    assert page.evaluate(SMALL) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_text("Menu").first.click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
