"""Customers: who is one since when and thanks to what, who was active, who stayed, and what they brought in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from types import SimpleNamespace

from campaigns import models as m
from tests.kpis.oracle.formulas import Unknown
from tests.kpis.oracle.stored import ONE_DAY, NoRate, Place, Stored
from tests.kpis.oracle.sums import NANO, Sums, half_up

HORIZON = 60
Span = tuple[date, date]


@dataclass
class Day:
    """What one customer ordered on one day, in billionths of the client's currency; None: not known. `later`: but for the first order."""

    orders: int = 0
    revenue: int | None = 0
    later: int | None = 0
    margin: int | None = 0
    lacks_rate: bool = False


@dataclass
class Contract:
    """Had on the evenings of `since` up to, and not including, `until`."""

    since: date
    until: date | None
    mrr: int | None

    def on_evening(self, day: date) -> bool:
        return self.since <= day and (self.until is None or self.until > day)

    def touches(self, since: date, until: date) -> bool:
        return self.since <= until and (self.until is None or self.until >= since)


@dataclass
class Customer:
    acquired: date
    place: Place
    first_order: date | None
    days: dict[date, Day]
    contracts: list[Contract] = field(default_factory=list)
    cancelled: date | None = None

    @property
    def orders(self) -> int:
        """Ever."""
        return sum(day.orders for day in self.days.values())

    def is_active(self, since: date, until: date) -> bool:
        """Who ordered, or had a subscription."""
        ordered = any(day.orders for when, day in self.days.items() if since <= when <= until)
        return ordered or any(contract.touches(since, until) for contract in self.contracts)

    def ordered_in(self, since: date, until: date) -> bool:
        return any(day.orders for when, day in self.days.items() if since <= when <= until)


class People:
    def __init__(self, stored: Stored, sums: Sums) -> None:
        self.stored, self.sums = stored, sums
        self.keys = {(key.kind, key.space, key.value): key.person_id for key in stored.rows(m.PersonKey)}
        self.customers = self._customers()
        self.has_contracts = any(customer.contracts for customer in self.customers.values())

    # ----------------------------------------------------------------------------------------------------- who is who
    def person(self, row: SimpleNamespace, kind: str, value: str) -> int | None:
        """Ids of files are of one space."""
        space = 0 if kind == "email" or self.stored.source(row) == "file" else row.connection_id
        return self.keys.get((kind, space, value)) if value else None

    def _by_person(self, rows: Iterable[SimpleNamespace], *names: tuple[str, str]) -> dict[int, list[SimpleNamespace]]:
        """By the first of the named columns that is filled."""
        found: dict[int, list[SimpleNamespace]] = defaultdict(list)
        for row in rows:
            kind, column = next(((kind, column) for kind, column in names if getattr(row, column)), names[0])
            who = self.person(row, kind, getattr(row, column))
            if who is not None:
                found[who].append(row)
        return found

    def _customers(self) -> dict[int, Customer]:
        stored, of = self.stored, self._by_person
        orders = [row for row in self.sums.orders_of_record if hasattr(row, "customer_ref")]
        deals = [row for row in self.sums.orders_of_record if not hasattr(row, "customer_ref")]
        sales = of(orders, ("customer", "customer_ref"), ("email", "email_hash"))
        for who, won in of(deals, ("lead", "lead_ref")).items():
            sales[who] += won
        spans = of(stored.rows(m.SubscriptionSpan), ("customer", "customer_ref"))
        told = of(stored.of(m.Customer, "customers"), ("customer", "external_id"))
        self.leads = of(stored.of(m.Lead, "leads"), ("lead", "external_id"))
        self.touches = of(stored.rows(m.Touch), ("lead", "lead_ref"), ("customer", "customer_ref"))
        found = {who: self._customer(who, sales[who], spans[who], told[who]) for who in {*sales, *spans, *told}}
        return {who: customer for who, customer in found.items() if customer}

    def _customer(
        self, who: int, sales: list[SimpleNamespace], spans: list[SimpleNamespace], told: list[SimpleNamespace]
    ) -> Customer | None:
        ordered = sorted((row for row in sales if row.kind == "order"), key=lambda row: (self._at(row), *_tie(row)))
        first = ordered[0] if ordered else None
        acquired = [row for row in told if row.acquired_at]
        bought = [self._at(first)] if first else []
        instants = bought + [row.started_at for row in spans] or [row.acquired_at for row in acquired]
        days = [first.day] if first else []
        days += [row.day for row in spans] + [self.stored.day(row.acquired_at) for row in acquired]
        if not days:
            return None
        contracts = [self._contract(row) for row in spans]
        place = self._credit(who, min(instants), told, first)
        ends = [row.cancelled_at for row in told]
        cancelled = self.stored.day(max(ends)) if ends and None not in ends else None
        return Customer(min(days), place, first.day if first else None, self._days(sales, first), contracts, cancelled)

    def _at(self, row: SimpleNamespace) -> datetime:
        return row.ordered_at if hasattr(row, "ordered_at") else row.won_at  # type: ignore[no-any-return]

    def _credit(self, who: int, at: datetime, told: list[SimpleNamespace], first: SimpleNamespace | None) -> Place:
        """The earliest touch until then; else the lead's origin, the customer's, the first order's: the first that says anything."""
        touches = [row for row in self.touches[who] if row.at <= at]
        known = sorted(told, key=lambda row: (row.acquired_at is None, row.acquired_at or at, *_tie(row)))
        for rows in (
            sorted(touches, key=lambda row: (row.at, *_tie(row))),
            sorted(self.leads[who], key=lambda row: (row.created_at, *_tie(row))),
            known,
            [first] if first else [],
        ):
            for row in rows:
                if (origin := self._origin_of(row)) and self._says_anything(origin):
                    return self.stored.place_of(origin)
        return Place("unknown", 0)

    def _origin_of(self, row: SimpleNamespace) -> int | None:
        if hasattr(row, "origin_id"):
            return row.origin_id  # type: ignore[no-any-return]
        leads = [lead for lead in self.stored.rows(m.Lead) if (lead.connection_id, lead.external_id) == (row.connection_id, row.lead_ref)]
        return leads[0].origin_id if leads else None

    def _says_anything(self, origin_id: int) -> bool:
        origin = self.stored.origins[origin_id]
        return any((origin.stated, origin.group, origin.source, origin.medium, origin.campaign_name, origin.campaign_ref))

    # --------------------------------------------------------------------------------------------------- what they buy
    def _days(self, sales: list[SimpleNamespace], first: SimpleNamespace | None) -> dict[date, Day]:
        by_day: dict[date, list[SimpleNamespace]] = defaultdict(list)
        for row in sales:
            by_day[row.day].append(row)
        return {day: self._day(day, rows, first) for day, rows in by_day.items()}

    def _day(self, day: date, rows: list[SimpleNamespace], first: SimpleNamespace | None) -> Day:
        def total(column: str, rows: list[SimpleNamespace] = rows) -> int | None:
            amounts = [(getattr(row, column), row.currency) for row in rows]
            if any(amount is None for amount, _ in amounts):
                return None
            try:
                return half_up(sum((self.stored.converted(amount, currency, day) for amount, currency in amounts), Fraction(0)))
            except NoRate:
                return None

        lacks_rate = any(not self.stored.has_rate(row.currency, day) for row in rows)
        later = [row for row in rows if not _is_of(first, row)]
        orders = sum(row.kind == "order" for row in rows)
        return Day(orders, total("amount"), total("amount", later), total("margin_nano"), lacks_rate)

    def _contract(self, row: SimpleNamespace) -> Contract:
        ended = self.stored.day(row.ended_at)
        try:
            mrr = half_up(self.stored.converted(row.mrr_nano, self.stored.currency(row), row.day))
        except NoRate:
            mrr = None
        return Contract(row.day, max(ended, row.day) if ended else None, mrr)

    # --------------------------------------------------------------------------------------------------------- figures
    def measured(self, name: str, since: date, until: date, is_in: Callable[[Place], bool], cost: Callable[[], Fraction]) -> Fraction:
        """`cost`: of all sales and marketing, of the same part."""
        customers = [customer for customer in self.customers.values() if is_in(customer.place)]
        if name == "payback_months":
            return self._payback([one for one in customers if since <= one.acquired <= until], cost())
        if name in ("at_start", "at_end", "new_at_end"):
            return Fraction(sum(self._stayed(one, since, until)[name] for one in customers))
        if name.startswith("mrr_"):
            return self._recurring(name, customers, since, until)
        if name in ("monthly_revenue", "monthly_margin", "monthly_customers", "months_stayed", "customers_left"):
            return self._lifetime(name, customers, since, until)
        if name == "new_customers":
            return Fraction(sum(since <= one.acquired <= until for one in customers))
        if name == "acquired_so_far":
            return Fraction(sum(one.acquired <= until for one in customers))
        if name == "customers":
            return Fraction(sum(one.is_active(since, until) for one in customers))
        if name == "repeat_revenue":
            return self._repeat_revenue(customers, since, until)
        return _summed(_between(customers, [(since, until)]), "revenue", "not_reported")

    def _repeat_revenue(self, customers: list[Customer], since: date, until: date) -> Fraction:
        """Of whose first order is before the period; or of all orders but each one's first; or of who ordered twice, whenever."""
        form = self.sums.decided.now("repeat_revenue")
        if form == "before_period":
            customers = [one for one in customers if one.first_order and one.first_order < since]
        if form == "lifetime":
            customers = [one for one in customers if one.orders >= 2]
        return _summed(_between(customers, [(since, until)]), "later" if form == "non_first" else "revenue", "not_reported")

    def _stayed(self, one: Customer, since: date, until: date) -> dict[str, bool]:
        """Where nothing else is chosen, by contracts where there are any, else by orders within the window."""
        mode = self.sums.decided.now("retention_mode")
        if mode == "automatic":
            mode = "contractual" if self.has_contracts else "activity"
        if mode == "overlap":
            before, after = one.is_active(*_before(since, until)), one.is_active(since, until)
            return {"at_start": before, "at_end": after, "new_at_end": after and not before}
        if mode == "contractual":
            before, after = (self._is_under_contract(one, day) for day in (since - ONE_DAY, until))
            return {"at_start": before, "at_end": after, "new_at_end": after and not before}
        window = self.sums.decided.now("activity_window")
        before = one.ordered_in(since - window * ONE_DAY, since - ONE_DAY)
        after = one.ordered_in(until - (window - 1) * ONE_DAY, until)
        is_new = one.first_order is not None and since <= one.first_order <= until
        return {"at_start": before, "at_end": after, "new_at_end": after and is_new}

    def _is_under_contract(self, one: Customer, evening: date) -> bool:
        """Where nobody tells of contracts, from the acquisition until it is said to have ended."""
        if self.has_contracts:
            return any(contract.on_evening(evening) for contract in one.contracts)
        return one.acquired <= evening and (one.cancelled is None or one.cancelled > evening)

    def _recurring(self, name: str, customers: list[Customer], since: date, until: date) -> Fraction:
        total = 0
        for one in customers:
            before = [contract.mrr for contract in one.contracts if contract.on_evening(since - ONE_DAY)]
            after = [contract.mrr for contract in one.contracts if contract.on_evening(until)]
            if None in before or None in after:
                raise Unknown("no_exchange_rate")
            had, has = (sum(mrr for mrr in parts if mrr is not None) for parts in (before, after))
            total += {"mrr_at_start": had, "mrr_lost": max(had - has, 0), "mrr_kept": has if had else 0}[name]
        return Fraction(total, NANO)

    def _lifetime(self, name: str, customers: list[Customer], since: date, until: date) -> Fraction:
        months = _whole_months(since, until)
        if name in ("monthly_revenue", "monthly_margin"):
            days = _between(customers, months)
            return _summed(days, name.removeprefix("monthly_"), "not_chosen" if name == "monthly_margin" else "not_reported")
        if name == "monthly_customers":
            return Fraction(sum(one.is_active(*month) for one in customers for month in months))
        if chosen := self.sums.decided.now("lifetime_months"):
            return Fraction(chosen if name == "months_stayed" else 1)
        stayed = [self._stayed(one, *month) for one in customers for month in months]
        there = sum(each["at_start"] for each in stayed)
        if name == "months_stayed":
            return Fraction(there)
        lost = there - sum(each["at_end"] - each["new_at_end"] for each in stayed)
        return max(Fraction(lost), Fraction(there, HORIZON))

    def _payback(self, customers: list[Customer], cost: Fraction) -> Fraction:
        """The first month, the one of acquisition being 0, by whose end the cost was covered."""
        by_age: dict[int, list[Day]] = defaultdict(list)
        for one in customers:
            for when, day in one.days.items():
                age = (when.year - one.acquired.year) * 12 + when.month - one.acquired.month
                by_age[max(age, 0)].append(day)
        days = [day for parts in by_age.values() for day in parts]
        column = "margin" if all(day.margin is not None for day in days) else "revenue"
        brought = Fraction(0)
        if customers:
            _summed(days, column, "not_reported")
            for age in range(max(by_age, default=0) + 1):
                brought += _summed(by_age[age], column, "not_reported")
                if brought >= cost:
                    return Fraction(age)
        raise Unknown("never")


def _tie(row: SimpleNamespace) -> tuple[int, int, str]:
    return row.connection_id, len(row.external_id), row.external_id


def _is_of(first: SimpleNamespace | None, row: SimpleNamespace) -> bool:
    """Whether it is that order, or money given back of it."""
    if first is None or row.connection_id != first.connection_id:
        return False
    return first.external_id in (row.external_id, getattr(row, "refund_of", ""))


def _before(since: date, until: date) -> Span:
    """As many days before; of whole months, as many months."""
    if since.day == 1 and (until + ONE_DAY).day == 1:
        months = (until.year - since.year) * 12 + until.month - since.month + 1
        number = since.year * 12 + since.month - 1 - months
        return date(number // 12, number % 12 + 1, 1), since - ONE_DAY
    return since - (until - since + ONE_DAY), since - ONE_DAY


def _between(customers: list[Customer], spans: list[Span]) -> list[Day]:
    return [day for one in customers for when, day in one.days.items() if any(since <= when <= until for since, until in spans)]


def _summed(days: list[Day], column: str, missing: str) -> Fraction:
    amounts = [getattr(day, column) for day in days]
    if None in amounts:
        raise Unknown("no_exchange_rate" if any(day.lacks_rate for day in days) else missing)
    return Fraction(sum(amounts), NANO)


def _whole_months(since: date, until: date) -> list[Span]:
    """The calendar months that lie wholly in the period; without any, the last that was over when it ended."""
    found = []
    first = since.replace(day=1)
    while (last := (first.replace(day=28) + 4 * ONE_DAY).replace(day=1) - ONE_DAY) <= until:
        if first >= since:
            found.append((first, last))
        first = last + ONE_DAY
    if found:
        return found
    month = (until + ONE_DAY).replace(day=1) - ONE_DAY
    return [(month.replace(day=1), month)]
