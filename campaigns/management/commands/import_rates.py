from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from campaigns.rates import following, reading


class Command(BaseCommand):
    help = "Store the reference rates of the European Central Bank (eurofxref-hist.csv or its ZIP), for accounts in other currencies."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *, file: Path, **options: Any) -> None:
        try:
            changed, currencies = reading.load(file)
        except (OSError, reading.Refused) as error:
            raise CommandError(str(error)) from None
        clients = following.tell_clients(currencies)
        self.stdout.write(f"{changed:,} rates are new or changed, to {reading.newest()}. Clients whose figures follow: {clients}.")
