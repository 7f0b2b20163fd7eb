"""Whoever looks after reports sees what became of each for every reader, what comes next, and mends what did not arrive."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import audit
from accounts.models import Client, User
from accounts.tenancy import inside
from jobs import worker
from jobs.models import Job
from reports import scheduling, sending
from reports.archive.models import Snapshot
from reports.models import Delivery, Run, Schedule
from tests.conftest import Cast
from tests.mail_server import MailServer
from tests.reports.conftest import WEEK

REPORTS = "/c/lumen/reports/"
SignIn = Callable[..., Any]
State = Delivery.State


def shown(browser: Any, address: str = REPORTS) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200, address
    return str(answer.content.decode())


def run_of(schedule: Schedule, number: int, state: str = Run.State.READY, **fields: Any) -> Run:
    """One of a week of 2026."""
    since = date.fromisocalendar(2026, number, 1)
    days = {"since": since, "until": since + timedelta(days=6)}
    return Run.objects.create(schedule=schedule, period=f"2026-W{number}", state=state, **days, **fields)


def copies(run: Run, **states: str) -> list[Delivery]:
    """A delivery in each state, by the name in the recipient's address."""
    recipients = {recipient.email.split("@")[0]: recipient for recipient in run.schedule.recipients.all()}
    return [run.deliveries.create(recipient=recipients[name], language="en", state=state) for name, state in states.items()]


def test_every_state_of_every_reader_is_told_with_its_reason_and_reports_are_found_by_state(
    schedule: Schedule, cast: Cast, signed_in: SignIn
) -> None:
    wrong = run_of(schedule, 45)
    unknown, _failed = copies(wrong, ana=State.UNKNOWN, bob=State.FAILED)
    Delivery.objects.filter(pk=unknown.pk).update(error="the worker stopped while sending; the message may or may not have left")
    copies(run_of(schedule, 44), ana=State.SENT, bob=State.SUPPRESSED)
    run_of(schedule, 43, Run.State.SKIPPED, problem=scheduling.DOWN)
    run_of(schedule, 46, Run.State.HELD, held_until=timezone.now() + timedelta(hours=2))
    browser = signed_in(cast.analyst)
    page = shown(browser)
    for text in ("Not known", "may or may not have left", "Failed", "Not sent to this address", "Waits for data", "2 deliveries to check"):
        assert text in page
    assert "the service was down when it was due" in page
    assert "Send again" not in page
    weeks = {state: {number for number in (43, 44, 45, 46) if f"Week {number} ·" in shown(browser, f"{REPORTS}?state={state}")} for state in
             ("open", "check", "sent", "left")}  # fmt: skip
    assert weeks == {"open": {46}, "check": {45}, "sent": {44}, "left": {43}}
    assert "Week" not in shown(browser, f"{REPORTS}?state=sent&schedule={schedule.pk + 1}").partition("<main")[2].partition("<h2")[0]
    french = browser.get(REPORTS, headers={"accept-language": "fr"}).content.decode()
    assert "le message est peut-être parti" in french


def test_a_person_decides_on_what_nobody_knows_and_only_what_failed_is_sent_again(
    schedule: Schedule, mail_server: MailServer, cast: Cast, signed_in: SignIn
) -> None:
    run = scheduling.open_run(schedule, WEEK)
    worker.work_off()
    ana, bob = run.deliveries.order_by("recipient__email")
    before = len(mail_server.received)
    browser, page = signed_in(cast.owner), f"{REPORTS}{run.pk}/"
    Delivery.objects.filter(pk=ana.pk).update(state=State.UNKNOWN)
    Delivery.objects.filter(pk=bob.pk).update(state=State.FAILED)
    assert "It did not: send again" in shown(browser)
    browser.post(page, {"do": "resend_failed", "back": "list"})
    worker.work_off()
    assert [message["To"] for message in mail_server.messages()[before:]] == ["bob@lumen.example"]
    browser.post(page, {"do": "received", "delivery": ana.pk})
    ana.refresh_from_db()
    assert (ana.state, ana.error) == (State.SENT, sending.RECEIVED)
    assert audit.sentence(audit.events_of(cast.client)[0]) == f"noted that the report {WEEK} was received by ana@lumen.example"
    browser.post(page, {"do": "resend", "delivery": ana.pk})
    assert "Somebody decided this already." in shown(browser, page)
    Delivery.objects.filter(pk=ana.pk).update(state=State.UNKNOWN)
    browser.post(page, {"do": "resend", "delivery": ana.pk})
    worker.work_off()
    assert len(mail_server.received) == before + 2


def test_the_clients_own_people_see_what_was_sent_and_neither_drafts_nor_addresses(
    schedule: Schedule, mail_server: MailServer, cast: Cast, signed_in: SignIn
) -> None:
    viewer = signed_in(cast.viewer)
    Schedule.objects.update(needs_approval=True)
    schedule.refresh_from_db()
    run = scheduling.open_run(schedule, WEEK)
    worker.work_off()
    with inside(cast.client):
        draft = Snapshot.objects.get()
        kept = draft.documents.get(language="fr", kind="pdf")
        kept.content = b"%PDF of the draft"
        kept.save()
    assert "No report has been sent yet" in shown(viewer)
    pdf = {"headers": {"accept-language": "fr"}}
    assert viewer.get(f"{REPORTS}{WEEK}.pdf", **pdf).content != b"%PDF of the draft"
    signed_in(cast.owner).post(f"{REPORTS}{run.pk}/", {"do": "approve", "sha256": draft.sha256})
    worker.work_off()
    page = shown(viewer)
    assert "Week 46" in page
    assert not [text for text in ("ana@lumen.example", "Due next", "Schedules", f"{REPORTS}{run.pk}/") if text in page]
    assert viewer.get(f"{REPORTS}{WEEK}.pdf", **pdf).content == b"%PDF of the draft"


def test_a_report_of_any_period_is_looked_at_tested_and_sent(
    schedule: Schedule, mail_server: MailServer, cast: Cast, signed_in: SignIn
) -> None:
    browser, look = signed_in(cast.owner), f"{REPORTS}schedules/{schedule.pk}/preview/"
    send = scheduling.upcoming(schedule, 1)[0]
    assert "Its period is not over" in shown(browser, f"{look}?period={send.period.key}") or send.period.key <= sending.newest(schedule).key
    page = shown(browser, f"{look}?period={WEEK}&language=en")
    assert "Week 46 · 9–15 November 2026" in page
    assert "frame-src 'self'" in browser.get(look).headers["Content-Security-Policy"]
    mail = browser.get(f"{look}{WEEK}/en.html")
    assert "€1,510" in mail.content.decode()
    assert ".invalid" not in mail.content.decode()
    assert "sandbox" in mail.headers["Content-Security-Policy"]
    assert browser.get(f"{look}{WEEK}/fr.pdf").content.startswith(b"%PDF")
    for wrong in ("?period=2026-11", "?period=2031-W01", "?period=0001-W01", "?period=x", f"?period={WEEK}&language=de"):
        assert browser.get(look + wrong).status_code == 404, wrong
    assert not Run.objects.exists()
    act = f"{REPORTS}schedules/{schedule.pk}/act/"
    run_of(schedule, 46, Run.State.SKIPPED)
    browser.post(act, {"do": "test", "period": WEEK})
    worker.work_off()
    [test] = mail_server.messages()
    assert (test["To"], test["Subject"][:6]) == ("owner@people.example", "[Test]")
    browser.post(act, {"do": "send", "period": WEEK})
    worker.work_off()
    assert len(mail_server.received) == 3
    assert "As it was made." in shown(browser, f"{look}?period={WEEK}")
    Run.objects.all().delete()
    Schedule.objects.update(needs_approval=True)
    assert "waits for approval." in browser.post(act, {"do": "send", "period": WEEK}, follow=True).content.decode()
    browser.post(act, {"do": "send", "period": "2020-W01"})
    assert "Only reports of periods that are over are sent." in shown(browser)


def test_what_was_left_out_is_caught_up_and_a_stopped_schedule_is_started_from_the_list(
    schedule: Schedule, cast: Cast, signed_in: SignIn
) -> None:
    browser, act = signed_in(cast.owner), f"{REPORTS}schedules/{schedule.pk}/act/"
    run_of(schedule, 43, Run.State.SKIPPED)
    run_of(schedule, 44)
    for number in (45, 46):
        run_of(schedule, number, Run.State.SKIPPED, problem=scheduling.PAUSED)
    Schedule.objects.update(stopped_at=timezone.now())
    page = shown(browser)
    assert "Send the 2 reports that were left out" in page
    assert "Stopped after failures" in page
    browser.post(act, {"do": "start"})
    assert not Schedule.objects.exclude(stopped_at=None).exists()
    browser.post(act, {"do": "catch_up"})
    assert list(Run.objects.filter(state=Run.State.DUE).order_by("since").values_list("period", flat=True))[:2] == ["2026-W45", WEEK]
    assert Run.objects.get(period="2026-W43").state == Run.State.SKIPPED
    assert Job.objects.filter(kind=scheduling.KIND, state=Job.State.QUEUED).count() >= 2
    assert signed_in(cast.analyst).post(act, {"do": "catch_up"}).status_code == 403
    assert signed_in(cast.stranger).post(act, {"do": "catch_up"}).status_code == 404


def test_whoever_decides_sees_the_mail_and_what_to_check_and_says_why_not(
    schedule: Schedule, mail_server: MailServer, cast: Cast, signed_in: SignIn
) -> None:
    Schedule.objects.update(needs_approval=True, approver=cast.owner)
    schedule.refresh_from_db()
    schedule.recipients.filter(email="bob@lumen.example").update(paused=True)
    run = scheduling.open_run(schedule, WEEK)
    worker.work_off()
    browser, address = signed_in(cast.owner), f"{REPORTS}{run.pk}/"
    page = shown(browser, address)
    for text in (
        "What to check",
        "It goes to 1 reader",
        "not to bob@lumen.example",
        "Nobody wrote any.",
        f"{address}fr.html",
        "Asked: owner",
    ):
        assert text in page
    assert browser.get(f"{address}fr.html").headers["X-Frame-Options"] == "SAMEORIGIN"
    with inside(cast.client):
        sha256 = Snapshot.objects.get().sha256
    long = browser.post(address, {"do": "decline", "sha256": sha256, "note": "n" * 601})
    assert (long.status_code, "at most 600 characters" in long.content.decode()) == (200, True)
    browser.post(address, {"do": "decline", "sha256": sha256, "note": "The costs of Meta are missing."})
    page = shown(browser, address)
    assert "The costs of Meta are missing." in page
    assert "decided by owner@people.example" in page
    assert Run.objects.get().state == Run.State.DECLINED


def queries(browser: Any, address: str) -> int:
    browser.get(address)
    with CaptureQueriesContext(connection) as asked:
        assert browser.get(address).status_code == 200
    return len(asked)


@pytest.mark.parametrize("person", ["owner", "viewer"])
def test_three_reports_and_schedules_are_listed_with_as_many_queries_as_one(cast: Cast, signed_in: SignIn, person: str) -> None:
    browser = signed_in(User.objects.get(email=f"{person}@people.example"))
    counted = []
    for number in (44, 45, 46):
        schedule = scheduling.create_weekly(Client.objects.get(slug="lumen"), {"ana@lumen.example": "fr", "bob@lumen.example": "en"})
        copies(run_of(schedule, number), ana=State.SENT, bob=State.FAILED)
        counted.append(queries(browser, REPORTS))
        if person == "owner":
            counted.append(queries(browser, f"{REPORTS}schedules/") + 1_000)
    assert len(set(counted)) == (2 if person == "owner" else 1), counted
