"""The sums that KPIs are made of: which facts count, on which day, for which channel and campaign, and with how much."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cached_property
from math import floor
from types import SimpleNamespace

from campaigns import models as m
from tests.kpis.oracle.decided import Decided, fits_any
from tests.kpis.oracle.qualified import qualified_at
from tests.kpis.oracle.stored import ONE_DAY, NoRate, Place, Stored

NANO, MILLION = 10**9, 10**6
PAID = frozenset({"paid_search", "paid_social", "display", "video"})
# Nobody tells of pages and posts by channel.
NOWHERE = Place("", 0)


@dataclass(frozen=True)
class Row:
    """One part of a sum; None: not reported. `currency` is "" where it is no money."""

    day: date
    place: Place
    amount: int | None
    currency: str = ""


@dataclass
class Cell:
    """The rows of one day, channel and campaign together. `lacks_rate`: one is in a currency that cannot be converted."""

    place: Place
    amount: Fraction | None
    lacks_rate: bool


@dataclass
class Measure:
    """`family`: whose loaded days say what is known. `bases`: (day, channel, who says so, way of counting)."""

    family: str
    cells: dict[date, list[Cell]]
    scale: int = 1
    missing: str = "not_reported"
    known_only: bool = False
    is_divisible: bool = True
    channels: frozenset[str] = frozenset()
    bases: list[tuple[date, str, int, str]] = field(default_factory=list)


def half_up(number: Fraction) -> int:
    """To the nearest, halves away from zero."""
    return floor(abs(number) + Fraction(1, 2)) * (1 if number >= 0 else -1)


class Sums:
    """Every additive measure by name, made when it is first asked for."""

    def __init__(self, stored: Stored, decided: Decided) -> None:
        self.stored, self.decided = stored, decided
        self._made: dict[str, Measure] = {}
        # The ids of people who are customers, and what happened to each person.
        self.customers: set[int] = set()
        self.touches: dict[int, list[SimpleNamespace]] = {}

    def __getitem__(self, name: str) -> Measure:
        if name not in self._made:
            self._made[name] = self._measure(name)
        return self._made[name]

    def _measure(self, name: str) -> Measure:
        if name.startswith("paid_"):
            whole = self[name.removeprefix("paid_")]
            return Measure(whole.family, whole.cells, whole.scale, whole.missing, channels=PAID)
        family = next(family for family, one in FAMILIES.items() if name in one.names)
        return FAMILIES[family].measure(self, name, family)

    # ------------------------------------------------------------------------------------------------------------- ads
    def ads(self, name: str) -> Iterator[Row]:
        if name in ("conversions", "conversion_value"):
            return self._conversions("conversions_millionths" if name == "conversions" else "value_nano")
        return self._shown("spend_nano" if name == "spend" else name)

    def _shown(self, column: str) -> Iterator[Row]:
        """Of a day on which conversions are told but no ads, nothing was shown or spent."""
        rows = self.stored.rows(m.AdDay)
        shown = {(row.connection_id, row.day, row.campaign_id) for row in rows}
        for row in rows:
            yield Row(row.day, self._platform(row), getattr(row, column), self.stored.currency(row))
        for row in self._counting():
            if (row.connection_id, row.day, row.campaign_id) not in shown:
                yield Row(row.day, self._platform(row), 0, self.stored.currency(row))

    def _platform(self, row: SimpleNamespace) -> Place:
        campaign = self.stored.platform_campaigns[row.campaign_id]
        return Place(campaign.channel, campaign.campaign_id)

    def _conversions(self, column: str) -> Iterator[Row]:
        """Of the actions the client chose, else the platform's total; without a choice, a row of ads without a total tells of none."""
        told: dict[tuple[object, ...], list[SimpleNamespace]] = defaultdict(list)
        for row in self._counting():
            told[row.connection_id, row.day, row.campaign_id].append(row)
            yield Row(row.day, self._platform(row), getattr(row, column), self.stored.currency(row))
        for row in self.stored.rows(m.AdDay):
            if (row.connection_id, row.day, row.campaign_id) not in told:
                amount = 0 if row.connection_id in self._choosing else None
                yield Row(row.day, self._platform(row), amount, self.stored.currency(row))

    @property
    def _choosing(self) -> set[int]:
        return {row.connection_id for row in self.stored.rows(m.ConversionAction) if row.counts is not None}

    def _counting(self) -> list[SimpleNamespace]:
        actions = {(row.connection_id, row.action): row for row in self.stored.rows(m.ConversionAction)}
        choosing = self._choosing

        def counts(row: SimpleNamespace) -> bool:
            if row.connection_id not in choosing:
                return bool(row.action == "")
            action = actions.get((row.connection_id, row.action))
            if row.action == "" or action is None:
                return False
            return bool(action.counts_there if action.counts is None else action.counts)

        return [row for row in self.stored.rows(m.AdConversion) if counts(row)]

    def ads_bases(self) -> Iterator[tuple[date, str, int, str]]:
        return ((row.day, self._platform(row).channel, row.connection_id, row.basis) for row in self._counting())

    # ----------------------------------------------------------------------------------------------------------- costs
    def costs(self, name: str) -> Iterator[Row]:
        """Spread evenly over the days, the remainder on the first ones. What sales cost is none of marketing's."""
        for row in self.stored.rows(m.Cost):
            purpose = self.purpose(row)
            length = (row.until - row.day).days + 1
            share, rest = divmod(row.amount_nano, length)
            for number in range(length) if purpose else ():
                amount = share + (number < rest) if name == purpose else 0
                yield Row(row.day + number * ONE_DAY, self.stored.place(row), amount, self.stored.currency(row))

    def purpose(self, row: SimpleNamespace) -> str:
        """What a cost is for; "" where it does not count."""
        if fits_any(self.decided.now("ignored_costs"), row.name):
            return ""
        return "sales_cost" if fits_any(self.decided.now("sales_costs"), row.name) else "other_marketing"

    # ----------------------------------------------------------------------------------------------------------- leads
    def leads(self, name: str) -> Iterator[Row]:
        for lead in self.leads_of_record:
            steps = {"leads": lead.day, "mqls": lead.mql_day, "sqls": lead.sql_day}
            steps["mqls_to_sql"] = lead.mql_day if lead.sql_day else None
            steps["leads_to_customer"] = lead.day if lead.is_customer else None
            if day := steps.get(name):
                yield Row(day, lead.place, 1)
        if name in ("won", "days_to_close"):
            for day, since, place in self._won():
                yield Row(day, place, 1 if name == "won" else (day - since).days)

    @cached_property
    def leads_of_record(self) -> list[SimpleNamespace]:
        return [self._lead(row) for row in self.stored.of(m.Lead, "leads")]

    def _lead(self, row: SimpleNamespace) -> SimpleNamespace:
        stored = self.stored
        deals = [deal for deal in stored.rows(m.Deal) if (deal.connection_id, deal.lead_ref) == (row.connection_id, row.external_id)]
        person = self._person(row)
        is_customer = bool(row.won_at or row.customer_ref or any(deal.won_at for deal in deals)) or person in self.customers
        touches = self.touches.get(person, []) if person else []
        mql_at, sql_at = (
            qualified_at(self.decided.on(f"{step}_rule", row.day), row, getattr(row, f"{step}_at"), touches) for step in ("mql", "sql")
        )
        return SimpleNamespace(
            key=(row.connection_id, row.external_id), day=row.day, mql_day=stored.day(mql_at), sql_day=stored.day(sql_at),
            won_day=stored.day(row.won_at), place=stored.place(row), is_customer=is_customer,
        )  # fmt: skip

    def _person(self, lead: SimpleNamespace) -> int | None:
        """Ids of files are of one space."""
        key = ("lead", 0 if self.stored.source(lead) == "file" else lead.connection_id, lead.external_id)
        return next((row.person_id for row in self.stored.rows(m.PersonKey) if (row.kind, row.space, row.value) == key), None)

    def _won(self) -> Iterator[tuple[date, date, Place]]:
        """Day, day of the lead, and where it came from, of deals; of accounts without deals, of leads."""
        leads = {lead.key: lead for lead in self.leads_of_record}
        with_deals = {deal.connection_id for deal in self.stored.rows(m.Deal)}
        for (connection, _), lead in leads.items():
            if lead.won_day and connection not in with_deals:
                yield lead.won_day, lead.day, lead.place
        for deal in self.stored.of(m.Deal, "leads"):
            if day := self.stored.day(deal.won_at):
                found = leads.get((deal.connection_id, deal.lead_ref))
                yield day, found.day if found else deal.day, found.place if found else Place("unknown", 0)

    # ---------------------------------------------------------------------------------------------------------- orders
    def orders(self, name: str) -> Iterator[Row]:
        for order in self.orders_of_record:
            amount: dict[str, int | None] = {
                "orders": int(order.kind == "order"),
                "order_amount": order.amount if order.kind == "order" else 0,
                "refunds": 0 if order.kind == "order" else None if order.amount is None else -order.amount,
                "revenue": order.amount,
                "margin": order.margin_nano,
            }
            yield Row(order.day, order.place, amount[name], order.currency)

    @cached_property
    def orders_of_record(self) -> list[SimpleNamespace]:
        """Orders and refunds, net of tax; of a CRM, the deals it won."""
        stored, found = self.stored, []
        for row in stored.of(m.Order, "revenue"):
            row.amount, row.place, row.currency = self._amount(row), stored.place(row), stored.currency(row)
            row.margin_nano = self._margin(row)
            found.append(row)
        with_orders = {row.connection_id for row in stored.rows(m.Order)}
        leads = {(row.connection_id, row.external_id): row for row in stored.rows(m.Lead)}
        for deal in stored.of(m.Deal, "revenue"):
            if deal.won_at and deal.connection_id not in with_orders:
                # The deal itself, which is a lead's too, keeps its day.
                row = SimpleNamespace(**vars(deal))
                lead = leads.get((row.connection_id, row.lead_ref))
                row.day, row.kind, row.amount, row.margin_nano = stored.day(row.won_at), "order", row.amount_nano, None
                row.place, row.currency = stored.place(lead) if lead else Place("unknown", 0), stored.currency(row)
                row.margin_nano = self._margin(row)
                found.append(row)
        return found

    def _amount(self, order: SimpleNamespace) -> int | None:
        if self.decided.now("tax_basis") == "net":
            return order.amount_nano  # type: ignore[no-any-return]
        return None if order.tax_nano is None else order.amount_nano + order.tax_nano

    def _margin(self, sale: SimpleNamespace) -> int | None:
        share = self.decided.margin(sale.day)
        if sale.margin_nano is not None or share is None or sale.amount is None:
            return sale.margin_nano  # type: ignore[no-any-return]
        return half_up(sale.amount * share)

    # ------------------------------------------------------------------------------------------------------------ site
    def site(self, name: str) -> Iterator[Row]:
        column = {"site_conversions": "conversions_millionths"}.get(name, name)
        return (Row(row.day, self.stored.place(row), getattr(row, column)) for row in self.stored.rows(m.LandingDay))

    def pages(self, name: str) -> Iterator[Row]:
        """By the classic way, the last view of a visit has no seconds."""
        for row in self.stored.rows(m.PageDay):
            timed = row.views
            if row.basis == "classic":
                timed = None if row.views is None or row.exits is None else row.views - row.exits
            amounts = {"pageviews": row.views, "exits": row.exits, "page_seconds": row.seconds, "timed_views": timed}
            yield Row(row.day, NOWHERE, amounts[name])

    def pages_bases(self) -> Iterator[tuple[date, str, int, str]]:
        return ((row.day, "", 0, row.basis) for row in self.stored.rows(m.PageDay))

    # ---------------------------------------------------------------------------------------------------------- e-mail
    def email(self, name: str) -> Iterator[Row]:
        column = {"email_sent": "sent", "complaints": "spam_complaints", "email_revenue": "revenue_nano"}.get(name, name)
        for row, place in self._mail():
            amount = getattr(row, column, None)
            if name.startswith("seed_") and (getattr(row, "seed_sent", None) is None or row.seed_inbox is None):
                amount = None
            yield Row(row.day, place, amount, self.stored.currency(row))

    def _mail(self) -> Iterator[tuple[SimpleNamespace, Place]]:
        """Mailings; and days, of accounts that tell of no mailings."""
        sends = self.stored.rows(m.EmailSend)
        for row in sends:
            yield row, self.stored.place(row)
        with_sends = {row.connection_id for row in sends}
        for row in self.stored.rows(m.EmailDay):
            if row.connection_id not in with_sends:
                yield row, Place("email", 0)

    def email_bases(self) -> Iterator[tuple[date, str, int, str]]:
        return ((row.day, place.channel, 0, row.basis) for row, place in self._mail())

    # ---------------------------------------------------------------------------------------------------------- social
    def social(self, name: str) -> Iterator[Row]:
        """Posts; of an account that tells of itself as a whole on that day, that."""
        rows = self.stored.rows(m.SocialDay)
        as_whole = {(row.connection_id, row.day) for row in rows if row.external_id == ""}
        for row in rows:
            if row.external_id == "" or (row.connection_id, row.day) not in as_whole:
                yield Row(row.day, NOWHERE, self._social(row, name))

    def _social(self, row: SimpleNamespace, name: str) -> int | None:
        if name != "engagements":
            return getattr(row, name.removeprefix("social_"))  # type: ignore[no-any-return]
        kinds = [getattr(row, kind) for kind in self.decided.now("engagement_parts")]
        return None if None in kinds else sum(kinds)

    # --------------------------------------------------------------------------------------------------------- together
    def cells(self, rows: Iterable[Row], is_money: bool, known_only: bool) -> dict[date, list[Cell]]:
        """By day. Each cell is kept in whole billionths of the client's currency."""
        gathered: dict[tuple[date, Place], list[Row]] = defaultdict(list)
        for row in rows:
            gathered[row.day, row.place].append(row)
        cells: dict[date, list[Cell]] = defaultdict(list)
        for (day, place), parts in gathered.items():
            lacks = is_money and any(not self.stored.has_rate(part.currency, day) for part in parts)
            cells[day].append(Cell(place, self._together(parts, is_money, known_only), lacks))
        return cells

    def _together(self, parts: list[Row], is_money: bool, known_only: bool) -> Fraction | None:
        amounts = [(part, part.amount) for part in parts if part.amount is not None]
        if not amounts if known_only else len(amounts) < len(parts):
            return None
        if not is_money:
            return Fraction(sum(amount for _, amount in amounts))
        try:
            return Fraction(half_up(sum((self.stored.converted(amount, part.currency, part.day) for part, amount in amounts), Fraction(0))))
        except NoRate:
            return None


@dataclass(frozen=True)
class Family:
    """The sums of one family of facts; which are of `money`, `millionths`, of what is known alone, or counted `in_ways`."""

    names: frozenset[str]
    rows: Callable[[Sums, str], Iterator[Row]]
    money: frozenset[str] = frozenset()
    millionths: frozenset[str] = frozenset()
    known_only: frozenset[str] = frozenset()
    missing: dict[str, str] = field(default_factory=dict)
    in_ways: frozenset[str] = frozenset()
    bases: Callable[[Sums], Iterator[tuple[date, str, int, str]]] | None = None
    is_divisible: bool = True

    def measure(self, sums: Sums, name: str, family: str) -> Measure:
        cells = sums.cells(self.rows(sums, name), name in self.money, name in self.known_only)
        scale = NANO if name in self.money else MILLION if name in self.millionths else 1
        bases = [said for said in self.bases(sums) if said[3]] if self.bases and name in self.in_ways else []
        missing = self.missing.get(name, "not_reported")
        return Measure(family, cells, scale, missing, name in self.known_only, self.is_divisible, bases=bases)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FAMILIES: dict[str, Family] = {
    "ads": Family(
        _words("spend impressions clicks conversions conversion_value"), Sums.ads, _words("spend conversion_value"),
        _words("conversions"), in_ways=_words("conversions conversion_value"), bases=Sums.ads_bases,
    ),
    "costs": Family(_words("other_marketing sales_cost"), Sums.costs, _words("other_marketing sales_cost")),
    "leads": Family(_words("leads mqls sqls mqls_to_sql leads_to_customer won days_to_close"), Sums.leads),
    "orders": Family(
        _words("orders order_amount refunds revenue margin"), Sums.orders, _words("order_amount refunds revenue margin"),
        missing={"margin": "not_chosen"},
    ),
    "site": Family(
        _words("sessions engaged_sessions bounces session_seconds site_conversions"), Sums.site, millionths=_words("site_conversions")
    ),
    "pages": Family(
        _words("pageviews exits page_seconds timed_views"), Sums.pages, in_ways=_words("page_seconds timed_views"),
        bases=Sums.pages_bases, is_divisible=False,
    ),
    "email": Family(
        _words("email_sent hard_bounces soft_bounces unique_opens unique_clicks unsubscribes complaints email_revenue")
        | _words("seed_sent seed_inbox"),
        Sums.email, _words("email_revenue"),
        known_only=_words("seed_sent seed_inbox"),
        missing={"seed_sent": "no_seed_test", "seed_inbox": "no_seed_test"}, in_ways=_words("unique_opens"), bases=Sums.email_bases,
    ),
    "social": Family(
        _words("social_impressions social_reach likes comments shares saves messages replies link_clicks engagements video_seconds"),
        Sums.social, is_divisible=False,
    ),
}  # fmt: skip
