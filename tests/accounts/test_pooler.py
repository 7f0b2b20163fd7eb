"""Web processes may reach Postgres through a pooler in transaction mode, and no client is ever read in place of another."""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Client
from accounts.services import create_client
from accounts.tenancy import inside, outside, visit
from campaigns import pulls
from campaigns.models import Connection
from jobs import worker
from jobs.models import Job
from tests.accounts.addresses import URLS
from tests.accounts.pooler import SERVER_CONNECTIONS
from tests.accounts.storm import Ours, Stock, Storm, Undone, on_backend
from tests.accounts.test_gate import SignIn
from tests.conftest import Cast


def test_ten_thousand_interleaved_reads_behind_a_pooler_are_never_of_another_client(named: list[Client], pooler: dict[str, Any]) -> None:
    storm = Storm(Ours, pooler | django_settings.TRANSACTION_POOLER, visit, named).rage(checks=10_000)
    assert storm.checks >= 10_000
    assert (storm.wrong, storm.failures) == ([], [])
    assert set(search_paths(pooler)) == {'"$user", public'}


@pytest.mark.parametrize("limit", [False, True])
def test_stock_reads_other_clients_there(named: list[Client], pooler: dict[str, Any], settings: Any, limit: bool) -> None:
    """The same visits: one statement sets the schema, and another connection of the server answers the next."""
    settings.TENANT_LIMIT_SET_CALLS = limit
    assert Storm(Stock, pooler, inside, named).rage(checks=500).wrong != []


def test_a_query_of_a_client_outside_a_transaction_is_refused_and_not_run(behind_pooler: list[Client]) -> None:
    lumen, _ = behind_pooler
    with CaptureQueriesContext(connection) as queries, inside(lumen):
        with pytest.raises(ImproperlyConfigured, match="DATABASE_POOLER=transaction"):
            Connection.objects.count()
        with pytest.raises(ImproperlyConfigured, match="outside a transaction"):
            list(Connection.objects.iterator())
        with pytest.raises(ImproperlyConfigured), connection.cursor():
            pass
    assert queries.captured_queries == []


def test_public_tables_are_read_without_a_transaction(behind_pooler: list[Client]) -> None:
    assert {client.slug for client in Client.objects.all()} == {"lumen", "autre"}
    with inside(behind_pooler[0]), outside():
        assert Client.objects.count() == 2


def test_the_schema_is_chosen_once_in_a_transaction_and_for_no_longer(behind_pooler: list[Client]) -> None:
    lumen, autre = behind_pooler
    with CaptureQueriesContext(connection) as queries:
        for client in (lumen, autre):
            with visit(client):
                assert Connection.objects.get().account == client.slug
                assert Connection.objects.count() == 1
    chosen = [query["sql"] for query in queries if "search_path" in query["sql"]]
    assert chosen == [f'SET LOCAL search_path = "{client.schema_name}", "public"' for client in (lumen, autre)]


def test_the_next_transaction_chooses_again(behind_pooler: list[Client]) -> None:
    """What the one before has chosen is forgotten at its end, however it ends."""
    lumen, _ = behind_pooler
    with inside(lumen):
        for undone in (False, True, False):
            with transaction.atomic():
                assert Connection.objects.get().account == "lumen"
                transaction.set_rollback(undone)


def test_a_savepoint_that_is_undone_takes_its_schema_with_it(behind_pooler: list[Client]) -> None:
    lumen, autre = behind_pooler
    with visit(lumen):
        assert Connection.objects.get().account == "lumen"
        with inside(autre):
            with suppress(Undone), transaction.atomic():
                assert Connection.objects.get().account == "autre"
                raise Undone
            assert Connection.objects.get().account == "autre"
        assert Connection.objects.get().account == "lumen"


def test_a_visit_is_kept_whole_or_undone_whole(behind_pooler: list[Client]) -> None:
    lumen, _ = behind_pooler
    with suppress(Undone), visit(lumen):
        Connection.objects.update(name="half")
        raise Undone
    with visit(lumen):
        assert Connection.objects.get().name == ""
        Connection.objects.update(name="whole")
    with visit(lumen):
        assert Connection.objects.get().name == "whole"


def test_nothing_is_kept_on_a_connection_of_the_server(behind_pooler: list[Client], pooler: dict[str, Any]) -> None:
    """No prepared statement, named cursor or setting would survive to the next who comes."""
    with visit(behind_pooler[0]), connection.cursor() as cursor:
        for _ in range(20):
            Connection.objects.get(source="file")
        assert len(list(Connection.objects.iterator(chunk_size=1))) == 1
        cursor.execute("SELECT (SELECT count(*) FROM pg_prepared_statements), (SELECT count(*) FROM pg_cursors WHERE name <> '')")
        assert cursor.fetchone() == (0, 0)
    assert set(search_paths(pooler)) == {'"$user", public'}


def test_a_client_made_behind_the_pooler_leaves_no_schema_chosen(behind_pooler: list[Client], pooler: dict[str, Any]) -> None:
    made = create_client("third", name="Third", currency="EUR", timezone="Europe/Paris")
    with visit(made):
        assert not Connection.objects.exists()
    assert set(search_paths(pooler)) == {'"$user", public'}


@pytest.mark.parametrize(("backend", "kept"), [(Ours, False), (Stock, True)])
def test_looking_at_tables_chooses_no_schema_for_good_as_stock_does(
    named: list[Client], pooler: dict[str, Any], settings: Any, backend: type[Any], kept: bool
) -> None:
    settings.TENANT_LIMIT_SET_CALLS = True
    with on_backend(backend, pooler | settings.TRANSACTION_POOLER), inside(named[0]), transaction.atomic(), connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        cursor.execute("SELECT count(*) FROM accounts_client")  # public is in sight again
    assert ("campaigns_connection" in tables, "accounts_client" in tables) == (True, False)
    assert (set(search_paths(pooler)) != {'"$user", public'}) is kept


def test_times_are_of_our_zone_whatever_others_behind_the_pooler_have(behind_pooler: list[Client], pooler: dict[str, Any]) -> None:
    """Django sets the zone for its whole connection: the one setting that the pooler itself carries from server to server."""
    others = [psycopg.connect(host=pooler["HOST"], port=6432, dbname=connection.settings_dict["NAME"], autocommit=True) for _ in range(3)]
    for other in others:
        other.execute("SET TimeZone = 'Asia/Tokyo'")
    for other in others:
        with connection.cursor() as cursor:
            cursor.execute("SHOW TimeZone")
            assert cursor.fetchone() == ("UTC",)
        assert other.execute("SHOW TimeZone").fetchone() == ("Asia/Tokyo",)
        other.close()


def test_a_job_behind_the_pooler_fails_with_the_reason(behind_pooler: list[Client]) -> None:
    """Workers connect to Postgres itself; one that was given the pooler's address by mistake reads nothing."""
    with visit(behind_pooler[0]) as lumen:
        pulls.schedule(lumen, Connection.objects.get())
    worker.work_off(lumen.pk)
    job = Job.objects.get(client_id=lumen.pk)
    assert job.state != Job.State.DONE
    assert "Workers and commands connect to Postgres itself" in job.error


def test_pages_and_api_answer_behind_the_pooler(behind_pooler: list[Client], cast: Cast, signed_in: SignIn) -> None:
    browser = signed_in(cast.owner)
    pages = [address for _name, method, address, answers in URLS if method == "GET" and answers[0] == 200 and "{" not in address]
    assert "/c/lumen/" in pages
    for address in pages:
        assert browser.get(address).status_code == 200


def test_everything_of_a_client_is_exported_behind_the_pooler(behind_pooler: list[Client], cast: Cast, signed_in: SignIn) -> None:
    answer: Any = signed_in(cast.owner).post("/c/lumen/export/")
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        assert b",file,lumen," in archive.read("tables/campaigns_connection.csv")


@pytest.mark.urls("tests.accounts.urls")
@pytest.mark.parametrize("address", ["/c/lumen/fails/", "/c/lumen/refuses/", "/api/v1/clients/lumen/refuses/"])
def test_a_view_that_fails_behind_the_pooler_leaves_nothing_half_written(
    behind_pooler: list[Client], cast: Cast, signed_in: SignIn, address: str
) -> None:
    browser = signed_in(cast.owner)
    browser.raise_request_exception = False
    assert browser.get(address).status_code in {404, 500, 400}
    with visit(behind_pooler[0]):
        assert Connection.objects.get().name == ""


@pytest.mark.urls("tests.accounts.urls")
def test_a_view_that_answers_behind_the_pooler_is_kept(behind_pooler: list[Client], cast: Cast, signed_in: SignIn) -> None:
    assert signed_in(cast.owner).get("/c/lumen/writes/").status_code == 200
    with visit(behind_pooler[0]):
        assert Connection.objects.get().name == "written"


@pytest.mark.urls("tests.accounts.urls")
def test_a_page_shows_one_state_and_a_change_sees_the_newest(behind_pooler: list[Client], cast: Cast, signed_in: SignIn) -> None:
    """A page whose figures are rebuilt while it is made must not show half of both; a change must not fail because of it."""
    browser = signed_in(cast.owner)
    assert browser.get("/c/lumen/isolation/").content == b"repeatable read"
    assert browser.post("/c/lumen/isolation/").content == b"read committed"


@pytest.mark.urls("tests.accounts.urls")
def test_a_view_that_passes_over_an_error_does_not_report_success(behind_pooler: list[Client], cast: Cast, signed_in: SignIn) -> None:
    """Postgres undoes all of its transaction; the person must not be told that it was kept."""
    browser = signed_in(cast.owner)
    browser.raise_request_exception = False
    assert browser.get("/c/lumen/passes-over/").status_code == 500


def search_paths(pooler: dict[str, Any]) -> list[str]:
    """What every connection of the server would give whoever comes next."""
    sessions = [psycopg.connect(host=pooler["HOST"], port=6432, dbname=connection.settings_dict["NAME"]) for _ in range(SERVER_CONNECTIONS)]
    try:
        # Each transaction stays open and so keeps its connection.
        return [str(session.execute("SHOW search_path").fetchone()[0]) for session in sessions]  # type: ignore[index]
    finally:
        for session in sessions:
            session.close()
