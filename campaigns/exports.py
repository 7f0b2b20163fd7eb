"""What becomes of the tables of campaigns when a client is exported, and the files in the formats that are imported."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from zoneinfo import available_timezones

from django.db.models import Model

from accounts.models import Client
from accounts.portability import Reading, Table, Writing, leave_out, register
from campaigns.channels import CHANNELS
from campaigns.imports.kinds import FILE_SOURCE
from campaigns.models import (
    AdConversion,
    AdDay,
    AudienceDay,
    Budget,
    Campaign,
    CampaignAlias,
    ChannelRules,
    Connection,
    ConversionAction,
    Cost,
    Customer,
    Deal,
    DirtyDay,
    EmailDay,
    EmailSend,
    ErasedKey,
    LandingDay,
    Lead,
    LoadedSpan,
    Order,
    Origin,
    Page,
    PageDay,
    Person,
    PersonKey,
    PersonMerge,
    PlatformCampaign,
    Pull,
    Replaced,
    SavedMapping,
    SocialDay,
    SocialPost,
    SubscriptionSpan,
    SystemOfRecord,
    Target,
    Touch,
    Upload,
    UploadPart,
)  # fmt: skip
from campaigns.tables import FAMILIES

RECONNECT = "The client was restored from an export: connect this account again."
# A consent that is not there; what is read by API stays apart from what comes from files.
NO_CONSENT = 0
_CHANNEL = ", ".join(f"'{channel}'" for channel in CHANNELS)
_ZONES = ", ".join(f"'{zone}'" for zone in sorted(available_timezones()))
_FAMILIES = ", ".join(f"'{family}'" for family in FAMILIES)
_STATES = ", ".join(f"'{state}'" for state in Connection.State.values)
# Spaces and signs that no cell of an import may hold.
_UNPRINTABLE = r"[\u0001-\u001f\u007f-\u00a0\u00ad\u061c\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]"


def _of_api(then: str, otherwise: str) -> str:
    return f"CASE WHEN old.credential_id IS NOT NULL THEN {then} ELSE {otherwise} END"


def _one_of(column: str, allowed: str, reason: str) -> tuple[str, str, str]:
    return column, f"old.{column} IN ({allowed})", reason


@dataclass(frozen=True)
class ImportFile:
    """The facts of a family in the format of a kind of file. For people and other programs: a restoration reads the tables."""

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


def _money(column: str) -> str:
    """Decimal text of billionths, exact, with as many digits as it has."""
    return f"trim_scale({column} * 0.000000001)"


def _text(column: str) -> str:
    return f"nullif(trim(regexp_replace({column}, '{_UNPRINTABLE}', ' ', 'g')), '')"


def _instant(column: str) -> str:
    exact = f"""to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
    return f"replace({exact}, '.000000Z', 'Z')"


# The formats of leads and orders name no source: that of an API stands before its account, so that keys stay apart.
_ACCOUNT = f"CASE WHEN source.source = '{FILE_SOURCE}' THEN source.account ELSE left(source.source || '/' || source.account, 100) END"

ADS = f"""
    SELECT fact.day AS date, source.source, {_text("source.account")} AS account, {_text("platform.external_id")} AS campaign_id,
        {_text("platform.name")} AS campaign, platform.channel, fact.impressions, fact.clicks, {_money("fact.spend_nano")} AS spend,
        trim_scale(conversion.conversions_millionths * 0.000001) AS conversions, {_money("conversion.value_nano")} AS conversion_value
    FROM campaigns_adday AS fact
    JOIN campaigns_connection AS source ON source.id = fact.connection_id
    JOIN campaigns_platformcampaign AS platform ON platform.id = fact.campaign_id
    LEFT JOIN campaigns_adconversion AS conversion ON conversion.connection_id = fact.connection_id
        AND conversion.day = fact.day AND conversion.campaign_id = fact.campaign_id AND conversion.action = ''
    ORDER BY fact.day, fact.connection_id, fact.campaign_id
"""
LEADS = f"""
    SELECT {_text("fact.external_id")} AS lead_id, {_text(_ACCOUNT)} AS account, {_instant("fact.created_at")} AS created_at,
        nullif(origin.stated, '') AS channel,
        {_text("coalesce(campaign.name, origin.campaign_name)")} AS campaign, {_text("fact.landing_page")} AS landing_page, fact.score,
        {_instant("fact.mql_at")} AS mql_at, {_instant("fact.sql_at")} AS sql_at, {_instant("fact.won_at")} AS won_at,
        {_instant("fact.lost_at")} AS lost_at, {_text("fact.customer_ref")} AS customer_id, {_money("fact.value_nano")} AS value
    FROM campaigns_lead AS fact
    JOIN campaigns_connection AS source ON source.id = fact.connection_id
    JOIN campaigns_origin AS origin ON origin.id = fact.origin_id
    LEFT JOIN campaigns_campaign AS campaign ON campaign.id = origin.campaign_id
    ORDER BY fact.created_at, fact.connection_id, fact.external_id
"""
ORDERS = f"""
    SELECT {_text("fact.external_id")} AS order_id, {_text(_ACCOUNT)} AS account, {_text("fact.customer_ref")} AS customer_id,
        {_instant("fact.ordered_at")} AS ordered_at,
        {_money("CASE WHEN fact.kind = 'refund' THEN -fact.amount_nano ELSE fact.amount_nano END")} AS amount,
        {_money("fact.tax_nano")} AS tax, {_money("fact.shipping_nano")} AS shipping, fact.kind, {_text("fact.refund_of")} AS refund_of,
        {_text("fact.product")} AS product, {_money("fact.margin_nano")} AS margin, nullif(origin.stated, '') AS channel,
        {_text("coalesce(campaign.name, origin.campaign_name)")} AS campaign
    FROM campaigns_order AS fact
    JOIN campaigns_connection AS source ON source.id = fact.connection_id
    JOIN campaigns_origin AS origin ON origin.id = fact.origin_id
    LEFT JOIN campaigns_campaign AS campaign ON campaign.id = origin.campaign_id
    ORDER BY fact.ordered_at, fact.connection_id, fact.external_id
"""

_known_channel = _one_of("channel", f"'', {_CHANNEL}", "not a channel")
_known_stated = _one_of("stated", f"'', {_CHANNEL}", "not a channel")
register(
    ImportFile("ads", ADS),
    ImportFile("leads", LEADS),
    ImportFile("orders", ORDERS),
    Table(
        Connection,
        values={
            "credential_id": _of_api(str(NO_CONSENT), "NULL"),
            "state": _of_api(f"'{Connection.State.LOST_ACCESS}'", "old.state"),
            "problem": _of_api(f"'{RECONNECT}'", "old.problem"),
        },
        checks=[_one_of("timezone", _ZONES, "not a time zone"), _one_of("state", _STATES, "not a state of a connection")],
    ),
    Table(Upload),
    Table(Pull),
    Table(LoadedSpan),
    Table(Campaign, checks=[_known_channel, ("key", "old.key <> ''", "empty")]),
    Table(CampaignAlias),
    Table(ChannelRules),
    Table(Origin, checks=[_known_channel, _known_stated]),
    Table(Page),
    Table(PlatformCampaign, checks=[_known_channel]),
    Table(ConversionAction),
    Table(AdDay),
    Table(AdConversion),
    Table(EmailSend),
    Table(EmailDay),
    Table(LandingDay),
    Table(PageDay),
    Table(SocialDay),
    Table(SocialPost),
    Table(AudienceDay),
    Table(Person),
    Table(PersonKey),
    Table(PersonMerge),
    Table(ErasedKey),
    Table(Lead),
    Table(Deal),
    Table(Touch),
    Table(Customer),
    Table(Order, checks=[_one_of("kind", "'order', 'refund'", "not a kind of order")]),
    Table(SubscriptionSpan),
    Table(Cost),
    Table(Budget),
    Table(Target),
    Table(SystemOfRecord),
    Table(SavedMapping),
    Table(Replaced),
    Table(DirtyDay, checks=[_one_of("family", _FAMILIES, "not a family of facts")]),
)
leave_out(UploadPart, "pieces of files that wait for a person: they are stored nowhere yet")
