"""An account is connected through the platform's own page, in a real browser, and its figures appear."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from campaigns.simulators.server import Simulator
from jobs import worker
from tests.conftest import Cast
from tests.e2e.conftest import serving
from tests.e2e.test_journeys import sign_in


@pytest.fixture
def simulator(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """The platform, for the worker in this process and for the web server in its own."""
    with Simulator() as running:
        for name, value in running.settings("google_ads").items():
            monkeypatch.setenv(f"GOOGLE_ADS_{name}".upper(), value)
        settings.PLATFORMS = settings.PLATFORMS | {"google_ads": running.settings("google_ads")}
        yield running


@pytest.fixture
def connected_site(simulator: Simulator, cast: Cast, own_database: str, tmp_path: Path) -> Iterator[str]:
    """A web server that was told of the stand-in when it started."""
    with serving(own_database, tmp_path) as address:
        yield address


def test_the_account_manager_connects_an_account_and_its_figures_appear(page: Page, connected_site: str, cast: Cast) -> None:
    sign_in(page, connected_site, cast.owner.email)
    page.get_by_role("link", name="Maison Lumen", exact=True).first.click()
    page.wait_for_url(re.compile("/c/lumen/"))
    page.get_by_role("link", name="Connect an account").click()
    page.get_by_role("button", name="Connect Google Ads").click()
    expect(page.get_by_role("heading", name="Simulated Google")).to_be_visible()
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose accounts of Google Ads")
    page.get_by_role("checkbox", name=re.compile("7305182946")).check()
    page.get_by_role("button", name="Connect what is ticked").click()
    expect(page.get_by_text("1 account is connected")).to_be_visible()
    expect(page.get_by_text("Reading its history")).to_be_visible()
    worker.work_off()
    # The page looks by itself.
    expect(page.get_by_text("Up to date")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_count(0)
    page.get_by_role("link", name="Overview").click()
    expect(page.locator("#kpi-spend")).to_contain_text(re.compile(r"€[\d,.]+"))


def test_a_consent_that_is_refused_leads_back_to_a_sentence_on_a_phone(page: Page, connected_site: str, cast: Cast) -> None:
    browser = page.context.browser
    assert browser
    context = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False, locale="fr-FR")
    phone = context.new_page()
    sign_in(phone, connected_site, cast.owner.email)
    phone.get_by_role("link", name="Maison Lumen", exact=True).first.click()
    phone.wait_for_url(re.compile("/c/lumen/"))
    phone.goto(f"{connected_site}/c/lumen/connections/new/")
    phone.get_by_role("button", name="Connecter Google Ads").click()
    phone.get_by_role("button", name="Deny").click()
    expect(phone.get_by_text("Rien n'a changé").or_(phone.get_by_text("Rien n’a changé"))).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()
