"""Threads that visit clients in every way a program may, over fewer connections than threads, and compare what they read.

Each client's schema holds one account, named as the client. The same visits run on our backend and on stock django-tenants.
"""

from __future__ import annotations

import copy
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError, connection, connections, transaction
from django_tenants.postgresql_backend.base import DatabaseWrapper as Stock

from accounts.models import Client
from accounts.tenancy import inside
from accounts.tenancy.backend.base import DatabaseWrapper as Ours

THREADS = 8
Enter = Callable[[Client], AbstractContextManager[Client]]
__all__ = ["THREADS", "Ours", "Stock", "Storm", "on_backend"]


class Undone(Exception):
    """Ends a transaction without keeping it."""


@contextmanager
def on_backend(backend: type[Any], options: dict[str, Any]) -> Iterator[Any]:
    """A new connection to the test's database is this thread's: by the given backend, with settings of its own."""
    before = connections["default"]
    connections["default"] = wrapper = backend(copy.deepcopy(before.settings_dict) | options, "default")
    try:
        yield wrapper
    finally:
        wrapper.close()
        connections["default"] = before


@dataclass
class Storm:
    """Of all `checks`, `wrong` lists those that read another client, as (wanted, read), and `failures` what was raised."""

    backend: type[Any]
    options: dict[str, Any]
    # What a visit of a client begins with.
    enter: Enter
    clients: list[Client]
    closes_after_each: bool = False
    checks: int = 0
    wrong: list[tuple[str, str]] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def rage(self, checks: int) -> Storm:
        """Visit until at least so many answers were compared."""
        threads = [threading.Thread(target=self._thread, args=(seed, checks)) for seed in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with on_backend(self.backend, self.options) as wrapper:
            wrapper.close_pool()
        return self

    def _thread(self, seed: int, checks: int) -> None:
        dice = random.Random(seed)
        with on_backend(self.backend, self.options):
            while self.checks < checks and len(self.failures) < checks:
                self._visit(dice)

    def _visit(self, dice: random.Random) -> None:
        here, there = dice.sample(self.clients, 2)
        way = dice.choice([self._kept, self._undone, self._savepoint, self._undone_inside, self._error, self._passed_over, self._nested])
        try:
            with self.enter(here):
                self._see(here)
                way(here, there)
                self._see(here)
        except Exception as error:
            self.failures.append(error)
        if self.closes_after_each or dice.random() < 0.05:
            connection.close()

    def _see(self, client: Client) -> None:
        with self._lock:
            self.checks += 1
        with connection.cursor() as cursor:
            cursor.execute("SELECT account FROM campaigns_connection")
            found = cursor.fetchone()[0]
        if found != client.slug:
            self.wrong.append((client.slug, found))

    def _kept(self, here: Client, there: Client) -> None:
        with transaction.atomic():
            self._see(here)

    def _undone(self, here: Client, there: Client) -> None:
        with suppress(Undone), transaction.atomic():
            self._see(here)
            raise Undone

    def _savepoint(self, here: Client, there: Client) -> None:
        with transaction.atomic():
            with suppress(Undone), transaction.atomic(), inside(there):
                self._see(there)
                raise Undone
            self._see(here)

    def _undone_inside(self, here: Client, there: Client) -> None:
        with transaction.atomic(), inside(there):
            with suppress(Undone), transaction.atomic():
                self._see(there)
                raise Undone
            self._see(there)

    def _error(self, here: Client, there: Client) -> None:
        with transaction.atomic():
            with suppress(DatabaseError), transaction.atomic(), inside(there):
                _fail()
            self._see(here)

    def _passed_over(self, here: Client, there: Client) -> None:
        """An error is caught inside its transaction, which Postgres therefore undoes at COMMIT."""
        with inside(there):
            with suppress(DatabaseError), transaction.atomic(), suppress(DatabaseError):
                _fail()
            self._see(there)

    def _nested(self, here: Client, there: Client) -> None:
        with inside(there):
            self._see(there)
            with inside(here):
                self._see(here)
            self._see(there)


def _fail() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")
