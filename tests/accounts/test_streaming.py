"""An answer that is made while it is sent reads the client it was asked for, whatever the thread does between two chunks."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

import pytest
from django.db import ProgrammingError, connection, transaction
from django.http import StreamingHttpResponse
from django.test import Client as Browser

from accounts.models import Client
from accounts.tenancy import inside, visit
from accounts.tenancy.streaming import Streamed
from campaigns.models import Connection
from tests.accounts.storm import Stock, on_backend
from tests.accounts.test_gate import SignIn
from tests.accounts.urls import lazy_names
from tests.conftest import Cast

pytestmark = pytest.mark.urls("tests.accounts.urls")
LUMEN = [b"lumen ", b"lumen-2 "]
AUTRE = [b"autre ", b"autre-2 "]


@pytest.fixture
def two_accounts(named: list[Client]) -> list[Client]:
    for client in named:
        with inside(client):
            Connection.objects.create(source="file", account=f"{client.slug}-2", currency="EUR", timezone="Europe/Paris")
    return named


@pytest.fixture(params=["directly", "behind a pooler"])
def clients(request: pytest.FixtureRequest, two_accounts: list[Client]) -> list[Client]:
    if request.param == "behind a pooler":
        request.getfixturevalue("behind_pooler")
    return two_accounts


def chunks(browser: Browser, address: str) -> Iterator[bytes]:
    return iter(browser.get(address).streaming_content)  # type: ignore[attr-defined]


def test_it_is_of_the_client_that_was_asked_for(clients: list[Client], cast: Cast, signed_in: SignIn) -> None:
    assert list(chunks(signed_in(cast.owner), "/c/lumen/streams/")) == LUMEN


def test_two_that_are_sent_in_turns_by_one_thread_do_not_mix(clients: list[Client], cast: Cast, signed_in: SignIn) -> None:
    lumen, autre = chunks(signed_in(cast.owner), "/c/lumen/streams/"), chunks(signed_in(cast.stranger), "/c/autre/streams/")
    assert list(zip_longest(lumen, autre)) == list(zip(LUMEN, AUTRE, strict=True))


def test_between_two_chunks_nothing_is_held(clients: list[Client], cast: Cast, signed_in: SignIn) -> None:
    answer = chunks(signed_in(cast.owner), "/c/lumen/streams/")
    next(answer)
    assert not connection.in_atomic_block
    assert connection.schema_name == "public"  # type: ignore[attr-defined]


def test_one_that_forgets_to_enter_the_client_fails_and_reads_nobody(clients: list[Client], cast: Cast, signed_in: SignIn) -> None:
    next(chunks(signed_in(cast.stranger), "/c/autre/streams/"))
    with pytest.raises(ProgrammingError, match="does not exist"):
        next(chunks(signed_in(cast.owner), "/c/lumen/forgets-to-enter/"))


def test_stock_reads_whichever_client_came_next(two_accounts: list[Client]) -> None:
    """Its middleware chooses the schema when a request begins, and nothing chooses again for what is read later."""
    lumen, autre = two_accounts
    with on_backend(Stock, {}) as stock:
        stock.set_tenant(lumen)
        answer = lazy_names()
        stock.set_tenant(autre)
        assert list(answer) == AUTRE


class Chunks:
    """Notes who is read when it is closed."""

    def __init__(self) -> None:
        self.closed_in: list[str] = []

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return b"again"

    def close(self) -> None:
        self.closed_in.append(Connection.objects.earliest("account").account)


@pytest.mark.parametrize("read", [0, 1])
def test_a_reader_who_leaves_early_closes_it_inside_the_client(clients: list[Client], read: int) -> None:
    source = Chunks()
    answer = StreamingHttpResponse(Streamed(clients[0], source))
    for _ in range(read):
        next(iter(answer))
    answer.close()
    assert source.closed_in == ["lumen"]
    assert connection.schema_name == "public"  # type: ignore[attr-defined]


def test_a_failure_on_the_way_ends_it_and_leaves_the_client(clients: list[Client]) -> None:
    def fails() -> Iterator[bytes]:
        yield Connection.objects.earliest("account").account.encode()
        raise ZeroDivisionError

    answer = Streamed(clients[0], fails())
    assert next(answer) == b"lumen"
    with pytest.raises(ZeroDivisionError):
        next(answer)
    assert not connection.in_atomic_block
    assert connection.schema_name == "public"  # type: ignore[attr-defined]


def test_one_that_holds_a_transaction_is_refused(clients: list[Client]) -> None:
    """What the thread does between two chunks would be part of it."""

    def holds() -> Iterator[bytes]:
        with transaction.atomic():
            yield Connection.objects.earliest("account").account.encode()

    answer = Streamed(clients[0], holds())
    with pytest.raises(RuntimeError, match="keeps a transaction open"):
        next(answer)
    answer.close()
    with visit(clients[1]):
        assert Connection.objects.earliest("account").account == "autre"
    assert not connection.in_atomic_block
