from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import closing
from accounts.audit import OPERATOR
from accounts.management.found import found_client


class Command(BaseCommand):
    help = "Have a closed client back: what waited is done now."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("client", help="the client's slug")

    def handle(self, *, client: str, **options: Any) -> None:
        owner = found_client(client)
        if owner.closed_at is None:
            raise CommandError(f"{owner.name} is open.")
        closing.reopen(owner, OPERATOR)
        self.stdout.write(f"Reopened {owner.name} ({client}).")
