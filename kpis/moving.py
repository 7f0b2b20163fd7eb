"""A client's figures in another currency, or by the days of another zone: every one of them is made anew, in one transaction.

Until it is over, everybody reads the old figures in the old currency; afterwards the new ones. What was sent stays as it was.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.audit import Actor
from accounts.models import Client, validate_currency, validate_timezone
from campaigns import rezoning
from campaigns.writer import be_the_only_writer
from jobs import queue
from jobs.models import Job
from kpis import recompute, signals

KIND = "kpis.move"


@dataclass(frozen=True)
class Move:
    """One that is asked for and not over. `begun`: a worker is at it; `error`: why it was tried in vain so far."""

    currency: str
    timezone: str
    asked_at: datetime
    begun: bool
    error: str


def ask(client: Client, currency: str, timezone: str, by: Actor) -> bool:
    """Ask for another currency or zone; whether that is another than now. Raises `ValidationError` naming the field."""
    for field, value, validate in (("currency", currency, validate_currency), ("timezone", timezone, validate_timezone)):
        try:
            validate(value)
        except ValidationError as error:
            raise ValidationError({field: error.messages}) from None
    with transaction.atomic():
        present = Client.objects.select_for_update(of=("self",)).get(pk=client.pk)
        if under_way(client):
            raise ValidationError(_("Another change of currency or time zone is under way; wait until it is done."))
        wanted = {"currency": (present.currency, currency), "timezone": (present.timezone, timezone)}
        changes = [{"field": field, "before": was, "after": now} for field, (was, now) in wanted.items() if was != now]
        if not changes:
            return False
        audit.record("client.changed", by, organisation=present, changes=changes)
        queue.enqueue(KIND, client_id=client.pk, arguments={"currency": currency, "timezone": timezone})
    return True


def under_way(client: Client) -> Move | None:
    job = Job.objects.filter(client_id=client.pk, kind=KIND, state__in=Job.OPEN).first()
    if job is None:
        return None
    return Move(job.arguments["currency"], job.arguments["timezone"], job.created_at, job.state == Job.State.RUNNING, job.error)


def failed(client: Client) -> Job | None:
    """The newest wish, if it came to nothing."""
    newest = Job.objects.filter(client_id=client.pk, kind=KIND).order_by("-pk").first()
    return newest if newest and newest.state == Job.State.FAILED else None


def move(client: Client, currency: str, timezone: str, effect: AbstractContextManager[None]) -> None:
    """Make every figure anew. Inside the client's schema."""
    with effect:
        be_the_only_writer(client)
        before = client.timezone
        Client.objects.filter(pk=client.pk).update(currency=currency, timezone=timezone)
        client.currency, client.timezone = currency, timezone
        if timezone != before:
            rezoning.rebucket(timezone)
        recompute.rebuild_anew(client)
        signals.client_moved.send(sender=None, client=client)
