"""The only module that touches django_tenants: which schema a query reads, and how a client's schema comes to be."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

if TYPE_CHECKING:
    from accounts.models import Client


@contextlib.contextmanager
def inside(client: Client) -> Iterator[Client]:
    """Read and write the schema of `client` on this thread's connection; the schema before is restored afterwards.

    `with client:` of django-tenants keeps its stack on the class, where threads mix it up; it is not used.
    """
    database: Any = connection
    before = database.tenant
    database.set_tenant(client)
    try:
        yield client
    finally:
        database.set_tenant(before)


@contextlib.contextmanager
def visit(client: Client, *, of_one_state: bool = False) -> Iterator[Client]:
    """`inside(client)` for a request. Behind a transaction pooler it is one transaction, undone when an exception leaves it.

    `of_one_state` is for requests that read: everything is then as of one instant, as `one_state` has it elsewhere.
    """
    with inside(client), contextlib.ExitStack() as entered:
        if is_behind_transaction_pooler():
            entered.enter_context(transaction.atomic())
            if of_one_state:
                _see_one_state()
        yield client


@contextlib.contextmanager
def one_state(*, nothing_read: bool = False) -> Iterator[None]:
    """Read everything inside as of one instant: what commits meanwhile is not seen in part.

    Inside a transaction that has begun already, that one decides; but for a visit's, if its view has read nothing yet.
    """
    if not connection.in_atomic_block:
        with transaction.atomic():
            _see_one_state("READ ONLY")
            yield
        return
    if nothing_read and is_behind_transaction_pooler():
        _see_one_state()
    yield


def _see_one_state(*more: str) -> None:
    """Of the transaction that has just begun."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET TRANSACTION {', '.join(('ISOLATION LEVEL REPEATABLE READ', *more))}")


def undo() -> None:
    """Keep nothing of the visit that is open. Where it is no transaction, each statement has been kept already."""
    if is_behind_transaction_pooler() and connection.in_atomic_block:
        transaction.set_rollback(True)


def is_behind_transaction_pooler() -> bool:
    """Whether a transaction is all that is sure to run on one connection of the server."""
    database: Any = connection
    return bool(database.is_behind_transaction_pooler)


@contextlib.contextmanager
def outside() -> Iterator[None]:
    """Read and write the public schema only."""
    database: Any = connection
    before = database.tenant
    database.set_schema_to_public()
    try:
        yield
    finally:
        database.set_tenant(before)
