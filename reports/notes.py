"""What people write for the reader of a report: what was done, what comes next, what is needed from the client."""

from __future__ import annotations

from django.db import transaction

from accounts import audit
from accounts.audit import Actor
from accounts.models import Client
from reports.archive.models import Note
from reports.content import Notes

# A paragraph, not a page: it stands in a mail.
LONGEST = 600


def of_period(period: str) -> Notes:
    """Those of a period of the client whose schema is open, in the order of their writing."""
    texts: dict[str, list[str]] = {kind: [] for kind in Note.Kind}
    for kind, text in Note.objects.filter(period=period).order_by("pk").values_list("kind", "text"):
        texts[kind].append(text)
    return Notes(**{kind: tuple(found) for kind, found in texts.items()})


def write(client: Client, actor: Actor, *, kind: str, period: str, text: str) -> Note:
    """Keep a note for the reports of a period that are prepared from now on."""
    with transaction.atomic():
        note = Note.objects.create(kind=kind, period=period, text=text, author_id=actor.user.pk if actor.user else None)
        audit.record("note.written", actor, organisation=client, period=period)
    return note


def remove(client: Client, actor: Actor, note: Note) -> None:
    """A report that was sent keeps what it said."""
    with transaction.atomic():
        audit.record("note.removed", actor, organisation=client, period=note.period)
        Note.objects.filter(pk=note.pk).delete()


def restore(client: Client, actor: Actor, note: Note) -> None:
    """Keep a note that was removed as it was."""
    with transaction.atomic():
        note.save(force_insert=True)
        audit.record("note.restored", actor, organisation=client, period=note.period)
