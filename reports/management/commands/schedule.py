from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts.management.found import found_client
from accounts.models import Client
from reports import schedules, scheduling
from reports.models import Schedule


class Command(BaseCommand):
    help = "List a client's schedules, each with its next five sends and the days of each. Changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("client", help="the client's slug")

    def handle(self, *, client: str, **options: Any) -> None:
        owner = found_client(client)
        found = schedules.of_client(owner)
        for schedule in found:
            self._tell(owner, schedule)
        if not found:
            self.stdout.write(f"No reports of {owner.name} are scheduled; people do that on its page “Reports”.")

    def _tell(self, owner: Client, schedule: Schedule) -> None:
        recipients = schedule.recipients.filter(paused=False, unsubscribed_at=None).count()
        state = "stopped" if schedule.stopped_at else "paused" if schedule.paused else schedule.policy
        self.stdout.write(f"{schedule.pk}  {schedule.name or schedule.cadence}  {schedule.cadence}  {state}  {recipients} recipients")
        for send in scheduling.upcoming(schedule):
            at = send.at.astimezone(owner.zone)
            self.stdout.write(f"    {at:%Y-%m-%d %H:%M %Z}  {send.period.key}  {send.period.since} to {send.period.until}")
        if schedule.problem:
            self.stdout.write(f"    {schedule.problem}")
