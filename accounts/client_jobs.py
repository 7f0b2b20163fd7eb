"""Job handlers that work inside one client's schema."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction

from accounts.models import Client
from accounts.tenancy import inside
from jobs.queue import park
from jobs.registry import ATTEMPTS, DEFAULT_QUEUE, GiveUp, Parked, handles
from jobs.worker import Run

ClientHandler = Callable[[Run, Client], None]


def handles_client_job(kind: str, *, queue: str = DEFAULT_QUEUE, attempts: int = ATTEMPTS) -> Callable[[ClientHandler], ClientHandler]:
    """Register `handler(run, client)` for jobs of `kind`; it is called inside the schema of the job's client.

    The job of a client that is closing is put aside until the client is reopened.
    """

    def register(handler: ClientHandler) -> ClientHandler:
        @handles(kind, queue=queue, attempts=attempts)
        def enter(run: Run) -> None:
            client = Client.objects.select_related("agency").filter(pk=run.client_id or 0).first()
            if client is None:
                raise GiveUp(f"client {run.client_id} does not exist")
            if client.closed_at:
                put_aside(run)
            with inside(client):
                handler(run, client)

        return handler

    return register


def put_aside(run: Run) -> None:
    """Put the job aside, unless the client was reopened meanwhile: reopening waits for this row, and takes every parked job up."""
    with transaction.atomic():
        client = Client.objects.select_for_update().get(pk=run.client_id or 0)
        parked = client.closed_at is not None and park(run.job)
    if parked:
        raise Parked
