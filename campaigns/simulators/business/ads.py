"""The advertisements: what they cost and showed, and everybody who clicked and later ordered or enquired."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from math import ceil

from campaigns.simulators.business.figures import AdConversionFigures, AdFigures
from campaigns.simulators.business.story import AdAccount, Campaign, Story, cents, days, noise

# Conversions are booked on the day of the click and known only when they happen.
LONGEST_LAG = 30
# Parts per thousand that a platform shows of a day's clicks and cost, by the day's age: a day under way, then clicks that
# are later found invalid, then the final figure.
SETTLING = {0: 620, 1: 1020, 2: 1010}
CARTS_FOR_EACH_ORDER = 3
GROUPS = {
    "SEARCH": "Paid Search",
    "SHOPPING": "Paid Shopping",
    "PERFORMANCE_MAX": "Cross-network",
    "DISPLAY": "Display",
    "VIDEO": "Paid Video",
    "DEMAND_GEN": "Cross-network",
}
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Conversion:
    """A person who clicked and later ordered or left an enquiry; `credit` is the share that Google gives to the click.

    `value` is the order's amount in the business's currency, `click_id` the gclid.
    """

    campaign: Campaign
    clicked: date
    arrives: date
    is_order: bool
    credit: Decimal
    value: Decimal
    click_id: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """A campaign's day: the final figures, every conversion it will ever have, and the carts filled."""

    impressions: int
    clicks: int
    cost_micros: int
    conversions: tuple[Conversion, ...]
    carts: int


NOTHING = Delivery(0, 0, 0, (), 0)


class Ads:
    def __init__(self, story: Story) -> None:
        self.story = story
        self._deliveries: dict[date, dict[str, Delivery]] = {}
        self._arrivals: dict[date, list[Conversion]] = {}

    def days(self, since: date, until: date, as_of: date, account: AdAccount) -> list[AdFigures]:
        campaigns = self.of_account(account)
        rate = self._rate(account)
        found = (
            self._shown(self.delivered(day)[campaign.id], campaign, day, as_of, rate)
            for day in days(since, min(until, as_of))
            for campaign in campaigns
        )
        return [figures for figures in found if figures.impressions]

    def conversions(self, since: date, until: date, as_of: date, account: AdAccount) -> list[AdConversionFigures]:
        campaigns = self.of_account(account)
        rate = self._rate(account)
        return [
            figures
            for day in days(since, min(until, as_of))
            for campaign in campaigns
            for figures in self._by_action(self.delivered(day)[campaign.id], campaign, day, as_of, rate)
        ]

    def of_account(self, account: AdAccount) -> list[Campaign]:
        business = self.story.business
        return [campaign for campaign in business.campaigns if business.ad_account(campaign) == account]

    def delivered(self, day: date) -> dict[str, Delivery]:
        """The day's delivery of every campaign, by the campaign's id."""
        if day not in self._deliveries:
            self._deliveries[day] = {campaign.id: self._delivery(campaign, day) for campaign in self.story.business.campaigns}
        return self._deliveries[day]

    def arriving(self, day: date) -> list[Conversion]:
        """The conversions of all earlier clicks that happen on this day."""
        if day not in self._arrivals:
            clicked = (self.delivered(clicked) for clicked in days(day - timedelta(days=LONGEST_LAG), day))
            deliveries = (delivery for campaigns in clicked for delivery in campaigns.values())
            self._arrivals[day] = [c for delivery in deliveries for c in delivery.conversions if c.arrives == day]
        return self._arrivals[day]

    def _delivery(self, campaign: Campaign, day: date) -> Delivery:
        demand = self.story.demand(day)
        if not demand or not self.story.runs(campaign, day):
            return NOTHING
        random = self.story.random("ads", campaign.id, day)
        impressions = int(campaign.impressions * demand * noise(random, 0.18))
        clicks = int(impressions * campaign.click_rate * noise(random, 0.15))
        spent = int(clicks * campaign.cost_per_click * 100 * noise(random, 0.12))
        happened = [n for n in range(clicks) if random.random() < campaign.conversion_rate]
        conversions = tuple(self._conversion(campaign, day, n) for n in happened)
        carts = int(len(conversions) * CARTS_FOR_EACH_ORDER * noise(random, 0.5))
        return Delivery(impressions, clicks, spent * 10_000, conversions, carts)

    def _conversion(self, campaign: Campaign, day: date, n: int) -> Conversion:
        random = self.story.random("conversion", campaign.id, day, n)
        is_order = random.random() < campaign.order_share
        late = max(0.0, (random.random() - 0.6) / 0.4)
        lag = ceil(late * late * late * LONGEST_LAG)
        credit = Decimal(1) if random.random() < 0.7 else Decimal(20 + int(random.random() * 75)) / 100
        low, high = self.story.business.basket
        # Small baskets are the most frequent.
        value = cents(Decimal(low * 100 + int((high - low) * 100 * random.random() * random.random())) / 100) if is_order else ZERO
        click_id = "Cj0KCQ" + self.story.identifier("click", campaign.id, day, n, length=24)
        return Conversion(campaign, day, day + timedelta(days=lag), is_order, credit, value, click_id)

    def _rate(self, account: AdAccount) -> Decimal:
        """Units of the account's currency for one of the business's."""
        foreign = self.story.business.foreign
        return next((currency.rate for currency in foreign if currency.code.upper() == account.currency), Decimal(1))

    def _by_action(self, delivery: Delivery, campaign: Campaign, day: date, as_of: date, rate: Decimal) -> list[AdConversionFigures]:
        """What each action counts of a day's clicks. A cart is filled on the day of the click."""
        known = [conversion for conversion in delivery.conversions if conversion.arrives <= as_of]
        counted = {
            "order": [(c.credit, cents(c.credit * c.value * rate)) for c in known if c.is_order],
            "lead": [(c.credit, ZERO) for c in known if not c.is_order],
            "cart": [(Decimal(1), ZERO)] * delivery.carts,
        }
        found = []
        for kind, action in self.story.business.actions.items():
            if not counted[kind]:
                continue
            credit, value = (sum(part, ZERO) for part in zip(*counted[kind], strict=True))
            is_primary = action.is_primary
            found.append(
                AdConversionFigures(day, campaign, action, credit if is_primary else ZERO, value if is_primary else ZERO, credit, value)
            )
        return found

    def _shown(self, delivery: Delivery, campaign: Campaign, day: date, as_of: date, rate: Decimal) -> AdFigures:
        settled = SETTLING.get((as_of - day).days, 1000)
        actions = self._by_action(delivery, campaign, day, as_of, rate)
        return AdFigures(
            day=day,
            campaign=campaign,
            impressions=delivery.impressions * min(settled, 1000) // 1000,
            clicks=delivery.clicks * settled // 1000,
            cost_micros=delivery.cost_micros // 10_000 * settled // 1000 * 10_000,
            conversions=sum((action.conversions for action in actions), ZERO),
            value=sum((action.value for action in actions), ZERO),
            all_conversions=sum((action.all_conversions for action in actions), ZERO),
            all_value=sum((action.all_value for action in actions), ZERO),
        )
