from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts.management.found import found_client
from accounts.tenancy import inside
from kpis import choices
from kpis.choice_entries import ENTRIES
from kpis.models import Choice
from kpis.timeline import EVER


class Command(BaseCommand):
    help = "List what a client may choose about its figures, what is in force, and every decision so far."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("client", help="the client's slug")

    def handle(self, *, client: str, **options: Any) -> None:
        with inside(found_client(client)):
            in_force, history = choices.timelines(), choices.history()
        for name, entry in ENTRIES.items():
            self.stdout.write(f"{name}: {entry.help}")
            for since, value in in_force[name].spells:
                self.stdout.write(f"  {'always' if since == EVER else f'from {since}'}: {json.dumps(value, ensure_ascii=False)}")
            for choice in history:
                if choice.name == name:
                    self.stdout.write(f"  {_told(choice)}")


def _told(choice: Choice) -> str:
    dated = f" from {choice.since}" if choice.since else ""
    return f"{choice.made_at:%Y-%m-%d %H:%M} {choice.made_by}: {json.dumps(choice.value, ensure_ascii=False)}{dated}"
