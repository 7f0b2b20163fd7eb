"""What each of those the product is for comes to do, from the sign-in to the goal, in English and in French."""

from __future__ import annotations

import csv
import io
import json
import re
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone, translation
from django.utils.translation import gettext
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from pypdf import PdfReader

from accounts.models import User
from accounts.tenancy import inside
from campaigns import pulls
from campaigns.models import Connection
from campaigns.simulators.google_ads import GoogleAdsSimulator
from campaigns.simulators.server import Simulator
from jobs import queue, worker
from jobs.models import Job
from reports import scheduling
from reports.models import Run, Schedule
from tests.conftest import PASSWORD, Cast
from tests.e2e.conftest import serving
from tests.e2e.test_connecting import simulator
from tests.e2e.test_journeys import sign_in

__all__ = ["simulator"]
LANGUAGES = ("en", "fr")
PHONE = {"width": 390, "height": 844}


class Reading:
    """A person's window in a language; texts of pages are named by their English."""

    def __init__(self, page: Page, language: str) -> None:
        self.page, self.language = page, language

    def says(self, text: str) -> str:
        with translation.override(self.language):
            return gettext(text)

    def link(self, text: str, within: Locator | None = None) -> Locator:
        return (within or self.page.get_by_role("main")).get_by_role("link", name=re.compile(re.escape(self.says(text)))).first

    def button(self, text: str) -> Locator:
        return self.page.get_by_role("main").get_by_role("button", name=re.compile(f"^{re.escape(self.says(text))}")).first

    def go(self, text: str) -> None:
        """By the navigation."""
        self.page.locator("nav.side-nav, .side-nav").get_by_role("link", name=self.says(text), exact=True).first.click()

    def heading(self) -> Locator:
        return self.page.get_by_role("heading", level=1)

    def fits(self) -> None:
        """No page moves sideways."""
        assert self.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, self.page.url


@pytest.fixture
def read(chromium: Browser) -> Any:
    """Opens a window in a language; an error of a script or a refused resource fails the test."""
    problems: list[str] = []

    @contextmanager
    def window(language: str, **options: Any) -> Iterator[Reading]:
        context: BrowserContext = chromium.new_context(locale=language, **{"viewport": {"width": 1280, "height": 900}} | options)
        context.set_default_timeout(15_000)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        yield Reading(page, language)
        context.close()

    yield window
    assert problems == []


@pytest.fixture
def simulated_site(simulator: Simulator, pulled: Cast, own_database: str, tmp_path: Path) -> Iterator[str]:
    """A web server that was told of the platform when it started."""
    with serving(own_database, tmp_path) as address:
        yield address


def test_the_account_manager_finds_who_needs_her_mends_it_and_reports(
    simulator: Simulator, simulated_site: str, pulled: Cast, read: Any
) -> None:
    for language in LANGUAGES:
        withdrawn(pulled, simulator)
        draft = waiting(pulled)
        with read(language) as her:
            page: Page = her.page
            sign_in(page, simulated_site, pulled.owner.email)
            expect(her.heading()).to_be_visible()
            mends_lost_access(her, simulated_site)

            page.goto(f"{simulated_site}/c/lumen/")
            her.go("Reports")
            her.link("Schedules").click()
            her.link("Schedule a report").click()
            her.button("Schedule it").click()
            page.get_by_label(her.says("E-mail addresses")).fill(f"Ana <ana.{language}@lumen.example>")
            her.button("Add").click()
            expect(page.locator(".address", has_text=f"ana.{language}@lumen.example")).to_be_visible()
            made = Schedule.objects.latest("pk")
            page.goto(f"{simulated_site}/c/lumen/reports/schedules/")
            page.locator(f'a[href*="/schedules/{made.pk}/preview/"]').first.click()
            expect(page.frame_locator("iframe").get_by_text("Maison Lumen").first).to_be_visible()

            page.goto(f"{simulated_site}/a/nord/")
            her.link("Read and decide", page.locator("#needs")).click()
            expect(page.frame_locator("iframe").get_by_text("Maison Lumen").first).to_be_visible()
            her.button("Approve and send").click()
            expect(her.button("Approve and send")).to_have_count(0)
            worker.work_off()
            assert Run.objects.get(pk=draft.pk).state == Run.State.READY

            page.goto(f"{simulated_site}/a/nord/")
            page.locator('a[href="/a/nord/clients/new/"]').click()
            page.locator("main [name=name]").fill(f"Épicerie {language}")
            her.button("Create the client").click()
            page.wait_for_url(f"**/c/epicerie-{language}/")
            expect(page.get_by_role("main")).to_contain_text(her.says("Set-up"))


def mends_lost_access(her: Any, simulated_site: str) -> None:
    """From the overview to the account that lets us in no more, and through the platform's consent."""
    page: Page = her.page
    page.goto(f"{simulated_site}/a/nord/")
    need = page.locator("#needs li").filter(has=page.get_by_role("link", name=re.compile(her.says("Reconnect"))))
    expect(need).to_contain_text("Maison Lumen")
    her.link("Reconnect", need).click()
    expect(page.get_by_text(her.says("Access lost")).first).to_be_visible()
    her.button("Reconnect").click()
    page.get_by_role("button", name="Allow").click()
    page.wait_for_url(re.compile("/c/lumen/connections/"))
    worker.work_off()
    page.goto(f"{simulated_site}/c/lumen/connections/")
    expect(page.get_by_text(her.says("Access lost"))).to_have_count(0)


def withdrawn(pulled: Cast, simulator: Simulator) -> None:
    """The account's owner takes the consent back, and the next reading finds out."""
    simulator.platform(GoogleAdsSimulator).revoke()
    with inside(pulled.client):
        source = Connection.objects.get(source="google_ads")
        pulls.schedule(pulled.client, source, asked_at=timezone.now() + timedelta(days=1))
    worker.work_off()


def waiting(pulled: Cast) -> Run:
    """Last week's report, which somebody must approve."""
    schedule = scheduling.create_weekly(pulled.client, {"cem@lumen.example": "fr"})
    Schedule.objects.filter(pk=schedule.pk).update(policy=Schedule.Policy.SEND, needs_approval=True, approver=pulled.owner)
    schedule.refresh_from_db()
    run = scheduling.open_run(schedule, last_week())
    worker.work_off()
    return run


def last_week() -> str:
    return "{}-W{:02}".format(*(timezone.now() - timedelta(days=7)).isocalendar()[:2])


def test_the_client_head_reads_on_a_phone_and_asks(site: str, pulled: Cast, read: Any, settings: Any) -> None:
    settings.SITE_URL = site
    send_last_week(pulled, {f"{language}@lumen.example": language for language in LANGUAGES})
    sent = {message.to[0].partition("@")[0]: str(message.body) for message in mail.outbox}
    for language in LANGUAGES:
        shared, overview = (re.search(rf"{re.escape(site)}/{where}\S+", sent[language]) for where in ("r/", "c/lumen/\\?"))
        assert shared
        assert overview
        with read(language, viewport=PHONE, is_mobile=True, has_touch=True) as him:
            page: Page = him.page
            # The mail's link needs no password.
            page.goto(shared.group())
            expect(page.frame_locator("iframe").get_by_text("Maison Lumen").first).to_be_visible()
            him.fits()
            # The other leads to the same days, by the sign-in.
            page.goto(overview.group())
            page.locator("input[type=email]").fill(pulled.viewer.email)
            page.locator("input[type=password]").fill(PASSWORD)
            page.keyboard.press("Enter")
            page.wait_for_url(overview.group())
            expect(page.locator("#kpi-revenue")).to_contain_text("€")

            page.locator(".picker > summary").first.tap()
            him.link("Last month").tap()
            page.wait_for_url(re.compile("period=last_month"))
            page.locator(".picker > summary").first.tap()
            page.get_by_text(him.says("Same period last year")).first.tap()
            him.button("Show this period").tap()
            page.wait_for_url(re.compile("compare=last_year"))
            expect(page.locator(".page-head")).to_contain_text(str(timezone.now().year - 1))
            him.fits()

            page.get_by_text(him.says("Menu")).first.tap()
            page.locator(".side-menu").get_by_role("link", name=him.says("Campaigns"), exact=True).tap()
            page.wait_for_url(re.compile(r"/campaigns/.*compare=last_year"))
            page.get_by_role("main").locator("table tbody th a").first.tap()
            page.wait_for_url(re.compile("campaign="))
            expect(him.heading()).not_to_have_text(him.says("Campaigns"))
            him.fits()

            page.goto(f"{site}/c/lumen/")
            page.locator("#kpi-revenue a").first.tap()
            him.link("Ask a question").tap()
            page.locator("textarea").fill(f"Why? {language}")
            him.button("Send the question").tap()
            expect(page.locator("#questions")).to_contain_text(f"Why? {language}")
            him.fits()

            page.goto(overview.group())
            with page.expect_download() as waiting_for:
                him.link("Download the PDF").tap()
            assert "Maison Lumen" in PdfReader(waiting_for.value.path()).pages[0].extract_text()


def send_last_week(pulled: Cast, readers: dict[str, str]) -> None:
    schedule = scheduling.create_weekly(pulled.client, readers)
    Schedule.objects.filter(pk=schedule.pk).update(policy=Schedule.Policy.SEND)
    schedule.refresh_from_db()
    scheduling.open_run(schedule, last_week())
    worker.work_off()


def test_the_analyst_follows_a_figure_to_its_rows_and_a_program_gets_the_same(site: str, pulled: Cast, read: Any) -> None:
    with read("en") as owner:
        sign_in(owner.page, site, pulled.owner.email)
        expect(owner.heading()).to_be_visible()
        owner.page.goto(f"{site}/c/lumen/tokens/")
        owner.page.get_by_label("What is it for?").fill("Sheets")
        owner.button("Make the token").click()
        secret = owner.page.locator("#secret").inner_text()
    for language in LANGUAGES:
        with read(language) as her:
            page: Page = her.page
            sign_in(page, site, pulled.analyst.email)
            expect(her.heading()).to_be_visible()
            if "/a/nord/" in page.url:
                page.get_by_role("link", name="Maison Lumen", exact=True).first.click()
                page.wait_for_url("**/c/lumen/**")
            her.go("Glossary")
            page.locator("#revenue .entry-more a").click()
            page.wait_for_url(re.compile(r"/kpis/revenue/\?"))
            shown = page.locator(".kpi-value").inner_text()
            expect(page.get_by_role("heading", name=her.says("Why it changed"))).to_be_visible()
            with page.expect_download() as waiting_for:
                page.locator("#rows, section[aria-labelledby=rows-title]").get_by_role(
                    "link", name=her.says("Download as CSV")
                ).first.click()
            text = waiting_for.value.path().read_text(encoding="utf-8-sig")
            values = [Decimal(line["value"]) for line in csv.DictReader(io.StringIO(text))]
            address = page.url.partition("?")[2]
            since, until = (re.search(rf"{name}=([\d-]+)", address).group(1) for name in ("from", "to"))  # type: ignore[union-attr]
            asked = f"{site}/api/v1/clients/lumen/kpis/?from={since}&to={until}"
            with urllib.request.urlopen(urllib.request.Request(asked, headers={"Authorization": f"Bearer {secret}"})) as answer:
                told = json.load(answer)
            value = Decimal(told["kpis"]["revenue"]["value"])
            assert abs(sum(values) - value) < 1
            assert abs(Decimal(re.sub(r"[^\d,.]", "", shown).replace(",", "")) - value) < 1


def test_the_operator_sees_what_failed_and_has_it_tried_again(site: str, pulled: Cast, read: Any) -> None:
    User.objects.create_superuser("operator@host.example", PASSWORD)
    for language in LANGUAGES:
        failed = queue.enqueue("nobody.does.this", client_id=pulled.client.pk, key=language)
        worker.work_off()
        with read(language) as one:
            page: Page = one.page
            sign_in(page, site, "operator@host.example")
            expect(one.heading()).to_be_visible()
            page.goto(f"{site}/operations/")
            row = page.get_by_role("row", name=re.compile(f"nobody.does.this.*{language}", re.DOTALL))
            row.get_by_role("button", name=one.says("Try again")).click()
            expect(page.get_by_text(one.says("The job is tried again."))).to_be_visible()
            assert Job.objects.get(pk=failed).state == Job.State.QUEUED
            with urllib.request.urlopen(f"{site}/metrics") as answer:
                samples = answer.read().decode()
            assert re.search(r'vigie_jobs\{[^}]*nobody\.does\.this[^}]*state="queued"[^}]*\} 1', samples), samples[:3000]
            with urllib.request.urlopen(f"{site}/healthz") as answer:
                assert json.load(answer)["status"] == "ok"
