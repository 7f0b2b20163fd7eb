from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.management.found import found_client
from accounts.tenancy import inside
from campaigns.imports import BadMapping, Handover, Loaded, Mapping, Refusal, preview
from campaigns.imports.kinds import KINDS
from campaigns.uploads import store_by_command


class Command(BaseCommand):
    help = "Import a CSV or XLSX file into a client. One bad row refuses the whole file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("client", help="the client's slug")
        parser.add_argument("kind", choices=sorted(KINDS))
        parser.add_argument("file", type=Path)
        parser.add_argument("--mapping", type=Path, help="JSON: which column is which, how days and numbers are written")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, and store nothing")
        parser.add_argument(
            "--files-until", type=date.fromisoformat, metavar="DAY", help="for an account that is read from its API: files tell to this day"
        )
        parser.add_argument("--replace", action="store_true", help="the same, to the last day of this file")

    def handle(self, *, client: str, kind: str, file: Path, **options: Any) -> None:
        owner = found_client(client)
        if not file.is_file():
            raise CommandError(f"There is no file {file}.")
        mapping = _mapping(options["mapping"])
        handover = Handover(options["files_until"]) if options["files_until"] or options["replace"] else None
        try:
            with inside(owner):
                if options["dry_run"]:
                    trial = preview(owner, KINDS[kind], file, mapping, handover)
                    if trial.loaded is None:
                        raise Refusal(trial.faults, more=trial.more)
                    self.stdout.write(f"Nothing is stored. {_told(trial.loaded)}")
                else:
                    self.stdout.write(_told(store_by_command(owner, kind, file, mapping, handover)))
        except Refusal as refusal:
            more = "\n(only the first 50 faults are listed)" if refusal.more else ""
            raise CommandError(f"{file.name} is refused, nothing was stored:\n{refusal}{more}") from None
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from None


def _mapping(path: Path | None) -> Mapping | None:
    if path is None:
        return None
    try:
        return Mapping.from_json(json.loads(path.read_text()))
    except (OSError, ValueError, BadMapping) as error:
        raise CommandError(f"{path} is not a mapping: {error}") from None


def _told(loaded: Loaded) -> str:
    span = f", {loaded.since} to {loaded.until}" if loaded.since else ""
    told = f"{loaded.rows} rows read{span}: {loaded.inserted} new, {loaded.updated} changed"
    if loaded.left_out:
        told += f", {loaded.left_out} of days that the platform tells left out"
    if loaded.skipped:
        told += f"; {loaded.skipped} rows of sums skipped"
    return f"{told}."
