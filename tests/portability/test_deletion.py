"""What is left of a client that is deleted: one line in its agency's record, and the people."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from _pytest.mark import ParameterSet
from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from accounts import audit, closing, services
from accounts.audit import OPERATOR, Actor, events_of, sentence
from accounts.models import AuditEvent, Client, Membership, Role, User
from accounts.permissions import permissions_of
from accounts.services import add_member
from accounts.tenancy import inside, outside
from jobs import queue, registry, worker
from jobs.models import Job
from reports import scheduling
from reports.models import Run, Schedule
from tests.conftest import Cast
from tests.portability.conftest import CLIENT_ID, Export, Filled, contents, everything_of, without_access

# All that speaks of the client: its number (and schema), its names now and before, its recipients and invited people.
TRACES = re.compile(rf"{CLIENT_ID}|maison-(trace|avant)|Maison (Trace|Avant)|@trace\.example")
THE_ONE_LINE = re.compile(r"client\.deleted")
# The servers' own files: freed rows stay in pages until these are used again, as on any disk.
SERVERS = {"postgres", "valkey", "run"}


def traces_in_the_database() -> dict[str, list[str]]:
    """Every row of every table of every schema that speaks of the client, by table; and what the catalogue has of it."""
    found: dict[str, list[str]] = {}
    with outside(), connection.cursor() as cursor:
        cursor.execute(
            """SELECT quote_ident(nspname) || '.' || quote_ident(relname) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
               WHERE relkind IN ('r', 'p', 'm') AND nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'"""
        )
        tables = [table for (table,) in cursor.fetchall()]
        assert {"public.jobs_job", "public.cache", "public.django_session", "public.django_admin_log"} <= set(tables)
        for table in tables:
            cursor.execute(f"SELECT row::text FROM {table} AS row")
            if rows := [row for (row,) in cursor.fetchall() if TRACES.search(row) or TRACES.search(table)]:
                found[table] = rows
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname ~ %s", [str(CLIENT_ID)])
        if schemas := [name for (name,) in cursor.fetchall()]:
            found["schemas"] = schemas
    return found


def traces_in_files() -> list[str]:
    files: list[Path] = []
    for top in Path(settings.HOME).iterdir():
        if top.name not in SERVERS:
            files += [top, *top.rglob("*")]
    return [
        str(path) for path in files if TRACES.search(str(path)) or (path.is_file() and TRACES.search(path.read_bytes().decode("latin-1")))
    ]


@pytest.fixture
def traced(own_database: str, filled: Filled, cast: Cast) -> Filled:
    """The client with everything, and everything that others keep of it: what to find before it is gone."""
    client = filled.client
    owner = Actor(cast.owner.email, cast.owner, "203.0.113.7")
    mine = permissions_of(frozenset({Role.OWNER}), cast.agency)
    services.change_client(client, owner, slug="maison-avant", name="Maison Avant")
    services.change_client(client, owner, slug="maison-trace", name="Maison Trace")
    services.assign(Membership.objects.get(user=cast.analyst), [client, cast.client], mine, owner)
    add_member(User.objects.create_user("only@here.example"), Role.ADMIN, client=client)
    for number, state in enumerate(Job.State.values):
        Job.objects.filter(pk=queue.enqueue("kpis.recompute", client_id=client.pk, key=str(number))).update(
            state=state, error="Maison Trace", lease_until=timezone.now()
        )
    with inside(client):
        cache.set("page", "of Maison Trace")
    for row in (client, client.schedules.first(), Membership.objects.get(user__email="only@here.example")):
        assert row is not None
        kind = ContentType.objects.get_for_model(row)
        LogEntry.objects.create(user=cast.owner, content_type=kind, object_id=str(row.pk), object_repr="Maison Trace", action_flag=CHANGE)
    return filled


def time_passes(client: Client) -> None:
    closing.close(client, OPERATOR)
    Client.objects.filter(pk=client.pk).update(closed_at=timezone.now() - closing.GRACE - timedelta(minutes=1))


def only_the_one_line_is_left() -> None:
    found = traces_in_the_database()
    assert found.keys() == {"public.accounts_auditevent"}, found
    [line] = found["public.accounts_auditevent"]
    assert THE_ONE_LINE.search(line)
    assert str(CLIENT_ID) not in line
    assert traces_in_files() == []


class TestNothingIsLeft:
    def test_when_the_time_is_over(self, traced: Filled) -> None:
        assert len(traces_in_the_database()) > 25
        time_passes(traced.client)
        registry.open_due_work()
        worker.work_off()
        only_the_one_line_is_left()

    def test_when_the_operator_does_not_wait(self, traced: Filled) -> None:
        call_command("close_client", "maison-trace")
        call_command("delete_client", "maison-trace", "--yes")
        only_the_one_line_is_left()

    def test_when_it_was_closed_reopened_and_exported_before(self, traced: Filled, export: Export) -> None:
        time_passes(traced.client)
        registry.open_due_work()
        call_command("reopen_client", "maison-trace")
        worker.work_off()
        assert Job.objects.filter(kind=closing.DELETE, state=Job.State.DONE).exists()
        export().unlink()
        time_passes(traced.client)
        call_command("delete_client", "maison-trace", "--yes")
        only_the_one_line_is_left()

    def test_the_line_says_who_deleted_what(self, traced: Filled, cast: Cast) -> None:
        call_command("close_client", "maison-trace")
        call_command("delete_client", "maison-trace", "--yes")
        told = [(event.actor_label, sentence(event)) for event in events_of(cast.agency)]
        assert told[0] == ("operator", "deleted the client Maison Trace and everything of it")
        assert ("owner@people.example", "gave analyst@people.example these clients: Maison Lumen, …") in told

    def test_others_keep_everything(self, traced: Filled, cast: Cast) -> None:
        with inside(cast.client):
            cache.set("page", "of Lumen")
        queue.enqueue("kpis.recompute", client_id=cast.client.pk)
        before = everything_of(cast.client), AuditEvent.objects.filter(client=cast.client).count()
        call_command("close_client", "maison-trace")
        call_command("delete_client", "maison-trace", "--yes")
        assert (everything_of(cast.client), AuditEvent.objects.filter(client=cast.client).count()) == before
        assert Job.objects.get().client_id == cast.client.pk
        with inside(cast.client):
            assert cache.get("page") == "of Lumen"
        assert set(Membership.objects.get(user=cast.analyst).clients.all()) == {cast.client}

    def test_people_keep_their_accounts_and_their_other_work(self, traced: Filled, cast: Cast, signed_in: Any) -> None:
        viewer, alone = signed_in(cast.viewer), signed_in(User.objects.get(email="only@here.example"))
        assert viewer.get("/c/maison-trace/").status_code == 200
        call_command("close_client", "maison-trace")
        call_command("delete_client", "maison-trace", "--yes")
        assert viewer.get("/c/maison-trace/").status_code == 404
        assert viewer.get("/c/lumen/").status_code == 200
        assert alone.get("/").status_code == 200
        assert "Maison" not in alone.get("/").content.decode()

    def test_a_message_the_broker_still_carries_does_nothing(self, traced: Filled, mailoutbox: list[Any]) -> None:
        Job.objects.filter(client_id=CLIENT_ID).update(state=Job.State.SENT)
        carried = list(Job.objects.values_list("pk", flat=True))
        assert len(carried) > 10
        call_command("close_client", "maison-trace")
        call_command("delete_client", "maison-trace", "--yes")
        for job_id in carried:
            worker.run(job_id)
        only_the_one_line_is_left()
        assert mailoutbox == []

    def test_a_worker_in_the_middle_of_its_work_keeps_nothing_of_it(self, traced: Filled) -> None:
        client = traced.client
        job_id = queue.enqueue("kpis.recompute", client_id=client.pk, key="late")
        Job.objects.filter(pk=job_id).update(state=Job.State.SENT)
        job = queue.start(job_id)
        assert job
        call_command("close_client", "maison-trace")
        call_command("delete_client", "maison-trace", "--yes")
        with pytest.raises(queue.LeaseLost), queue.effect(job):
            Job.objects.create(client_id=client.pk, kind="revenant")
        assert not queue.finish(job)
        only_the_one_line_is_left()


class TestClosed:
    def test_no_report_comes_due_and_afterwards_people_get_the_newest_only(self, own_database: str, filled: Filled) -> None:
        """Reopened after three weeks, a client's people get one report, not a heap of old ones."""
        closing.close(filled.client, OPERATOR)
        Run.objects.all().delete()
        Schedule.objects.update(next_run_at=timezone.now() - timedelta(days=20))
        scheduling.open_due_runs()
        assert not Run.objects.exists()
        closing.reopen(filled.client, OPERATOR)
        scheduling.open_due_runs()
        assert sorted(Run.objects.filter(schedule=Schedule.objects.earliest("pk")).values_list("state", flat=True)) == [
            "due",
            "skipped",
            "skipped",
        ]

    def test_its_schedules_make_nobody_think_the_service_is_down(self, own_database: str, filled: Filled, client: Any) -> None:
        closing.close(filled.client, OPERATOR)
        Schedule.objects.update(next_run_at=timezone.now() - timedelta(days=20), problem="cannot be opened")
        Job.objects.all().delete()
        assert client.get("/healthz", headers={"host": "localhost"}).json() == {"status": "ok", "problems": [], "attention": []}

    def test_an_invitation_waits_with_the_rest(self, own_database: str, filled: Filled) -> None:
        closing.close(filled.client, OPERATOR)
        worker.work_off()
        invitation = Job.objects.get(kind="accounts.send_invitation")
        assert (invitation.state, invitation.attempt) == (Job.State.PARKED, 0)
        closing.reopen(filled.client, OPERATOR)
        invitation.refresh_from_db()
        assert invitation.state == Job.State.QUEUED


class TestCommands:
    @pytest.mark.parametrize(
        ("command", "said"),
        [
            (("close_client", "nobody"), "There is no client 'nobody'"),
            (("reopen_client", "nobody"), "There is no client 'nobody'"),
            (("delete_client", "nobody", "--yes"), "There is no client 'nobody'"),
            (("reopen_client", "lumen"), "Maison Lumen is open"),
            (("delete_client", "lumen", "--yes"), "Maison Lumen is open. Close it first: manage.py close_client lumen"),
        ],
    )
    def test_what_cannot_be_done_is_said(self, cast: Cast, command: tuple[str, ...], said: str) -> None:
        with pytest.raises(CommandError, match=said):
            call_command(*command)
        cast.client.refresh_from_db()
        assert cast.client.closed_at is None

    def test_closed_twice_or_deleted_without_yes(self, cast: Cast) -> None:
        call_command("close_client", "lumen")
        with pytest.raises(CommandError, match=r"is closed already; it will be deleted on \d{4}-\d\d-\d\d"):
            call_command("close_client", "lumen")
        with pytest.raises(CommandError, match="Add --yes"):
            call_command("delete_client", "lumen")
        assert Client.objects.filter(slug="lumen").exists()
        call_command("reopen_client", "lumen")
        cast.client.refresh_from_db()
        assert cast.client.closed_at is None

    def test_nothing_is_deleted_a_minute_too_early(self, own_database: str, cast: Cast) -> None:
        closing.close(cast.client, OPERATOR)
        Client.objects.filter(pk=cast.client.pk).update(closed_at=timezone.now() - closing.GRACE + timedelta(minutes=1))
        registry.open_due_work()
        worker.work_off()
        with pytest.raises(closing.NotClosed):
            closing.delete(cast.client.pk, transaction.atomic(), audit.SERVICE)
        assert Client.objects.filter(pk=cast.client.pk).exists()


class Stalled:
    """A command in a process of its own that is held up where it first needs what another session has locked."""

    def __init__(self, database: str, *command: str) -> None:
        self.database = database
        environment = os.environ | {"DATABASE_URL": database, "VIGIE_BOOTSTRAP": "off"}
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", *command],
            cwd=settings.BASE_DIR,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def wait_until_it_waits(self) -> None:
        deadline = time.monotonic() + 60
        with psycopg.connect(self.database, autocommit=True) as session:
            waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            while not session.execute(waits).fetchone()[0]:  # type: ignore[index]
                assert self.process.poll() is None, self.process.stdout and self.process.stdout.read().decode()
                assert time.monotonic() < deadline
                time.sleep(0.02)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        assert self.process.stdout
        self.process.stdout.close()


@contextlib.contextmanager
def locked(database: str, what: str) -> Iterator[None]:
    """Hold a table, a row or the turn at making schemas, from another session."""
    with psycopg.connect(database) as session:
        session.execute(what)
        yield
        session.rollback()


def sessions_are_over() -> None:
    """The server has noticed that the killed process is gone, and undone what it had begun."""
    deadline = time.monotonic() + 30
    with connection.cursor() as cursor:
        while True:
            cursor.execute(
                """SELECT count(*) FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"""
            )
            if not cursor.fetchone()[0]:
                return
            assert time.monotonic() < deadline
            time.sleep(0.02)


def rows_of(table: str) -> str:
    return f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"


STEPS_OF_DELETION = {
    "before anything": "SELECT 1 FROM accounts_client FOR UPDATE",
    "before the schema is dropped": "SELECT pg_advisory_xact_lock(7203118)",
    "while the schema is dropped": f"LOCK TABLE c{CLIENT_ID}.campaigns_order IN ACCESS SHARE MODE",
    "before what is cached is forgotten": "LOCK TABLE cache IN SHARE MODE",
    "before its jobs are forgotten": "LOCK TABLE jobs_job IN SHARE MODE",
    "before the line is written": "LOCK TABLE accounts_auditevent IN SHARE MODE",
    "while its rows are deleted": rows_of("reports_delivery"),
    "last of all": "LOCK TABLE accounts_client IN SHARE MODE",
}
STEPS_OF_RESTORATION = {
    "before anything": rows_of("accounts_client"),
    "before the schema is made": "SELECT pg_advisory_xact_lock(7203118)",
    "when the schema is there": rows_of("accounts_auditevent"),
    "before the ledger": rows_of("reports_delivery"),
}


def steps(names: Iterable[str], short: set[str]) -> list[ParameterSet]:
    """All are tried in the long form, the named ones always."""
    return [pytest.param(name, marks=() if name in short else pytest.mark.long) for name in names]


@pytest.mark.parametrize("step", steps(STEPS_OF_DELETION, {"before the schema is dropped", "while its rows are deleted", "last of all"}))
def test_killed_while_deleting_all_is_there_and_a_second_try_deletes_it(own_database: str, traced: Filled, step: str) -> None:
    call_command("close_client", "maison-trace")
    before = traces_in_the_database()
    with locked(own_database, STEPS_OF_DELETION[step]):
        deletion = Stalled(own_database, "delete_client", "maison-trace", "--yes")
        deletion.wait_until_it_waits()
        deletion.kill()
    sessions_are_over()
    assert traces_in_the_database() == before
    call_command("delete_client", "maison-trace", "--yes")
    only_the_one_line_is_left()


@pytest.mark.parametrize("step", steps(STEPS_OF_RESTORATION, {"when the schema is there", "before the ledger"}))
def test_killed_while_restoring_nothing_is_there_and_a_second_try_restores_it(
    own_database: str, filled: Filled, export: Export, step: str
) -> None:
    path, before = export(), everything_of(filled.client)
    call_command("close_client", "maison-trace")
    call_command("delete_client", "maison-trace", "--yes")
    with locked(own_database, STEPS_OF_RESTORATION[step]):
        restoration = Stalled(own_database, "restore_client", str(path))
        restoration.wait_until_it_waits()
        restoration.kill()
    sessions_are_over()
    assert traces_in_the_database().keys() == {"public.accounts_auditevent"}
    call_command("restore_client", str(path))
    assert without_access(everything_of(Client.objects.get(slug="maison-trace"))) == without_access(before)


@pytest.mark.parametrize("share", [0.6, pytest.param(0.85, marks=pytest.mark.long)])
def test_killed_at_any_time_a_restoration_is_whole_or_not_there(own_database: str, filled: Filled, export: Export, share: float) -> None:
    path, before = export(), everything_of(filled.client)
    started = time.monotonic()
    call = [sys.executable, "manage.py", "restore_client", str(path), "--slug"]
    environment = os.environ | {"DATABASE_URL": own_database, "VIGIE_BOOTSTRAP": "off"}
    subprocess.run([*call, "whole"], cwd=settings.BASE_DIR, env=environment, check=True, capture_output=True)
    takes = time.monotonic() - started
    with subprocess.Popen([*call, "part"], cwd=settings.BASE_DIR, env=environment, stdout=subprocess.DEVNULL) as victim:
        time.sleep(takes * share)
        victim.send_signal(signal.SIGKILL)
    sessions_are_over()
    found = Client.objects.filter(slug="part").first()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname ~ '^c[0-9]+$'")
        assert cursor.fetchone()[0] == Client.objects.count()
    if found:
        assert without_access(everything_of(found)) == without_access(before)
    else:
        assert not AuditEvent.objects.filter(verb="client.restored").exclude(client__slug="whole").exists()


def test_killed_while_exporting_no_file_of_that_name_is_there(own_database: str, filled: Filled, tmp_path: Path) -> None:
    path = tmp_path / "exports" / "x.zip"
    path.parent.mkdir()
    with locked(own_database, f"LOCK TABLE c{CLIENT_ID}.campaigns_order IN ACCESS EXCLUSIVE MODE"):
        exporting = Stalled(own_database, "export_client", "maison-trace", str(path))
        exporting.wait_until_it_waits()
        exporting.kill()
    assert not path.exists()
    assert not AuditEvent.objects.filter(verb="client.exported").exists()
    call_command("export_client", "maison-trace", str(path))
    assert os.listdir(path.parent) == ["x.zip"]
    assert "orders.csv" in contents(path)
