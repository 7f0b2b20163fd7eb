"""Every KPI as it is defined, over sums that are exact or raise the reason why they are not known."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any


class Unknown(Exception):
    """There is no figure."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def over(numerator: Fraction, denominator: Fraction) -> Fraction:
    if denominator == 0:
        raise Unknown("no_denominator")
    return numerator / denominator


def _delivered(m: Any) -> Fraction:
    return m.email_sent - m.hard_bounces - m.soft_bounces  # type: ignore[no-any-return]


def _marketing(m: Any) -> Fraction:
    return m.spend + m.other_marketing  # type: ignore[no-any-return]


def _cac(m: Any) -> Fraction:
    return over(_marketing(m) + m.sales_cost, m.new_customers)


def _clv(m: Any) -> Fraction:
    return over(m.monthly_revenue, m.monthly_customers) * over(m.months_stayed, m.customers_left)


FORMULAS: dict[str, Callable[[Any], Fraction]] = {
    # Ads and return
    "spend": lambda m: m.spend,
    "other_costs": lambda m: m.other_marketing,
    "impressions": lambda m: m.impressions,
    "clicks": lambda m: m.clicks,
    "ctr": lambda m: over(m.clicks, m.impressions),
    "cpc": lambda m: over(m.spend, m.clicks),
    "cpm": lambda m: over(1000 * m.spend, m.impressions),
    "conversions": lambda m: m.conversions,
    "cpa": lambda m: over(m.spend, m.conversions),
    "ad_conversion_rate": lambda m: over(m.conversions, m.clicks),
    "conversion_value": lambda m: m.conversion_value,
    "roas": lambda m: over(m.conversion_value, m.spend),
    "blended_roas": lambda m: over(m.revenue, m.spend),
    "media_roi": lambda m: over(m.paid_revenue - m.spend, m.spend),
    "roi": lambda m: over(m.revenue - _marketing(m), _marketing(m)),
    "margin_roi": lambda m: over(m.margin - _marketing(m), _marketing(m)),
    # Leads
    "leads": lambda m: m.leads,
    "cpl": lambda m: over(m.spend, m.paid_leads),
    "blended_cpl": lambda m: over(_marketing(m), m.leads),
    "mql": lambda m: m.mqls,
    "sql": lambda m: m.sqls,
    "mql_to_sql": lambda m: over(m.mqls_to_sql, m.mqls),
    "mql_to_sql_period": lambda m: over(m.sqls, m.mqls),
    "lead_to_customer": lambda m: over(m.leads_to_customer, m.leads),
    "days_to_close": lambda m: over(m.days_to_close, m.won),
    "won": lambda m: m.won,
    # Revenue
    "revenue": lambda m: m.revenue,
    "refunds": lambda m: m.refunds,
    "orders": lambda m: m.orders,
    "aov": lambda m: over(m.order_amount, m.orders),
    # Customers
    "new_customers": lambda m: m.new_customers,
    "media_cac": lambda m: over(m.spend, m.paid_new_customers),
    "cac": _cac,
    "customers": lambda m: m.customers,
    "arpa": lambda m: over(m.known_revenue, m.customers),
    "arpa_by_acquisition": lambda m: over(m.known_revenue, m.acquired_so_far),
    "clv": _clv,
    "margin_clv": lambda m: over(m.monthly_margin, m.monthly_customers) * over(m.months_stayed, m.customers_left),
    "ltv_to_cac": lambda m: over(_clv(m), _cac(m)),
    "payback_months": lambda m: 0 * (_marketing(m) + m.sales_cost) + m.payback_months,
    "retention_rate": lambda m: over(m.at_end - m.new_at_end, m.at_start),
    "churn_rate": lambda m: 1 - over(m.at_end - m.new_at_end, m.at_start),
    "revenue_churn_rate": lambda m: over(m.mrr_lost, m.mrr_at_start),
    "grr": lambda m: over(m.mrr_at_start - m.mrr_lost, m.mrr_at_start),
    "nrr": lambda m: over(m.mrr_kept, m.mrr_at_start),
    "repeat_revenue": lambda m: m.repeat_revenue,
    "repeat_revenue_share": lambda m: over(m.repeat_revenue, m.known_revenue),
    # Website
    "sessions": lambda m: m.sessions,
    "pageviews": lambda m: m.pageviews,
    "bounce_rate": lambda m: over(m.sessions - m.engaged_sessions, m.sessions),
    "bounce_rate_classic": lambda m: over(m.bounces, m.sessions),
    "engagement_rate": lambda m: over(m.engaged_sessions, m.sessions),
    "landing_conversion_rate": lambda m: over(m.site_conversions, m.sessions),
    "time_on_page": lambda m: over(m.page_seconds, m.timed_views),
    "session_duration": lambda m: over(m.session_seconds, m.sessions),
    "exit_rate": lambda m: over(m.exits, m.pageviews),
    "site_conversions": lambda m: m.site_conversions,
    # E-mail
    "email_sent": lambda m: m.email_sent,
    "email_delivered": _delivered,
    "delivery_rate": lambda m: over(_delivered(m), m.email_sent),
    "inbox_rate": lambda m: over(m.seed_inbox, m.seed_sent),
    "open_rate": lambda m: over(m.unique_opens, _delivered(m)),
    "click_rate": lambda m: over(m.unique_clicks, _delivered(m)),
    "click_to_open": lambda m: over(m.unique_clicks, m.unique_opens),
    "unsubscribe_rate": lambda m: over(m.unsubscribes, _delivered(m)),
    "list_unsubscribe_rate": lambda m: over(m.unsubscribes, m.subscribers_before),
    "subscribers": lambda m: m.subscribers,
    "list_growth": lambda m: over(m.subscribers - m.subscribers_before, m.subscribers_before),
    "email_bounce_rate": lambda m: over(m.hard_bounces + m.soft_bounces, m.email_sent),
    "complaint_rate": lambda m: over(m.complaints, _delivered(m)),
    "revenue_per_recipient": lambda m: over(m.email_revenue, _delivered(m)),
    # Social networks
    "social_impressions": lambda m: m.social_impressions,
    "social_reach": lambda m: m.social_reach,
    "followers": lambda m: m.followers,
    "engagements": lambda m: m.engagements,
    "likes": lambda m: m.likes,
    "comments": lambda m: m.comments,
    "shares": lambda m: m.shares,
    "saves": lambda m: m.saves,
    "messages": lambda m: m.messages,
    "replies": lambda m: m.replies,
    "link_clicks": lambda m: m.link_clicks,
    "engagement_rate_by_reach": lambda m: over(m.engagements, m.social_reach),
    "engagement_rate_by_impressions": lambda m: over(m.engagements, m.social_impressions),
    "engagement_rate_by_followers": lambda m: over(m.engagements, m.followers),
    "video_hours": lambda m: over(m.video_seconds, Fraction(3600)),
}
