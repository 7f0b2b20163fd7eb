"""Hand one message to the mail server, or to the mail provider's API, and tell what became of it.

Only a clear refusal is worth another attempt; whenever the other side may have the message, nobody knows.
"""

from __future__ import annotations

import contextlib
import smtplib
from dataclasses import dataclass

import requests
from anymail.exceptions import AnymailAPIError, AnymailError, AnymailRecipientsRefused
from anymail.message import AnymailStatus
from django.core.mail import EmailMultiAlternatives, get_connection
from urllib3.exceptions import NewConnectionError

from reports.models import Delivery

State = Delivery.State
# A provider's answers that say "not now": wrong keys too, for whoever keeps the service can mend them.
NOT_NOW = (401, 403, 429, 503)
TAKEN = ("sent", "queued")
REFUSED = ("failed", "invalid", "rejected")


@dataclass(frozen=True)
class Outcome:
    """A state of `Delivery`, why, and what a provider calls the message."""

    state: str
    reason: str = ""
    provider_id: str = ""


def hand_over(message: EmailMultiAlternatives) -> Outcome:
    """Connect, send, part."""
    message.connection = get_connection()
    try:
        message.connection.open()
    except (OSError, smtplib.SMTPException) as error:
        return Outcome(State.DEFERRED, f"the mail server cannot be reached: {error}")
    try:
        return _send(message)
    finally:
        with contextlib.suppress(OSError, smtplib.SMTPException):
            message.connection.close()  # what a server says to QUIT changes nothing


def _send(message: EmailMultiAlternatives) -> Outcome:
    """Send on an open connection."""
    try:
        message.send()
    except AnymailError as error:
        return _by_api(error)
    except smtplib.SMTPRecipientsRefused as refusal:
        code, text = next(iter(refusal.recipients.values()))
        return _refused(code, text)
    except smtplib.SMTPResponseException as refusal:
        return _refused(refusal.smtp_code, refusal.smtp_error)
    except (OSError, smtplib.SMTPException) as error:
        return Outcome(State.UNKNOWN, f"the connection broke while sending, the message may or may not have left: {error}")
    status = getattr(message, "anymail_status", None)
    return _as_told(status) if status else Outcome(State.SENT)


def _as_told(status: AnymailStatus) -> Outcome:
    """What a provider's API says of the one address it was given."""
    told, provider_id = ", ".join(sorted(status.status or ["unknown"])), str(status.message_id or "").strip("<>")
    if told in TAKEN:
        return Outcome(State.SENT, provider_id=provider_id)
    if told in REFUSED:
        return Outcome(State.FAILED, f"the mail provider answered: {told}")
    return Outcome(State.UNKNOWN, f"the mail provider answered: {told}; the message may or may not have left", provider_id)


def _refused(code: int, text: bytes | str) -> Outcome:
    words = text.decode(errors="replace") if isinstance(text, bytes) else text
    return Outcome(State.FAILED if code >= 500 else State.DEFERRED, f"{code} {words}")


def _by_api(error: AnymailError) -> Outcome:
    if isinstance(error, AnymailRecipientsRefused) or not isinstance(error, AnymailAPIError):
        # The provider will not, or it could not even be asked.
        return Outcome(State.FAILED, " ".join((str(error), getattr(error.response, "text", ""))).strip())
    if error.status_code is None and _never_connected(error.__cause__):
        return Outcome(State.DEFERRED, f"the mail provider cannot be reached: {error}")
    if error.status_code in NOT_NOW:
        return Outcome(State.DEFERRED, str(error))
    if error.status_code and 400 <= error.status_code < 500:
        return Outcome(State.FAILED, str(error))
    return Outcome(State.UNKNOWN, f"the mail provider gave no clear answer, the message may or may not have left: {error}")


def _never_connected(cause: BaseException | None) -> bool:
    reason = getattr(cause.args[0], "reason", None) if isinstance(cause, requests.ConnectionError) and cause.args else None
    return isinstance(cause, requests.ConnectTimeout) or isinstance(reason, NewConnectionError)
