from __future__ import annotations

import os
import signal
import time
from argparse import ArgumentTypeError
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import kombu
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.tenancy import inside
from campaigns import imports, pulls
from campaigns.imports.kinds import KINDS
from campaigns.models import DirtyDay
from campaigns.simulators.server import Simulator
from jobs.models import Job
from kpis.periods import last_complete_week
from reports import scheduling
from reports.archive.models import Document
from reports.demo import processes, story
from reports.demo.mailbox import Mailbox
from reports.models import Delivery, Run

STEPS = 7
SOURCE = story.SOURCE
HISTORY_DAYS = 180
LONGEST_STEP = 180


class Command(BaseCommand):
    help = "Show the product doing its main job: pull a simulated ad account, compute KPIs, send a report, serve the site."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--exit", action="store_true", help="stop once everything has been shown to work")
        parser.add_argument("--reset", action="store_true", help="forget what an earlier run kept and begin anew")
        parser.add_argument("--remove", action="store_true", help="stop, and remove everything the commands made")
        parser.add_argument("--port", type=_port, help="port of the site; default: the first free one from 8000")

    def handle(self, *, exit: bool, port: int | None, **options: Any) -> None:
        self.started = time.monotonic()
        self.step_number = 0
        folder = Path(settings.HOME) / "demo"
        signal.signal(signal.SIGTERM, _stop)
        try:
            with processes.Port(port) as reserved:
                self._show(folder, reserved.number, stay=not exit)
        except KeyboardInterrupt:
            self.stdout.write("\nStopped. The data is kept; run the same command to go on.")

    def _show(self, folder: Path, port: int, *, stay: bool) -> None:
        _require_broker()
        self._step("Database and broker are running")
        call_command("migrate", verbosity=0)
        self._step("Tables are up to date")
        with ExitStack() as stack:
            simulator = stack.enter_context(Simulator(anchor=story.first_run(folder, timezone.now().date())))
            mailbox = stack.enter_context(Mailbox(folder / "mail"))
            _point_children_at(port, simulator, mailbox.port)
            cast = story.settle(folder, simulator.secret(SOURCE))
            self._step(f"{cast.client.agency} serves {cast.client.name}")
            children = stack.enter_context(processes.running(folder / "logs", port))
            self._import_files(folder, cast, simulator)
            self._pull(cast, children)
            run = self._report(cast, children)
            children.wait_for(f"http://127.0.0.1:{port}/healthz")
            self._step("The site answers")
            self._farewell(cast, run, folder, mailbox, port)
            while stay:
                children.check()
                time.sleep(0.5)

    def _import_files(self, folder: Path, cast: story.Cast, simulator: Simulator) -> None:
        business = simulator.ledger
        yesterday = timezone.now().astimezone(cast.client.zone).date() - timedelta(days=1)
        since = story.first_day(yesterday, HISTORY_DAYS)
        with inside(cast.client):
            leads = imports.load(cast.client, KINDS["leads"], story.write_csv(folder / "leads.csv", business.leads(since, yesterday)))
            orders = imports.load(cast.client, KINDS["orders"], story.write_csv(folder / "orders.csv", business.orders(since, yesterday)))
        self._step(f"Imported {leads.rows:,} leads and {orders.rows:,} orders from files")

    def _pull(self, cast: story.Cast, children: processes.Processes) -> None:
        with inside(cast.client):
            pulls.schedule(cast.client, cast.source)
        for _ in self._until(lambda: self._pulled(cast), children, "Pulling Google Ads"):
            pass
        with inside(cast.client):
            pull = cast.source.pulls.latest("pk")
        days = (pull.until - pull.since).days + 1
        self._step(f"Pulled {days} days of Google Ads over HTTP ({pull.rows:,} rows) and recomputed the figures")

    def _pulled(self, cast: story.Cast) -> bool:
        mine = Job.objects.filter(client_id=cast.client.pk)
        if failed := mine.filter(kind=pulls.KIND, state=Job.State.FAILED).order_by("-finished_at").first():
            raise CommandError(f"The pull failed: {failed.error}")
        with inside(cast.client):
            cast.source.refresh_from_db()
            is_stored = cast.source.pulls.filter(created_at__gte=self._start_instant()).exists()
            return is_stored and not DirtyDay.objects.exists()

    def _report(self, cast: story.Cast, children: processes.Processes) -> Run:
        week = last_complete_week(timezone.now(), cast.client.zone)
        is_new = not cast.schedule.runs.filter(week=week, state=Run.State.READY).exists()
        run = scheduling.open_run(cast.schedule, week)
        for _ in self._until(lambda: self._delivered(run), children, "Sending the report"):
            pass
        people = run.deliveries.filter(state=Delivery.State.SENT).count()
        self._step(f"Sent the report of week {week} to {people} people" if is_new else f"The report of week {week} had been sent already")
        return run

    def _delivered(self, run: Run) -> bool:
        run.refresh_from_db()
        states = set(run.deliveries.values_list("state", flat=True))
        if run.state == Run.State.FAILED or states & {Delivery.State.FAILED, Delivery.State.UNKNOWN}:
            raise CommandError(f"The report failed: {run.problem or list(run.deliveries.values_list('state', 'error'))}")
        return bool(states) and states <= {Delivery.State.SENT, Delivery.State.SUPPRESSED}

    def _farewell(self, cast: story.Cast, run: Run, folder: Path, mailbox: Mailbox, port: int) -> None:
        pdf = folder / f"{cast.client.slug}-{run.week}.pdf"
        with inside(cast.client):
            document = Document.objects.get(snapshot__run_id=run.pk, kind=Document.Kind.PDF, language=cast.client.language)
            pdf.write_bytes(bytes(document.content))
        newest = [path for path in mailbox.messages() if story.VIEWER in path.name][-1]
        self.stdout.write(
            f"\nReady in {time.monotonic() - self.started:.0f} s.\n\n"
            f"  Open      http://localhost:{port}/\n"
            f"  Sign in   {story.OWNER}   (the agency)\n"
            f"            {story.VIEWER}   (the client company)\n"
            f"  Password  {cast.password}   (for both)\n\n"
            f"  PDF       {pdf}\n"
            f"  E-mail    {newest}\n"
            f"  API       http://localhost:{port}/api/v1/docs/\n"
            f"  Logs      {folder / 'logs'}\n"
        )

    def _until(self, condition: Any, children: processes.Processes, doing: str) -> Iterator[None]:
        """Yield while waiting; a dead process or too long a wait is an error that says so."""
        deadline = time.monotonic() + LONGEST_STEP
        while not condition():
            children.check()
            if time.monotonic() > deadline:
                raise CommandError(f"{doing} took longer than {LONGEST_STEP} s; see the logs in {children.logs}.")
            yield
            time.sleep(0.2)

    def _step(self, sentence: str) -> None:
        self.step_number += 1
        self.stdout.write(f"[{self.step_number}/{STEPS}] {time.monotonic() - self.started:5.1f} s  {sentence}")
        self.stdout.flush()

    def _start_instant(self) -> datetime:
        return timezone.now() - timedelta(seconds=time.monotonic() - self.started)


def _point_children_at(port: int, simulator: Simulator, mail_port: int) -> None:
    """Give the processes that follow the addresses of the loopback stand-ins."""
    platform = {f"{SOURCE}_{name}".upper(): value for name, value in simulator.settings(SOURCE).items()}
    site = {"SITE_URL": f"http://localhost:{port}", "EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(mail_port)}
    os.environ |= platform | site


def _port(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 65_536:
        raise ArgumentTypeError("use a number from 1 to 65535")
    return int(text)


def _require_broker() -> None:
    try:
        with kombu.Connection(settings.CELERY_BROKER_URL, connect_timeout=3) as broker:
            broker.ensure_connection(max_retries=1, interval_start=0, timeout=5)
    except (OSError, kombu.exceptions.OperationalError) as error:
        raise CommandError(f"The broker does not answer: {error}. Check BROKER_URL and that the server runs.") from None


def _stop(number: int, frame: object) -> None:
    raise KeyboardInterrupt
