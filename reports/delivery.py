"""One recipient, once. The row says `sending` before the mail server is spoken to; what it says afterwards decides the rest."""

from __future__ import annotations

import contextlib
import smtplib

from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import Client
from reports import suppression
from reports.messages import build, message_id
from reports.models import Delivery

State = Delivery.State
# Has not left, and may.
WAITING = (State.QUEUED, State.DEFERRED)


class Deferred(Exception):
    """The mail server did not take the message this time and certainly does not have it; worth another attempt."""


def deliver(client: Client, delivery: Delivery, *, is_last_attempt: bool = False) -> None:
    """Hand one message to the mail server. Raises `Deferred` when it may be tried again (not on the last attempt)."""
    message = build(client, delivery)  # first: what fails here has sent nothing and may be tried again
    if not _begin(client, delivery):
        return
    outcome, reason = _hand_over(message)
    if outcome == State.DEFERRED and is_last_attempt:
        outcome = State.FAILED
    if _record(delivery, outcome, reason) and outcome == State.DEFERRED:
        raise Deferred(reason)


def _begin(client: Client, delivery: Delivery) -> bool:
    """Claim the row by a conditional update. A row found `sending` was left by a worker that died: nobody knows."""
    with transaction.atomic():
        row = Delivery.objects.select_for_update(of=("self",)).select_related("recipient").get(pk=delivery.pk)
        if row.state == State.SENDING:
            _record(row, State.UNKNOWN, "the worker stopped while sending; the message may or may not have left")
        elif row.state in WAITING and (reason := suppression.why(client, row.recipient)):
            _record(row, State.SUPPRESSED, reason)
        elif row.state in WAITING:
            called = row.message_id or message_id(client, delivery)
            Delivery.objects.filter(pk=row.pk).update(state=State.SENDING, attempts=F("attempts") + 1, message_id=called)
            return True
    return False


def _hand_over(message: EmailMultiAlternatives) -> tuple[str, str]:
    """Connect, send, part; the outcome and its reason."""
    message.connection = get_connection()
    try:
        message.connection.open()
    except (OSError, smtplib.SMTPException) as error:
        return State.DEFERRED, f"the mail server cannot be reached: {error}"
    try:
        return _send(message)
    finally:
        with contextlib.suppress(OSError, smtplib.SMTPException):
            message.connection.close()  # what a server says to QUIT changes nothing


def _send(message: EmailMultiAlternatives) -> tuple[str, str]:
    """Send on an open connection. Only a clear refusal is worth another attempt."""
    try:
        message.send()
    except smtplib.SMTPRecipientsRefused as refusal:
        code, text = next(iter(refusal.recipients.values()))
        return _refused(code, text)
    except smtplib.SMTPResponseException as refusal:
        return _refused(refusal.smtp_code, refusal.smtp_error)
    except (OSError, smtplib.SMTPException) as error:
        return State.UNKNOWN, f"the connection broke while sending, the message may or may not have left: {error}"
    return State.SENT, ""


def _refused(code: int, text: bytes | str) -> tuple[str, str]:
    words = text.decode(errors="replace") if isinstance(text, bytes) else text
    return (State.FAILED if code >= 500 else State.DEFERRED), f"{code} {words}"


def _record(delivery: Delivery, state: str, error: str) -> bool:
    """Write the outcome; False when the row was given up meanwhile. That it was sent is written whatever the row says."""
    rows = Delivery.objects.filter(pk=delivery.pk)
    if state == State.SENT:
        return bool(rows.update(state=state, error="", sent_at=timezone.now()))
    return bool(rows.filter(state__in=[*WAITING, State.SENDING]).update(state=state, error=error.replace("\0", "")))


def give_up(delivery_id: int, error: str) -> None:
    """The job of a delivery has failed for good: it was not sent, or nobody knows."""
    rows, error = Delivery.objects.filter(pk=delivery_id), error.replace("\0", "")
    rows.filter(state__in=WAITING).update(state=State.FAILED, error=error)
    rows.filter(state=State.SENDING).update(state=State.UNKNOWN, error=error)
