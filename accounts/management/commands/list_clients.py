from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from accounts import closing
from accounts.models import Client


class Command(BaseCommand):
    help = "List every client: short name, name, agency, currency, time zone, and whether it is closing."

    def handle(self, **options: Any) -> None:
        for client in Client.objects.select_related("agency").order_by("slug"):
            ends = closing.deleted_at(client)
            state = f"closing, deleted on {ends:%Y-%m-%d}" if ends else ""
            agency = client.agency.slug if client.agency else "-"
            self.stdout.write("  ".join(filter(None, (client.slug, client.name, agency, client.currency, client.timezone, state))))
