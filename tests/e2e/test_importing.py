"""A file goes from a person's disk to figures and back, in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from jobs import worker
from tests.campaigns.exports import google_ads
from tests.conftest import Cast
from tests.e2e.test_journeys import sign_in

WEEK = "/c/lumen/?period=2026-W46"


def test_a_french_google_ads_export_becomes_figures_and_is_taken_back(page: Page, new_site: str, cast: Cast, tmp_path: Path) -> None:
    file = tmp_path / "Rapport campagnes.csv"
    file.write_bytes(google_ads(encoding="utf-16"))
    sign_in(page, new_site, cast.owner.email)
    page.get_by_role("link", name="Maison Lumen", exact=True).first.click()
    page.get_by_role("link", name="Import a file").click()
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Look at this file").click()
    expect(page.get_by_role("heading", name="4 rows can be stored")).to_be_visible()
    expect(page.get_by_text("Export of Google Ads: recognised.")).to_be_visible()

    # A wrong choice is told at once, and mended.
    page.get_by_text("How the file is written").click()
    page.get_by_label("Numbers are written").select_option("point")
    expect(page.get_by_role("heading", name="This cannot be stored yet: 7 things are wrong")).to_be_visible()
    expect(page.get_by_role("button", name="Store", exact=True)).to_be_disabled()
    page.get_by_label("Numbers are written").select_option("comma")
    expect(page.locator("#preview")).to_contain_text("2,944")
    page.get_by_role("button", name="Store 4 rows").click()
    expect(page.get_by_role("heading", name="This file is being stored")).to_be_visible()
    worker.work_off()
    # The page looks by itself.
    expect(page.get_by_role("heading", name="4 rows are stored")).to_be_visible()
    imported = page.url

    page.goto(f"{new_site}{WEEK}")
    expect(page.locator("#kpi-spend")).to_contain_text("€2,944")
    expect(page.get_by_text("Marque – été").first).to_be_visible()

    page.goto(imported)
    page.get_by_role("link", name="Undo this import").click()
    expect(page.get_by_text("4 rows that it added go.")).to_be_visible()
    page.get_by_role("button", name="Undo the import").click()
    expect(page.get_by_text("The import of Rapport campagnes.csv is undone.")).to_be_visible()
    worker.work_off()
    page.goto(f"{new_site}{WEEK}")
    expect(page.get_by_text("€2,944")).to_have_count(0)


def test_a_file_is_dropped_and_matched_by_keyboard(page: Page, new_site: str, cast: Cast) -> None:
    sign_in(page, new_site, cast.owner.email)
    page.get_by_role("link", name="Maison Lumen", exact=True).first.click()
    page.get_by_role("link", name="Connections").click()
    page.get_by_role("link", name="Imports").click()
    dropped = page.evaluate_handle(
        """() => { const carried = new DataTransfer();
            carried.items.add(new File(["Bestellung;Wann;Wert\\nA1;2026-11-09;1080,10\\n"], "bestellungen.csv")); return carried; }"""
    )
    page.locator("[data-drop-zone]").dispatch_event("drop", {"dataTransfer": dropped})
    page.get_by_label("It holds").select_option("orders")
    page.get_by_role("button", name="Look at this file").press("Enter")
    expect(page.get_by_role("heading", name=re.compile("cannot be stored yet"))).to_be_visible()
    for ours, theirs in (("order_id", "Bestellung"), ("ordered_at", "Wann"), ("amount", "Wert")):
        choice = page.get_by_label(f"Column of the file for {ours}")
        choice.focus()
        with page.expect_response(re.compile(r"/imports/\d+/$")):
            choice.select_option(label=theirs)
        expect(page.get_by_label(f"Column of the file for {ours}")).to_be_focused()
    numbers = page.get_by_label("Numbers are written")
    numbers.select_option("comma")
    store = page.get_by_role("button", name="Store 1 row")
    expect(store).to_be_enabled()
    store.press("Enter")
    expect(page.get_by_role("heading", name="This file is being stored")).to_be_visible()


def test_it_works_without_scripts_on_a_phone_in_french(page: Page, new_site: str, cast: Cast, tmp_path: Path) -> None:
    file = tmp_path / "Rapport campagnes.csv"
    file.write_bytes(google_ads())
    browser = page.context.browser
    assert browser
    context = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False, locale="fr-FR")
    phone = context.new_page()
    sign_in(phone, new_site, cast.owner.email)
    phone.get_by_role("link", name="Maison Lumen", exact=True).first.click()
    phone.wait_for_url(re.compile("/c/lumen/"))
    phone.goto(f"{new_site}/c/lumen/imports/")
    phone.get_by_label("Fichier", exact=True).set_input_files(file)
    phone.get_by_role("button", name="Examiner ce fichier").click()
    expect(phone.get_by_text("4 lignes peuvent être enregistrées")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.get_by_text("Format du fichier").click()
    phone.get_by_label("Format des nombres").select_option("point")
    phone.get_by_role("button", name="Actualiser").click()
    expect(phone.get_by_text("7 points à corriger")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.get_by_text("Format du fichier").click()
    phone.get_by_label("Format des nombres").select_option("comma")
    phone.get_by_role("button", name="Actualiser").click()
    phone.get_by_role("button", name="Enregistrer 4 lignes").click()
    worker.work_off()
    phone.get_by_role("link", name="Voir où il en est").click()
    expect(phone.get_by_text("4 lignes enregistrées")).to_be_visible()
    context.close()
