"""The end of a client: closed first, when nothing runs and everything can be had back, then deleted without a trace."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils import timezone

from accounts import audit, belonging
from accounts.audit import OPERATOR, SERVICE, Actor
from accounts.models import Client
from accounts.tenancy import cache, outside, schemas
from jobs import queue

# How long a closed client can be reopened.
GRACE = timedelta(days=30)
DELETE = "accounts.delete_client"


class NotClosed(Exception):
    """The client is open, or has not been closed for long enough."""


def deleted_at(client: Client) -> datetime | None:
    """When a closed client is deleted; None for an open one."""
    return client.closed_at + GRACE if client.closed_at else None


def close(client: Client, by: Actor) -> None:
    """Stop everything of a client: its pages, its tokens, its jobs. Closing it again changes nothing."""
    with transaction.atomic():
        if not Client.objects.filter(pk=client.pk, closed_at=None).update(closed_at=timezone.now()):
            return
        client.refresh_from_db(fields=["closed_at"])
        queue.park_all(client.pk)
        until = (timezone.now() + GRACE).date().isoformat()
        audit.record("client.closed", by, organisation=client, client=client.name, until=until)


def reopen(client: Client, by: Actor) -> None:
    """Go on as before: what waited is done now. Reopening an open client changes nothing."""
    with transaction.atomic():
        if not Client.objects.filter(pk=client.pk).exclude(closed_at=None).update(closed_at=None):
            return
        client.refresh_from_db(fields=["closed_at"])
        queue.unpark_all(client.pk)
        audit.record("client.reopened", by, organisation=client, client=client.name)


def open_deletions() -> None:
    """Ask for the deletion of every client whose time is over; called by every tick."""
    for client_id in Client.objects.filter(closed_at__lt=timezone.now() - GRACE).values_list("pk", flat=True):
        queue.enqueue(DELETE, key=str(client_id), arguments={"client_id": client_id})


def delete(client_id: int, effect: AbstractContextManager[None], by: Actor = SERVICE) -> None:
    """Drop the client's schema and delete its rows, jobs and cached values, inside `effect`, a transaction.

    What stays is one line in the agency's record, which says that it was done. Raises `NotClosed`, and deletes nothing, unless
    the client has been closed for the time of grace; an operator need not wait.
    """
    with outside(), effect:
        client = Client.objects.select_for_update(of=("self",)).select_related("agency").filter(pk=client_id).first()
        if client is None:
            return
        over = client.closed_at is not None and client.closed_at < timezone.now() - GRACE
        if not (over or (by is OPERATOR and client.closed_at)):
            raise NotClosed(client.slug)
        schemas.drop(client)
        cache.forget(client)
        queue.forget_all(client.pk)
        queue.forget_idle(DELETE, str(client.pk))
        _forget_in_admin(client)
        audit.forget_name(client)
        if client.agency:
            audit.record("client.deleted", by, organisation=client.agency, client=client.name)
        client.delete()


def _forget_in_admin(client: Client) -> None:
    """The admin's own history names what was edited, long after it is gone."""
    lookups: dict[Any, str] = {Client: "pk", **belonging.public_models()}
    for kind in ContentType.objects.filter(pk__in=LogEntry.objects.values("content_type")):
        model: Any = kind.model_class()
        if model in lookups:
            theirs = [str(pk) for pk in model._default_manager.filter(**{lookups[model]: client.pk}).values_list("pk", flat=True)]
            LogEntry.objects.filter(content_type=kind, object_id__in=theirs).delete()
