"""What follows from the facts of one lead, kept so that a change of it finds the days it counted on before."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class LeadState(models.Model):
    """One lead of the system of record: from where it came, and the days of its steps by the rules in force when it was created.

    `won_day` is the lead's own; null where deals of its connection tell, which are counted by themselves. `deal_day`: the first of
    its deals that was won. `is_customer`: the person ever ordered, paid or won a deal.
    """

    pk = models.CompositePrimaryKey("connection_id", "external_id")
    # Of `campaigns.Connection`; no foreign key, for it is derived.
    connection_id = models.BigIntegerField()
    external_id = models.CharField(max_length=255)
    person_id = models.BigIntegerField(null=True, db_index=True)
    day = models.DateField(db_index=True)
    channel = models.CharField(max_length=20)
    campaign_id = models.BigIntegerField()
    mql_day = models.DateField(null=True)
    sql_day = models.DateField(null=True)
    won_day = models.DateField(null=True)
    deal_day = models.DateField(null=True)
    is_customer = models.BooleanField()

    class Meta:
        # Of the many leads that never come so far nothing is kept.
        indexes: ClassVar = [
            models.Index(fields=[f"{step}_day"], name=f"kpis_lead_{step}_day", condition=models.Q(**{f"{step}_day__isnull": False}))
            for step in ("mql", "sql", "won", "deal")
        ]
