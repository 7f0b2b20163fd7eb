"""Facts in the formats that are imported, for people and other programs: a restoration reads the tables."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from django.db.models import Model

from accounts.models import Client
from accounts.portability import Reading, Writing

# Spaces and signs that no cell of an import may hold.
_UNPRINTABLE = r"[\u0001-\u001f\u007f-\u00a0\u00ad\u061c\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]"


@dataclass(frozen=True)
class ImportFile:
    """The facts of one kind in the format of its file."""

    kind: str
    select: str
    models: Collection[type[Model]] = ()

    @property
    def name(self) -> str:
        return f"{self.kind}.csv"

    def write(self, archive: Writing, client: Client) -> None:
        archive.query(self.name, self.select)

    def read(self, archive: Reading, client: Client) -> None:
        """Nothing: it says less than the tables do."""


def import_files() -> Iterator[ImportFile]:
    return (ImportFile(kind, select) for kind, select in SELECTS.items())


def _money(column: str) -> str:
    """Decimal text of billionths, exact, with as many digits as it has."""
    return f"trim_scale({column} * 0.000000001)"


def _millionths(column: str) -> str:
    return f"trim_scale({column} * 0.000001)"


def _text(column: str) -> str:
    return f"nullif(trim(regexp_replace({column}, '{_UNPRINTABLE}', ' ', 'g')), '')"


def _instant(column: str) -> str:
    exact = f"""to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
    return f"replace({exact}, '.000000Z', 'Z')"


def _unsigned(column: str) -> str:
    """A refund is positive in a file."""
    return _money(f"CASE WHEN fact.kind = 'refund' THEN -fact.{column} ELSE fact.{column} END")


OWNER = f"source.source, {_text('source.account')} AS account"
CURRENCY = "coalesce(nullif(fact.currency, ''), source.currency) AS currency"
CAMPAIGN = f"{_text('coalesce(campaign.name, origin.campaign_name)')} AS campaign"
# A channel that somebody stated; what rules made of the rest is theirs to make again.
STATED = f"nullif(origin.stated, '') AS channel, {CAMPAIGN}"
SOURCE = "JOIN campaigns_connection AS source ON source.id = fact.connection_id"
ORIGIN = f"""{SOURCE} JOIN campaigns_origin AS origin ON origin.id = fact.origin_id
    LEFT JOIN campaigns_campaign AS campaign ON campaign.id = origin.campaign_id"""
_SOCIAL = "impressions reach likes comments shares saves messages replies link_clicks video_views video_seconds"
_EMAIL = "sent hard_bounces soft_bounces opens unique_opens clicks unique_clicks unsubscribes spam_complaints seed_sent seed_inbox"
_WEB = "sessions bounces engaged_sessions pageviews session_seconds engagement_seconds"


def _facts(columns: str) -> str:
    return ", ".join(f"fact.{column}" for column in columns.split())


SELECTS = {
    "ads": f"""
        SELECT fact.day AS date, {OWNER}, {_text("platform.external_id")} AS campaign_id, {_text("platform.name")} AS campaign,
            platform.channel, fact.impressions, fact.clicks, {_money("fact.spend_nano")} AS spend,
            {_millionths("conversion.conversions_millionths")} AS conversions, {_money("conversion.value_nano")} AS conversion_value,
            source.currency
        FROM campaigns_adday AS fact {SOURCE}
        JOIN campaigns_platformcampaign AS platform ON platform.id = fact.campaign_id
        LEFT JOIN campaigns_adconversion AS conversion ON conversion.connection_id = fact.connection_id
            AND conversion.day = fact.day AND conversion.campaign_id = fact.campaign_id AND conversion.action = ''
        ORDER BY fact.day, fact.connection_id, fact.campaign_id""",
    "email": f"""
        SELECT {_instant("fact.sent_at")} AS sent_at, {OWNER}, {_text("fact.external_id")} AS campaign_id,
            coalesce({_text("fact.name")}, {_text("fact.external_id")}) AS campaign, coalesce(fact.sent, 0) AS sent,
            {_facts(_EMAIL.removeprefix("sent "))}
        FROM campaigns_emailsend AS fact {SOURCE} ORDER BY fact.sent_at, fact.connection_id, fact.external_id""",
    "web": f"""
        SELECT fact.day AS date, {OWNER}, {_text("page.path")} AS landing_page, nullif(origin.channel, 'unknown') AS channel, {CAMPAIGN},
            coalesce(sum(fact.sessions), 0) AS sessions, {", ".join(f"sum(fact.{name}) AS {name}" for name in _WEB.split()[1:])},
            {_millionths("sum(fact.conversions_millionths)")} AS conversions, {_money("sum(fact.revenue_nano)")} AS revenue,
            CASE WHEN count(*) = 1 THEN max(fact.users) END AS users
        FROM campaigns_landingday AS fact {ORIGIN} JOIN campaigns_page AS page ON page.id = fact.page_id
        GROUP BY fact.day, source.id, page.path, origin.channel, {CAMPAIGN.removesuffix(" AS campaign")}
        ORDER BY fact.day, source.id, 4, 5, 6""",
    "pages": f"""
        SELECT fact.day AS date, {OWNER}, {_text("page.path")} AS page, coalesce(fact.views, 0) AS views, fact.exits, fact.seconds
        FROM campaigns_pageday AS fact {SOURCE} JOIN campaigns_page AS page ON page.id = fact.page_id
        WHERE {_text("page.path")} IS NOT NULL ORDER BY fact.day, fact.connection_id, page.path""",
    "social": f"""
        SELECT fact.day AS date, {OWNER}, {_text("fact.external_id")} AS post_id, {_text("fact.title")} AS title,
            nullif(fact.url, '') AS url, {_facts(_SOCIAL)}
        FROM campaigns_socialday AS fact {SOURCE} ORDER BY fact.day, fact.connection_id, fact.external_id""",
    "audience": f"""
        SELECT fact.day AS date, {OWNER}, {_text("fact.list_name")} AS list, coalesce(fact.subscribers, 0) AS subscribers, fact.joined,
            fact.left
        FROM campaigns_audienceday AS fact {SOURCE} ORDER BY fact.day, fact.connection_id, fact.list_name""",
    "leads": f"""
        SELECT {_text("fact.external_id")} AS lead_id, {OWNER}, {_instant("fact.created_at")} AS created_at, {STATED},
            {_text("fact.landing_page")} AS landing_page, fact.score, {_instant("fact.mql_at")} AS mql_at,
            {_instant("fact.sql_at")} AS sql_at, {_instant("fact.won_at")} AS won_at, {_instant("fact.lost_at")} AS lost_at,
            {_text("fact.customer_ref")} AS customer_id, {_money("fact.value_nano")} AS value
        FROM campaigns_lead AS fact {ORIGIN} ORDER BY fact.created_at, fact.connection_id, fact.external_id""",
    "customers": f"""
        SELECT {_text("fact.external_id")} AS customer_id, {OWNER}, {_instant("fact.acquired_at")} AS acquired_at, {STATED},
            {_instant("fact.cancelled_at")} AS cancelled_at
        FROM campaigns_customer AS fact {ORIGIN} ORDER BY fact.day, fact.connection_id, fact.external_id""",
    "touchpoints": f"""
        SELECT {_text("fact.lead_ref")} AS lead_id, {_text("fact.customer_ref")} AS customer_id, {OWNER}, {_instant("fact.at")} AS at,
            origin.channel, {CAMPAIGN}, nullif(fact.kind, '') AS kind, {_text("fact.asset")} AS asset,
            {_instant("fact.converted_at")} AS converted_at, {_money("fact.value_nano")} AS value
        FROM campaigns_touch AS fact {ORIGIN} ORDER BY fact.at, fact.connection_id, fact.external_id""",
    "orders": f"""
        SELECT {_text("fact.external_id")} AS order_id, {OWNER}, {_text("fact.customer_ref")} AS customer_id,
            {_instant("fact.ordered_at")} AS ordered_at, {_unsigned("amount_nano")} AS amount, {_unsigned("tax_nano")} AS tax,
            {_unsigned("shipping_nano")} AS shipping, fact.kind, {_text("fact.refund_of")} AS refund_of,
            {_text("fact.product")} AS product, {_money("fact.margin_nano")} AS margin, {CURRENCY}, {STATED}
        FROM campaigns_order AS fact {ORIGIN} ORDER BY fact.ordered_at, fact.connection_id, fact.external_id""",
    "subscriptions": f"""
        SELECT {_text("fact.external_id")} AS subscription_id, {OWNER}, {_text("fact.customer_ref")} AS customer_id,
            {_instant("fact.started_at")} AS started_at, {_instant("fact.ended_at")} AS ended_at, {_money("fact.mrr_nano")} AS mrr,
            {CURRENCY}
        FROM campaigns_subscriptionspan AS fact {SOURCE} ORDER BY fact.started_at, fact.connection_id, fact.external_id""",
    "costs": f"""
        SELECT CASE WHEN fact.until > fact.day THEN to_char(fact.day, 'YYYY-MM') END AS month,
            CASE WHEN fact.until = fact.day THEN fact.day END AS date, {_text("source.account")} AS account,
            {_text("fact.name")} AS name, {STATED}, {_money("fact.amount_nano")} AS amount, {CURRENCY}
        FROM campaigns_cost AS fact {ORIGIN} ORDER BY fact.day, fact.connection_id, fact.name""",
    "budgets": f"""
        SELECT to_char(fact.day, 'YYYY-MM') AS month, {_text("source.account")} AS account, {STATED},
            {_money("fact.amount_nano")} AS amount, {CURRENCY}
        FROM campaigns_budget AS fact {ORIGIN} ORDER BY fact.day, fact.connection_id, fact.origin_id""",
    "targets": f"""
        SELECT to_char(fact.day, 'YYYY-MM') AS month, {_text("source.account")} AS account, fact.kpi, {STATED},
            {_money("fact.value_nano")} AS value, nullif(fact.currency, '') AS currency
        FROM campaigns_target AS fact {ORIGIN} ORDER BY fact.day, fact.connection_id, fact.kpi, fact.origin_id""",
}
