"""Pull an account from its platform: fetch to disk first, then store in one short transaction, stream by stream.

One job per connection reads what is due and goes on for a while with history; then it asks for itself again, so that no
account keeps the others waiting. What is done is read from the rows that were stored: a worker may die at any point.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime

from django.conf import settings
from django.db import DataError
from django.utils import timezone

from accounts.models import Client
from campaigns import loaded, plan, signals, standing
from campaigns.channels import gettext_noop as _
from campaigns.connectors import connector_for
from campaigns.connectors.base import Account, Connector, LostAccess, Passing, Stream, UnexpectedAnswer
from campaigns.connectors.http import Http
from campaigns.consents import StoredGrant
from campaigns.models import Connection, Pull
from campaigns.plan import Ask
from campaigns.pseudonyms import email_hasher
from campaigns.spool import Spool
from campaigns.streams import Conflict, Window
from campaigns.sync import Suspect, store
from campaigns.tables import of_family
from jobs import queue

KIND = "campaigns.pull"
# Seconds of history that one account may read before others have their turn.
TURN = 1.0
UNSTORABLE = _("The platform told a text or a number that cannot be stored. Nothing of this answer was kept; whoever runs this must look.")
# What is told of an account that needs somebody. `unreachable`: it did not answer for a whole day.
REASONS = {Pull.State.LOST: "access_lost", Pull.State.FAILED: "unreadable", Pull.State.SUSPECT: "needs_decision"}
UNREACHABLE = "unreachable"
Effect = Callable[[], AbstractContextManager[None]]


class Refused(Exception):
    """No stream can be read and trying again cannot help; the message tells a person why. Recorded on the connection."""


def schedule(client: Client, source: Connection, *, run_at: datetime | None = None, asked_at: datetime | None = None) -> int:
    """Ask for a pull of `source`, now or at `run_at`. With `asked_at`, what was read before that moment is read again."""
    arguments: dict[str, object] = {"connection_id": source.pk}
    if asked_at:
        arguments["asked_at"] = asked_at.isoformat()
    return queue.enqueue(KIND, client_id=client.pk, key=str(source.pk), arguments=arguments, run_at=run_at)


def pull(
    client: Client,
    source: Connection,
    effect: Effect,
    *,
    asked_at: datetime | None = None,
    now: datetime | None = None,
    seconds: float = TURN,
) -> bool:
    """Read what is due of one account, then history for some `seconds`; whether more of it is left. Inside the client's schema.

    `effect` opens the transaction of the job that asks; what an answer left in one is not asked for again. A stream that fails
    is told on the connection and does not keep the others from being read. Raises `Refused` where access to all of them is
    lost, and `Passing` where one of them is worth another attempt, once the others had their turn.
    """
    now = now or timezone.now()
    due = max(asked_at, plan.last_morning(source, now)) if asked_at else plan.last_morning(source, now)
    with Http() as http:
        turn = _Turn(client, source, effect, http, due, now)
        turn.read_due()
        left = turn.read_history(seconds)
    if standing.is_locked_out(source, turn.connector):
        raise Refused(f"{source}: {Connection.objects.get(pk=source.pk).problem}")
    if turn.passing:
        raise turn.passing
    return left


class _Turn:
    """One job's reading of one connection."""

    def __init__(self, client: Client, source: Connection, effect: Effect, http: Http, due: datetime, now: datetime) -> None:
        self.client = client
        self.source = source
        self.effect = effect
        self.http = http
        self.due = due
        self.now = now
        self.connector = connector_for(source.source)
        self.passing: Passing | None = None
        # Streams that are not asked again in this turn.
        self.stuck: set[Stream] = set()

    def read_due(self) -> None:
        """The days that may still change, of every stream that was not read since it was due."""
        for reach in plan.reaches(self.source, self.connector, self.now):
            ask = reach.settling()
            if ask and not standing.was_tried(self.source, ask, self.due):
                self._read(ask)

    def read_history(self, seconds: float) -> bool:
        """Missing days, the newest first, for some seconds; whether any are left that can be read."""
        end = time.monotonic() + seconds
        for ask in self._history():
            if time.monotonic() >= end:
                return True
            self._read(ask)
        return False

    def _history(self) -> Iterator[Ask]:
        """The newest missing days of any stream, again and again, until none is left that can be read."""
        while True:
            failed = standing.failed(self.source, self.due)
            asks = [
                ask
                for reach in plan.reaches(self.source, self.connector, self.now)
                if reach.stream not in self.stuck and reach.stream.family not in failed and (ask := reach.history())
            ]
            if not asks:
                return
            yield max(asks, key=lambda ask: ask.until)

    def _read(self, ask: Ask) -> None:
        try:
            self._fetch_and_store(ask)
        except LostAccess as error:
            self._refuse(ask, Pull.State.LOST, str(error))
        except UnexpectedAnswer as error:
            self._refuse(ask, Pull.State.FAILED, str(error))
        except Passing as error:
            self.stuck.add(ask.stream)
            if self.passing is None or (error.retry_after or 0) > (self.passing.retry_after or 0):
                self.passing = error

    def _fetch_and_store(self, ask: Ask) -> None:
        with Spool() as spool:
            for record in self._connector().fetch(ask.stream, ask.since, ask.until):
                spool.write(record)
            rows = _leading_rows(spool, ask)
            try:
                with self.effect():
                    self._store(ask, spool, rows)
            except DataError:
                self._refuse(ask, Pull.State.FAILED, UNSTORABLE, rows)
            except (Suspect, Conflict) as error:
                self._refuse(ask, Pull.State.SUSPECT if isinstance(error, Suspect) else Pull.State.FAILED, str(error), rows)

    def _store(self, ask: Ask, spool: Spool, rows: int) -> None:
        stream = ask.stream
        store(
            self.client,
            self.source,
            spool,
            window=Window(stream.family, ask.since, ask.until, stream.replaces),
            covered=ask.covered,
            accept_loss=standing.is_accepted(self.source, stream.family, rows),
        )
        if ask.stale:
            loaded.forget(self.source, stream.family, ask.stale)
        standing.settle(self.client, self.source, Pull.State.STORED)

    def _connector(self) -> Connector:
        source = self.source
        account = Account(source.account, source.name, source.currency, source.timezone, source.manager_id)
        grant = StoredGrant.of(source)
        ours, hash_email = settings.PLATFORMS[source.source], email_hasher(self.client)
        return self.connector(account, ours, grant, self.http, hash_email, clock=lambda: self.now)

    def _refuse(self, ask: Ask, state: str, problem: str, rows: int = 0) -> None:
        """Record why nothing was stored, and only while the job is still this worker's."""
        self.stuck.add(ask.stream)
        with self.effect():
            Pull.objects.create(
                connection=self.source,
                family=ask.stream.family,
                since=ask.since,
                until=ask.until,
                state=state,
                problem=problem,
                rows=rows,
            )
            before = Connection.objects.values_list("state", flat=True).get(pk=self.source.pk)
            standing.settle(self.client, self.source, state)
            if Connection.objects.exclude(state=before).filter(pk=self.source.pk).exists():
                signals.pull_failed.send(sender=None, client=self.client, source=self.source, reason=REASONS[Pull.State(state)])


def _leading_rows(spool: Spool, ask: Ask) -> int:
    """The rows by which `sync` tells a loss: those of the family's first table."""
    return spool.count(of_family(ask.stream.family)[0].record)
