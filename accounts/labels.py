"""An agency's labels, and which of its clients have them. A person sees and changes them on the clients they may see."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from accounts import audit
from accounts.audit import Actor
from accounts.models import Agency, Client, Label


def save(label: Label, clients: Iterable[Client], seen: Iterable[Client], by: Actor) -> None:
    """Name a label and say which of the clients `seen` have it; others keep it. Raises `ValidationError` naming the field."""
    chosen, visible = set(clients), set(seen)
    with transaction.atomic():
        label.full_clean()
        label.save()
        label.clients.remove(*(visible - chosen))
        label.clients.add(*(visible & chosen))
        audit.record("label.saved", by, organisation=label.agency, name=label.name)


def remove(label: Label, by: Actor) -> None:
    with transaction.atomic():
        audit.record("label.removed", by, organisation=label.agency, name=label.name)
        label.delete()


def put_on(client: Client, names: Iterable[str], by: Actor) -> None:
    """Label a client of an agency, in the caller's transaction; labels that are not there yet are made."""
    agency: Agency | None = client.agency
    if agency is None:
        return
    for name in names:
        label = agency.labels.filter(name__iexact=name).first()
        if label is None:
            label = agency.labels.create(name=name)
            audit.record("label.saved", by, organisation=agency, name=name)
        label.clients.add(client)
