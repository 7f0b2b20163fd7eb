"""What a person does, in a real browser."""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal
from pathlib import Path

from playwright.sync_api import Page, expect
from pypdf import PdfReader

from tests.conftest import PASSWORD, Cast


def sign_in(page: Page, site: str, email: str) -> None:
    page.goto(site)
    page.locator("input[type=email]").fill(email)
    page.locator("input[type=password]").fill(PASSWORD)
    page.keyboard.press("Enter")


def test_the_marketing_head_signs_in_sees_last_week_and_downloads_the_pdf(page: Page, site: str, pulled: Cast, tmp_path: Path) -> None:
    sign_in(page, site, pulled.viewer.email)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.url.startswith(f"{site}/c/lumen/")
    revenue = page.locator("#kpi-revenue")
    expect(revenue).to_contain_text("€")
    with page.expect_download() as waiting:
        page.get_by_role("link", name=re.compile("PDF")).first.click()
    path = tmp_path / "report.pdf"
    waiting.value.save_as(path)
    reader = PdfReader(io.BytesIO(path.read_bytes()))
    text = re.sub(r"\s+", " ", " ".join(page.extract_text() for page in reader.pages))
    assert "Maison Lumen" in text
    shown = re.search(r"€[\d,.]+", revenue.inner_text())
    assert shown
    assert shown.group() in text


def test_the_page_is_whole_without_scripts_on_a_phone_in_french(page: Page, site: str, pulled: Cast) -> None:
    browser = page.context.browser
    assert browser
    context = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False, locale="fr-FR")
    phone = context.new_page()
    sign_in(phone, site, pulled.viewer.email)
    expect(phone.get_by_text("Chiffre d’affaires").or_(phone.get_by_text("Chiffre d'affaires")).first).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


def test_the_account_manager_walks_back_a_week_by_keyboard_alone(page: Page, site: str, pulled: Cast) -> None:
    sign_in(page, site, pulled.owner.email)
    page.get_by_role("link", name="Maison Lumen", exact=True).first.click()
    page.wait_for_url(re.compile("/c/lumen/"))
    period = page.locator(".picker > summary").first.inner_text()
    page.get_by_role("link", name="Earlier").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"from=[\d-]+&to=[\d-]+"))
    assert page.locator(".picker > summary").first.inner_text() != period


def test_a_wrong_password_says_so_and_keeps_the_address(page: Page, site: str, pulled: Cast) -> None:
    page.goto(site)
    page.locator("input[type=email]").fill(pulled.viewer.email)
    page.locator("input[type=password]").fill("wrong password")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").or_(page.locator(".errorlist")).first).to_be_visible()
    expect(page.locator("input[type=email]")).to_have_value(pulled.viewer.email)


def test_the_analyst_reads_the_api_description(page: Page, site: str, pulled: Cast) -> None:
    sign_in(page, site, pulled.analyst.email)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.goto(f"{site}/api/v1/docs/")
    expect(page.get_by_text("KPIs of a period and of one to compare with, in all and by group")).to_be_visible()


def test_a_figure_leads_to_the_rows_behind_it_and_their_file(page: Page, site: str, pulled: Cast, tmp_path: Path) -> None:
    sign_in(page, site, pulled.viewer.email)
    tile = page.locator("#kpi-revenue")
    shown = tile.locator(".tile-value").inner_text()
    tile.get_by_role("link").click()
    page.wait_for_url(re.compile(r"/kpis/revenue/\?from=[\d-]+&to=[\d-]+&compare=previous"))
    expect(page.locator(".kpi-value")).to_have_text(shown)
    expect(page.get_by_text("· compared with")).to_be_visible()
    rows = page.locator("section", has=page.get_by_role("heading", name="The rows behind it")).locator("tbody tr")
    reference = rows.first.locator(".sub").first.inner_text()
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download as CSV").click()
    path = tmp_path / "rows.csv"
    waiting.value.save_as(path)
    with path.open(encoding="utf-8-sig") as file:
        lines = list(csv.DictReader(file))
    assert reference in {line["reference"] for line in lines}
    assert abs(sum(Decimal(line["value"]) for line in lines) - Decimal(re.sub(r"[^\d.]", "", shown))) < 1
    page.locator(".side-nav form, .side-foot form").get_by_role("button", name="FR").click()
    expect(page.get_by_role("heading", name="Les lignes derrière ce chiffre")).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{site}/c/lumen/cohorts/")
    expect(page.get_by_role("heading", name="Cohortes")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
