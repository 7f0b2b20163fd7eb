from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.management.found import found_client
from accounts.tenancy import inside
from kpis import periods, recompute
from reports import gather, preparing
from reports.cadence import named

# File endings by kind of document.
NAMES = {"pdf": "report.pdf", "html": "mail.html", "text": "mail.txt", "subject": "subject.txt"}


class Command(BaseCommand):
    help = "Write a client's weekly report to a folder: PDF, mail and figures. Sends and records nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("client", help="the client's slug")
        parser.add_argument("--week", required=True, help="ISO week, such as 2026-W46")
        parser.add_argument("--out", required=True, type=Path, help="folder to write to; made if missing")
        parser.add_argument("--language", choices=["en", "fr"], help="default: the client's")

    def handle(self, *, client: str, week: str, out: Path, language: str | None, **options: Any) -> None:
        owner = found_client(client)
        try:
            if periods.week(week).since > timezone.now().astimezone(owner.zone).date():
                raise CommandError(f"--week: {week} has not begun.")
            with inside(owner):
                recompute.catch_up(owner)
                report = gather.report(owner, named(week), timezone.now())
        except (ValueError, OverflowError) as error:
            raise CommandError(f"--week: {error}.") from None
        chosen = language or owner.language
        stem = f"{owner.slug}-{week}-{chosen}"
        try:
            out.mkdir(parents=True, exist_ok=True)
            for kind, content in preparing.documents(owner, report, chosen).items():
                self._write(out / f"{stem}-{NAMES[kind]}", content)
            self._write(out / f"{owner.slug}-{week}-figures.json", preparing.canonical(report).encode())
        except OSError as error:
            raise CommandError(f"--out: {out} cannot be written: {error.strerror}.") from None

    def _write(self, path: Path, content: bytes) -> None:
        path.write_bytes(content)
        self.stdout.write(str(path))
