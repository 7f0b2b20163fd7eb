from __future__ import annotations

from typing import ClassVar

from django.db import models


class ExchangeRate(models.Model):
    """Units of a currency for one euro on one day, as the European Central Bank publishes it."""

    pk = models.CompositePrimaryKey("currency", "day")
    currency = models.CharField(max_length=3)
    day = models.DateField()
    per_euro = models.DecimalField(max_digits=20, decimal_places=10)

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=models.Q(per_euro__gt=0), name="rates_positive")]

    def __str__(self) -> str:
        return f"{self.per_euro} {self.currency} on {self.day}"
