"""Ads, and what marketing earns on what it costs."""

from __future__ import annotations

from kpis import measures as m
from kpis.definitions.base import Definition, Direction, Unit, gettext_noop

_ = gettext_noop
MONEY, COUNT, FRACTION, MULTIPLE = Unit.MONEY, Unit.COUNT, Unit.FRACTION, Unit.MULTIPLE
UP, DOWN, NEUTRAL = Direction.UP, Direction.DOWN, Direction.NEUTRAL
MARKETING_COST = m.SPEND + m.OTHER_MARKETING

DEFINITIONS = (
    Definition(
        "spend", _("Ad spend"), _("Spend"), _("Sum of what the ad platforms charged"), MONEY, NEUTRAL, m.SPEND,
        caveats=(
            _("Agency fees and other marketing costs are not in it."),
            _("Amounts in another currency are converted at the rate of each day."),
        ),
    ),
    Definition(
        "other_costs", _("Other marketing costs"), _("Other costs"), _("Marketing cost besides the ads, as entered or imported"), MONEY,
        NEUTRAL, m.OTHER_MARKETING,
        caveats=(
            _("Agency fees, tools and the like; a cost of a month is spread evenly over its days."),
            _("Only what was entered or imported is known."),
        ),
    ),
    Definition(
        "impressions", _("Impressions"), _("Impressions"), _("Sum of ad impressions"), COUNT, NEUTRAL, m.IMPRESSIONS,
        caveats=(
            _("Ads only; impressions of posts are a KPI of their own."),
        ),
    ),
    Definition(
        "clicks", _("Clicks"), _("Clicks"), _("Sum of link clicks on ads"), COUNT, NEUTRAL, m.CLICKS,
        caveats=(
            _("Link clicks only: Meta's “clicks (all)”, which also counts likes and comments, is higher."),
        ),
    ),
    Definition(
        "ctr", _("Click-through rate"), _("CTR"), _("Clicks / impressions"), FRACTION, UP, m.CLICKS / m.IMPRESSIONS,
        caveats=(
            _("Of link clicks: Meta's “CTR (all)” is higher."),
        ),
    ),
    Definition(
        "cpc", _("Cost per click"), _("CPC"), _("Ad spend / clicks"), MONEY, DOWN, m.SPEND / m.CLICKS,
        caveats=(
            _("Of link clicks: Meta's “CPC (all)” is lower."),
        ),
    ),
    Definition(
        "cpm", _("Cost per mille"), _("CPM"), _("1,000 × ad spend / impressions"), MONEY, DOWN, 1000 * m.SPEND / m.IMPRESSIONS,
        caveats=(
            _("Per impression, not per person reached."),
        ),
    ),
    Definition(
        "conversions", _("Conversions, as claimed by the platforms"), _("Conversions"),
        _("Conversions reported by the ad platforms, of the actions that count"), COUNT, UP, m.CONVERSIONS,
        caveats=(
            _("Two platforms may both claim the same sale: the sum can exceed what was sold."),
            _("Which actions count is chosen for each connection."),
            _("Figures counted with different attribution settings are never added up."),
        ),
        label=_("Conversions (platforms' claim)"),
    ),
    Definition(
        "cpa", _("Cost per acquisition, as claimed by the platforms"), _("CPA"), _("Ad spend / conversions"), MONEY, DOWN,
        m.SPEND / m.CONVERSIONS,
        caveats=(
            _("An acquisition is any conversion that counts, not a new customer: that is the customer acquisition cost."),
            _("Too high for recent days, until late conversions are reported."),
        ),
        label=_("CPA (platforms' claim)"),
    ),
    Definition(
        "ad_conversion_rate", _("Conversion rate of ads"), _("Conv. rate"), _("Conversions / clicks"), FRACTION, UP,
        m.CONVERSIONS / m.CLICKS,
        caveats=(
            _("May exceed 100%: one click can lead to several conversions."),
            _("Google Ads divides by interactions, of which clicks are only a part; its rate may be lower."),
        ),
    ),
    Definition(
        "conversion_value", _("Conversion value, as claimed by the platforms"), _("Conv. value"),
        _("Conversion value reported by the ad platforms, of the actions that count"), MONEY, UP, m.CONVERSION_VALUE,
        caveats=(
            _("What the platforms attribute to themselves; revenue as the shop or the CRM tells it is a KPI of its own."),
            _("Two platforms may both claim the same sale: the sum can exceed what was sold."),
        ),
        label=_("Conversion value (platforms' claim)"),
    ),
    Definition(
        "roas", _("Return on ad spend, as claimed by the platforms"), _("ROAS"),
        _("Conversion value reported by the ad platforms / ad spend"), MULTIPLE, UP, m.CONVERSION_VALUE / m.SPEND,
        caveats=(
            _("Of revenue, not of profit: a ROAS of 1 still loses the cost of the goods."),
            _("Two platforms may both claim the same sale; the blended ROAS does not have this flaw."),
            _("Unknown, and not 0, where a platform reports no value."),
        ),
        label=_("ROAS (platforms' claim)"),
    ),
    Definition(
        "blended_roas", _("Blended return on ad spend (MER)"), _("Blended ROAS"), _("Revenue / ad spend"), MULTIPLE, UP,
        m.REVENUE / m.SPEND,
        caveats=(
            _("Counts all revenue, also what no ad brought in."),
        ),
    ),
    Definition(
        "media_roi", _("Media return on investment"), _("Media ROI"), _("(Revenue of paid channels − ad spend) / ad spend"), FRACTION, UP,
        (m.PAID_REVENUE - m.SPEND) / m.SPEND,
        caveats=(
            _("Net of the spend: 0% means that revenue equals it. Google's “ROI” often means value / cost instead."),
            _("Revenue by the channel of the order, not as the platforms claim it."),
        ),
    ),
    Definition(
        "roi", _("Return on marketing investment"), _("ROI"), _("(Revenue − all marketing cost) / all marketing cost"), FRACTION, UP,
        (m.REVENUE - MARKETING_COST) / MARKETING_COST,
        caveats=(
            _("Marketing cost is ad spend and the costs that were entered or imported: what is missing makes it look better."),
            _("Of revenue, not of margin: the cost of the goods is not taken off."),
        ),
    ),
    Definition(
        "margin_roi", _("Return on marketing investment, on margin"), _("Margin ROI"),
        _("(Margin − all marketing cost) / all marketing cost"), FRACTION, UP, (m.MARGIN - MARKETING_COST) / MARKETING_COST,
        caveats=(
            _("The margin is that of each order; where orders do not tell it, the chosen share of revenue."),
        ),
    ),
)  # fmt: skip
