"""What every KPI is made of. No Django here.

A measure is one column of one roll-up, summed over the asked days, channels and campaigns, or what another source of
`Source` gives for a period as a whole. Stored integers are divided by `scale` to give units: money is stored in
billionths, conversions in millionths.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from campaigns.records import MILLION, NANO
from kpis.expressions import Expression
from kpis.values import Reason, Value


def gettext_noop(text: str) -> str:
    return text


# The channels that ad spend buys; `cpl` divides by their leads only.
PAID_CHANNELS = ("paid_search", "paid_social", "display", "video")
# Days after which a cohort of leads has mostly become what it will.
COHORT_DAYS = 90
# Months for which a customer who never leaves is taken to stay.
HORIZON = 60


@dataclass(frozen=True, eq=False)
class Measure(Expression):
    """`column` of `source`, a roll-up (`kpis.roll_ups`) or a reader of whole periods (`kpis.customers`, `kpis.stocks`).

    `family`: the facts whose loaded days decide between 0 and unknown. Only rows of `channels` count, if given.
    `known_only`: parts that are not told are left out, and it is null (`missing`) where no part is told.
    `settles_late`: it keeps growing until its source's settle window is over, as conversions do that come weeks after the click.
    Spend and clicks are corrected for some three days only, and do not count as late. `matures_in`: days it keeps growing anyhow.
    `has_basis`: it is counted in several ways, which are never summed. `is_additive`: sums of parts are the whole.
    """

    slug: str
    name: str
    source: str
    column: str
    family: str
    scale: int = 1
    channels: tuple[str, ...] = ()
    known_only: bool = False
    missing: Reason = Reason.NOT_REPORTED
    settles_late: bool = False
    matures_in: int = 0
    has_basis: bool = False
    is_additive: bool = True

    def measures(self) -> Iterator[Measure]:
        yield self

    def value(self, of: Callable[[Measure], Value]) -> Value:
        return of(self)

    @property
    def is_money(self) -> bool:
        return self.scale == NANO


_ = gettext_noop
_MEASURES: dict[str, Measure] = {}


def _one(slug: str, name: str, where: str, family: str, *, scale: int = 1, channels: tuple[str, ...] = (),
         known_only: bool = False, missing: Reason = Reason.NOT_REPORTED, settles_late: bool = False, matures_in: int = 0,
         has_basis: bool = False, is_additive: bool = True) -> Measure:  # fmt: skip
    source, column = where.split(".")
    measure = Measure(slug, name, source, column, family, scale, channels, known_only, missing, settles_late, matures_in, has_basis,
                      is_additive)  # fmt: skip
    _MEASURES[slug] = measure
    return measure


# ------------------------------------------------------------------------------------------------------------------- ads
SPEND = _one("spend", _("ad spend"), "ads.spend_nano", "ads", scale=NANO)
IMPRESSIONS = _one("impressions", _("ad impressions"), "ads.impressions", "ads")
CLICKS = _one("clicks", _("link clicks on ads"), "ads.clicks", "ads")
CONVERSIONS = _one("conversions", _("conversions reported by the ad platforms"), "ads.conversions_millionths", "ads",
                   scale=MILLION, settles_late=True, has_basis=True)  # fmt: skip
CONVERSION_VALUE = _one("conversion_value", _("conversion value reported by the ad platforms"), "ads.conversion_value_nano", "ads",
                        scale=NANO, settles_late=True, has_basis=True)  # fmt: skip

# ----------------------------------------------------------------------------------------------------------------- costs
OTHER_MARKETING = _one("other_marketing_cost", _("marketing cost besides the ads"), "costs.marketing_nano", "costs", scale=NANO)
SALES_COST = _one("sales_cost", _("sales cost"), "costs.sales_nano", "costs", scale=NANO)

# ----------------------------------------------------------------------------------------------------------------- leads
LEADS = _one("leads", _("leads"), "leads.leads", "leads")
PAID_LEADS = _one("paid_leads", _("leads of paid channels"), "leads.leads", "leads", channels=PAID_CHANNELS)
MQLS = _one("mqls", _("leads that became marketing-qualified"), "leads.mqls", "leads")
SQLS = _one("sqls", _("leads that became sales-qualified"), "leads.sqls", "leads")
MQLS_TO_SQL = _one("mqls_to_sql", _("MQLs that ever became sales-qualified"), "leads.mqls_to_sql", "leads",
                   matures_in=COHORT_DAYS)  # fmt: skip
LEADS_TO_CUSTOMER = _one("leads_to_customer", _("leads that ever became customers"), "leads.leads_to_customer", "leads",
                         matures_in=COHORT_DAYS)  # fmt: skip
WON = _one("won", _("deals won"), "leads.won", "leads")
DAYS_TO_CLOSE = _one("days_to_close", _("days from lead to won deal"), "leads.days_to_close", "leads")

# ---------------------------------------------------------------------------------------------------------------- orders
ORDERS = _one("orders", _("orders"), "orders.orders", "orders")
ORDER_AMOUNT = _one("order_amount", _("order amounts before refunds"), "orders.order_amount_nano", "orders", scale=NANO)
REFUNDS = _one("refunds", _("refunds"), "orders.refunds_nano", "orders", scale=NANO)
REVENUE = _one("revenue", _("revenue"), "orders.revenue_nano", "orders", scale=NANO)
MARGIN = _one("margin", _("margin"), "orders.margin_nano", "orders", scale=NANO, missing=Reason.NOT_CHOSEN)
PAID_REVENUE = _one("paid_revenue", _("revenue of paid channels"), "orders.revenue_nano", "orders", scale=NANO, channels=PAID_CHANNELS)

# ------------------------------------------------------------------------------------------------------------- customers
# Counted per period from tables of their own: distinct people are not additive.
NEW_CUSTOMERS = _one("new_customers", _("new customers"), "acquired.customers", "purchases")
PAID_NEW_CUSTOMERS = _one("paid_new_customers", _("new customers of paid channels"), "acquired.customers", "purchases",
                          channels=PAID_CHANNELS)  # fmt: skip
CUSTOMERS = _one("customers", _("customers active in the period"), "active.customers", "purchases", is_additive=False)
KNOWN_REVENUE = _one("known_revenue", _("revenue of known customers"), "active.revenue_nano", "orders", scale=NANO)
REPEAT_REVENUE = _one("repeat_revenue", _("revenue of repeat customers"), "active.repeat_revenue_nano", "orders", scale=NANO,
                      is_additive=False)  # fmt: skip
ACQUIRED_SO_FAR = _one("acquired_so_far", _("customers acquired up to the end of the period"), "active.acquired_so_far", "purchases",
                       is_additive=False)  # fmt: skip
AT_START = _one("customers_at_start", _("customers at the start of the period"), "retention.at_start", "purchases", is_additive=False)
AT_END = _one("customers_at_end", _("customers at the end of the period"), "retention.at_end", "purchases", is_additive=False)
NEW_AT_END = _one("new_at_end", _("customers at the end who were won in the period"), "retention.new_at_end", "purchases",
                  is_additive=False)  # fmt: skip
MRR_AT_START = _one("mrr_at_start", _("monthly recurring revenue at the start"), "recurring.at_start_nano", "subscriptions", scale=NANO,
                    is_additive=False)  # fmt: skip
MRR_LOST = _one("mrr_lost", _("recurring revenue of the start that was lost or reduced"), "recurring.lost_nano", "subscriptions",
                scale=NANO, is_additive=False)  # fmt: skip
MRR_KEPT = _one("mrr_kept", _("recurring revenue of the same customers at the end"), "recurring.kept_nano", "subscriptions", scale=NANO,
                is_additive=False)  # fmt: skip
MONTHLY_REVENUE = _one("monthly_revenue", _("revenue of known customers in whole months"), "lifetime.revenue_nano", "orders", scale=NANO,
                       is_additive=False)  # fmt: skip
MONTHLY_MARGIN = _one("monthly_margin", _("margin of known customers in whole months"), "lifetime.margin_nano", "orders", scale=NANO,
                      missing=Reason.NOT_CHOSEN, is_additive=False)  # fmt: skip
MONTHLY_CUSTOMERS = _one("monthly_customers", _("active customers of each of these months"), "lifetime.customers", "purchases",
                         is_additive=False)  # fmt: skip
# Two parts, for a quotient of them is exact.
MONTHS_STAYED = _one("months_stayed", _("months that customers were there for"), "lifetime.stayed", "purchases", is_additive=False)
CUSTOMERS_LEFT = _one("customers_left", _("customers who left in them, at least one in 60 months"), "lifetime.left_sixtieths",
                      "purchases", scale=HORIZON, is_additive=False)  # fmt: skip
PAYBACK_MONTHS = _one("payback_months", _("months until what was acquired has paid its cost"), "payback.months", "orders",
                      known_only=True, missing=Reason.NEVER, is_additive=False)  # fmt: skip
BROUGHT = _one("brought_so_far", _("what the customers of the period brought in so far"), "payback.brought_nano", "orders", scale=NANO,
               is_additive=False)  # fmt: skip

# ------------------------------------------------------------------------------------------------------------------ site
SESSIONS = _one("sessions", _("sessions"), "site.sessions", "site")
ENGAGED_SESSIONS = _one("engaged_sessions", _("engaged sessions"), "site.engaged_sessions", "site")
BOUNCES = _one("bounces", _("single-page sessions"), "site.bounces", "site")
SESSION_SECONDS = _one("session_seconds", _("seconds of sessions"), "site.session_seconds", "site")
SITE_CONVERSIONS = _one("site_conversions", _("conversions recorded by web analytics"), "site.conversions_millionths", "site",
                        scale=MILLION, settles_late=True)  # fmt: skip
PAGEVIEWS = _one("pageviews", _("page views"), "pages.views", "pages")
EXITS = _one("exits", _("exits"), "pages.exits", "pages")
PAGE_SECONDS = _one("page_seconds", _("seconds on pages"), "pages.seconds", "pages", has_basis=True)
TIMED_VIEWS = _one("timed_views", _("page views whose time is known"), "pages.timed_views", "pages", has_basis=True)

# ---------------------------------------------------------------------------------------------------------------- e-mail
EMAIL_SENT = _one("email_sent", _("e-mails sent"), "email.sent", "email")
HARD_BOUNCES = _one("hard_bounces", _("hard bounces"), "email.hard_bounces", "email")
SOFT_BOUNCES = _one("soft_bounces", _("soft bounces"), "email.soft_bounces", "email")
UNIQUE_OPENS = _one("unique_opens", _("unique opens per e-mail"), "email.unique_opens", "email", settles_late=True, has_basis=True)
UNIQUE_CLICKS = _one("unique_clicks", _("unique clicks per e-mail"), "email.unique_clicks", "email", settles_late=True)
UNSUBSCRIBES = _one("unsubscribes", _("unsubscribes"), "email.unsubscribes", "email")
COMPLAINTS = _one("spam_complaints", _("spam complaints"), "email.spam_complaints", "email")
SEED_SENT = _one("seed_sent", _("seed-list messages sent"), "email.seed_sent", "email", known_only=True, missing=Reason.NO_SEED_TEST)
SEED_INBOX = _one("seed_inbox", _("seed-list messages found in the inbox"), "email.seed_inbox", "email", known_only=True,
                  missing=Reason.NO_SEED_TEST)  # fmt: skip
EMAIL_REVENUE = _one("email_revenue", _("revenue claimed by the e-mail platform"), "email.revenue_nano", "email", scale=NANO,
                     settles_late=True)  # fmt: skip
SUBSCRIBERS_BEFORE = _one("subscribers_before", _("subscribers the evening before"), "stocks.subscribers_before", "audience",
                          is_additive=False)  # fmt: skip
SUBSCRIBERS = _one("subscribers", _("subscribers at the end"), "stocks.subscribers", "audience", is_additive=False)

# ---------------------------------------------------------------------------------------------------------------- social
SOCIAL_IMPRESSIONS = _one("social_impressions", _("impressions of posts"), "social.impressions", "social")
SOCIAL_REACH = _one("social_reach", _("reach, added up over posts and days"), "social.reach", "social")
LIKES = _one("likes", _("likes"), "social.likes", "social")
COMMENTS = _one("comments", _("comments"), "social.comments", "social")
SHARES = _one("shares", _("shares"), "social.shares", "social")
SAVES = _one("saves", _("saves"), "social.saves", "social")
MESSAGES = _one("messages", _("messages"), "social.messages", "social")
REPLIES = _one("replies", _("replies"), "social.replies", "social")
LINK_CLICKS = _one("link_clicks", _("link clicks on posts"), "social.link_clicks", "social")
ENGAGEMENTS = _one("engagements", _("engagements of the kinds that count"), "social.engagements", "social")
VIDEO_SECONDS = _one("video_seconds", _("seconds of video watched"), "social.video_seconds", "social")
FOLLOWERS = _one("followers", _("followers at the end"), "stocks.followers", "audience", is_additive=False)

MEASURES: dict[str, Measure] = dict(_MEASURES)
