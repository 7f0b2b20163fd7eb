from __future__ import annotations

from django.db import models

from accounts.models import Client


class Headline(models.Model):
    """The main figures of a client, kept where those of all clients are: whoever looks over many of them enters no schema.

    Of the last week that is over, and of the month so far, by the client's own calendar and in its currency. No row before they are
    first told. Derived: everything here follows from what is in the client's schema.
    """

    client = models.OneToOneField(Client, on_delete=models.CASCADE, primary_key=True, related_name="headline")
    currency = models.CharField(max_length=3)
    week_since = models.DateField()
    week_until = models.DateField()
    month_since = models.DateField()
    month_until = models.DateField()
    # The day up to which everyone has told who tells of these figures; None where nobody does.
    complete_until = models.DateField(null=True)
    # As `reports.headlines.Figures` has them.
    figures = models.JSONField()
    # As `reports.concerns.Concerns` has them.
    concerns = models.JSONField(default=dict, db_default={})
    # Of `kpis.recompute`: with equal numbers, figures of the same days are equal.
    data_version = models.BigIntegerField()
    computed_at = models.DateTimeField()
    # When its days are others: the client's next midnight.
    due_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.client_id}, {self.week_since} to {self.week_until}"
