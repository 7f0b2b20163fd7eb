"""What every fact has in common."""

from __future__ import annotations

from django.db import models

from campaigns.models.connections import Connection, Pull


def count() -> models.BigIntegerField[int | None, int | None]:
    return models.BigIntegerField(null=True)


def nano() -> models.BigIntegerField[int | None, int | None]:
    """Billionths of a currency's unit; null: not reported."""
    return models.BigIntegerField(null=True)


def millionths() -> models.BigIntegerField[int | None, int | None]:
    return models.BigIntegerField(null=True)


def currency() -> models.CharField[str, str]:
    """ISO 4217; "" stands for the connection's."""
    return models.CharField(max_length=3, blank=True)


def basis() -> models.CharField[str, str]:
    """What the platform counted by; figures of two bases are never summed."""
    return models.CharField(max_length=40, blank=True)


class Fact(models.Model):
    """A row of one connection, counting on one day, that knows the pull which last changed it."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, db_index=False)
    day = models.DateField()
    pull = models.ForeignKey(Pull, on_delete=models.PROTECT, db_constraint=False, db_index=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self._meta.model_name} {self.pk}"
