from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts import closing
from accounts.audit import OPERATOR
from accounts.management.found import found_client


class Command(BaseCommand):
    help = "Delete a closed client and everything of it, now instead of after thirty days. It cannot be had back."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("client", help="the client's slug")
        parser.add_argument("--yes", action="store_true", help="without it, nothing is deleted")

    def handle(self, *, client: str, yes: bool, **options: Any) -> None:
        owner = found_client(client)
        if owner.closed_at is None:
            raise CommandError(f"{owner.name} is open. Close it first: manage.py close_client {client}")
        if not yes:
            raise CommandError(f"This deletes {owner.name} and everything of it for good. Add --yes; manage.py export_client keeps a copy.")
        try:
            closing.delete(owner.pk, transaction.atomic(), OPERATOR)
        except closing.NotClosed:
            raise CommandError(f"{owner.name} was reopened meanwhile; nothing was deleted.") from None
        self.stdout.write(f"Deleted {owner.name} ({client}) and everything of it.")
