from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.management.found import found_client
from accounts.tenancy import inside
from campaigns import people
from campaigns.models import PersonMerge


class Command(BaseCommand):
    help = "Show which people were found to be one, or tell two of them apart again for good."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("client", help="the client's slug")
        parser.add_argument("merge", type=int, nargs="?", help="the number of a merge; without it, the newest are listed")

    def handle(self, *, client: str, merge: int | None, **options: Any) -> None:
        owner = found_client(client)
        with inside(owner):
            open_merges = PersonMerge.objects.filter(undone_at=None)
            if merge is None:
                for found in open_merges.select_related("by_key").order_by("-pk")[:50]:
                    by = found.by_key.kind if found.by_key else "a key that is gone"
                    self.stdout.write(f"{found.pk}  {found.merged_at:%Y-%m-%d %H:%M}  {found.dissolved} into {found.kept}, by {by}")
                return
            chosen = open_merges.filter(pk=merge).first()
            if chosen is None:
                raise CommandError(f"There is no merge {merge} of {owner.name} that could be undone.")
            people.tell_apart(owner, chosen)
        self.stdout.write(f"{chosen.dissolved} and {chosen.kept} are two people again, and stay so.")
