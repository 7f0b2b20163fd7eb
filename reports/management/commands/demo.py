from __future__ import annotations

import os
import signal
import time
from argparse import ArgumentTypeError
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import kombu
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import Client
from accounts.tenancy import inside
from campaigns import imports, pulls
from campaigns.connectors import sources
from campaigns.imports.kinds import KINDS
from campaigns.models import Connection, DirtyDay, Pull
from campaigns.rates import following, reading
from campaigns.simulators.rates import euro_rates
from campaigns.simulators.server import Simulator
from jobs.models import Job
from kpis.coverage import Coverage
from kpis.periods import Period, last_complete_week
from kpis.periods import week as week_period
from reports import gather, scheduling
from reports.archive.models import Document
from reports.demo import processes, story
from reports.demo.mailbox import Mailbox
from reports.models import Delivery, Run

STEPS = 8
HISTORY_DAYS = 180
# What the first report speaks of: its week, the one before, and four weeks to compare with.
REPORTED_DAYS = 42
LONGEST_STEP = 240
# Seconds after which a long step says how far it is.
SILENCE = 5.0


class Command(BaseCommand):
    help = "Show the product doing its main job: pull simulated platforms, compute KPIs, send reports, serve the site."

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
            _point_at(port, simulator, mailbox.port)
            cast = story.settle(folder)
            self._step(f"{cast.agency} serves {', '.join(served.client.name for served in cast.served)}")
            connected = {served.client: story.connect(served.client, simulator) for served in cast.served}
            self._step(f"Connected {sum(map(len, connected.values()))} accounts of {len(sources())} platforms")
            self._import_files(folder, cast, simulator)
            children = stack.enter_context(processes.running(folder / "logs", port))
            self._pull(connected, children)
            runs = self._report(cast, children)
            children.wait_for(f"http://127.0.0.1:{port}/healthz")
            self._step("The site answers")
            self._farewell(cast, runs, folder, mailbox, port)
            while stay:
                children.check()
                time.sleep(0.5)

    def _import_files(self, folder: Path, cast: story.Cast, simulator: Simulator) -> None:
        yesterday = timezone.now().date() - timedelta(days=1)
        since = yesterday - timedelta(days=HISTORY_DAYS)
        rates = folder / "eurofxref-hist.csv"
        rates.write_text(euro_rates(yesterday, since - timedelta(days=240)))
        _stored, currencies = reading.load(rates)
        following.tell_clients(currencies)
        rows = 0
        for served in cast.served:
            with inside(served.client):
                for kind, tell in (("costs", story.costs), ("targets", story.targets)):
                    path = story.write_csv(folder / f"{served.client.slug}-{kind}.csv", tell(served.client, since, yesterday))
                    rows += imports.load(served.client, KINDS[kind], path).rows
        self._step(f"Imported {reading.count():,} exchange rates and {rows} monthly costs and targets from files")

    def _pull(self, connected: dict[Client, list[Connection]], children: processes.Processes) -> None:
        for client, found in connected.items():
            with inside(client):
                for source in found:
                    pulls.schedule(client, source, asked_at=timezone.now())
        shown = time.monotonic()
        for _ in self._until(lambda: all(map(self._has_pulled, connected)), children, "Pulling the platforms"):
            if time.monotonic() - shown > SILENCE:
                shown = time.monotonic()
                self._progress(connected)
        rows = 0
        for client in connected:
            with inside(client):
                rows += sum(Pull.objects.values_list("rows", flat=True))
        self._step(f"Pulled {rows:,} rows over HTTP and computed the figures; older history goes on coming")

    def _progress(self, connected: Iterable[Client]) -> None:
        told = []
        for client in connected:
            with inside(client):
                told.append(f"{client.name} {sum(Pull.objects.values_list('rows', flat=True)):,}")
        self.stdout.write(f"      {time.monotonic() - self.started:5.1f} s  … rows so far: {', '.join(told)}")
        self.stdout.flush()

    def _has_pulled(self, client: Client) -> bool:
        """Whether the days that the report speaks of are loaded from every account, and summed."""
        mine = Job.objects.filter(client_id=client.pk)
        if failed := mine.filter(kind=pulls.KIND, state=Job.State.FAILED, finished_at__gte=self._start_instant()).first():
            raise CommandError(f"A pull failed: {failed.error}")
        week = last_complete_week(timezone.now(), client.zone)
        until = week_period(week).until
        since = until - timedelta(days=REPORTED_DAYS - 1)
        with inside(client):
            coverage = Coverage.load()
            is_loaded = all(coverage.is_whole(family, Period(since, until)) for family in gather.FAMILIES)
            return is_loaded and not DirtyDay.objects.filter(day__range=(since, until)).exists()

    def _report(self, cast: story.Cast, children: processes.Processes) -> list[Run]:
        runs, new, people = [], 0, 0
        for served in cast.served:
            week = last_complete_week(timezone.now(), served.client.zone)
            with inside(served.client):
                story.write_notes(served.client, week)
            new += not served.schedule.runs.filter(period=week, state=Run.State.READY).exists()
            runs.append(scheduling.open_run(served.schedule, week, at_once=True))
        for run in runs:
            for _ in self._until(lambda run=run: self._delivered(run), children, "Sending the reports"):
                pass
            people += run.deliveries.filter(state=Delivery.State.SENT).count()
        week = runs[0].period
        self._step(f"Sent {new} reports of week {week} to {people} people" if new else f"The reports of week {week} had been sent already")
        return runs

    def _delivered(self, run: Run) -> bool:
        run.refresh_from_db()
        states = set(run.deliveries.values_list("state", flat=True))
        if run.state == Run.State.FAILED or states & {Delivery.State.FAILED, Delivery.State.UNKNOWN}:
            raise CommandError(f"The report failed: {run.problem or list(run.deliveries.values_list('state', 'error'))}")
        return bool(states) and states <= {Delivery.State.SENT, Delivery.State.SUPPRESSED}

    def _farewell(self, cast: story.Cast, runs: list[Run], folder: Path, mailbox: Mailbox, port: int) -> None:
        for served, run in zip(cast.served, runs, strict=True):
            with inside(served.client):
                document = Document.objects.get(snapshot__run_id=run.pk, kind=Document.Kind.PDF, language=served.client.language)
                (folder / f"{served.client.slug}-{run.period}.pdf").write_bytes(bytes(document.content))
        first = cast.served[0]
        newest = [path for path in mailbox.messages() if first.viewer in path.name][-1]
        viewers = "\n".join(f"            {served.viewer}   ({served.client.name})" for served in cast.served)
        self.stdout.write(
            f"\nReady in {time.monotonic() - self.started:.0f} s.\n\n"
            f"  Open      http://localhost:{port}/\n"
            f"  Sign in   {story.OWNER}   (the agency)\n{viewers}\n"
            f"  Password  {cast.password}   (for all)\n\n"
            f"  PDF       {folder / f'{first.client.slug}-{runs[0].period}.pdf'}   (and two more beside it)\n"
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


def _point_at(port: int, simulator: Simulator, mail_port: int) -> None:
    """Give this process and those that follow the addresses of the loopback stand-ins."""
    settings.PLATFORMS = {source: simulator.settings(source) for source in sources()}
    platforms = {f"{source}_{name}".upper(): value for source in sources() for name, value in settings.PLATFORMS[source].items()}
    site = {"SITE_URL": f"http://localhost:{port}", "EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(mail_port)}
    os.environ |= platforms | site


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
