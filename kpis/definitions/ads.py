"""Ads, and what marketing earns on what it costs."""

from __future__ import annotations

from kpis import measures as m
from kpis.definitions.base import Definition, Direction, Unit, gettext_noop

_ = gettext_noop
MONEY, COUNT, FRACTION, MULTIPLE = Unit.MONEY, Unit.COUNT, Unit.FRACTION, Unit.MULTIPLE
UP, DOWN, NEUTRAL = Direction.UP, Direction.DOWN, Direction.NEUTRAL
MARKETING_COST = m.SPEND + m.OTHER_MARKETING

DEFINITIONS = (
    Definition("spend", _("Ad spend"), _("Spend"), _("Sum of what the ad platforms charged"), MONEY, NEUTRAL, m.SPEND),
    Definition("impressions", _("Impressions"), _("Impressions"), _("Sum of ad impressions"), COUNT, NEUTRAL, m.IMPRESSIONS),
    Definition("clicks", _("Clicks"), _("Clicks"), _("Sum of link clicks on ads"), COUNT, NEUTRAL, m.CLICKS),
    Definition("ctr", _("Click-through rate"), _("CTR"), _("Clicks / impressions"), FRACTION, UP, m.CLICKS / m.IMPRESSIONS),
    Definition("cpc", _("Cost per click"), _("CPC"), _("Ad spend / clicks"), MONEY, DOWN, m.SPEND / m.CLICKS),
    Definition("cpm", _("Cost per mille"), _("CPM"), _("1,000 × ad spend / impressions"), MONEY, DOWN, 1000 * m.SPEND / m.IMPRESSIONS),
    Definition(
        "conversions", _("Conversions, as claimed by the platforms"), _("Conversions"),
        _("Conversions reported by the ad platforms, of the actions that count"), COUNT, UP, m.CONVERSIONS,
        label=_("Conversions (platforms' claim)"),
    ),
    Definition("cpa", _("Cost per conversion"), _("CPA"), _("Ad spend / conversions"), MONEY, DOWN, m.SPEND / m.CONVERSIONS),
    Definition(
        "ad_conversion_rate", _("Conversion rate of ads"), _("CVR"), _("Conversions / clicks"), FRACTION, UP, m.CONVERSIONS / m.CLICKS
    ),
    Definition(
        "conversion_value", _("Conversion value, as claimed by the platforms"), _("Conv. value"),
        _("Conversion value reported by the ad platforms, of the actions that count"), MONEY, UP, m.CONVERSION_VALUE,
        label=_("Conversion value (platforms' claim)"),
    ),
    Definition(
        "roas", _("Return on ad spend, as claimed by the platforms"), _("ROAS"),
        _("Conversion value reported by the ad platforms / ad spend"), MULTIPLE, UP, m.CONVERSION_VALUE / m.SPEND,
        label=_("ROAS (platforms' claim)"),
    ),
    Definition(
        "blended_roas", _("Blended return on ad spend (MER)"), _("Blended ROAS"), _("Revenue / ad spend"), MULTIPLE, UP,
        m.REVENUE / m.SPEND,
    ),
    Definition(
        "media_roi", _("Media return on investment"), _("Media ROI"), _("(Revenue of paid channels − ad spend) / ad spend"),
        FRACTION, UP, (m.PAID_REVENUE - m.SPEND) / m.SPEND,
    ),
    Definition(
        "roi", _("Return on marketing investment"), _("ROI"), _("(Revenue − all marketing cost) / all marketing cost"),
        FRACTION, UP, (m.REVENUE - MARKETING_COST) / MARKETING_COST,
    ),
    Definition(
        "margin_roi", _("Return on marketing investment, on margin"), _("Margin ROI"),
        _("(Margin − all marketing cost) / all marketing cost"), FRACTION, UP, (m.MARGIN - MARKETING_COST) / MARKETING_COST,
    ),
)  # fmt: skip
