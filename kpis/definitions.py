"""Every KPI, one entry each. Texts are marked for translation here and translated by whoever shows them. No Django here.

A KPI is `numerator`, or `numerator / denominator` times `times`, both summed over the whole slice before dividing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


def gettext_noop(text: str) -> str:
    return text


class Unit(StrEnum):
    MONEY = "money"  # of the client's currency
    COUNT = "count"
    FRACTION = "fraction"  # 0.25 is shown as 25 %
    MULTIPLE = "multiple"  # 4.2 is shown as 4.2x


class Direction(StrEnum):
    UP = "up"  # more is better
    DOWN = "down"  # less is better
    NEUTRAL = "neutral"  # a volume: neither


class Reason(StrEnum):
    """Why a figure is null."""

    NO_DENOMINATOR = "no_denominator"
    NOT_REPORTED = "not_reported"
    NOT_YET_OBSERVED = "not_yet_observed"
    NO_EXCHANGE_RATE = "no_exchange_rate"  # a part is in a currency for which no rate was imported
    NOT_COMPARABLE = "not_comparable"  # of a period before: one of the two is not wholly loaded


@dataclass(frozen=True)
class Definition:
    """`label` stands for a `name` that is too long for a headline, `short` for the name in the head of a column."""

    slug: str
    name: str
    short: str
    formula: str
    unit: Unit
    direction: Direction
    numerator: str
    denominator: str = ""
    times: int = 1
    label: str = ""

    @property
    def measures(self) -> tuple[str, ...]:
        """What it is made of: the numerator's measure and, of a ratio, the denominator's."""
        return tuple(slug for slug in (self.numerator, self.denominator) if slug)


_ = gettext_noop
_ALL = (
    Definition("spend", _("Ad spend"), _("Spend"), _("Sum of what the ad platforms charged"), Unit.MONEY, Direction.NEUTRAL, "spend"),
    Definition("impressions", _("Impressions"), _("Impressions"), _("Sum of ad impressions"), Unit.COUNT, Direction.NEUTRAL, "impressions"),
    Definition("clicks", _("Clicks"), _("Clicks"), _("Sum of link clicks on ads"), Unit.COUNT, Direction.NEUTRAL, "clicks"),
    Definition("ctr", _("Click-through rate"), _("CTR"), _("Clicks / impressions"), Unit.FRACTION, Direction.UP, "clicks", "impressions"),
    Definition("cpc", _("Cost per click"), _("CPC"), _("Ad spend / clicks"), Unit.MONEY, Direction.DOWN, "spend", "clicks"),
    Definition(
        "cpm", _("Cost per mille"), _("CPM"), _("1,000 × ad spend / impressions"), Unit.MONEY, Direction.DOWN, "spend", "impressions", 1000
    ),
    Definition("leads", _("Leads"), _("Leads"), _("Leads by the day they were created"), Unit.COUNT, Direction.UP, "leads"),
    Definition(
        "cpl", _("Media cost per lead"), _("CPL"), _("Ad spend / leads of paid channels"), Unit.MONEY, Direction.DOWN, "spend", "paid_leads"
    ),
    Definition(
        "revenue",
        _("Revenue"),
        _("Revenue"),
        _("Order amounts net of tax − refunds by the day they were made"),
        Unit.MONEY,
        Direction.UP,
        "revenue",
    ),
    Definition("orders", _("Orders"), _("Orders"), _("Orders by the day they were placed"), Unit.COUNT, Direction.UP, "orders"),
    Definition(
        "aov",
        _("Average order value"),
        _("AOV"),
        _("Order amounts before refunds / orders"),
        Unit.MONEY,
        Direction.UP,
        "order_amount",
        "orders",
    ),
    Definition(
        "roas",
        _("Return on ad spend, as claimed by the platforms"),
        _("ROAS"),
        _("Conversion value reported by the ad platforms / ad spend"),
        Unit.MULTIPLE,
        Direction.UP,
        "conversion_value",
        "spend",
        label=_("ROAS (platforms' claim)"),
    ),
)
DEFINITIONS = {definition.slug: definition for definition in _ALL}
