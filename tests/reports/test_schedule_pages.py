"""A person says when reports are due, what must hold before they leave, and who reads them; and sees what comes of it before it is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import audit
from reports import scheduling
from reports.models import Recipient, Run, Schedule, Suppression
from tests.conftest import Cast, LoadText

SCHEDULES = "/c/lumen/reports/schedules/"
WEEKLY = {"cadence": "weekly", "weekday": "1", "local_time": "08:00", "policy": "hold", "hold_hours": "4", "waits": "automatic"}
SignIn = Callable[..., Any]


def shown(browser: Any, address: str = SCHEDULES) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200, address
    return str(answer.content.decode())


def test_a_schedule_is_looked_at_before_it_is_kept_then_changed_paused_and_told_in_words(cast: Cast, signed_in: SignIn) -> None:
    browser, new = signed_in(cast.owner), f"{SCHEDULES}new/"
    assert "No report is scheduled" in shown(browser)
    quarterly = WEEKLY | {"cadence": "quarterly", "day_rule": "nth_weekday", "nth": "-1", "weekday": "5", "name": "Board"}
    looked = shown(browser, f"{new}?{urlencode(quarterly)}")
    assert looked.count('<span class="sub">1 ') >= 5
    assert not Schedule.objects.exists()
    made = browser.post(new, quarterly | {"needs_approval": "on", "approver": cast.owner.pk, "approval_hours": "12"})
    schedule = Schedule.objects.get()
    assert made["Location"] == f"{SCHEDULES}{schedule.pk}/recipients/"
    page = shown(browser)
    assert "On the last Friday of each quarter at 08:00, on the quarter before" in page
    assert "owner@people.example approves it before it leaves" in page
    send = scheduling.upcoming(schedule, 1)[0]
    assert f"{send.at.astimezone(cast.client.zone):%H:%M}" in page
    address = f"{SCHEDULES}{schedule.pk}/"
    browser.post(address, WEEKLY | {"name": "Board", "policy": "banner"})
    schedule.refresh_from_db()
    assert (schedule.cadence, schedule.policy, schedule.needs_approval, schedule.approver) == ("weekly", "banner", False, None)
    assert scheduling.upcoming(schedule, 1)[0].at == schedule.next_run_at
    browser.post(f"{address}act/", {"do": "pause"})
    assert "While it is paused, none of them leaves." in shown(browser, address)
    browser.post(f"{address}act/", {"do": "resume"})
    assert not Schedule.objects.get().paused
    changed = [audit.sentence(event) for event in audit.events_of(cast.client)[:2]]
    assert changed == ["changed the schedule of the reports “Board”: paused"] * 2


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"local_time": "25:00"}, "Enter a valid time."),
        ({"cadence": "fortnightly"}, "A fortnight needs a day of its first week."),
        ({"cadence": "daily"}, "Select a valid choice."),
        ({"hold_hours": "100"}, "less than or equal to 72"),
        ({"waits": "chosen"}, "Tick at least one."),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_on_top(cast: Cast, signed_in: SignIn, fields: dict[str, str], said: str) -> None:
    browser = signed_in(cast.owner)
    page = browser.post(f"{SCHEDULES}new/", WEEKLY | fields).content.decode()
    assert said in page
    assert "Please correct what is marked below." in page
    assert said in shown(browser, f"{SCHEDULES}new/?{urlencode(WEEKLY | fields)}")
    assert not Schedule.objects.exists()


def test_a_schedule_says_which_sources_it_waits_for(schedule: Schedule, cast: Cast, signed_in: SignIn, load_text: LoadText) -> None:
    load_text(cast.client, "targets", "month,kpi,value\n2026-11,revenue,30000\n")
    load_text(cast.client, "budgets", "month,amount\n2026-11,30000\n")
    browser, address = signed_in(cast.owner), f"{SCHEDULES}{schedule.pk}/"
    page = shown(browser, address)
    assert "Google Ads (file) · 1 · complete to 15 November 2026" in page
    assert "Targets from files" not in page, "no report lacks a target"
    assert "Budgets from files" not in page
    browser.post(address, WEEKLY | {"waits": "chosen", "waits_for": ["google_ads:1:ads"]})
    schedule.refresh_from_db()
    assert schedule.waits_for == ["google_ads:1:ads"]
    browser.post(address, WEEKLY)
    schedule.refresh_from_db()
    assert schedule.waits_for is None


def test_a_schedule_is_removed_with_what_waits_and_taken_back(cast: Cast, signed_in: SignIn) -> None:
    schedule = scheduling.create_weekly(cast.client, {"ana@lumen.example": "fr"})
    run = scheduling.open_run(schedule, "2026-W45")
    browser, address = signed_in(cast.owner), f"{SCHEDULES}{schedule.pk}/"
    asked = shown(browser, f"{address}remove/")
    assert "1 reader gets no more reports of it." in asked
    assert "1 report that waits is not sent." in asked
    after = browser.post(f"{address}remove/", follow=True).content.decode()
    assert f"{address}restore/" in after
    run.refresh_from_db()
    assert (run.state, run.problem, browser.get(address).status_code) == (Run.State.SKIPPED, scheduling.REMOVED, 404)
    Schedule.objects.update(next_run_at=timezone.now())
    scheduling.open_due_runs()
    assert Run.objects.count() == 1
    shown(browser, f"{address}restore/")
    assert Schedule.objects.exclude(removed_at=None).exists()
    browser.post(f"{address}restore/")
    schedule.refresh_from_db()
    assert (schedule.removed_at, schedule.next_run_at > timezone.now()) == (None, True)


def test_many_recipients_are_pasted_at_once_and_nobody_is_added_where_one_is_wrong(cast: Cast, signed_in: SignIn) -> None:
    schedule = scheduling.create_weekly(cast.client, {"ana@lumen.example": "fr"})
    browser, address = signed_in(cast.owner), f"{SCHEDULES}{schedule.pk}/recipients/"
    terms = {"do": "add", "language": "en", "format": "mail"}
    for pasted, said in (
        ("bob@lumen.example, bob at lumen", "No address: bob at lumen"),
        ("ANA@lumen.example\ncem@lumen.example", "Recipients already: ANA@lumen.example"),
        ("", "This field is required."),
    ):
        page = browser.post(address, terms | {"addresses": pasted}).content.decode()
        assert said in page
        assert schedule.recipients.count() == 1
    pasted = "Bob Durand <bob@lumen.example>; cem@lumen.example\nBOB@lumen.example"
    browser.post(address, terms | {"addresses": pasted})
    assert sorted(schedule.recipients.values_list("email", "language", "format")) == [
        ("BOB@lumen.example", "en", "mail"),
        ("ana@lumen.example", "fr", "full"),
        ("cem@lumen.example", "en", "mail"),
    ]


def test_a_recipient_is_changed_copied_paused_and_written_to_again(cast: Cast, signed_in: SignIn) -> None:
    schedule = scheduling.create_weekly(cast.client, {"ana@lumen.example": "fr", "bob@lumen.example": "en"})
    ana, bob = schedule.recipients.order_by("email")
    browser, address = signed_in(cast.owner), f"{SCHEDULES}{schedule.pk}/recipients/"
    grid = {f"r{ana.pk}-language": "en", f"r{ana.pk}-format": "text", f"r{bob.pk}-language": "en", f"r{bob.pk}-format": "full"}
    browser.post(address, grid | {"do": "save", f"r{bob.pk}-copy_of": ana.pk})
    ana.refresh_from_db()
    bob.refresh_from_db()
    assert (ana.language, ana.format, bob.copy_of) == ("en", "text", ana)
    wrong = browser.post(address, grid | {"do": "save", f"r{ana.pk}-language": "de"}).content.decode()
    assert "Select a valid choice. de is not one of the available choices." in wrong
    browser.post(address, {"do": f"pause:{bob.pk}"})
    Recipient.objects.filter(pk=ana.pk).update(unsubscribed_at=timezone.now())
    spared = Suppression.objects.create(client=cast.client, email="bob@lumen.example", reason=Suppression.Reason.HARD_BOUNCE)
    page = shown(browser, address)
    assert "Unsubscribed" in page
    assert "Mail to it came back for good" in page
    browser.post(address, {"do": f"resubscribe:{ana.pk}"})
    browser.post(f"/c/lumen/reports/suppressions/{spared.pk}/lift/")
    browser.post(address, {"do": f"resume:{bob.pk}"})
    assert shown(browser, address).count("Gets reports") == 2
    run = scheduling.open_run(schedule, "2026-W45")
    run.deliveries.create(recipient=bob, language="en")
    for person in (bob, ana):
        browser.post(address, {"do": f"remove:{person.pk}"})
    assert sorted(schedule.recipients.values_list("email", "paused")) == [("ana@lumen.example", True), ("bob@lumen.example", True)]


def test_a_recipient_who_was_removed_is_taken_back_as_they_were(cast: Cast, signed_in: SignIn) -> None:
    schedule = scheduling.create_weekly(cast.client, {"ana@lumen.example": "fr"})
    browser, address = signed_in(cast.owner), f"{SCHEDULES}{schedule.pk}/recipients/"
    [before] = schedule.recipients.values()
    browser.post(address, {"do": f"remove:{before['id']}"})
    assert not schedule.recipients.exists()
    page = shown(browser, address)
    assert f'form="at-once" formaction="{address}" name="do" value="restore"' in page
    browser.post(address, {"do": "restore"})
    assert list(schedule.recipients.values()) == [before]
    # Not beside the same address, if that was added anew.
    browser.post(address, {"do": f"remove:{before['id']}"})
    browser.post(address, {"do": "add", "addresses": "ana@lumen.example", "language": "en", "format": "full"})
    browser.post(address, {"do": "restore"})
    assert "This address is a recipient already." in shown(browser, address)
    assert schedule.recipients.get().language == "en"


def test_an_analyst_looks_and_changes_nothing_a_viewer_and_a_stranger_not_even_that(cast: Cast, signed_in: SignIn) -> None:
    schedule = scheduling.create_weekly(cast.client, {"ana@lumen.example": "fr"})
    pages = [SCHEDULES, f"{SCHEDULES}{schedule.pk}/", f"{SCHEDULES}{schedule.pk}/recipients/"]
    analyst = signed_in(cast.analyst)
    for address in pages:
        page = shown(analyst, address).partition("<main")[2]
        assert "Save" not in page
        assert "Pause" not in page
        assert signed_in(cast.viewer).get(address).status_code == 403
        assert signed_in(cast.stranger).get(address).status_code == 404
    assert analyst.post(pages[1], WEEKLY).status_code == 403
    assert analyst.post(pages[2], {"do": "save"}).status_code == 403


def test_three_recipients_are_listed_with_as_many_queries_as_one(cast: Cast, signed_in: SignIn) -> None:
    schedule = scheduling.create_weekly(cast.client, {"ana@lumen.example": "fr"})
    browser, counted = signed_in(cast.owner), []
    for name in ("bob", "cem", "dan"):
        for address in (f"{SCHEDULES}{schedule.pk}/recipients/",):
            browser.get(address)
            with CaptureQueriesContext(connection) as asked:
                assert browser.get(address).status_code == 200
            counted.append(len(asked))
        schedule.recipients.create(email=f"{name}@lumen.example", language="en", copy_of=schedule.recipients.first())
    assert len(set(counted)) == 1, counted
