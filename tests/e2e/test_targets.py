"""Targets are typed as in a spreadsheet, in a real browser."""

from __future__ import annotations

from datetime import date

from playwright.sync_api import Page, expect

from accounts.tenancy import inside
from kpis.targets import Targets
from tests.conftest import Cast
from tests.e2e.test_journeys import sign_in

PASTE = """(input) => { const carried = new DataTransfer(); carried.setData("text/plain", "100\\t1,110\\n30\\t40\\n");
    input.dispatchEvent(new ClipboardEvent("paste", { clipboardData: carried, bubbles: true, cancelable: true })); }"""


def test_a_block_is_pasted_keys_walk_through_the_grid_and_totals_follow(page: Page, new_site: str, cast: Cast) -> None:
    sign_in(page, new_site, cast.owner.email)
    page.wait_for_url("**/a/nord/")
    page.goto(f"{new_site}/c/lumen/targets/?year=2026&open=leads")
    january, channel = page.locator('[id="cell.leads..2026-01"]'), page.locator('[id="cell.leads.paid_search.2026-02"]')
    january.focus()
    january.evaluate(PASTE)
    row = page.locator('tr[data-kpi="leads"][data-channel=""]')
    expect(row.locator("[data-total]")).to_have_text("1,210")
    expect(channel).to_have_value("40")
    expect(page.locator('[data-sums="leads"] td').nth(1)).to_have_text("40")
    expect(page.get_by_text("4 changes are not saved")).to_be_visible()
    january.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(channel).to_be_focused()
    page.keyboard.press("Escape")
    expect(channel).to_have_value("")
    page.keyboard.type("55")
    page.keyboard.press("Enter")
    expect(page.locator('[id="cell.leads.paid_social.2026-02"]')).to_be_focused()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("4 values are saved.")).to_be_visible()
    with inside(cast.client):
        found = Targets.load(cast.client, date(2026, 11, 22))
    assert found.of["leads", date(2026, 2, 1)] == 1110
    assert found.of_channels["leads", "paid_search", date(2026, 2, 1)] == 55
