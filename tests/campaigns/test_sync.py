"""Everything that changes or sums a client's facts takes its turn: nothing is lost, nothing waits for ever, nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings

from accounts.models import Client
from accounts.tenancy import inside
from campaigns import dirty
from campaigns.models import DirtyDay, Order
from jobs import worker
from jobs.models import Job
from kpis import query, recompute
from kpis.periods import Period
from tests.conftest import Cast, LoadText
from tests.threads import PATIENCE, in_thread, someone_waits, until

ORDERS = "order_id,account,ordered_at,amount\n"


def revenue(client: Client, since: date, until: date) -> Decimal | None:
    with inside(client):
        answer = query.ask(Period(since, until))
        return answer.total.values(["revenue"], answer.coverage)["revenue"].value.decimal


def by_command(client: Client) -> None:
    with inside(client):
        recompute.catch_up(client)


def by_job(client: Client) -> None:
    worker.work_off(client.pk)


@pytest.mark.parametrize("rebuild", [by_command, by_job])
def test_a_day_that_changes_while_its_figures_are_rebuilt_is_not_lost(
    own_database: str, cast: Cast, load_text: LoadText, monkeypatch: pytest.MonkeyPatch, rebuild: Callable[[Client], None]
) -> None:
    """The second order's day waits for its rebuild already, on account of the first; the import is not over when the rebuild comes."""
    client = cast.client
    marked, go_on = threading.Event(), threading.Event()
    mark = dirty.mark

    def held(family: str, days: Iterable[date]) -> set[str]:
        done = mark(family, days)
        marked.set()
        assert go_on.wait(PATIENCE)
        return done

    def import_another() -> None:
        with inside(client):
            load_text(client, "orders", ORDERS + "2,shop,2026-11-09T11:00:00,5\n")

    with inside(client):
        load_text(client, "orders", ORDERS + "1,shop,2026-11-09T10:00:00,10\n")
    monkeypatch.setattr(dirty, "mark", held)
    importing = in_thread(import_another)
    assert marked.wait(PATIENCE)
    rebuilding = in_thread(lambda: rebuild(client))
    until(lambda: rebuilding.done() or someone_waits())
    go_on.set()
    importing.result(PATIENCE)
    rebuilding.result(PATIENCE)
    worker.work_off(client.pk)
    assert revenue(client, date(2026, 11, 9), date(2026, 11, 9)) == 15


def test_an_import_of_two_accounts_and_a_rebuild_do_not_wait_for_each_other(
    own_database: str, cast: Cast, load_text: LoadText, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The import wants a day that the rebuild has taken, the rebuild its job, which the import asks for again."""
    client = cast.client
    taken, go_on = threading.Event(), threading.Event()
    take = recompute._take_changed_days

    def held() -> dict[str, set[date]]:
        changed = take()
        taken.set()
        assert go_on.wait(PATIENCE)
        return changed

    def import_more() -> None:
        with inside(client):
            load_text(client, "orders", ORDERS + "3,A,2026-11-20T10:00:00,10\n4,B,2026-11-10T12:00:00,10\n")

    with inside(client):
        load_text(client, "orders", ORDERS + "1,A,2026-11-09T10:00:00,10\n2,B,2026-11-10T10:00:00,10\n")
    monkeypatch.setattr(recompute, "_take_changed_days", held)
    rebuilding = in_thread(lambda: by_job(client))
    assert taken.wait(PATIENCE)
    importing = in_thread(import_more)
    until(lambda: importing.done() or someone_waits())
    go_on.set()
    importing.result(PATIENCE)
    rebuilding.result(PATIENCE)
    worker.work_off(client.pk)
    assert revenue(client, date(2026, 11, 9), date(2026, 11, 20)) == 40
    assert set(Job.objects.values_list("state", "error")) == {(Job.State.DONE, "")}
    with inside(client):
        assert not DirtyDay.objects.exists()


def test_two_imports_that_name_accounts_in_another_order_do_not_wait_for_each_other(
    own_database: str, cast: Cast, load_text: LoadText, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = cast.client
    stored, go_on = threading.Event(), threading.Event()
    mark = dirty.mark

    def held(family: str, days: Iterable[date]) -> set[str]:
        if not stored.is_set():
            stored.set()
            assert go_on.wait(PATIENCE)
        return mark(family, days)

    def import_both(name: str, accounts: str) -> None:
        with inside(client):
            load_text(client, "orders", ORDERS + "".join(f"{name},{account},2026-11-02T10:00:00,1\n" for account in accounts))

    import_both("0", "AB")
    monkeypatch.setattr(dirty, "mark", held)
    first = in_thread(lambda: import_both("1", "AB"))
    assert stored.wait(PATIENCE)
    second = in_thread(lambda: import_both("2", "BA"))
    until(lambda: second.done() or someone_waits())
    go_on.set()
    first.result(PATIENCE)
    second.result(PATIENCE)
    with inside(client):
        assert Order.objects.count() == 6


def test_rows_on_their_way_leave_no_file_behind_when_the_process_is_killed(tmp_path: Path) -> None:
    """They may name people: nothing may lie about."""
    script = """
        import django, os, signal
        from datetime import UTC, date, datetime
        django.setup()
        from campaigns.records import Lead
        from campaigns.spool import Spool
        spool = Spool()
        spool.write(Lead(lead_id="1", created_at=datetime(2026, 11, 9, tzinfo=UTC), day=date(2026, 11, 9)))
        assert list(spool.read(Lead))
        os.kill(os.getpid(), signal.SIGKILL)
    """
    lines = "\n".join(line.strip() for line in script.splitlines())
    environment = os.environ | {"VIGIE_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "config.settings"}
    done = subprocess.run([sys.executable, "-c", lines], env=environment, cwd=settings.BASE_DIR, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    assert list((tmp_path / "spool").iterdir()) == []
