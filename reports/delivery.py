"""One recipient, once. The row says `sending` before the mail server is spoken to; what it says afterwards decides the rest."""

from __future__ import annotations

from dataclasses import replace

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.models import Client
from reports import suppression, transport
from reports.messages import build, message_id
from reports.models import Delivery
from reports.transport import Outcome

State = Delivery.State
# Has not left, and may.
WAITING = (State.QUEUED, State.DEFERRED)
STOPPED = gettext_noop("the worker stopped while sending; the message may or may not have left")


class Deferred(Exception):
    """The mail server did not take the message this time and certainly does not have it; worth another attempt."""


def deliver(client: Client, delivery: Delivery, *, is_last_attempt: bool = False) -> None:
    """Hand one message to the mail server. Raises `Deferred` when it may be tried again (not on the last attempt)."""
    message = build(client, delivery)  # first: what fails here has sent nothing and may be tried again
    if not _begin(client, delivery):
        return
    outcome = transport.hand_over(message)
    if outcome.state == State.DEFERRED and is_last_attempt:
        outcome = replace(outcome, state=State.FAILED)
    if _record(delivery, outcome) and outcome.state == State.DEFERRED:
        raise Deferred(outcome.reason)


def _begin(client: Client, delivery: Delivery) -> bool:
    """Claim the row by a conditional update. A row found `sending` was left by a worker that died: nobody knows."""
    with transaction.atomic():
        row = Delivery.objects.select_for_update(of=("self",)).select_related("recipient").get(pk=delivery.pk)
        if row.state == State.SENDING:
            _record(row, Outcome(State.UNKNOWN, STOPPED))
        elif row.state in WAITING and (reason := suppression.why(client, row.recipient)):
            _record(row, Outcome(State.SUPPRESSED, reason))
        elif row.state in WAITING:
            called = row.message_id or message_id(client, delivery)
            Delivery.objects.filter(pk=row.pk).update(state=State.SENDING, attempts=F("attempts") + 1, message_id=called)
            return True
    return False


def _record(delivery: Delivery, outcome: Outcome) -> bool:
    """Write the outcome; False when the row was given up meanwhile. That it was sent is written whatever the row says."""
    rows = Delivery.objects.filter(pk=delivery.pk)
    if outcome.state == State.SENT:
        rows.update(provider_id=outcome.provider_id)
        return bool(rows.exclude(state=State.BOUNCED).update(state=State.SENT, error="", sent_at=timezone.now()))
    words = outcome.reason.replace("\0", "")
    return bool(rows.filter(state__in=[*WAITING, State.SENDING]).update(state=outcome.state, error=words))


def give_up(delivery_id: int, error: str) -> None:
    """The job of a delivery has failed for good: it was not sent, or nobody knows."""
    rows, error = Delivery.objects.filter(pk=delivery_id), error.replace("\0", "")
    rows.filter(state__in=WAITING).update(state=State.FAILED, error=error)
    rows.filter(state=State.SENDING).update(state=State.UNKNOWN, error=error)
