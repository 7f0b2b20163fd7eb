"""What a client decided about how its figures are made."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class Choice(models.Model):
    """One decision, kept for ever: the newest that speaks of a day is in force on it. `name` as in `kpis.choice_entries`."""

    name = models.CharField(max_length=40)
    # As its entry writes it; null: as if it had never been chosen, where that is an answer.
    value = models.JSONField(null=True)
    # The first day of which it speaks; None: of all.
    since = models.DateField(null=True)
    made_by = models.CharField(max_length=254)
    made_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.name}: {self.value}"
