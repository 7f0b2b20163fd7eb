"""What follows from other rates: the days of facts in these currencies are summed again."""

from __future__ import annotations

from django.db import transaction

from accounts.models import Client
from accounts.tenancy import inside
from campaigns import dirty, signals
from campaigns.writer import be_the_only_writer


def tell_clients(currencies: set[str]) -> int:
    """Mark the days of every client that these rates concern; how many clients there are."""
    told = 0
    for client in Client.objects.filter(closed_at=None).order_by("pk") if currencies else ():
        with inside(client), transaction.atomic():
            be_the_only_writer(client)
            # The rates of the client's own currency concern whatever is in another.
            moved = dirty.mark_foreign(client.currency) if client.currency in currencies else dirty.mark_currency(sorted(currencies))
            if moved:
                signals.days_changed.send(sender=None, client=client, families=moved)
                told += 1
    return told
