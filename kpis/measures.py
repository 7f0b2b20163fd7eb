"""The additive sums every KPI is made of. No Django here.

A measure is one column of one roll-up table, summed over the asked days, channels and campaigns. Scale: stored integers
are divided by it to give units (money is stored in billionths, conversions in millionths).
"""

from __future__ import annotations

from dataclasses import dataclass

from campaigns.records import NANO

# The channels that ad spend buys; `cpl` divides by their leads only.
PAID_CHANNELS = ("paid_search", "paid_social", "display", "video")


@dataclass(frozen=True)
class Measure:
    """`column` of the roll-up of `family`; only the rows of `channels` count, if given.

    `settles_late`: it keeps growing until its source's settle window is over, as conversions do that come weeks after the click.
    Spend and clicks are corrected for some three days only, and do not count as late.
    """

    slug: str
    family: str
    column: str
    scale: int = 1
    channels: tuple[str, ...] = ()
    settles_late: bool = False


_ALL = (
    Measure("spend", "ads", "spend_nano", NANO),
    Measure("impressions", "ads", "impressions"),
    Measure("clicks", "ads", "clicks"),
    Measure("conversion_value", "ads", "conversion_value_nano", NANO, settles_late=True),
    Measure("leads", "leads", "leads"),
    Measure("paid_leads", "leads", "leads", channels=PAID_CHANNELS),
    Measure("orders", "orders", "orders"),
    Measure("order_amount", "orders", "order_amount_nano", NANO),
    Measure("revenue", "orders", "revenue_nano", NANO),
)
MEASURES = {measure.slug: measure for measure in _ALL}
FAMILIES = tuple(dict.fromkeys(measure.family for measure in _ALL))
