"""How people come to a client, and from one client to another, in a real browser."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect

from accounts import services
from jobs import worker
from tests.conftest import Cast
from tests.e2e.test_journeys import sign_in
from tests.mail_server import MailServer


def test_somebody_is_invited_opens_the_mail_and_sees_the_figures(
    page: Page, site: str, pulled: Cast, mail_server: MailServer, settings: Any
) -> None:
    settings.SITE_URL = site  # of the worker, which is this process
    sign_in(page, site, pulled.owner.email)
    page.get_by_role("link", name="Maison Lumen", exact=True).first.click()
    page.get_by_role("link", name="Settings", exact=True).click()
    page.get_by_role("link", name="Team", exact=True).click()
    page.get_by_role("link", name="Invite someone").click()
    page.get_by_label("E-mail address").fill("ana@lumen.example")
    page.get_by_text("Sees the figures, asks about them and downloads the reports").click()
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_text("On its way", exact=True)).to_be_visible()
    worker.work_off()
    page.reload()
    expect(page.get_by_text("Sent", exact=True)).to_be_visible()

    body = mail_server.messages()[0].get_body(("plain",))
    assert body
    link = re.search(r"http://\S+/join/\S+", body.get_content())
    assert link
    browser = page.context.browser
    assert browser
    hers = browser.new_context(viewport={"width": 390, "height": 844}, locale="fr-FR")
    phone = hers.new_page()
    phone.goto(link.group())
    phone.get_by_label("Votre nom").fill("Ana")
    phone.get_by_label("Mot de passe").fill("trois mots ensemble")
    phone.keyboard.press("Enter")
    expect(phone.locator("#kpi-revenue")).to_contain_text("€")
    assert phone.url == f"{site}/c/lumen/"
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    hers.close()


def test_the_account_manager_goes_to_another_clients_reports_by_keyboard_alone(page: Page, site: str, pulled: Cast) -> None:
    common = {"currency": "EUR", "timezone": "Europe/Paris", "agency": pulled.agency}
    for slug, name in (("epicerie", "Épicerie du Faubourg"), ("epices", "Épices et Cie")):
        services.create_client(slug, name=name, **common)  # type: ignore[arg-type]
    sign_in(page, site, pulled.owner.email)
    expect(page.get_by_role("heading", name="All clients")).to_be_visible()
    page.goto(f"{site}/c/lumen/reports/")
    page.keyboard.press("Control+k")
    page.keyboard.type("epi")
    expect(page.get_by_role("option")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option", selected=True)).to_contain_text("Épices et Cie")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site}/c/epices/reports/")
