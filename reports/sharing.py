"""Links to one report as it was sent, for whoever holds them: signed, expiring, revocable, with a password if one is wished."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.hashers import make_password
from django.core import signing
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts import audit, hosts
from accounts.audit import Actor
from accounts.models import Client
from reports.archive.models import Document
from reports.models import Delivery, Run, ShareLink, ShareView

DAYS = 90
LONGEST_DAYS = 730
LONGEST_AGENT = 200
SHORTEST_PASSWORD = 6
_signer = signing.Signer(sep=".", salt="reports.share")


def shareable(client: Client) -> QuerySet[Run]:
    """The client's reports that were made, the newest first."""
    return Run.objects.filter(schedule__client=client, state=Run.State.READY).select_related("schedule").order_by("-until", "-pk")


def languages(run: Run) -> list[str]:
    """Those a report was made in."""
    kept = Document.objects.filter(snapshot__run_id=run.pk, kind=Document.Kind.PDF)
    return list(kept.order_by("language").values_list("language", flat=True))


def make(client: Client, run: Run, language: str, actor: Actor, *, days: int = DAYS, password: str = "") -> ShareLink:
    """A link made by a person, which is on record."""
    with transaction.atomic():
        link = ShareLink.objects.create(
            client=client,
            run=run,
            language=language,
            password=make_password(password) if password else "",
            created_by=actor.user,
            expires_at=timezone.now() + timedelta(days=days),
        )
        audit.record("share.made", actor, organisation=client, period=run.period)
    return link


def of_delivery(client: Client, delivery: Delivery) -> ShareLink:
    """The link in a delivery's mail; always the same, however often it is tried."""
    terms = {"client": client, "run": delivery.run, "language": delivery.language, "expires_at": timezone.now() + timedelta(days=DAYS)}
    link, _ = ShareLink.objects.get_or_create(delivery=delivery, defaults=terms)
    return link


def revoke(link: ShareLink, actor: Actor) -> bool:
    """Nobody comes in by it any more; False if that is so already."""
    with transaction.atomic():
        revoked = ShareLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=timezone.now())
        if revoked:
            audit.record("share.revoked", actor, organisation=link.client, period=link.run.period)
    return bool(revoked)


def token(link: ShareLink) -> str:
    return _signer.sign(f"{link.pk}-{link.nonce}")


def address(link: ShareLink) -> str:
    """On the host of the client's agency."""
    return f"{hosts.origin(link.client.agency)}{reverse('share', args=[token(link)])}"


def found(told: str) -> ShareLink | None:
    """The link that opens its report at this moment; None for one that is forged, expired or revoked, or whose client is closed."""
    try:
        key, _, nonce = _signer.unsign(told).partition("-")
    except signing.BadSignature:
        return None
    links = ShareLink.objects.select_related("client__agency", "run", "delivery__recipient")
    link = links.filter(pk=int(key), revoked_at=None, expires_at__gt=timezone.now(), client__closed_at=None).first()
    return link if link and constant_time_compare(link.nonce, nonce) else None


def note(link: ShareLink, what: str, address: str | None, agent: str) -> None:
    """Write down that somebody saw its page or took its PDF."""
    printable = "".join(letter for letter in agent if letter.isprintable())[:LONGEST_AGENT]
    ShareView.objects.create(link=link, what=what, address=address, agent=printable)
