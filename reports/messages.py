"""The message of one delivery: kept documents, addresses of its own, and a Message-ID that never changes."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse

from accounts import brand, hosts, mails
from accounts.models import Client
from reports import sharing
from reports.archive.models import Document
from reports.bounces import METADATA
from reports.models import Delivery, Recipient
from reports.preparing import SHARE_PLACEHOLDER, UNSUBSCRIBE_PLACEHOLDER


def build(client: Client, delivery: Delivery) -> mails.Mail:
    """The message as it is sent. Its envelope goes to the recipient alone, whoever its headers name.

    Raises what the mail package says to a header that cannot be written, while nothing has left.
    """
    kept = _kept(delivery)
    unsubscribe = f"{hosts.origin(client.agency)}{reverse('unsubscribe', args=[delivery.recipient.token])}"
    shared = sharing.address(sharing.of_delivery(client, delivery))

    def body(kind: str) -> str:
        return kept[kind].decode().replace(UNSUBSCRIBE_PLACEHOLDER, unsubscribe).replace(SHARE_PLACEHOLDER, shared)

    own_brand, called = brand.of_organisation(client), delivery.message_id or message_id(client, delivery)
    message = mails.Mail(
        subject=kept[Document.Kind.SUBJECT].decode().strip(),
        body=body(Document.Kind.TEXT),
        from_email=mails.sender(own_brand),
        to=[delivery.recipient.email],
        reply_to=[own_brand.reply_to] if own_brand.reply_to else None,
        headers={
            **({} if by_api() else _named(delivery)),
            "Message-ID": f"<{called}>",
            "List-Unsubscribe": f"<{unsubscribe}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Auto-Submitted": "auto-generated",
        },
    )
    # Before the parts that make it large: its headers are what may be refused.
    message.message()
    if delivery.format != Recipient.Format.TEXT:
        message.attach_alternative(body(Document.Kind.HTML), "text/html")
    if delivery.format != Recipient.Format.MAIL:
        message.attach(f"{client.slug}-{delivery.run.period}.pdf", kept[Document.Kind.PDF], "application/pdf")
    if by_api():
        message.metadata = {METADATA: called}
    return message


def by_api() -> bool:
    """Whether a provider's API is spoken to: it sends to everyone a message names, so that each names its own address alone."""
    return bool(settings.MAIL_PROVIDER != "smtp")


def message_id(client: Client, delivery: Delivery) -> str:
    """What a copy is called from its first attempt on, without angle brackets."""
    return f"{delivery.run.uid.hex}.{delivery.recipient_id}@{urlsplit(hosts.origin(client.agency)).hostname}"


def _kept(delivery: Delivery) -> dict[str, bytes]:
    kept = Document.objects.filter(snapshot__run_id=delivery.run_id, language=delivery.language)
    return {document.kind: bytes(document.content) for document in kept}


def _named(delivery: Delivery) -> dict[str, str]:
    """The To and Cc headers of a message that has copies: they name everyone of this run whom the report goes to with it."""
    recipient = delivery.recipient
    first = recipient.copy_of_id or recipient.pk
    family = delivery.run.deliveries.exclude(state=Delivery.State.SUPPRESSED).select_related("recipient").order_by("recipient_id")
    people = [other.recipient for other in family if first in (other.recipient_id, other.recipient.copy_of_id)]
    to = [person.email for person in people if person.pk == first] or [recipient.email]
    copies = [person.email for person in people if person.email not in to]
    return {"To": ", ".join(to), "Cc": ", ".join(copies)} if copies else {}
