"""No report on missing data goes out unmarked: it waits as long as its schedule says, or names what is missing, or a person decides."""

from __future__ import annotations

from datetime import date, timedelta
from email.message import EmailMessage

import pytest
from django.utils import timezone

from accounts.models import Client
from accounts.tenancy import inside
from campaigns.models import LoadedSpan
from jobs import worker
from jobs.models import Job
from kpis.periods import Period
from reports import preparing, scheduling, sources
from reports.archive.models import Snapshot
from reports.content import Report
from reports.models import Run, Schedule
from tests.conftest import LoadText
from tests.mail_server import MailServer
from tests.reports.conftest import WEEK

State = Run.State
WEEK_46 = (date(2026, 11, 9), date(2026, 11, 15))
WAITS = "Le rapport de Maison Lumen attend"
SUNDAY = """date,source,account,campaign,channel,impressions,clicks,spend,conversions,conversion_value
2026-11-15,google_ads,1,Lamps,display,10,1,1.50,0,0
"""


@pytest.fixture
def lacking(schedule: Schedule) -> Schedule:
    """Of Google Ads, Sunday 15 November is not loaded."""
    with inside(schedule.client):
        assert LoadedSpan.objects.filter(family="ads", until=date(2026, 11, 15)).update(until=date(2026, 11, 14))
    return schedule


def opened(schedule: Schedule, **fields: object) -> Run:
    Schedule.objects.filter(pk=schedule.pk).update(**fields)
    schedule.refresh_from_db()
    run = scheduling.open_run(schedule, WEEK)
    worker.work_off()
    run.refresh_from_db()
    return run


def kept(client: Client) -> Report:
    with inside(client):
        return preparing.restored(Snapshot.objects.get())


def text(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def notices(mail_server: MailServer) -> list[str]:
    """To whom it was told that a report waits."""
    return [message["To"] for message in mail_server.messages() if message["Subject"].startswith(WAITS)]


def test_a_held_report_leaves_once_when_its_data_is_there_and_its_owner_is_told_once(
    lacking: Schedule, mail_server: MailServer, load_text: LoadText
) -> None:
    run = opened(lacking)
    assert (run.state, notices(mail_server), len(mail_server.received)) == (State.HELD, ["owner@people.example"], 1)
    [told] = mail_server.messages()
    assert "15 novembre 2026" in text(told)
    Job.objects.filter(kind=scheduling.KIND).update(run_at=timezone.now() - timedelta(hours=1))
    worker.work_off()
    run.refresh_from_db()
    assert (run.state, len(mail_server.received)) == (State.HELD, 1)
    with inside(lacking.client):
        load_text(lacking.client, "ads", SUNDAY)
    worker.work_off()
    run.refresh_from_db()
    assert (run.state, len(mail_server.received)) == (State.READY, 3)
    assert not kept(lacking.client).has_banner
    assert notices(mail_server) == ["owner@people.example"]


def test_at_its_deadline_a_held_report_leaves_with_a_banner(lacking: Schedule, mail_server: MailServer) -> None:
    run = opened(lacking, hold_hours=2)
    assert run.held_until is not None
    assert timedelta(hours=1) < run.held_until - timezone.now() < timedelta(hours=3)
    Run.objects.update(held_until=timezone.now() - timedelta(hours=1))
    Job.objects.filter(kind=scheduling.KIND).update(run_at=timezone.now() - timedelta(hours=1))
    worker.work_off()
    run.refresh_from_db()
    report = kept(lacking.client)
    assert (run.state, report.has_banner) == (State.READY, True)
    assert [day for source in report.sources for day in source.missing_days] == [date(2026, 11, 15)]
    assert len(mail_server.received) == 1 + 2


@pytest.mark.parametrize(("policy", "has_banner"), [("send", False), ("banner", True)])
def test_a_report_that_does_not_wait_names_what_is_missing(
    lacking: Schedule, mail_server: MailServer, policy: str, has_banner: bool
) -> None:
    run = opened(lacking, policy=policy)
    assert (run.state, kept(lacking.client).has_banner) == (State.READY, has_banner)
    for message in mail_server.messages():
        assert "Google Ads" in text(message)
    assert len(mail_server.received) == 2


def test_a_complete_report_waits_for_nothing(schedule: Schedule, mail_server: MailServer) -> None:
    assert (opened(schedule).state, kept(schedule.client).has_banner) == (State.READY, False)


def test_without_all_its_data_a_report_may_be_left_to_a_person(lacking: Schedule, mail_server: MailServer) -> None:
    run = opened(lacking, policy="approval")
    assert (run.state, notices(mail_server), len(mail_server.received)) == (State.APPROVAL, ["owner@people.example"], 1)


def test_a_file_that_comes_no_more_is_named_and_holds_nothing_up(schedule: Schedule, mail_server: MailServer) -> None:
    with inside(schedule.client):
        assert LoadedSpan.objects.filter(family="leads").update(since=date(2026, 9, 1), until=date(2026, 10, 31))
    run = opened(schedule)
    assert (run.state, len(mail_server.received)) == (State.READY, 2)
    report = kept(schedule.client)
    assert (report.has_banner, [source.family for source in report.sources if source.missing_days]) == (True, ["leads"])


@pytest.mark.parametrize(("named", "state"), [("file:import:leads", State.READY), ("google_ads:1:ads", State.HELD)])
def test_a_schedule_that_names_its_sources_waits_for_those_alone(
    lacking: Schedule, mail_server: MailServer, named: str, state: str
) -> None:
    with inside(lacking.client):
        keys = {source.key for source in sources.states(lacking.client, Period(*WEEK_46), timezone.now(), {"ads", "leads"})}
    assert named in keys
    assert opened(lacking, waits_for=[named]).state == state
