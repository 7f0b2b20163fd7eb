from __future__ import annotations

import json
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.audit import OPERATOR
from accounts.management.found import found_client
from accounts.tenancy import inside
from kpis import choices, recompute
from kpis.checks import Wrong
from kpis.choice_entries import ENTRIES
from kpis.management.arguments import day


class Command(BaseCommand):
    help = "Decide how a client's figures are made, and rebuild those it concerns. See the command `choices`."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("client", help="the client's slug")
        parser.add_argument("name", choices=list(ENTRIES), metavar="NAME", help=", ".join(ENTRIES))
        parser.add_argument("value", help="a word or JSON, such as 0.35 or '[\"Salaries*\"]'; null: as if it had never been chosen")
        parser.add_argument("--since", type=day, metavar="YYYY-MM-DD", help="the first day of which it is said; default: all days")

    def handle(self, *, client: str, name: str, value: str, since: date | None, **options: Any) -> None:
        owner = found_client(client)
        with inside(owner):
            try:
                moved = choices.choose(owner, name, _said(value), since, OPERATOR)
            except Wrong as wrong:
                raise CommandError(f"{wrong}.") from None
            days = recompute.catch_up(owner)
        self.stdout.write(f"{name} is chosen; {days} days were summed anew." if moved else f"{name} is that already.")


def _said(value: str) -> object:
    try:
        return json.loads(value)
    except ValueError:
        return value
