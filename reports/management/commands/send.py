from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.audit import OPERATOR
from accounts.management.found import found_client
from accounts.tenancy import inside
from reports import schedules, sending


class Command(BaseCommand):
    help = "Have a report sent now. It names what is missing; for approval it waits. What was sent is not sent again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("client", help="the client's slug")
        parser.add_argument("schedule", type=int, help="its number, as `schedule` lists it")
        parser.add_argument("--period", help="such as 2026-W46 or 2026-11; default: the newest that is over")

    def handle(self, *, client: str, schedule: int, period: str | None, **options: Any) -> None:
        owner = found_client(client)
        found = schedules.of_client(owner).filter(pk=schedule).first()
        if found is None:
            raise CommandError(f"{client} has no schedule {schedule}.")
        if owner.closed_at:
            raise CommandError(f"{client} is closing.")
        key = period or sending.newest(found).key
        try:
            with inside(owner):
                sending.send_now(owner, found, key, OPERATOR)
        except sending.NotReported:
            raise CommandError(f"--period: {key} is no period of this schedule that is over; {sending.newest(found).key} is.") from None
        except sending.Sent:
            raise CommandError(f"The report {key} was sent.") from None
        self.stdout.write(f"The report {key} is under way.")
