"""The people: enquiries and how far they get, subscribers to the newsletter, and shop orders; each with one key on every platform."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from random import Random
from unicodedata import normalize

from campaigns.simulators.business.ads import GROUPS, Ads, Conversion
from campaigns.simulators.business.figures import Touch
from campaigns.simulators.business.story import Origin, Plan, Story, cents, days, hundredths, pick, several

# The longest a lead takes from the form to the end of its deal, and from there to an order in the shop, in days.
LONGEST_DEAL = 45
LONGEST_RETURN = 90
LONGEST_REFUND = 30
LEAD, MQL, SQL, OPPORTUNITY, CUSTOMER = "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer"
SUBSCRIBER = "subscriber"
DEAL_OPEN, DEAL_OFFER, DEAL_WON, DEAL_LOST = "qualifiedtobuy", "contractsent", "closedwon", "closedlost"
History = tuple[tuple[str, datetime], ...]


@dataclass(frozen=True, slots=True)
class Person:
    """`number` is unique among all people of a business; `touch` is how they first came."""

    number: str
    first_name: str
    last_name: str
    email: str
    company: str
    touch: Touch


@dataclass(frozen=True, slots=True)
class Deal:
    """What sales negotiates with a lead. `amount` in the business's currency, for a subscription that of a year; `history` by deal stage.

    `plan` and `seats` are what is subscribed to, where the business sells subscriptions.
    """

    amount: Decimal
    currency: str
    rate: Decimal
    created_at: datetime
    closes_at: datetime
    history: History
    plan: Plan | None
    seats: int


@dataclass(frozen=True, slots=True)
class Enquiry:
    """A lead with everything that will ever happen to it."""

    number: str
    slot: int
    person: Person
    created_at: datetime
    landing_page: str
    base_score: int
    stages: dict[str, datetime]
    history: History
    deal: Deal | None
    is_unqualified_at: datetime | None
    returns_at: datetime | None
    has_newsletter: bool

    @property
    def won_at(self) -> datetime | None:
        return self.stages.get("won_at")


@dataclass(frozen=True, slots=True)
class Signup:
    """Somebody who subscribed to the newsletter, and perhaps orders later."""

    number: str
    slot: int
    person: Person
    at: datetime
    landing_page: str
    returns_at: datetime | None


@dataclass(frozen=True, slots=True)
class Sale:
    """An order of the shop, net of tax in the business's currency. `rate` converts it to `currency`, in which it is paid."""

    order_id: str
    at: datetime
    amount: Decimal
    tax: Decimal
    shipping: Decimal
    touch: Touch
    person: Person
    is_first: bool
    product: str
    margin: Decimal
    refunded_at: datetime | None
    refund: Decimal
    currency: str
    rate: Decimal
    plan: Plan | None
    landing_page: str


@dataclass(frozen=True, slots=True)
class _Draft:
    """A sale before its customer is known."""

    touch: Touch
    amount: Decimal | None = None
    person: Person | None = None
    at: datetime | None = None


class People:
    def __init__(self, story: Story, ads: Ads) -> None:
        self.story = story
        self.ads = ads
        self.newsletter = next(touch_of(origin) for origin in story.business.origins if origin.channel == "email")
        self._enquiries: dict[date, tuple[Enquiry, ...]] = {}
        self._signups: dict[date, tuple[Signup, ...]] = {}
        self._sales: dict[date, tuple[Sale, ...]] = {}
        self._drafted: dict[date, tuple[_Draft, ...]] = {}
        self._first_orders: dict[date, list[Person]] = {}
        self._known: dict[str, Person] = {}
        # What was told of days to come, by those days.
        self._returns: dict[date, list[Enquiry | Signup]] = defaultdict(list)
        self._wins: dict[date, list[Enquiry]] = defaultdict(list)

    # ---------------------------------------------------------------------------------------------------- enquiries
    def enquiries(self, day: date) -> tuple[Enquiry, ...]:
        if day not in self._enquiries:
            touches = [advert(c) for c in self.ads.arriving(day) if not c.is_order]
            random, demand = self.story.random("leads", day), self.story.demand(day)
            for origin in self.story.business.origins:
                touches += [touch_of(origin)] * several(random, origin.leads * demand)
            self._enquiries[day] = tuple(self._enquiry(day, n, touch) for n, touch in enumerate(touches, 1))
            for lead in self._enquiries[day]:
                if lead.won_at:
                    self._wins[lead.won_at.date()].append(lead)
                if lead.returns_at:
                    self._returns[lead.returns_at.date()].append(lead)
        return self._enquiries[day]

    def won(self, day: date) -> list[Enquiry]:
        """The leads that became customers on this day, by winning their deal."""
        for created in days(day - timedelta(days=LONGEST_DEAL), day):
            self.enquiries(created)
        return sorted(self._wins[day], key=lambda lead: lead.number)

    def _enquiry(self, day: date, n: int, touch: Touch) -> Enquiry:
        number = f"{day:%Y%m%d}-{n:02d}"
        random = self.story.random("lead", number)
        business = self.story.business
        person = self._person(random, f"L-{number}", touch, is_company=random.random() < 0.5)
        if random.random() < 0.06:
            person = Person(person.number, person.first_name, person.last_name, "", person.company, touch)
        created = self.story.instant(random, day)
        stages = self._stages(random, created)
        deal = self._deal(random, stages)
        history, unqualified = _lifecycle(random, created, stages, deal)
        returns = None
        if business.basket[1] and person.email and "won_at" not in stages and random.random() < 0.05:
            returns = self.story.later(random, created, LONGEST_DEAL + 1, LONGEST_RETURN)
            history += ((CUSTOMER, returns),)
        return Enquiry(
            number=number,
            slot=n,
            person=person,
            created_at=created,
            landing_page=pick(random, business.lead_pages),
            base_score=int(random.random() * 60),
            stages=stages,
            history=history,
            deal=deal,
            is_unqualified_at=unqualified,
            returns_at=returns,
            has_newsletter=random.random() < 0.4,
        )

    def _stages(self, random: Random, created: datetime) -> dict[str, datetime]:
        """When the lead was qualified, accepted by sales, and won or lost; those that never move are missing."""
        story = self.story
        mql_rate, sql_rate, win_rate = story.business.stage_rates
        mql = story.later(random, created, 0, 5)
        sql = story.later(random, mql, 2, 12)
        closed = story.later(random, sql, 5, 25)
        if random.random() >= mql_rate:
            return {}
        if random.random() >= sql_rate:
            return {"mql_at": mql, "lost_at": sql} if random.random() < 0.4 else {"mql_at": mql}
        outcome = random.random()
        if outcome > 0.93:
            return {"mql_at": mql, "sql_at": sql}
        return {"mql_at": mql, "sql_at": sql, "won_at" if outcome < win_rate else "lost_at": closed}

    def _deal(self, random: Random, stages: dict[str, datetime]) -> Deal | None:
        if "sql_at" not in stages:
            return None
        story, business = self.story, self.story.business
        low, high = business.deal_amount
        currency, rate = self._currency(random)
        plan, seats = self._contract(random) if business.is_sold_by_subscription else (None, 0)
        amount = Decimal(plan.price * seats * (12 if plan.interval == "month" else 1)) if plan else hundredths(random, low, high)
        closed = stages.get("won_at") or stages.get("lost_at")
        created = story.later(random, stages["sql_at"], 1, 4)
        offered = story.later(random, created, 1, 3)
        history = [(DEAL_OPEN, created), (DEAL_OFFER, min(offered, closed) if closed else offered)]
        if closed:
            history.append((DEAL_WON if "won_at" in stages else DEAL_LOST, closed))
        closes = closed or story.later(random, created, 40, 90)
        return Deal(amount, currency, rate, created, closes, tuple(history), plan, seats)

    def _contract(self, random: Random) -> tuple[Plan, int]:
        """The plan and the seats that are subscribed to."""
        plan = self._plan(random)
        return plan, 1 + int(random.random() * random.random() * plan.seats)

    def _plan(self, random: Random) -> Plan:
        chance, plans = random.random(), self.story.business.plans
        for plan in plans:
            chance -= plan.weight
            if chance < 0:
                return plan
        return plans[-1]

    # ------------------------------------------------------------------------------------------------- subscribers
    def signups(self, day: date) -> tuple[Signup, ...]:
        if day not in self._signups:
            random, demand = self.story.random("signups", day), self.story.demand(day)
            count = several(random, self.story.business.lists[0].joined * demand)
            self._signups[day] = tuple(self._signup(day, n) for n in range(1, count + 1))
            for signup in self._signups[day]:
                if signup.returns_at:
                    self._returns[signup.returns_at.date()].append(signup)
        return self._signups[day]

    def _signup(self, day: date, n: int) -> Signup:
        number = f"{day:%Y%m%d}-{n:02d}"
        random = self.story.random("signup", number)
        business = self.story.business
        origin = pick(random, [origin for origin in business.origins if origin.sessions])
        person = self._person(random, f"S-{number}", touch_of(origin), is_company=False)
        at = self.story.instant(random, day)
        returns = self.story.later(random, at, 1, 60) if business.basket[1] and random.random() < 0.15 else None
        return Signup(number, n, person, at, pick(random, business.landing_pages), returns)

    # ------------------------------------------------------------------------------------------------------ orders
    def sales(self, day: date) -> tuple[Sale, ...]:
        if day not in self._sales:
            self._sales[day] = tuple(self._sale(day, n, draft) for n, draft in enumerate(self._drafts(day), 1))
        return self._sales[day]

    def refunded(self, day: date) -> list[Sale]:
        """The sales of which money is given back on this day."""
        earlier = days(day - timedelta(days=LONGEST_REFUND), day)
        return [sale for sold in earlier for sale in self.sales(sold) if sale.refunded_at and sale.refunded_at.date() == day]

    def _drafts(self, day: date) -> tuple[_Draft, ...]:
        if day not in self._drafted:
            self._drafted[day] = tuple(self._drafting(day)) if self.story.business.basket[1] else ()
        return self._drafted[day]

    def _drafting(self, day: date) -> Iterator[_Draft]:
        random, demand = self.story.random("orders", day), self.story.demand(day)
        yield from (_Draft(advert(c), c.value) for c in self.ads.arriving(day) if c.is_order)
        for origin in self.story.business.origins:
            yield from [_Draft(touch_of(origin))] * several(random, origin.orders * demand)
        yield from self._returning(day)

    def _returning(self, day: date) -> Iterator[_Draft]:
        """People whom the newsletter brought back to order."""
        for earlier in days(day - timedelta(days=LONGEST_RETURN), day):
            self.enquiries(earlier)
            self.signups(earlier)
        for contact in sorted(self._returns[day], key=lambda contact: contact.person.number):
            yield _Draft(self.newsletter, None, contact.person, contact.returns_at)

    def _sale(self, day: date, n: int, draft: _Draft) -> Sale:
        business = self.story.business
        order_id = f"{business.order_prefix}-{day:%Y%m%d}-{n:02d}"
        random = self.story.random("sale", order_id)
        earlier = self._earlier_customer(random, day) if not draft.person and self._is_return(order_id) else None
        person = draft.person or earlier or self._newcomer(day, n, draft.touch)
        at = draft.at or self.story.instant(random, day)
        plan = self._plan(random) if not earlier and business.plans and random.random() < business.plan_share else None
        amount = Decimal(plan.price) if plan else draft.amount or self._basket(random)
        currency, rate = self._currency(random)
        is_refunded = random.random() < 0.05
        return Sale(
            order_id=order_id,
            at=at,
            amount=amount,
            tax=cents(amount * business.tax_percent / 100),
            shipping=Decimal("0.00") if plan or amount >= business.free_shipping_from else business.shipping,
            touch=draft.touch,
            person=person,
            is_first=earlier is None,
            product=plan.name if plan else pick(random, business.products),
            margin=cents(amount * hundredths(random, 45, 60) / 100),
            refunded_at=self.story.later(random, at, 3, LONGEST_REFUND - 2) if is_refunded else None,
            refund=cents(amount * (Decimal(1) if random.random() < 0.7 else Decimal("0.5"))),
            currency=currency,
            rate=rate,
            plan=plan,
            landing_page=pick(random, business.landing_pages),
        )

    def _earlier_customer(self, random: Random, day: date) -> Person | None:
        """Somebody who first ordered weeks before."""
        first_ordered = day - timedelta(days=20 + int(random.random() * 280))
        firsts = self._newcomers(first_ordered)
        return pick(random, firsts) if firsts else None

    def _newcomers(self, day: date) -> list[Person]:
        """Those who ordered for the first time on this day, found without their sales, which would look further and further back."""
        if day not in self._first_orders:
            prefix = self.story.business.order_prefix
            drafts = enumerate(self._drafts(day), 1)
            known = [(n, draft) for n, draft in drafts if not self._is_return(f"{prefix}-{day:%Y%m%d}-{n:02d}")]
            self._first_orders[day] = [draft.person or self._newcomer(day, n, draft.touch) for n, draft in known]
        return self._first_orders[day]

    def _is_return(self, order_id: str) -> bool:
        return self.story.chance("return", order_id) < self.story.business.return_share

    def _newcomer(self, day: date, n: int, touch: Touch) -> Person:
        number = f"O-{day:%Y%m%d}-{n:02d}"
        if number not in self._known:
            self._known[number] = self._person(self.story.random("newcomer", number), number, touch, is_company=False)
        return self._known[number]

    def _basket(self, random: Random) -> Decimal:
        low, high = self.story.business.basket
        return cents(Decimal(low * 100 + int((high - low) * 100 * random.random() * random.random())) / 100)

    # ----------------------------------------------------------------------------------------------------- anybody
    def _currency(self, random: Random) -> tuple[str, Decimal]:
        chance = random.random()
        for foreign in self.story.business.foreign:
            if chance < foreign.share:
                return foreign.code, foreign.rate
            chance -= foreign.share
        return self.story.business.currency.lower(), Decimal(1)

    def _person(self, random: Random, number: str, touch: Touch, *, is_company: bool) -> Person:
        business = self.story.business
        first, last = pick(random, business.first_names), pick(random, business.last_names)
        company = pick(random, business.companies) if is_company else ""
        local = f"{_plain(first)}.{_plain(last)}.{number.replace('-', '').lower()}"
        return Person(number, first, last, f"{local}@{pick(random, business.mail_domains)}", company, touch)


def touch_of(origin: Origin) -> Touch:
    return Touch(origin.channel, origin.group, origin.source, origin.medium, origin.campaign)


def advert(conversion: Conversion) -> Touch:
    campaign = conversion.campaign
    return Touch(campaign.channel, GROUPS[campaign.kind], "google", "cpc", campaign.name, campaign.id, conversion.click_id)


def _lifecycle(random: Random, created: datetime, stages: dict[str, datetime], deal: Deal | None) -> tuple[History, datetime | None]:
    """Every lifecycle stage with its instant, and when sales gave up. A lead that is given up may go back to where it began."""
    history = [(LEAD, created)]
    history += [(stage, stages[key]) for stage, key in ((MQL, "mql_at"), (SQL, "sql_at")) if key in stages]
    if deal:
        history.append((OPPORTUNITY, deal.created_at))
    if "won_at" in stages:
        history.append((CUSTOMER, stages["won_at"]))
    lost_at = stages.get("lost_at")
    if lost_at and not deal and random.random() < 0.5:
        history.append((LEAD, lost_at))
    return tuple(history), lost_at


@cache
def _plain(name: str) -> str:
    return normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
