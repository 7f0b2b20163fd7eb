"""A draft waits for a person's yes. Who was asked and does not answer is not the last: the deputy is asked, then the owners.

Nothing leaves without a decision. What is approved is what was looked at: the decision names the figures' fingerprint.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import access, audit
from accounts.audit import Actor
from accounts.models import Client, User
from jobs import queue
from reports import notices, scheduling
from reports.archive.models import Snapshot
from reports.models import Run, Schedule

KIND = "reports.approval"
PERMISSION = "report.send"
APPROVER, DEPUTY, OWNERS = range(3)
LONGEST_NOTE = 600


class NotOpen(Exception):
    """The run does not wait for a decision, or not any more."""


class Changed(Exception):
    """It was prepared anew since it was looked at."""


def ask(client: Client, run: Run, now: datetime) -> None:
    """Let the run wait, and ask its approver. Called where the run is locked and its draft is kept."""
    hours = timedelta(hours=run.schedule.approval_hours)
    run.state, run.approve_by, run.escalation = Run.State.APPROVAL, now + hours, APPROVER
    run.save(update_fields=["state", "approve_by", "escalation"])
    _ask_from(client, run, APPROVER, now)


def escalate(client: Client, run_id: int, now: datetime) -> None:
    """Ask whoever is to be asked by now and has not been."""
    run = Run.objects.select_for_update(of=("self",)).select_related("schedule").filter(pk=run_id, state=Run.State.APPROVAL).first()
    if run is None or run.approve_by is None:
        return
    step = OWNERS if now >= run.approve_by else DEPUTY if now >= _half(run) else APPROVER
    if step > run.escalation:
        _ask_from(client, run, step, now)
    else:
        _ask_later(client, run)


class Decision(StrEnum):
    APPROVE = "approve"
    DECLINE = "decline"


def decide(client: Client, run: Run, decision: Decision, sha256: str, by: Actor, note: str = "") -> None:
    """Have the draft of this fingerprint sent, or not; `note` is for those who look after the reports. Raises `NotOpen` or `Changed`."""
    with transaction.atomic():
        run = _locked(run, Run.State.APPROVAL)
        if fingerprint(run) != sha256:
            raise Changed
        is_yes = decision is Decision.APPROVE
        run.state = Run.State.DUE if is_yes else Run.State.DECLINED
        run.decided_by, run.decided_at, run.decision_note = by.user, timezone.now(), note
        run.save(update_fields=["state", "decided_by", "decided_at", "decision_note"])
        if is_yes:
            scheduling.enqueue(run, run.schedule)
        audit.record("report.approved" if is_yes else "report.declined", by, organisation=client, period=run.period)


def prepare_anew(client: Client, run: Run, by: Actor) -> None:
    """Throw the draft away and prepare another from the figures as they are now; it waits for a decision as the first did."""
    with transaction.atomic():
        run = _locked(run, Run.State.APPROVAL, Run.State.DECLINED)
        Snapshot.objects.filter(run_id=run.pk).delete()
        run.state, run.approve_by, run.decided_by, run.decided_at, run.decision_note = Run.State.DUE, None, None, None, ""
        run.save(update_fields=["state", "approve_by", "decided_by", "decided_at", "decision_note"])
        scheduling.enqueue(run, run.schedule)
        audit.record("report.prepared_anew", by, organisation=client, period=run.period)


def fingerprint(run: Run) -> str:
    """Of the figures that were prepared for the run; "" if there are none."""
    return Snapshot.objects.filter(run_id=run.pk).values_list("sha256", flat=True).first() or ""


def _locked(run: Run, *states: str) -> Run:
    found = Run.objects.select_for_update(of=("self",)).select_related("schedule").filter(pk=run.pk, state__in=states).first()
    if found is None:
        raise NotOpen
    return found


def _ask_from(client: Client, run: Run, step: int, now: datetime) -> None:
    """Ask the people of a step, or of the first after it that has any who may decide."""
    asked: list[User] = []
    while not asked and step <= OWNERS:
        asked = _people(client, run.schedule, step)
        step += 1
    Run.objects.filter(pk=run.pk).update(escalation=step - 1)
    run.escalation = step - 1
    notices.tell(client, run, notices.APPROVAL, asked, {"step": run.escalation})
    _ask_later(client, run)


def _ask_later(client: Client, run: Run) -> None:
    if run.escalation < OWNERS and run.approve_by:
        at = _half(run) if run.escalation == APPROVER else run.approve_by
        arguments: dict[str, Any] = {"run_id": run.pk}
        queue.enqueue(KIND, client_id=client.pk, key=str(run.pk), arguments=arguments, run_at=at)


def _half(run: Run) -> datetime:
    assert run.approve_by
    return run.approve_by - timedelta(hours=run.schedule.approval_hours) / 2


def _people(client: Client, schedule: Schedule, step: int) -> list[User]:
    """Who is asked at a step and may still decide."""
    if step == OWNERS:
        return notices.owners(client)
    wanted = schedule.approver_id if step == APPROVER else schedule.deputy_id
    return list(access.holders(client, PERMISSION).filter(pk=wanted or 0))
