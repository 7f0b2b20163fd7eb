"""Where the records of each kind are stored, and by what they are found again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from django.db import models

from campaigns import models as stored
from campaigns import records
from campaigns.records import Record


@dataclass(frozen=True)
class Table:
    """Records of one kind. `key` columns identify a row within its connection, `values` are compared and replaced.

    `renamed`: columns whose attribute in the record differs. `instants`: columns of moments which count on their own days.
    `until`: the column of a fact's last day, where it lasts. `newest`: the column that says which of two snapshots is newer;
    it is not compared.
    """

    model: type[models.Model]
    record: type[Record]
    family: str
    key: tuple[str, ...]
    values: tuple[str, ...]
    renamed: Mapping[str, str] = field(default_factory=dict)
    instants: tuple[str, ...] = ()
    until: str = ""
    newest: str = ""

    @property
    def name(self) -> str:
        return self.model._meta.db_table

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.key, *self.written)

    @property
    def written(self) -> tuple[str, ...]:
        """What replaces the cells of a row that is stored already."""
        return (*self.values, *((self.newest,) if self.newest else ()))

    @property
    def refers_to_origin(self) -> bool:
        return "origin_id" in self.columns

    @property
    def refers_to_page(self) -> bool:
        return "page_id" in self.columns

    def counted(self, side: str, zone: str) -> list[str]:
        """SQL of the days on which a row counts: its own, and those of its moments in the client's zone."""
        instants = [f"({side}.{column} AT TIME ZONE '{zone}')::date" for column in self.instants]
        return [f"{side}.day", *instants, *([f"{side}.{self.until}"] if self.until else [])]

    def days(self, counted: Iterable[date | None]) -> Iterable[date]:
        """The days that a row's `counted` stand for: those between, of a fact that lasts."""
        days = [day for day in counted if day]
        if not self.until or not days:
            return days
        return [date.fromordinal(day) for day in range(min(days).toordinal(), max(days).toordinal() + 1)]

    def staged(self) -> Iterator[tuple[str, str | None]]:
        """Each attribute of the records, in their order, and the column it is kept in."""
        kept = {self.renamed.get(column, REFERS.get(column, column)): column for column in self.columns}
        return ((attribute, kept.get(attribute)) for attribute in self.record.__struct_fields__)


# Columns that refer to a row made of what the record says there.
REFERS = {"campaign_id": "campaign_id", "origin_id": "origin", "page_id": "page"}


def _own(kind: type[Record]) -> tuple[str, ...]:
    """What a kind of records has besides what every record has."""
    return tuple(name for name in kind.__struct_fields__ if name not in Record.__struct_fields__)


SOCIAL_COUNTS = _own(records.SocialCounts)
_EMAIL = _own(records.EmailCounts)
_LANDING = (
    "sessions", "engaged_sessions", "bounces", "pageviews", "session_seconds", "engagement_seconds", "conversions_millionths",
    "revenue_nano", "users",
)  # fmt: skip
_LEAD = (
    "created_at", "day", "origin_id", "landing_page", "score", "mql_at", "sql_at", "won_at", "lost_at", "customer_ref", "value_nano",
    "currency", "email_hash",
)  # fmt: skip
_ORDER = (
    "kind", "ordered_at", "day", "amount_nano", "tax_nano", "shipping_nano", "margin_nano", "currency", "customer_ref", "email_hash",
    "refund_of", "product", "origin_id",
)  # fmt: skip
_ID = ("external_id",)

TABLES: tuple[Table, ...] = (
    Table(stored.AdDay, records.AdDay, "ads", ("day", "campaign_id"), ("impressions", "clicks", "all_clicks", "spend_nano")),
    Table(
        stored.AdConversion, records.AdConversion, "ads", ("day", "campaign_id", "action"),
        ("conversions_millionths", "value_nano", "basis"),
    ),
    Table(
        stored.EmailSend, records.EmailSend, "email", _ID,
        ("day", "sent_at", "name", "subject", "list_name", "origin_id", *_EMAIL, "seed_sent", "seed_inbox", "revenue_nano", "currency"),
        {"external_id": "send_id", "name": "campaign", "origin_id": "origin"}, newest="observed_at",
    ),
    Table(stored.EmailDay, records.EmailDay, "email_days", ("day", "list_name"), _EMAIL),
    Table(stored.LandingDay, records.LandingDay, "site", ("day", "page_id", "origin_id"), _LANDING),
    Table(stored.PageDay, records.PageDay, "pages", ("day", "page_id"), ("views", "exits", "seconds", "basis")),
    Table(
        stored.SocialDay, records.SocialDay, "social", ("day", "external_id"), (*SOCIAL_COUNTS, "title", "url"),
        {"external_id": "post_id"},
    ),
    # A word of SQL, which cannot stand there bare.
    Table(
        stored.AudienceDay, records.AudienceDay, "audience", ("day", "list_name"), ("subscribers", "joined", '"left"'), {'"left"': "left"},
    ),
    Table(
        stored.Lead, records.Lead, "leads", _ID, _LEAD, {"external_id": "lead_id", "customer_ref": "customer_id"},
        instants=("mql_at", "sql_at", "won_at", "lost_at"),
    ),
    Table(
        stored.Deal, records.Deal, "deals", _ID,
        ("lead_ref", "name", "created_at", "day", "stage", "stages", "won_at", "lost_at", "amount_nano", "currency"),
        {"external_id": "deal_id", "lead_ref": "lead_id"}, instants=("won_at", "lost_at"),
    ),
    Table(
        stored.Touch, records.Touch, "touches", _ID,
        ("at", "day", "lead_ref", "customer_ref", "origin_id", "kind", "asset", "converted_at", "value_nano", "currency"),
        {"external_id": "touch_id", "lead_ref": "lead_id", "customer_ref": "customer_id"}, instants=("converted_at",),
    ),
    Table(
        stored.Customer, records.Customer, "customers", _ID, ("day", "acquired_at", "cancelled_at", "origin_id", "email_hash"),
        {"external_id": "customer_id"}, instants=("cancelled_at",),
    ),
    Table(
        stored.Order, records.Order, "orders", _ID, _ORDER, {"external_id": "order_id", "customer_ref": "customer_id"},
    ),
    Table(
        stored.SubscriptionSpan, records.SubscriptionSpan, "subscriptions", ("external_id", "started_at"),
        ("day", "ended_at", "customer_ref", "mrr_nano", "currency"),
        {"external_id": "subscription_id", "customer_ref": "customer_id"}, instants=("ended_at",),
    ),
    Table(stored.Cost, records.Cost, "costs", ("name", "day", "until"), ("amount_nano", "currency", "origin_id"), until="until"),
    Table(stored.Budget, records.Budget, "budgets", ("day", "origin_id"), ("amount_nano", "currency")),
    Table(stored.Target, records.Target, "targets", ("day", "kpi", "origin_id"), ("value_nano", "currency")),
)  # fmt: skip
FAMILIES = tuple(dict.fromkeys(table.family for table in TABLES))
# What a tombstone may name.
KEYED = {
    "lead": stored.Lead, "deal": stored.Deal, "touch": stored.Touch, "customer": stored.Customer, "order": stored.Order,
    "subscription": stored.SubscriptionSpan,
}  # fmt: skip


def of_family(family: str) -> list[Table]:
    return [table for table in TABLES if table.family == family]


def table_of(model: type[models.Model]) -> Table:
    return next(table for table in TABLES if table.model is model)
