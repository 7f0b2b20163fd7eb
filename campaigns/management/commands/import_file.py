from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.management.found import found_client
from accounts.tenancy import inside
from campaigns.imports import Refusal, load
from campaigns.imports.kinds import KINDS


class Command(BaseCommand):
    help = "Import a CSV file into a client. One bad row refuses the whole file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("client", help="the client's slug")
        parser.add_argument("kind", choices=sorted(KINDS))
        parser.add_argument("file", type=Path)

    def handle(self, *, client: str, kind: str, file: Path, **options: Any) -> None:
        owner = found_client(client)
        if not file.is_file():
            raise CommandError(f"There is no file {file}.")
        try:
            with inside(owner):
                loaded = load(owner, KINDS[kind], file)
        except Refusal as refusal:
            more = "\n(only the first 50 faults are listed)" if refusal.more else ""
            raise CommandError(f"{file.name} is refused, nothing was stored:\n{refusal}{more}") from None
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from None
        span = f", {loaded.since} to {loaded.until}" if loaded.since else ""
        self.stdout.write(f"{loaded.rows} rows read{span}: {loaded.inserted} new, {loaded.updated} changed.")
