from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import closing
from accounts.audit import OPERATOR
from accounts.management.found import found_client


class Command(BaseCommand):
    help = "Close a client: nothing runs for it any more, and after thirty days everything of it is deleted."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("client", help="the client's slug")

    def handle(self, *, client: str, **options: Any) -> None:
        owner = found_client(client)
        if until := closing.deleted_at(owner):
            raise CommandError(f"{owner.name} is closed already; it will be deleted on {until:%Y-%m-%d}.")
        closing.close(owner, OPERATOR)
        until = closing.deleted_at(owner)
        self.stdout.write(
            f"Closed {owner.name} ({client}). It will be deleted on {until:%Y-%m-%d}; until then: manage.py reopen_client {client}"
        )
