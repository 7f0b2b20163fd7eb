from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.db import models


def whole_sum_or_unknown() -> models.DecimalField[Decimal | None, Decimal | None]:
    """A sum of billionths or millionths, which may be beyond a bigint in currencies with large numbers."""
    return models.DecimalField(max_digits=38, decimal_places=0, null=True)


def unconverted() -> models.IntegerField[int, int]:
    """How many parts are in a currency for which there was no rate; the money of the row is then unknown."""
    return models.IntegerField(default=0, db_default=0)


class Rollup(models.Model):
    """Additive sums of one family of facts by day, channel and campaign. A null sum: a part of it is not reported."""

    pk = models.CompositePrimaryKey("day", "channel", "campaign_id")
    day = models.DateField()
    channel = models.CharField(max_length=20)
    # Of `campaigns.Campaign`; 0 where the facts name none.
    campaign_id = models.BigIntegerField()

    class Meta:
        abstract = True


class AdRollup(Rollup):
    impressions = models.BigIntegerField(null=True)
    clicks = models.BigIntegerField(null=True)
    spend_nano = whole_sum_or_unknown()
    conversions_millionths = whole_sum_or_unknown()
    conversion_value_nano = whole_sum_or_unknown()
    unconverted = unconverted()

    class Meta(Rollup.Meta):
        abstract = False


class LeadRollup(Rollup):
    leads = models.BigIntegerField()

    class Meta(Rollup.Meta):
        abstract = False


class OrderRollup(Rollup):
    orders = models.BigIntegerField()
    order_amount_nano = whole_sum_or_unknown()
    revenue_nano = whole_sum_or_unknown()
    unconverted = unconverted()

    class Meta(Rollup.Meta):
        abstract = False


class DataVersion(models.Model):
    """One row. Its number grows with every rebuild: what was computed under the same number is the same."""

    number = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=models.Q(pk=1), name="kpis_one_data_version")]

    def __str__(self) -> str:
        return str(self.number)
