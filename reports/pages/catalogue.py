"""Every page of a client, one entry each: the figures it shows, in the order in which they are read."""

from __future__ import annotations

from dataclasses import dataclass, field

from campaigns.channels import gettext_noop as _
from reports.gather import channels, headlines


@dataclass(frozen=True)
class Page:
    """`name` is that of its address, in the navigation too.

    `tiles`: KPIs at its head, as many as `most` of those there is data of. `courses`: charts, each of KPIs of one unit on one axis.
    `layers`: KPIs stacked by channel. `columns`: of the table by channel. `campaigns`: of the table by campaign, all of them or the
    `listed` ones that cost most. `times`: of a table by day, week or month. `parts`: further parts, by the names of `reports.pages.parts`.
    `empty`: what to do where there is nothing of it yet.
    """

    name: str
    title: str
    tiles: tuple[str, ...]
    most: int = 6
    courses: tuple[tuple[str, ...], ...] = ()
    layers: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    campaigns: tuple[str, ...] = ()
    listed: int | None = None
    times: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    # Whether it may be confined to channels, campaigns and labels.
    is_divisible: bool = True
    empty: str = field(default="")

    @property
    def in_courses(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(slug for course in self.courses for slug in course))


OVERVIEW = Page(
    "overview",
    _("Overview"),
    tiles=headlines.CANDIDATES,
    courses=(("revenue", "spend"),),
    layers=("leads",),
    columns=channels.COLUMNS,
    campaigns=("spend", "clicks", "ctr", "leads", "cpl", "revenue", "roas"),
    listed=5,
    parts=("summary", "moves", "month", "notes"),
)
CHANNELS = Page(
    "channels",
    _("Channels"),
    tiles=("revenue", "spend", "other_costs", "blended_roas", "leads", "blended_cpl", "new_customers", "cac"),
    layers=("revenue", "leads"),
    columns=("spend", "other_costs", "leads", "cpl", "mql", "new_customers", "cac", "orders", "revenue", "roas", "roi"),
    parts=("waterfalls",),
    empty=_("No results by channel yet"),
)
CAMPAIGNS = Page(
    "campaigns",
    _("Campaigns"),
    tiles=("spend", "impressions", "clicks", "ctr", "cpc", "leads", "cpl", "conversions", "cpa", "roas", "revenue", "orders"),
    courses=(("spend",), ("leads", "conversions")),
    campaigns=("spend", "impressions", "clicks", "ctr", "cpc", "conversions", "leads", "cpl", "orders", "revenue", "roas"),
    parts=("ranking",),
    empty=_("No campaign data yet"),
)
# One campaign, day by day.
CAMPAIGN = Page(
    "campaigns",
    _("Campaigns"),
    tiles=("spend", "impressions", "clicks", "ctr", "cpc", "conversions", "leads", "cpl", "orders", "revenue", "roas"),
    most=8,
    courses=(("spend",), ("clicks", "leads")),
    times=("spend", "impressions", "clicks", "ctr", "cpc", "conversions", "leads", "cpl", "orders", "revenue", "roas"),
)
FUNNEL = Page(
    "funnel",
    _("Funnel"),
    tiles=("leads", "mql", "sql", "won", "mql_to_sql", "lead_to_customer", "days_to_close", "cpl"),
    most=8,
    courses=(("leads", "mql", "sql", "won"),),
    columns=("leads", "mql", "sql", "mql_to_sql", "won", "lead_to_customer", "days_to_close"),
    parts=("funnel",),
    empty=_("No leads yet"),
)
CUSTOMERS = Page(
    "customers",
    _("Customers"),
    tiles=(
        "customers",
        "new_customers",
        "retention_rate",
        "churn_rate",
        "clv",
        "cac",
        "ltv_to_cac",
        "payback_months",
        "arpa",
        "repeat_revenue_share",
        "nrr",
        "grr",
    ),
    most=12,
    courses=(("new_customers",), ("customers",), ("repeat_revenue", "revenue")),
    columns=("new_customers", "cac", "clv", "ltv_to_cac", "payback_months", "arpa_by_acquisition", "orders", "revenue"),
    parts=("retention",),
    empty=_("No customers yet"),
)
EMAIL = Page(
    "email",
    _("E-mail"),
    tiles=(
        "email_delivered",
        "open_rate",
        "click_rate",
        "click_to_open",
        "unsubscribe_rate",
        "email_bounce_rate",
        "inbox_rate",
        "complaint_rate",
        "subscribers",
        "list_growth",
        "revenue_per_recipient",
        "delivery_rate",
    ),
    most=12,
    courses=(("open_rate", "click_rate"), ("email_delivered",)),
    parts=("mailings",),
    is_divisible=False,
    empty=_("No e-mail data yet"),
)
SITE = Page(
    "site",
    _("Site"),
    tiles=(
        "sessions",
        "site_conversions",
        "landing_conversion_rate",
        "bounce_rate",
        "engagement_rate",
        "time_on_page",
        "session_duration",
        "pageviews",
    ),
    most=8,
    courses=(("sessions",), ("landing_conversion_rate",), ("bounce_rate",)),
    columns=("sessions", "site_conversions", "landing_conversion_rate", "bounce_rate", "engagement_rate", "time_on_page"),
    parts=("pages",),
    empty=_("No web analytics data yet"),
)
SOCIAL = Page(
    "social",
    _("Social networks"),
    tiles=(
        "followers",
        "social_impressions",
        "engagements",
        "engagement_rate_by_impressions",
        "engagement_rate_by_followers",
        "link_clicks",
        "shares",
        "comments",
        "likes",
        "video_hours",
    ),
    most=8,
    courses=(("engagements", "link_clicks"), ("social_impressions",)),
    parts=("posts",),
    is_divisible=False,
    empty=_("No social media data yet"),
)
PAGES = {page.name: page for page in (OVERVIEW, CHANNELS, CAMPAIGNS, FUNNEL, CUSTOMERS, EMAIL, SITE, SOCIAL)}
