"""What those who look after reports do, in a real browser."""

from __future__ import annotations

import re
from datetime import date

from playwright.sync_api import Page, expect

from accounts.audit import Actor
from accounts.tenancy import inside
from reports import scheduling, sharing
from reports.archive.models import Document, Snapshot
from reports.models import Run, Schedule
from tests.conftest import Cast
from tests.e2e.test_journeys import sign_in


def test_the_account_manager_schedules_a_report_and_sees_its_sends_while_choosing(page: Page, new_site: str, cast: Cast) -> None:
    sign_in(page, new_site, cast.owner.email)
    page.wait_for_url(re.compile(r"/a/nord/|/c/lumen/"))
    page.goto(f"{new_site}/c/lumen/reports/")
    page.get_by_role("main").get_by_role("link", name="Schedule a report").click()
    sends = page.locator("#sends li")
    expect(sends).to_have_count(5)
    expect(page.get_by_role("button", name="Show the next sends")).to_be_hidden()
    expect(page.get_by_label("Which one")).to_be_hidden()
    weekly = sends.first.inner_text()
    page.get_by_label("Every month").check()
    page.get_by_label("A day of the week").check()
    page.get_by_label("Which one").select_option(label="last")
    page.get_by_label("Day of the week", exact=True).select_option(label="Friday")
    expect(sends.first).not_to_have_text(weekly)
    expect(sends.first.locator(".sub")).to_have_text(re.compile(r"^1–\d+ \w+ \d{4}$"))
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Schedule it").click()
    page.get_by_label("E-mail addresses").fill("Ana <ana@lumen.example>, bob@lumen.example")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("2 recipients added.")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    schedule = Schedule.objects.get()
    assert (schedule.cadence, schedule.nth, schedule.weekday, schedule.recipients.count()) == ("monthly", -1, 5, 2)


def test_the_next_sends_are_told_by_a_button_where_no_script_runs(page: Page, new_site: str, cast: Cast) -> None:
    browser = page.context.browser
    assert browser
    context = browser.new_context(java_script_enabled=False, locale="fr-FR")
    plain = context.new_page()
    sign_in(plain, new_site, cast.owner.email)
    plain.wait_for_url(re.compile(r"/a/nord/|/c/lumen/"))
    plain.goto(f"{new_site}/c/lumen/reports/schedules/new/")
    plain.get_by_label("Chaque trimestre").check()
    plain.get_by_role("button", name="Afficher les prochains envois").click()
    expect(plain.get_by_label("Chaque trimestre")).to_be_checked()
    assert "csrf" not in plain.url
    expect(plain.locator("#sends .sub").first).to_have_text(re.compile(r"^du 1er \S+ au 3[01] \S+ \d{4}$"))
    assert not Schedule.objects.exists()
    plain.get_by_role("button", name="Planifier", exact=True).click()
    expect(plain.get_by_role("heading", level=1)).to_have_text("Destinataires")
    context.close()


def test_a_link_with_a_password_opens_for_who_types_it(page: Page, new_site: str, cast: Cast) -> None:
    schedule = scheduling.create_weekly(cast.client, {"ana@lumen.example": "fr"})
    run = schedule.runs.create(period="2026-W46", since=date(2026, 11, 9), until=date(2026, 11, 15), state=Run.State.READY)
    with inside(cast.client):
        kept = Snapshot.objects.create(run_id=run.pk, period=run.period, figures="{}", sha256="")
        kept.documents.create(language="fr", kind=Document.Kind.HTML, content=b"<html><head></head><body>Bonjour</body></html>")
    link = sharing.make(cast.client, run, "fr", Actor("owner", cast.owner), password="abricot")
    page.goto(f"{new_site}/r/{sharing.token(link)}/")
    page.get_by_label("Password").fill("abricot")
    page.get_by_role("button", name="Open the report").click()
    expect(page.get_by_role("main")).to_contain_text("du 9 au 15 novembre 2026")
    expect(page.frame_locator("iframe").locator("body")).to_have_text("Bonjour")
