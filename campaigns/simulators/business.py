"""Maison Lumen, an invented lamp shop: its campaigns, leads and orders, the truth behind every simulated platform.

Everything is a pure function of the seed, the story's anchor day and the days asked for. Only `Random.random()` and the
four operations are used, so that every machine and Python version tells the same story.

The story, in days before the anchor: opened 800 days ago and grew slowly; a stock shortage from 63 to 50 days ago; the
card expired and nothing ran 45 days ago; the display campaign paused from 40 to 27 days ago; a demand generation
campaign was launched 70 days ago; the video runs from Thursday to Sunday.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from math import ceil
from random import Random
from zoneinfo import ZoneInfo

SEED = "maison-lumen"
ANCHOR = date(2026, 11, 20)
ZONE = ZoneInfo("Europe/Paris")
CURRENCY = "EUR"
OPENED = 800
SHORTAGE = range(50, 64)
OUTAGE = 45
# Monday to Sunday, and January to December: lamps sell on Sundays and when evenings grow long.
WEEK = (1.05, 1.0, 0.98, 0.96, 0.92, 0.98, 1.11)
YEAR = (1.08, 0.99, 0.95, 0.91, 0.88, 0.86, 0.84, 0.86, 0.95, 1.02, 1.06, 1.1)
GROWTH_A_DAY = 0.0004
# Conversions are booked on the day of the click and known only when they happen.
LONGEST_LAG = 30
# Parts per thousand that a platform shows of a day's clicks and cost, by the day's age: a day under way, then clicks that
# are later found invalid, then the final figure.
SETTLING = {0: 620, 1: 1020, 2: 1010}
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Campaign:
    """A Google Ads campaign and what it yields on an average day at the anchor."""

    id: str
    name: str
    kind: str
    channel: str
    impressions: int
    click_rate: float
    cost_per_click: float
    conversion_rate: float
    launched: int = OPENED
    paused: range = range(0)
    weekdays: frozenset[int] = frozenset(range(7))

    def runs(self, age: int, weekday: int) -> bool:
        """`age` is in days before the anchor, negative after it."""
        return age <= self.launched and age not in self.paused and age != OUTAGE and weekday in self.weekdays


CAMPAIGNS = (
    Campaign("20770411", "Search | Marque", "SEARCH", "paid_search", 740, 0.12, 0.46, 0.072),
    Campaign("20770412", "Search | Luminaires génériques", "SEARCH", "paid_search", 2600, 0.04, 1.05, 0.042),
    Campaign("20770413", "Shopping | Catalogue", "SHOPPING", "paid_search", 14900, 0.011, 0.55, 0.034),
    Campaign("20770414", "PMax | Best-sellers", "PERFORMANCE_MAX", "paid_search", 8300, 0.016, 0.58, 0.034),
    Campaign("20770415", "Display | Retargeting paniers", "DISPLAY", "display", 17900, 0.0035, 0.4, 0.018, paused=range(27, 41)),
    Campaign("20770416", "Vidéo | Notoriété atelier", "VIDEO", "video", 9800, 0.0026, 0.8, 0.01, weekdays=frozenset({3, 4, 5, 6})),
    Campaign("20770417", "Demand Gen | Collection hiver", "DEMAND_GEN", "display", 6200, 0.007, 0.5, 0.016, launched=70),
)
# Orders and leads a day that no advertisement brought, by channel and campaign.
UNPAID = (
    ("organic_search", "", 2.8, 1.3),
    ("direct", "", 2.0, 0.5),
    ("email", "Newsletter du jeudi", 1.6, 0.3),
    ("referral", "", 0.5, 0.3),
    ("affiliation", "Blog déco", 0.5, 0.1),
)
PRODUCTS = (
    "Lampe Alba",
    "Lampe Néroli",
    "Suspension Orion",
    "Suspension Méridienne",
    "Applique Dune",
    "Lampadaire Cassis",
    "Guirlande Ondée",
    "Abat-jour Tilleul",
)
LANDING_PAGES = ("/", "/suspensions", "/lampes-a-poser", "/lampadaires", "/appliques", "/projets-professionnels", "/guide-eclairage")
FIRST_NAMES = ("camille", "lucas", "ines", "hugo", "lea", "nadia", "paul", "sofia", "marc", "elise", "yanis", "claire")


@dataclass(frozen=True)
class AdFigures:
    """One campaign on one day as Google Ads knows it on some later day. Money in EUR; conversions may be fractions."""

    day: date
    campaign: Campaign
    impressions: int
    clicks: int
    cost_micros: int
    conversions: Decimal
    value: Decimal


@dataclass(frozen=True)
class _Conversion:
    """A person who clicked and later ordered or left an enquiry; `credit` is the share that Google gives to the click."""

    campaign: Campaign
    arrives: date
    is_order: bool
    credit: Decimal
    value: Decimal


@dataclass(frozen=True)
class _Delivery:
    impressions: int
    clicks: int
    cost_micros: int
    conversions: tuple[_Conversion, ...]


@dataclass(frozen=True)
class _Sale:
    order_id: str
    at: datetime
    amount: Decimal
    channel: str
    campaign: str
    is_first: bool
    product: str
    margin: Decimal
    refunded_on: date | None
    refund: Decimal


@dataclass(frozen=True)
class Ledger:
    """The truth that the product must end up storing. `anchor` is the day around which the story is told."""

    seed: str = SEED
    anchor: date = ANCHOR

    def ad_days(self, since: date, until: date, as_of: date) -> list[AdFigures]:
        """What Google Ads shows on `as_of` for the days `since` to `until`, by day and campaign; none without impressions."""
        found = (
            _shown(_delivery(self, campaign, day), campaign, day, as_of)
            for day in _days(since, min(until, as_of))
            for campaign in CAMPAIGNS
        )
        return [figures for figures in found if figures.impressions]

    def leads(self, since: date, until: date, as_of: date | None = None) -> list[dict[str, str]]:
        """Enquiries created on the days `since` to `until`, in the columns of an imported leads file.

        Stages reached after `as_of` (default: `until`) are empty.
        """
        known = as_of or until
        return [
            _lead(self, day, n, channel, campaign, known) for day in _days(since, until) for n, channel, campaign in _enquiries(self, day)
        ]

    def orders(self, since: date, until: date) -> list[dict[str, str]]:
        """Orders and refunds dated on the days `since` to `until`, in the columns of an imported orders file, net of tax."""
        rows = [_order(self, sale) for day in _days(since, until) for sale in _sales(self, day)]
        earlier = (sale for day in _days(since - timedelta(days=30), until) for sale in _sales(self, day))
        rows += [_refund(self, sale, sale.refunded_on) for sale in earlier if sale.refunded_on and since <= sale.refunded_on <= until]
        return sorted(rows, key=lambda row: (row["ordered_at"][:10], row["order_id"]))


def _days(since: date, until: date) -> Iterator[date]:
    return (since + timedelta(days=n) for n in range((until - since).days + 1))


def _random(ledger: Ledger, *key: object) -> Random:
    return Random("|".join(str(part) for part in (ledger.seed, *key)))


def _noise(random: Random, width: float) -> float:
    return 1 + width * (random.random() + random.random() - 1)


def _demand(ledger: Ledger, day: date) -> float:
    """The day's demand, 1 being an average day at the anchor; 0 before the shop opened."""
    age = (ledger.anchor - day).days
    if age > OPENED:
        return 0.0
    this_month, next_month = YEAR[day.month - 1], YEAR[day.month % 12]
    season = this_month + (next_month - this_month) * (day.day - 1) / 31
    return WEEK[day.weekday()] * season * (1 - GROWTH_A_DAY * age) * (0.6 if age in SHORTAGE else 1.0)


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def _part(random: Random, low: int, high: int) -> Decimal:
    """Between `low` and `high`, in hundredths."""
    return Decimal(low * 100 + int(random.random() * (high - low) * 100)) / 100


# ---------------------------------------------------------------------------------------------------------- the ads
@lru_cache(maxsize=50_000)
def _delivery(ledger: Ledger, campaign: Campaign, day: date) -> _Delivery:
    """The day's final figures and every conversion it will ever have."""
    demand = _demand(ledger, day)
    if not demand or not campaign.runs((ledger.anchor - day).days, day.weekday()):
        return _Delivery(0, 0, 0, ())
    random = _random(ledger, "ads", campaign.id, day)
    impressions = int(campaign.impressions * demand * _noise(random, 0.18))
    clicks = int(impressions * campaign.click_rate * _noise(random, 0.15))
    cents = int(clicks * campaign.cost_per_click * 100 * _noise(random, 0.12))
    conversions = tuple(_conversion(random, campaign, day) for _ in range(clicks) if random.random() < campaign.conversion_rate)
    return _Delivery(impressions, clicks, cents * 10_000, conversions)


def _conversion(random: Random, campaign: Campaign, day: date) -> _Conversion:
    is_order = random.random() < 0.5
    late = max(0.0, (random.random() - 0.6) / 0.4)
    lag = ceil(late * late * late * LONGEST_LAG)
    credit = Decimal(1) if random.random() < 0.7 else Decimal(20 + int(random.random() * 75)) / 100
    return _Conversion(campaign, day + timedelta(days=lag), is_order, credit, _basket(random) if is_order else Decimal(0))


def _basket(random: Random) -> Decimal:
    """80 to 400 EUR, small baskets being the most frequent."""
    return _cents(Decimal(8000 + int(32000 * random.random() * random.random())) / 100)


def _shown(delivery: _Delivery, campaign: Campaign, day: date, as_of: date) -> AdFigures:
    settled = SETTLING.get((as_of - day).days, 1000)
    known = [conversion for conversion in delivery.conversions if conversion.arrives <= as_of]
    return AdFigures(
        day=day,
        campaign=campaign,
        impressions=delivery.impressions * min(settled, 1000) // 1000,
        clicks=delivery.clicks * settled // 1000,
        cost_micros=delivery.cost_micros // 10_000 * settled // 1000 * 10_000,
        conversions=sum((conversion.credit for conversion in known), Decimal(0)),
        value=sum((_cents(conversion.credit * conversion.value) for conversion in known), Decimal(0)),
    )


def _arriving(ledger: Ledger, day: date) -> list[_Conversion]:
    """The conversions of all earlier clicks that happen on this day."""
    clicks = (_delivery(ledger, campaign, clicked) for clicked in _days(day - timedelta(days=LONGEST_LAG), day) for campaign in CAMPAIGNS)
    return [conversion for delivery in clicks for conversion in delivery.conversions if conversion.arrives == day]


def _several(random: Random, mean: float) -> int:
    """A count with this mean: twenty chances, so that quiet and busy days occur."""
    return sum(random.random() < mean / 20 for _ in range(20))


# -------------------------------------------------------------------------------------------------------- the orders
@lru_cache(maxsize=5_000)
def _sales(ledger: Ledger, day: date) -> tuple[_Sale, ...]:
    random = _random(ledger, "orders", day)
    demand = _demand(ledger, day)
    found = [(c.value, c.campaign.channel, c.campaign.name) for c in _arriving(ledger, day) if c.is_order]
    for channel, campaign, mean, _leads in UNPAID:
        found += [(_basket(random), channel, campaign) for _ in range(_several(random, mean * demand))]
    return tuple(_sale(random, day, n, *sale) for n, sale in enumerate(found, 1))


def _sale(random: Random, day: date, n: int, amount: Decimal, channel: str, campaign: str) -> _Sale:
    is_refunded = random.random() < 0.05
    share = Decimal(1) if random.random() < 0.7 else Decimal("0.5")
    return _Sale(
        order_id=f"ML-{day:%Y%m%d}-{n:02d}",
        at=_instant(random, day),
        amount=amount,
        channel=channel,
        campaign=campaign,
        is_first=random.random() < 0.72,
        product=PRODUCTS[int(random.random() * len(PRODUCTS))],
        margin=_cents(amount * _part(random, 45, 60) / 100),
        refunded_on=day + timedelta(days=3 + int(random.random() * 25)) if is_refunded else None,
        refund=_cents(amount * share),
    )


def _instant(random: Random, day: date) -> datetime:
    """Some time between 8 and 22 o'clock, when no clock is ever changed."""
    second = 8 * 3600 + int(random.random() * 14 * 3600)
    return datetime(day.year, day.month, day.day, second // 3600, second // 60 % 60, second % 60, tzinfo=ZONE)


def _customer(ledger: Ledger, sale: _Sale) -> str:
    """A customer's number is that of the first order; a later order belongs to someone who first ordered weeks before."""
    random = _random(ledger, "customer", sale.order_id)
    earlier = _sales(ledger, sale.at.date() - timedelta(days=20 + int(random.random() * 280)))
    firsts = [candidate for candidate in earlier if candidate.is_first]
    first = sale if sale.is_first or not firsts else firsts[int(random.random() * len(firsts))]
    return f"C{first.order_id[2:]}"


def _order(ledger: Ledger, sale: _Sale) -> dict[str, str]:
    shipping = Decimal("0.00") if sale.amount >= 150 else Decimal("6.90")
    return {
        "order_id": sale.order_id,
        "customer_id": _customer(ledger, sale),
        "ordered_at": sale.at.isoformat(),
        "amount": str(sale.amount),
        "tax": str(_cents(sale.amount / 5)),
        "shipping": str(shipping),
        "kind": "order",
        "refund_of": "",
        "product": sale.product,
        "margin": str(sale.margin),
        "currency": CURRENCY,
        "channel": sale.channel,
        "campaign": sale.campaign,
    }


def _refund(ledger: Ledger, sale: _Sale, day: date) -> dict[str, str]:
    at = _instant(_random(ledger, "refund", sale.order_id), day)
    return _order(ledger, sale) | {
        "order_id": f"{sale.order_id}-R",
        "ordered_at": at.isoformat(),
        "amount": str(sale.refund),
        "tax": str(_cents(sale.refund / 5)),
        "shipping": "0.00",
        "kind": "refund",
        "refund_of": sale.order_id,
        "margin": "",
    }


# --------------------------------------------------------------------------------------------------------- the leads
def _enquiries(ledger: Ledger, day: date) -> list[tuple[int, str, str]]:
    """The day's number, channel and campaign of each enquiry."""
    random = _random(ledger, "leads", day)
    demand = _demand(ledger, day)
    found = [(c.campaign.channel, c.campaign.name) for c in _arriving(ledger, day) if not c.is_order]
    for channel, campaign, _orders, mean in UNPAID:
        found += [(channel, campaign)] * _several(random, mean * demand)
    return [(n, channel, campaign) for n, (channel, campaign) in enumerate(found, 1)]


def _lead(ledger: Ledger, day: date, n: int, channel: str, campaign: str, known: date) -> dict[str, str]:
    number = f"{day:%Y%m%d}-{n:02d}"
    random = _random(ledger, "lead", number)
    created = _instant(random, day)
    stages = {name: at for name, at in _stages(random, created).items() if at.date() <= known}
    is_won = "won_at" in stages
    first_name = FIRST_NAMES[int(random.random() * len(FIRST_NAMES))]
    has_email = random.random() < 0.8
    return {
        "lead_id": f"L-{number}",
        "created_at": created.isoformat(),
        "channel": channel,
        "campaign": campaign,
        "landing_page": LANDING_PAGES[int(random.random() * len(LANDING_PAGES))],
        "score": str(int(random.random() * 60) + (35 if "mql_at" in stages else 0)),
        **{name: stages[name].isoformat() if name in stages else "" for name in ("mql_at", "sql_at", "won_at", "lost_at")},
        "customer_id": f"C-L-{number}" if is_won else "",
        "value": str(_cents(_part(random, 250, 1400))) if is_won else "",
        "email": f"{first_name}.{number}@example.com" if has_email else "",
    }


def _stages(random: Random, created: datetime) -> dict[str, datetime]:
    """When the lead was qualified, accepted by sales, and won or lost; those that never move are missing."""
    mql = _later(random, created, 0, 5)
    sql = _later(random, mql, 2, 12)
    closed = _later(random, sql, 5, 25)
    if random.random() >= 0.5:
        return {}
    if random.random() >= 0.6:
        return {"mql_at": mql, "lost_at": sql} if random.random() < 0.4 else {"mql_at": mql}
    return {"mql_at": mql, "sql_at": sql, "won_at" if random.random() < 0.4 else "lost_at": closed}


def _later(random: Random, at: datetime, fewest: int, most: int) -> datetime:
    """Within working hours, `fewest` to `most` days later and never before `at`."""
    day = at.date() + timedelta(days=fewest + int(random.random() * (most - fewest + 1)))
    return max(at, _instant(random, day))
