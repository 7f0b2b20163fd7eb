"""The wall between clients holds on real connections: failures, threads, pools. Beside it, what stock django-tenants 4.0.1 does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.transaction import TransactionManagementError
from django_tenants.models import TenantMixin

from accounts.models import Client
from accounts.tenancy import inside
from campaigns.models import Connection
from tests.accounts.storm import Ours, Stock, Storm, Undone, on_backend
from tests.threads import PATIENCE, in_thread

POOL = {"OPTIONS": {"pool": {"min_size": 1, "max_size": 3}}, "CONN_MAX_AGE": 0}


def cancelled(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
    """Postgres cancels the choice of a schema, as an operator or a time limit may."""
    if "search_path" in sql:
        raise OperationalError("canceling statement due to user request")
    return execute(sql, *rest)


def account() -> str:
    """Whose schema is read."""
    return Connection.objects.get().account


class TestAFailedChangeOfSchema:
    def test_is_raised_and_nothing_is_read(self, named: list[Client]) -> None:
        lumen, autre = named
        with inside(lumen):
            assert account() == "lumen"
            with inside(autre), connection.execute_wrapper(cancelled), pytest.raises(OperationalError, match="canceling"):
                account()
            assert account() == "lumen"

    def test_makes_stock_read_the_client_before(self, named: list[Client]) -> None:
        lumen, autre = named
        with on_backend(Stock, {}), inside(lumen):
            assert account() == "lumen"
            with inside(autre), connection.execute_wrapper(cancelled):
                assert account() == "lumen"


class TestAnErrorThatIsPassedOverInATransaction:
    """Postgres undoes the transaction at COMMIT, with it the SET made in it, and reports success."""

    def pass_over(self) -> None:
        with transaction.atomic(), suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")

    def test_is_raised_and_the_schema_is_chosen_again(self, named: list[Client]) -> None:
        lumen, autre = named
        with inside(lumen):
            assert account() == "lumen"
        with inside(autre):
            with pytest.raises(TransactionManagementError, match="passed over"):
                self.pass_over()
            assert account() == "autre"

    def test_makes_stock_read_the_client_before_where_it_saves_calls(self, named: list[Client], settings: Any) -> None:
        settings.TENANT_LIMIT_SET_CALLS = True
        lumen, autre = named
        with on_backend(Stock, {}):
            with inside(lumen):
                assert account() == "lumen"
            with inside(autre):
                self.pass_over()
                assert account() == "lumen"


def test_a_savepoint_that_is_undone_takes_its_schema_with_it(named: list[Client]) -> None:
    lumen, autre = named
    with inside(lumen), transaction.atomic():
        assert account() == "lumen"
        with inside(autre):
            with suppress(Undone), transaction.atomic():
                assert account() == "autre"
                raise Undone
            assert account() == "autre"
        assert account() == "lumen"


def test_an_error_in_another_client_spoils_only_its_own_savepoint(named: list[Client]) -> None:
    lumen, autre = named
    with inside(lumen), transaction.atomic():
        with suppress(DatabaseError), transaction.atomic(), inside(autre), connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
        Connection.objects.update(name="kept")
    with inside(lumen):
        assert Connection.objects.get().name == "kept"


def test_a_transaction_that_must_be_undone_gives_no_cursor_in_another_client(named: list[Client]) -> None:
    """Not even for COPY, which Django does not look at."""
    lumen, autre = named
    with inside(lumen), transaction.atomic():
        assert account() == "lumen"
        transaction.set_rollback(True)
        with inside(autre), pytest.raises(TransactionManagementError):
            connection.cursor()


class TestThreads:
    def test_in_different_clients_do_not_mix(self, named: list[Client]) -> None:
        storm = Storm(Ours, {}, inside, named).rage(checks=2_000)
        assert (storm.wrong, storm.failures) == ([], [])

    def leave_while_another_is_inside(self, named: list[Client], enter: Callable[[Client], Any]) -> object:
        """The schema of a thread's connection after its visit of Lumen, which began in public; another thread visits from Autre."""
        lumen, autre = named
        entered, leave = threading.Event(), threading.Event()

        def visit_lumen() -> str:
            with enter(lumen):
                entered.set()
                leave.wait(PATIENCE)
            return str(connection.schema_name)  # type: ignore[attr-defined]

        schema = in_thread(visit_lumen)
        entered.wait(PATIENCE)
        with inside(autre), enter(lumen):
            leave.set()
            return schema.result(PATIENCE)

    def test_leave_a_client_to_where_they_came_from(self, named: list[Client]) -> None:
        assert self.leave_while_another_is_inside(named, inside) == "public"

    def test_leave_stocks_with_client_to_where_another_thread_came_from(self, named: list[Client]) -> None:
        assert self.leave_while_another_is_inside(named, StockVisit) == named[1].schema_name


class StockVisit:
    """`with client:` as django-tenants has it."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def __enter__(self) -> None:
        TenantMixin.__enter__(self.client)

    def __exit__(self, *error: object) -> None:
        TenantMixin.__exit__(self.client, *error)


class TestAPoolOfThreeConnections:
    def test_never_gives_one_client_to_another_in_ten_thousand_interleaved_reads(self, named: list[Client]) -> None:
        storm = Storm(Ours, POOL, inside, named, closes_after_each=True).rage(checks=10_000)
        assert storm.checks >= 10_000
        assert (storm.wrong, storm.failures) == ([], [])

    @pytest.mark.parametrize(("saves_calls", "leaks"), [(True, True), (False, False)])
    def test_gives_stock_other_clients_only_where_it_saves_calls(
        self, named: list[Client], settings: Any, saves_calls: bool, leaks: bool
    ) -> None:
        """Stock sets the schema before every statement unless told to save calls as we do; then it pays with time, not with figures."""
        settings.TENANT_LIMIT_SET_CALLS = saves_calls
        storm = Storm(Stock, POOL, inside, named, closes_after_each=True).rage(checks=2_000)
        assert bool(storm.wrong) is leaks
