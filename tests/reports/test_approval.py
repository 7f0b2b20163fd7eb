"""A draft leaves by a person's yes and not without: what was looked at is what is sent, and whoever does not answer is not the last."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts import audit, services
from accounts.models import Client, Role, User
from accounts.tenancy import inside
from jobs import worker
from jobs.models import Job
from reports import approval, scheduling
from reports.archive.models import Snapshot
from reports.models import Run, Schedule
from tests.conftest import PASSWORD, Cast, LoadText
from tests.mail_server import MailServer
from tests.reports.conftest import WEEK
from tests.reports.test_completeness import SUNDAY, notices, text

State = Run.State
SignIn = Callable[..., Any]


@pytest.fixture
def draft(schedule: Schedule, cast: Cast, mail_server: MailServer) -> Run:
    """Of the weekly report, approved by a manager, else by another, else by the agency's owner; the first was asked."""
    people = [User.objects.create_user(f"{name}@people.example", PASSWORD) for name in ("approver", "deputy")]
    for person in people:
        services.add_member(person, Role.MANAGER, agency=cast.agency, client=cast.client)
    Schedule.objects.update(needs_approval=True, approver=people[0], deputy=people[1], approval_hours=24)
    schedule.refresh_from_db()
    run = scheduling.open_run(schedule, WEEK)
    worker.work_off()
    run.refresh_from_db()
    return run


def page(run: Run) -> str:
    return f"/c/lumen/reports/{run.pk}/"


def fingerprint(run: Run) -> str:
    with inside(run.schedule.client):
        return approval.fingerprint(run)


def decided(browser: Any, run: Run, what: str, sha256: str = "") -> Run:
    browser.post(page(run), {"do": what, "sha256": sha256 or fingerprint(run)})
    worker.work_off()
    return Run.objects.get(pk=run.pk)


def test_nothing_leaves_before_the_yes_and_then_what_was_looked_at(
    draft: Run, mail_server: MailServer, signed_in: SignIn, load_text: LoadText
) -> None:
    client = Client.objects.get(slug="lumen")
    assert (draft.state, notices(mail_server), len(mail_server.received)) == (State.APPROVAL, ["approver@people.example"], 1)
    approver = User.objects.get(email="approver@people.example")
    browser = signed_in(approver)
    shown = browser.get(page(draft)).content.decode()
    assert "Approve and send" in shown
    assert page(draft) in text(mail_server.messages()[0])
    assert browser.get(f"{page(draft)}fr.pdf").content.startswith(b"%PDF")
    mail = browser.get(f"{page(draft)}fr.html")
    assert "Maison Lumen" in mail.content.decode()
    assert "script-src 'none'" in mail.headers["Content-Security-Policy"]
    seen = fingerprint(draft)
    with inside(client):
        load_text(client, "ads", SUNDAY)
    worker.work_off()
    run = decided(browser, draft, "approve", seen)
    assert (run.state, run.decided_by, len(mail_server.received)) == (State.READY, approver, 3)
    assert fingerprint(run) == seen
    line = audit.events_of(client)[0]
    assert (line.actor, audit.sentence(line)) == (approver, f"approved the report {WEEK}")
    again = decided(browser, draft, "decline")
    assert (again.state, len(mail_server.received)) == (State.READY, 3)


def test_a_draft_that_was_prepared_anew_is_looked_at_anew(
    draft: Run, mail_server: MailServer, signed_in: SignIn, load_text: LoadText
) -> None:
    client = Client.objects.get(slug="lumen")
    browser, seen = signed_in(User.objects.get(email="approver@people.example")), fingerprint(draft)
    with inside(client):
        load_text(client, "ads", SUNDAY)
    worker.work_off()
    run = decided(browser, draft, "anew")
    assert (run.state, Run.objects.count()) == (State.APPROVAL, 1)
    assert fingerprint(run) != seen
    sent = len(mail_server.received)
    assert decided(browser, run, "approve", seen).state == State.APPROVAL
    run = decided(browser, run, "decline")
    assert (run.state, len(mail_server.received)) == (State.DECLINED, sent)
    with inside(client):
        assert Snapshot.objects.count() == 1


def test_whoever_does_not_answer_is_not_the_last_to_be_asked(draft: Run, mail_server: MailServer, cast: Cast) -> None:
    for left, asked in ((13, 1), (11, 2), (1, 2), (0, 3), (-5, 3)):
        Run.objects.update(approve_by=timezone.now() + timedelta(hours=left))
        Job.objects.filter(kind=approval.KIND, state=Job.State.QUEUED).update(run_at=timezone.now() - timedelta(hours=1))
        worker.work_off()
        assert len(notices(mail_server)) == asked, left
    assert notices(mail_server) == [f"{name}@people.example" for name in ("approver", "deputy", "owner")]
    draft.refresh_from_db()
    assert (draft.state, len(mail_server.received)) == (State.APPROVAL, 3)


def test_an_analyst_looks_and_does_not_decide_and_a_viewer_sees_no_draft(draft: Run, cast: Cast, signed_in: SignIn) -> None:
    analyst = signed_in(cast.analyst)
    assert "Approve and send" not in analyst.get(page(draft)).content.decode()
    assert analyst.post(page(draft), {"do": "approve", "sha256": fingerprint(draft)}).status_code == 403
    assert signed_in(cast.viewer).get(page(draft)).status_code == 403
