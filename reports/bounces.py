"""What a mail provider tells afterwards of a message that it took: brought, delayed, come back, complained about."""

from __future__ import annotations

from typing import Any

from anymail.signals import AnymailTrackingEvent, EventType, RejectReason
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from reports import suppression
from reports.models import Delivery, Recipient, Suppression

State = Delivery.State
# What a message carries to its provider and back: found by it, a delivery is known however it was called in between.
METADATA = "message_id"
LONGEST_REASON = 1_000
# Postmark's names of what is over, but may go well another time.
PASSING = {"SoftBounce", "VirusNotification"}


@transaction.atomic
def heard(event: AnymailTrackingEvent) -> None:
    """Write down what the provider tells; of a message that is not ours, nothing."""
    said = str(event.mta_response or event.description or event.event_type).replace("\0", "")[:LONGEST_REASON]
    rows = _of(event).filter(state__in=[State.SENDING, State.SENT, State.UNKNOWN, State.BOUNCED])
    for delivery in rows.select_related("recipient__schedule__client").select_for_update(of=("self",)):
        _hear(event, delivery, said)


def _of(event: AnymailTrackingEvent) -> QuerySet[Delivery]:
    called = str(event.message_id or "").strip("<>")
    own = str((event.metadata or {}).get(METADATA, ""))
    known = Q(pk=None)
    if called:
        known |= Q(provider_id=called) | Q(message_id=called)
    if own:
        known |= Q(message_id=own)
    rows = Delivery.objects.filter(known)
    return rows.filter(recipient__email__iexact=event.recipient) if event.recipient else rows


def _hear(event: AnymailTrackingEvent, delivery: Delivery, said: str) -> None:
    recipient, row = delivery.recipient, Delivery.objects.filter(pk=delivery.pk)
    client, now = recipient.schedule.client, timezone.now()
    if event.event_type == EventType.DELIVERED:
        row.exclude(state=State.BOUNCED).update(state=State.SENT, error="", sent_at=delivery.sent_at or event.timestamp or now)
    elif event.event_type == EventType.DEFERRED:
        row.filter(state=State.SENT).update(error=said)
    elif event.event_type in (EventType.BOUNCED, EventType.REJECTED, EventType.FAILED):
        row.update(state=State.BOUNCED, error=said, bounced_at=delivery.bounced_at or now)
        if _is_for_good(event):
            suppression.suppress(client, recipient.email, Suppression.Reason.HARD_BOUNCE, said)
    elif event.event_type == EventType.COMPLAINED:
        row.update(error=said)
        suppression.suppress(client, recipient.email, Suppression.Reason.COMPLAINT, said)
    elif event.event_type == EventType.UNSUBSCRIBED:
        Recipient.objects.filter(pk=recipient.pk, unsubscribed_at=None).update(unsubscribed_at=now)


def _is_for_good(event: AnymailTrackingEvent) -> bool:
    told: Any = event.esp_event
    if told.get("Type") in PASSING or told.get("hard_bounce") is False or told.get("event") == "soft_bounce":
        return False
    return event.reject_reason in (RejectReason.BOUNCED, RejectReason.INVALID)
