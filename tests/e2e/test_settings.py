"""What the account manager settles, in a real browser: days that are here, channels, choices, the brand, programs that are told."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from accounts.tenancy import inside
from campaigns.imports import load
from campaigns.imports.kinds import KINDS
from jobs import worker
from tests.conftest import Cast
from tests.e2e.test_journeys import sign_in

PAGES = (
    "/c/lumen/connections/",
    "/c/lumen/mapping/",
    "/c/lumen/mapping/rules/?source=podcast&campaign=Episode",
    "/c/lumen/mapping/campaigns/",
    "/c/lumen/people/",
    "/c/lumen/settings/",
    "/c/lumen/settings/choices/",
    "/c/lumen/settings/choices/mql_rule/",
    "/c/lumen/settings/figures/",
    "/c/lumen/webhooks/",
    "/c/lumen/activity/",
    "/c/lumen/tokens/",
    "/a/nord/settings/",
)


def test_the_account_manager_settles_where_things_belong_and_how_they_look(page: Page, site: str, pulled: Cast, tmp_path: Path) -> None:
    """By keyboard where it matters; every page fits a phone."""
    leads = tmp_path / "leads.csv"
    leads.write_text("lead_id,created_at,channel,campaign\nP1,2026-11-09T10:00:00,,Podcast\nP2,2026-11-10T10:00:00,,Podcast\n")
    with inside(pulled.client):
        load(pulled.client, KINDS["leads"], leads)
    worker.work_off()
    sign_in(page, site, pulled.owner.email)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    for address in PAGES:
        page.goto(f"{site}{address}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address
    page.set_viewport_size({"width": 1280, "height": 900})

    page.goto(f"{site}/c/lumen/mapping/")
    row = page.get_by_role("row", name=re.compile("Podcast"))
    row.get_by_role("link", name=re.compile("Say which")).press("Enter")
    page.locator("#new").get_by_label("Channel").select_option("affiliation")
    page.get_by_role("button", name="Show what this would move").press("Enter")
    expect(page.locator("#moves")).to_contain_text("Affiliation")
    page.get_by_role("button", name="Save these rules").press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("Saved.")
    expect(page.get_by_role("heading", name="Rules in force")).to_be_visible()

    page.goto(f"{site}/c/lumen/connections/")
    days = page.locator("#freshness .scroll")
    days.focus()
    expect(days).to_be_focused()
    expect(days.get_by_role("cell").last).to_contain_text(re.compile("loaded|not expected"))

    page.goto(f"{site}/a/nord/settings/")
    expect(page.get_by_role("button", name="Look at it without saving")).to_be_hidden()
    page.locator("[name=primary_colour]").fill("#ffdd00")
    expect(page.locator('#brand-preview [fill="#ffdd00"]').first).to_be_attached()
    page.locator("[name=name]").fill("Nord & Sud")
    expect(page.locator("#brand-preview")).to_contain_text("Nord & Sud")
