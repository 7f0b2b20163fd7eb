"""Who is not written to: those who left or are paused, and addresses that came back for good or complained, per client."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts import audit
from accounts.audit import Actor
from accounts.models import Client
from reports.models import Recipient, Suppression

Reason = Suppression.Reason
SAID = {
    Reason.HARD_BOUNCE: gettext_noop("earlier mail to this address came back for good"),
    Reason.COMPLAINT: gettext_noop("this address has complained about earlier mail"),
}


def why(client: Client, recipient: Recipient) -> str:
    """Why nothing is sent to a recipient at this moment; "" if it is."""
    if recipient.unsubscribed_at:
        return gettext_noop("unsubscribed before it was sent")
    if recipient.paused:
        return gettext_noop("paused before it was sent")
    suppressed = active(client).filter(email=recipient.email.lower()).first()
    return SAID[Reason(suppressed.reason)] if suppressed else ""


def active(client: Client) -> QuerySet[Suppression]:
    return Suppression.objects.filter(client=client, lifted_at=None)


def suppress(client: Client, email: str, reason: Reason, detail: str) -> None:
    """Write to this address no more. One that is suppressed already keeps its first reason."""
    row = Suppression(client=client, email=email.lower(), reason=reason, detail=detail)
    Suppression.objects.bulk_create([row], ignore_conflicts=True)


def lift(suppression: Suppression, actor: Actor) -> bool:
    """Write to the address again; False if that is so already. The row stays, as a record."""
    with transaction.atomic():
        lifted = Suppression.objects.filter(pk=suppression.pk, lifted_at=None).update(lifted_at=timezone.now(), lifted_by=actor.user)
        if lifted:
            audit.record("suppression.lifted", actor, organisation=suppression.client, address=suppression.email)
    return bool(lifted)
