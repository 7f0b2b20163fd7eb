"""The money: what is charged for orders, won deals and subscriptions, in which currency, and what is given back."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from campaigns.simulators.business.figures import Charge, Customer, Invoice, Refund, Subscription, Touch
from campaigns.simulators.business.people import LONGEST_REFUND, Enquiry, People, Person
from campaigns.simulators.business.story import Plan, Story, days, minor

FAILED_SHARE = 0.03
# Periods given back to people who forgot to cancel.
GOODWILL_SHARE = 0.015
YEARLY_CHURN = 0.35
LONGEST_LIFE = 60
MONTHS = {"month": 1, "year": 12}


@dataclass(frozen=True, slots=True)
class Contract:
    """A subscription with everything that will ever happen to it; `ends_at` and `cancelled_at` are None if it outlives the story."""

    id: str
    person: Person
    plan: Plan
    currency: str
    unit_minor: int
    quantity: int
    started_at: datetime
    cancelled_at: datetime | None
    ends_at: datetime | None
    order_id: str


@dataclass(frozen=True, slots=True)
class Payment:
    """A charge before any refund, with what will be given back of it and the invoice it pays."""

    charge: Charge
    refunded_at: datetime | None = None
    refund_minor: int = 0
    invoice: Invoice | None = None


class Payments:
    def __init__(self, story: Story, people: People) -> None:
        self.story = story
        self.people = people
        self._started: dict[date, tuple[Contract, ...]] = {}
        self._payments: dict[date, tuple[Payment, ...]] = {}

    def customers(self, since: date, until: date) -> list[Customer]:
        return [customer for day in days(since, until) for customer in self._new_customers(day)]

    def charges(self, since: date, until: date, as_of: date) -> list[Charge]:
        return [_shown(payment, as_of) for day in days(since, until) for payment in self.paid(day)]

    def refunds(self, since: date, until: date) -> list[Refund]:
        found = [refund for day in days(since, until) for refund in self._refunds(day)]
        return sorted(found, key=lambda refund: (refund.created_at, refund.id))

    def invoices(self, since: date, until: date) -> list[Invoice]:
        return [payment.invoice for day in days(since, until) for payment in self.paid(day) if payment.invoice]

    def subscriptions(self, since: date, until: date, as_of: date) -> list[Subscription]:
        return [self._subscription(contract, as_of) for day in days(since, until) for contract in self.started(day)]

    def customer_id(self, person: Person) -> str:
        return "cus_" + self.story.identifier("customer", person.number, length=14)

    # --------------------------------------------------------------------------------------------- subscriptions
    def started(self, day: date) -> tuple[Contract, ...]:
        if day not in self._started:
            self._started[day] = tuple(self._contracts(day))
        return self._started[day]

    def _contracts(self, day: date) -> Iterator[Contract]:
        for sale in self.people.sales(day):
            if sale.plan:
                yield self._contract(sale.person, sale.plan, 1, sale.at, sale.currency, sale.rate, sale.order_id)
        for lead in self.people.won(day):
            if lead.deal and lead.deal.plan and lead.won_at:
                yield self._contract(lead.person, lead.deal.plan, lead.deal.seats, lead.won_at, lead.deal.currency, lead.deal.rate, "")

    def _contract(self, person: Person, plan: Plan, seats: int, at: datetime, currency: str, rate: Decimal, order_id: str) -> Contract:
        random = self.story.random("subscription", person.number)
        churn = self.story.business.churn_a_month if plan.interval == "month" else YEARLY_CHURN
        periods = 0
        while periods < LONGEST_LIFE and random.random() >= churn:
            periods += 1
        cancelled = ends = None
        if periods < LONGEST_LIFE:
            step = MONTHS[plan.interval]
            begun = months_later(at, periods * step)
            cancelled = max(at, self.story.later(random, begun, 0, 26))
            ends = months_later(at, (periods + 1) * step) if random.random() < 0.7 else cancelled
        unit = minor(plan.price * rate, currency)
        identity = "sub_" + self.story.identifier("subscription", person.number)
        return Contract(identity, person, plan, currency, unit, seats, at, cancelled, ends, order_id)

    def _subscription(self, contract: Contract, as_of: date) -> Subscription:
        step = MONTHS[contract.plan.interval]
        cancelled, ended = _known(contract.cancelled_at, as_of), _known(contract.ends_at, as_of)
        paid = _periods(contract.started_at, min(as_of, ended.date()) if ended else as_of, step)
        return Subscription(
            id=contract.id,
            customer_id=self.customer_id(contract.person),
            plan=contract.plan,
            currency=contract.currency,
            unit_minor=contract.unit_minor,
            quantity=contract.quantity,
            started_at=contract.started_at,
            cancelled_at=cancelled,
            cancels_at=contract.ends_at if cancelled else None,
            ended_at=ended,
            period_started_at=months_later(contract.started_at, paid * step),
            period_ends_at=months_later(contract.started_at, (paid + 1) * step),
        )

    def _renewed(self, day: date) -> Iterator[tuple[Contract, datetime]]:
        """The subscriptions whose next period begins on this day, with its instant."""
        if not self.story.business.plans:
            return
        is_last = day.day == monthrange(day.year, day.month)[1]
        month = day.year * 12 + day.month - 1
        for count in range(1, (day - self.story.opened_on).days // 28 + 2):
            year, index = divmod(month - count, 12)
            last = monthrange(year, index + 1)[1]
            # A month without a 31st renews those of the 31st on its last day.
            for number in range(day.day, (last if is_last else min(day.day, last)) + 1):
                for contract in self.started(date(year, index + 1, number)):
                    at = months_later(contract.started_at, count)
                    if count % MONTHS[contract.plan.interval] == 0 and (contract.ends_at is None or at < contract.ends_at):
                        yield contract, at

    # -------------------------------------------------------------------------------------------------- payments
    def paid(self, day: date) -> tuple[Payment, ...]:
        """Every payment made or tried on the day."""
        if day not in self._payments:
            succeeded = [*self._of_orders(day), *self._of_deals(day), *self._of_renewals(day)]
            tried = [attempt for payment in succeeded for attempt in self._attempts(payment.charge)]
            self._payments[day] = tuple(sorted([*succeeded, *tried], key=lambda payment: (payment.charge.created_at, payment.charge.id)))
        return self._payments[day]

    def _of_orders(self, day: date) -> Iterator[Payment]:
        contracts = {contract.order_id: contract for contract in self.started(day)}
        for sale in self.people.sales(day):
            contract = contracts.get(sale.order_id)
            if contract:
                yield self._of_period(contract, sale.at, "subscription_create")
                continue
            tax, shipping = minor(sale.tax * sale.rate, sale.currency), minor(sale.shipping * sale.rate, sale.currency)
            total = minor(sale.amount * sale.rate, sale.currency) + tax + shipping
            charge = self._charge(
                sale.order_id, sale.person, sale.at, sale.currency, (total, tax, shipping), "", "", sale.order_id, sale.touch
            )
            refund = int((total * sale.refund / sale.amount).quantize(Decimal(1), ROUND_HALF_UP))
            yield Payment(charge, sale.refunded_at, refund) if sale.refunded_at else Payment(charge)

    def _of_deals(self, day: date) -> Iterator[Payment]:
        contracts = {contract.person.number: contract for contract in self.started(day)}
        for lead in self.people.won(day):
            assert lead.deal
            assert lead.won_at
            contract = contracts.get(lead.person.number)
            yield self._of_period(contract, lead.won_at, "subscription_create") if contract else self._of_deal(lead, lead.won_at)

    def _of_deal(self, lead: Enquiry, at: datetime) -> Payment:
        assert lead.deal
        currency, rate = lead.deal.currency, lead.deal.rate
        tax = minor(lead.deal.amount * self.story.business.tax_percent / 100 * rate, currency)
        total = minor(lead.deal.amount * rate, currency) + tax
        invoice_id = "in_" + self.story.identifier("invoice", lead.number)
        charge = self._charge(invoice_id, lead.person, at, currency, (total, tax, 0), invoice_id)
        return Payment(charge, invoice=_invoice(charge, "manual", lead.person.company or lead.person.last_name, at))

    def _of_renewals(self, day: date) -> Iterator[Payment]:
        return (self._of_period(contract, at, "subscription_cycle") for contract, at in self._renewed(day))

    def _of_period(self, contract: Contract, at: datetime, reason: str) -> Payment:
        key = f"{contract.id}|{at.date()}"
        invoice_id = "in_" + self.story.identifier("invoice", key)
        total = contract.unit_minor * contract.quantity
        order_id = contract.order_id if reason == "subscription_create" else ""
        amounts = (total, 0, 0)
        charge = self._charge(key, contract.person, at, contract.currency, amounts, invoice_id, contract.id, order_id)
        until = months_later(at, MONTHS[contract.plan.interval])
        invoice = _invoice(charge, reason, contract.plan.name, until, contract.quantity)
        if self.story.chance("goodwill", charge.id) < GOODWILL_SHARE:
            return Payment(charge, self.story.later(self.story.random("goodwill", charge.id), at, 1, 20), total, invoice)
        return Payment(charge, invoice=invoice)

    def _charge(
        self,
        key: str,
        person: Person,
        at: datetime,
        currency: str,
        amounts: tuple[int, int, int],
        invoice_id: str = "",
        subscription_id: str = "",
        order_id: str = "",
        touch: Touch | None = None,
    ) -> Charge:
        """`amounts` are the total, and the tax and shipping in it."""
        total, tax, shipping = amounts
        return Charge(
            id="ch_3" + self.story.identifier("charge", key, length=20),
            customer_id=self.customer_id(person),
            email=person.email,
            created_at=at,
            currency=currency,
            amount_minor=total,
            tax_minor=tax,
            shipping_minor=shipping,
            refunded_minor=0,
            status="succeeded",
            order_id=order_id,
            invoice_id=invoice_id,
            subscription_id=subscription_id,
            touch=touch or person.touch,
        )

    def _attempts(self, charge: Charge) -> Iterator[Payment]:
        """The card that was refused first, minutes before."""
        chance = self.story.chance("attempt", charge.id)
        if chance < FAILED_SHARE:
            at = charge.created_at - timedelta(minutes=1 + int(chance / FAILED_SHARE * 30))
            yield Payment(replace(charge, id=charge.id[:-1] + "F", created_at=at, status="failed"))

    def _refunds(self, day: date) -> Iterator[Refund]:
        for payment in (payment for earlier in days(day - timedelta(days=LONGEST_REFUND), day) for payment in self.paid(earlier)):
            charge = payment.charge
            if payment.refunded_at and payment.refunded_at.date() == day:
                refund_id = "re_3" + charge.id.removeprefix("ch_3")
                yield Refund(refund_id, charge.id, payment.refunded_at, charge.currency, payment.refund_minor, charge.order_id)

    def _new_customers(self, day: date) -> list[Customer]:
        firsts = [(sale.person, sale.at) for sale in self.people.sales(day) if sale.is_first]
        firsts += [(lead.person, lead.won_at) for lead in self.people.won(day) if lead.won_at]
        found = [
            Customer(
                id=self.customer_id(person),
                number=f"C-{person.number}",
                email=person.email,
                name=person.company or f"{person.first_name} {person.last_name}",
                created_at=at,
                touch=person.touch,
            )
            for person, at in firsts
        ]
        return sorted(found, key=lambda customer: (customer.created_at, customer.id))


def months_later(at: datetime, count: int) -> datetime:
    """The same time of the day, on the last day of a month that is too short."""
    year, index = divmod(at.year * 12 + at.month - 1 + count, 12)
    return at.replace(year=year, month=index + 1, day=min(at.day, monthrange(year, index + 1)[1]))


def _periods(started_at: datetime, until: date, step: int) -> int:
    """How many whole periods of `step` months have passed on the day `until`."""
    count = ((until.year - started_at.year) * 12 + until.month - started_at.month) // step
    return count if months_later(started_at, count * step).date() <= until else count - 1


def _invoice(charge: Charge, reason: str, description: str, until: datetime, quantity: int = 1) -> Invoice:
    return Invoice(
        charge.invoice_id,
        charge.id,
        charge.customer_id,
        charge.subscription_id,
        reason,
        charge.created_at,
        charge.currency,
        charge.amount_minor,
        charge.tax_minor,
        quantity,
        description,
        until,
    )


def _shown(payment: Payment, as_of: date) -> Charge:
    is_refunded = payment.refunded_at and payment.refunded_at.date() <= as_of
    return replace(payment.charge, refunded_minor=payment.refund_minor) if is_refunded else payment.charge


def _known(at: datetime | None, as_of: date) -> datetime | None:
    return at if at and at.date() <= as_of else None
