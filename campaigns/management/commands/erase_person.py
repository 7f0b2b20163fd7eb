from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.audit import OPERATOR
from accounts.management.found import found_client
from accounts.tenancy import inside
from campaigns import erasure, people


class Command(BaseCommand):
    help = "Erase a person from a client's data: leads, touches and keys go, sums of orders stay without a name, nothing brings them back."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("client", help="the client's slug")
        parser.add_argument("person", help="an e-mail address, or what a platform or a file calls the lead or the customer")
        parser.add_argument("--yes", action="store_true", help="without it, nothing is erased")

    def handle(self, *, client: str, person: str, yes: bool, **options: Any) -> None:
        owner = found_client(client)
        with inside(owner):
            found = people.called(owner, person)
            if not found:
                raise CommandError(f"Nobody is called {person!r} in the data of {owner.name}.")
            if len(found) > 1:
                raise CommandError(f"{person!r} is what {len(found)} people are called. Use the e-mail address.")
            told = erasure.known_of(found[0])
            if not yes:
                raise CommandError(f"This erases {told} for good. Add --yes.")
            erasure.erase(owner, found[0], OPERATOR)
        self.stdout.write(f"Erased {told}. Files that name them and sent reports elsewhere are yours to look after.")
