"""Stripe: customers, payments, refunds and subscriptions, over the REST API."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Generic, TypeVar

import httpx
import msgspec

from campaigns.channels import gettext_noop as _
from campaigns.connectors.answers import Answers
from campaigns.connectors.base import Account, Connector, Replaces, Stream
from campaigns.connectors.errors import Failure, LostAccess, Passing, UnexpectedAnswer
from campaigns.connectors.http import Http, pages, told
from campaigns.connectors.oauth import ANOTHER_ACCOUNT, NOT_CONNECTED, Consent, Grant, Secret
from campaigns.records import NANO, NOWHERE, Customer, Gone, Order, Origin, Record, SubscriptionSpan, nano

TITLE = "Stripe"
PAGE = "100"
# Amounts are whole in these currencies; UGX and ISK have no cents either, but Stripe writes them as if they had.
WITHOUT_CENTS = frozenset({"BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"})
WITH_MILLS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
# Under these names shops note with a payment or a customer which visit led to it.
UTM = {"source": ("utm_source",), "medium": ("utm_medium",), "campaign": ("utm_campaign",), "campaign_id": ("utm_id", "campaign_id")}
MONTHS = {"month": Decimal(1), "year": Decimal(12), "week": Decimal(12) / 52, "day": Decimal(12) / 365}
# Nothing is paid yet in these states, or never was.
UNPAID = frozenset({"incomplete", "incomplete_expired", "trialing", "paused"})
# An invoice is made before it is paid, and a payment before it is given back.
INVOICED_EARLIER = timedelta(days=90)
KEY_REFUSED = _("Stripe no longer accepts the key or the permission it was connected with. Please reconnect it.")
NO_RIGHT = _("The Stripe key may not read everything that is needed. Let it read customers, charges, refunds, invoices and subscriptions.")
CLOSED = _("Stripe has closed or restricted this account. Ask Stripe, or disconnect it here.")
LOST = {
    "account_closed": CLOSED,
    "account_invalid": KEY_REFUSED,
    "platform_account_required": KEY_REFUSED,
    "testmode_charges_only": CLOSED,
}
answers = Answers(TITLE)
logger = logging.getLogger(__name__)
T = TypeVar("T", bound="_Item")


class Stripe(Connector):
    """One account. Settings: `base_url`, `version`; the grant holds an `api_key`, or an `access_token` with its `stripe_user_id`.

    Days are those of the client's zone. A payment counts on the day it was made and a refund on its own. Tax is known of payments
    of invoices alone: others come whole, with `tax_nano` None. A subscription's monthly amount is its price as it is now, before discounts.
    """

    source = "stripe"
    title = TITLE
    streams = (
        Stream("customers", Replaces.KEYED, settle_days=2, backfill_days=800, chunk_days=100),
        # Direct debits succeed two weeks late.
        Stream("orders", Replaces.KEYED, settle_days=30, backfill_days=800),
        # Stripe does not say which of them changed.
        Stream("subscriptions", Replaces.KEYED, settle_days=1, backfill_days=800, chunk_days=None),
    )
    consent = Consent(("read_only",), uses_pkce=False)

    def fetch(self, stream: Stream, since: date, until: date) -> Iterator[Record]:
        """See `Connector.fetch`. Customers and payments are those made on the days, subscriptions all there are."""
        ask = _Ask(self.settings, self.grant, self.http)
        # No address names the account: a permission for another one would fill this one with foreign money.
        if (self.grant.secret.get("stripe_user_id") or ask.account().id) != self.account.external_id:
            raise LostAccess(ANOTHER_ACCOUNT)
        if stream.family == "customers":
            yield from self._customers(ask, since, until)
        else:
            yield from self._orders(ask, since, until) if stream.family == "orders" else self._subscriptions(ask)

    @classmethod
    def secret_from(cls, settings: Mapping[str, str], answer: Secret, http: Http) -> Secret:  # noqa: ARG003 - nothing to ask
        return {name: answer[name] for name in ("access_token", "stripe_user_id") if name in answer}

    @classmethod
    def accounts(cls, settings: Mapping[str, str], grant: Grant, http: Http) -> list[Account]:
        known = _Ask(settings, grant, http).account()
        name = known.settings.dashboard.display_name or known.business_profile.name or known.id
        return [Account(known.id, name, known.default_currency.upper())]

    def _customers(self, ask: _Ask, since: date, until: date) -> Iterator[Customer]:
        for row in ask.every("/v1/customers", _Customer, self._created(since, until)):
            yield Customer(
                day=self._day(row.created, since, until),
                customer_id=row.id,
                origin=_origin(row.metadata),
                email_hash=self.hash_email(row.email) if row.email else "",
            )

    def _orders(self, ask: _Ask, since: date, until: date) -> Iterator[Order | Gone]:
        net = _Net(
            ask.every(
                "/v1/invoices", _Invoice, self._created(since - INVOICED_EARLIER, until) | {"status": "paid", "expand[]": "data.payments"}
            )
        )
        for row in ask.every("/v1/charges", _Charge, self._created(since, until)):
            day = self._day(row.created, since, until)
            # What is only reserved is not paid; it is once captured.
            if row.status == "succeeded" and row.amount_captured:
                yield self._order(
                    day,
                    row,
                    row.amount_captured,
                    net,
                    order_id=row.id,
                    customer_id=row.customer or "",
                    email_hash=self._email(row),
                    origin=_origin(row.metadata),
                )
        for refund in ask.every("/v1/refunds", _Refund, self._created(since, until) | {"expand[]": "data.charge"}):
            day = self._day(refund.created, since, until)
            if refund.status == "succeeded":
                yield self._order(day, refund, -refund.amount, net, order_id=refund.id, kind="refund", **self._given_back(refund.charge))
            elif refund.status in ("failed", "canceled"):
                yield Gone(day=day, kind="order", external_id=refund.id)

    def _given_back(self, charge: _Charge | str | None) -> dict[str, Any]:
        """Of whose payment a refund is, and where they came from: it counts against the same channel."""
        if not isinstance(charge, _Charge):
            return {"refund_of": charge or ""}
        return {
            "refund_of": charge.id,
            "customer_id": charge.customer or "",
            "email_hash": self._email(charge),
            "origin": _origin(charge.metadata),
        }

    def _email(self, charge: _Charge) -> str:
        email = charge.billing_details.email or charge.receipt_email
        return self.hash_email(email) if email else ""

    def _order(self, day: date, row: _Charge | _Refund, amount: int, net: _Net, **rest: Any) -> Order:
        before_tax = net.part_of(row.payment_intent or "", amount)
        whole = money("amount", amount, row.currency)
        without = whole if before_tax is None else money("amount", before_tax, row.currency)
        return Order(
            day=day,
            ordered_at=answers.seconds("created", row.created),
            amount_nano=without,
            tax_nano=None if before_tax is None else whole - without,
            currency=row.currency.upper(),
            **rest,
        )

    def _subscriptions(self, ask: _Ask) -> Iterator[SubscriptionSpan]:
        for row in ask.every("/v1/subscriptions", _Subscription, {"status": "all"}):
            started = max(row.start_date or row.created, row.trial_end or 0)
            ended = row.ended_at or (row.canceled_at if row.status == "canceled" else None)
            # Who left during a trial has never paid.
            if row.status in UNPAID or (ended and ended <= started):
                continue
            started_at = answers.seconds("start_date", started)
            yield SubscriptionSpan(
                day=self.day_of(started_at),
                subscription_id=row.id,
                customer_id=row.customer,
                started_at=started_at,
                ended_at=answers.seconds("ended_at", ended) if ended else None,
                mrr_nano=_monthly(row),
                currency=row.currency.upper(),
            )

    def _created(self, since: date, until: date) -> dict[str, str]:
        begins, ends = self.span(since, until)
        return {"created[gte]": str(int(begins.timestamp())), "created[lt]": str(int(ends.timestamp()))}

    def _day(self, created: int, since: date, until: date) -> date:
        return answers.within("created", self.day_of(answers.seconds("created", created)), since, until)


class _Ask:
    """Asks one account; every answer is of an agreed shape."""

    def __init__(self, settings: Mapping[str, str], grant: Grant, http: Http) -> None:
        secret = grant.secret
        key = secret.get("api_key") or secret.get("access_token")
        if not key:
            raise LostAccess(NOT_CONNECTED)
        self._base = settings["base_url"]
        # Without a version the account's own would apply.
        self._headers = {"Authorization": f"Bearer {key}", "Stripe-Version": settings["version"]}
        if secret.get("stripe_user_id"):
            self._headers["Stripe-Account"] = secret["stripe_user_id"]
        self._http = http

    def __call__(self, path: str, params: Mapping[str, str]) -> Any:
        return self._http.request_json("GET", self._base + path, headers=self._headers, params=params, explain=_explain)

    def account(self) -> _Account:
        return answers.shaped(self("/v1/account", {}), _Account)

    def every(self, path: str, shape: type[T], params: Mapping[str, str]) -> Iterator[T]:
        """The items of all pages, newest first. Raises where one comes twice."""
        seen: set[str] = set()

        def read(cursor: str) -> tuple[list[T], str]:
            answer = self(path, {**params, "limit": PAGE} | ({"starting_after": cursor} if cursor else {}))
            page: _List[T] = answers.shaped(answer, _List[shape])  # type: ignore[valid-type]  # known only when it runs
            return page.data, page.data[-1].id if page.has_more and page.data else ""

        for item in (item for page in pages(read) for item in page):
            if item.id in seen:
                raise answers.unexpected("data.id", item.id, f"twice in {path}")
            seen.add(item.id)
            yield item


class _Item(msgspec.Struct, frozen=True):
    id: str
    created: int


class _List(msgspec.Struct, Generic[T], frozen=True):
    data: list[T]
    has_more: bool


class _Named(msgspec.Struct, frozen=True):
    name: str | None = None
    display_name: str | None = None


class _AccountSettings(msgspec.Struct, frozen=True):
    dashboard: _Named = _Named()


class _Account(msgspec.Struct, frozen=True):
    id: str
    default_currency: str = ""
    business_profile: _Named = _Named()
    settings: _AccountSettings = _AccountSettings()


class _Customer(_Item, frozen=True):
    email: str | None = None
    metadata: dict[str, str] | None = None


class _Billing(msgspec.Struct, frozen=True):
    email: str | None = None


class _Charge(_Item, frozen=True, kw_only=True):
    currency: str
    status: str
    amount_captured: int
    customer: str | None = None
    payment_intent: str | None = None
    billing_details: _Billing = _Billing()
    receipt_email: str | None = None
    metadata: dict[str, str] = {}


class _Refund(_Item, frozen=True, kw_only=True):
    currency: str
    amount: int
    status: str | None = None
    charge: _Charge | str | None = None
    payment_intent: str | None = None


class _Paid(msgspec.Struct, frozen=True):
    payment_intent: str | None = None


class _Payment(msgspec.Struct, frozen=True):
    payment: _Paid = _Paid()


class _Payments(msgspec.Struct, frozen=True):
    data: list[_Payment] = []


class _Invoice(_Item, frozen=True, kw_only=True):
    total: int
    total_excluding_tax: int | None = None
    payments: _Payments | None = None


class _Recurring(msgspec.Struct, frozen=True):
    interval: str
    interval_count: int = 1
    usage_type: str = "licensed"


class _Price(msgspec.Struct, frozen=True):
    unit_amount_decimal: str | None = None
    unit_amount: int | None = None
    recurring: _Recurring | None = None


class _Line(msgspec.Struct, frozen=True):
    price: _Price
    quantity: int | None = None


class _Lines(msgspec.Struct, frozen=True):
    data: list[_Line]
    has_more: bool = False


class _Subscription(_Item, frozen=True, kw_only=True):
    status: str
    currency: str
    customer: str
    items: _Lines
    start_date: int | None = None
    trial_end: int | None = None
    canceled_at: int | None = None
    ended_at: int | None = None


class _Net:
    """What share of a payment is not tax, from the invoices that say so."""

    def __init__(self, invoices: Iterable[_Invoice]) -> None:
        self._invoices: dict[str, _Invoice] = {}
        for invoice in invoices:
            for one in invoice.payments.data if invoice.payments else []:
                self._invoices[one.payment.payment_intent or ""] = invoice

    def part_of(self, payment_intent: str, amount: int) -> int | None:
        """The amount without tax; None where no invoice tells."""
        invoice = self._invoices.get(payment_intent) if payment_intent else None
        if invoice is None or invoice.total_excluding_tax is None or invoice.total <= 0:
            return None
        return int((Decimal(amount) * invoice.total_excluding_tax / invoice.total).to_integral_value(ROUND_HALF_UP))


def money(field: str, minor: int | Decimal, currency: str) -> int:
    """Billionths, from an amount in the currency's smallest unit as Stripe has it."""
    if not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
        raise answers.unexpected("currency", currency)
    code = currency.upper()
    decimals = 0 if code in WITHOUT_CENTS else 3 if code in WITH_MILLS else 2
    try:
        return nano(Decimal(minor).scaleb(-decimals))
    except ArithmeticError:
        raise answers.unexpected(field, minor) from None


def _monthly(row: _Subscription) -> int:
    """What the subscription costs a month, in billionths. Prices by usage or in tiers are not known beforehand and left out."""
    total = Decimal(0)
    for line in row.items.data:
        price, recurring = line.price, line.price.recurring
        unit = price.unit_amount_decimal if price.unit_amount_decimal is not None else price.unit_amount
        if unit is None or recurring is None or recurring.usage_type != "licensed":
            logger.warning("%s subscription %s has a price that is not a fixed one; it is not in its monthly amount.", TITLE, row.id)
            continue
        if recurring.interval not in MONTHS or recurring.interval_count < 1:
            raise answers.unexpected("price.recurring.interval", recurring.interval)
        amount = Decimal(answers.exact("price.unit_amount", unit, nano)) / NANO
        total += amount * (1 if line.quantity is None else line.quantity) / (MONTHS[recurring.interval] * recurring.interval_count)
    return money("price.unit_amount", total, row.currency)


def _origin(metadata: Mapping[str, str] | None) -> Origin:
    noted = metadata or {}
    said = {field: next((noted[name] for name in names if noted.get(name)), "") for field, names in UTM.items()}
    return Origin(**said) if any(said.values()) else NOWHERE


class _Said(msgspec.Struct, frozen=True):
    type: str = ""
    code: str = ""
    message: str = ""
    param: str = ""


class _Envelope(msgspec.Struct, frozen=True):
    error: _Said


def _explain(response: httpx.Response) -> Failure | None:
    envelope = told(response, _Envelope)
    if envelope is None:
        return None
    said, status = envelope.error, response.status_code
    # The request's id is what Stripe's support asks for.
    logger.warning("%s answered %d: %s %s, request %s.", TITLE, status, said.type, said.code, response.headers.get("Request-Id", "?"))
    if said.code in LOST:
        return LostAccess(LOST[said.code])
    if status == 401:
        return LostAccess(KEY_REFUSED)
    if status == 403:
        return LostAccess(NO_RIGHT)
    if status in (409, 429) or said.code in ("rate_limit", "lock_timeout"):
        return Passing(f"{TITLE} is asked too much for now: {said.code or status}.")
    return (
        None
        if status >= 500
        else UnexpectedAnswer(f"{TITLE} refused the request: {said.type} {said.code} {said.param}: {said.message:.300}")
    )
