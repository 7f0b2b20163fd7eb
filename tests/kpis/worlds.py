"""Small invented companies with everything that makes figures hard, as the records that their platforms would tell.

Gaps in what was loaded, figures that were never reported, zeros, refunds, currencies without a rate, accounts in other zones,
clocks that change, a leap day, a 53rd week, people with two names, figures counted in two ways.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.db import transaction

from accounts.models import Client
from accounts.services import keep_credential
from campaigns import records as r
from campaigns.connectors import sources
from campaigns.connectors.base import Replaces
from campaigns.models import Campaign, Connection, ConversionAction
from campaigns.rates.models import ExchangeRate
from campaigns.records import MILLION, NANO, Origin, Record
from campaigns.spool import Spool
from campaigns.streams import Window
from campaigns.sync import store

ONE_DAY = timedelta(days=1)
DAYS = 60
CAMPAIGNS = ("Brand", "Shop", "Été", "Launch")
LABELS = {"brand": ["generic", "fr"], "shop": ["fr"], "été": []}
ASSETS = ("", "", "White paper 1", "white paper: l’ÉTÉ", "price list", "50%_off", "/a", "/a/b")
# First day, days and name of what else was paid.
COSTS = ((0, 31, "tools"), (3, 1, "fair"), (0, 59, "sales salaries"), (31, 29, "agency fee"), (7, 7, "tax"), (40, 9, "Été: 50%_off"))
MIDNIGHT = (time(0, 0), time(0, 30), time(2, 30), time(12, 0), time(23, 30), time(23, 59, 59))


@dataclass(frozen=True)
class Account:
    """One account of a platform, or what a client tells by files."""

    source: str
    account: str
    currency: str = "EUR"
    timezone: str = "Europe/Paris"
    state: str = "active"

    @property
    def is_file(self) -> bool:
        return self.source == "file"


@dataclass(frozen=True)
class Answer:
    """What an account told of the days `since` to `until` of one family."""

    account: Account
    family: str
    since: date
    until: date
    rows: tuple[Record, ...]
    replaces: Replaces = Replaces.WINDOW


@dataclass(frozen=True)
class World:
    """A client's history from `first` on, as a list of answers."""

    first: date
    currency: str
    timezone: str
    answers: tuple[Answer, ...]
    rates: dict[tuple[str, date], Decimal] = field(default_factory=dict)
    # Actions that the client counts, or not, by account and action.
    counted: dict[tuple[str, str], bool] = field(default_factory=dict)

    @property
    def last(self) -> date:
        return self.first + (DAYS - 1) * ONE_DAY

    def with_rows(self, change: Callable[[Record], Record | None]) -> World:
        """The same with other rows; None: without that one."""
        return replace(self, answers=tuple(replace(answer, rows=_changed(answer.rows, change)) for answer in self.answers))


def _changed(rows: tuple[Record, ...], change: Callable[[Record], Record | None]) -> tuple[Record, ...]:
    return tuple(row for row in map(change, rows) if row is not None)


@dataclass(frozen=True)
class Troubles:
    """What goes wrong in a world. `unknown`: of a hundred figures of those columns which a platform does not always tell."""

    unknown: int = 0
    gaps: bool = False
    without_rates: bool = False
    mixed: bool = False
    without_contracts: bool = False


class Maker:
    """Draws one world. Every row depends on the seed alone."""

    def __init__(self, seed: int, first: date, currency: str, timezone: str, troubles: Troubles) -> None:
        self.dice = Random(seed)
        self.first, self.currency, self.timezone, self.troubles = first, currency, timezone, troubles
        self.zone = ZoneInfo(timezone)
        self.days = [first + number * ONE_DAY for number in range(DAYS)]
        self.answers: list[Answer] = []

    def world(self) -> World:
        self._ads()
        self._site()
        self._email()
        self._social()
        self._people()
        self._costs()
        counted = {("meta_ads", "purchase"): True, ("meta_ads", "view"): False}
        return World(self.first, self.currency, self.timezone, tuple(self.answers), self._rates(), counted)

    # --------------------------------------------------------------------------------------------------------- figures
    def maybe(self, value: int) -> int | None:
        return None if self.dice.randrange(100) < self.troubles.unknown else value

    def some(self, most: int) -> int | None:
        return self.maybe(self.dice.choice([0, self.dice.randrange(most), self.dice.randrange(most)]))

    def money(self, most: int) -> int:
        return self.dice.choice([0, self.dice.randrange(most * 100) * NANO // 100, self.dice.randrange(most * NANO)])

    def at(self, day: date) -> datetime:
        """An instant of a day of the client's, often close to midnight."""
        return datetime.combine(day, self.dice.choice(MIDNIGHT), self.zone).astimezone(UTC)

    def later(self, at: datetime, most_days: int, share: float = 0.5) -> datetime | None:
        if self.dice.random() > share:
            return None
        return self.at(self.day_of(at) + self.dice.randrange(most_days + 1) * ONE_DAY)

    def day_of(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def origin(self) -> Origin:
        return self.dice.choice(
            [
                Origin(channel=self.dice.choice(["paid_search", "display", "email", "organic_search"])),
                Origin(source="google", medium="cpc", campaign=self.dice.choice(CAMPAIGNS)),
                Origin(source="news", medium="referral"),
                Origin(campaign=self.dice.choice(CAMPAIGNS)),
                Origin(source="x"),
                Origin(),
            ]
        )

    def tell(self, account: Account, family: str, rows: Iterable[Record], replaces: Replaces = Replaces.WINDOW, ends: int = 0) -> None:
        """In two answers, of which some days in between are missing where there are gaps; none of the last `ends` days."""
        kept, hole = list(rows), (DAYS // 2, DAYS // 2 + (self.dice.randrange(4, 12) if self.troubles.gaps else 0))
        until = self.days[-1] - ends * ONE_DAY if self.troubles.gaps else self.days[-1]
        spans = [(self.days[0], self.days[hole[0] - 1]), (self.days[hole[1]], until)]
        for since, last in spans:
            own = tuple(row for row in kept if since <= row.day <= last)
            self.answers.append(Answer(account, family, since, last, own, replaces))

    # ------------------------------------------------------------------------------------------------------------- ads
    def _ads(self) -> None:
        google = Account("google_ads", "1", self.currency)
        self.tell(google, "ads", [row for day in self.days for number in range(3) for row in self._google(day, number)])
        meta = Account("meta_ads", "2", "USD", "America/New_York")
        actions: list[Record] = [
            r.ConversionAction(day=self.first, action=action, name=action, counts=counts)
            for action, counts in (("purchase", False), ("lead", True), ("view", True))
        ]
        self.tell(meta, "ads", [*actions, *(row for day in self.days for row in self._meta(day))], ends=2)
        if self.troubles.without_rates:
            linkedin = Account("linkedin_ads", "3", "CHF", "Europe/Zurich", "disconnected")
            self.answers.append(
                Answer(linkedin, "ads", self.days[20], self.days[23], tuple(self._linkedin(day) for day in self.days[20:23]))
            )

    def _google(self, day: date, number: int) -> list[Record]:
        campaign = str(number)
        channel = "display" if number == 1 else "paid_search"
        rows: list[Record] = []
        if self.dice.random() < 0.8:
            rows.append(
                r.AdDay(
                    day=day, campaign_id=campaign, campaign=CAMPAIGNS[number], channel=channel, impressions=self.some(9000),
                    clicks=self.some(300), spend_nano=self.maybe(self.money(900)),
                )
            )  # fmt: skip
            count, value = self.dice.randrange(9 * MILLION), self.money(2000)
            told: Any = {"conversions_millionths": self.maybe(count), "value_nano": self.maybe(value)}
            rows.append(r.AdConversion(day=day, campaign_id=campaign, **told))
        return rows

    def _meta(self, day: date) -> list[Record]:
        basis = "1d_click" if self.troubles.mixed and day > self.days[40] else "7d_click"
        rows: list[Record] = []
        if self.dice.random() < 0.7:
            clicks, spend = self.some(200), self.maybe(self.money(500))
            rows.append(
                r.AdDay(
                    day=day, campaign_id="77", campaign=" brand ", channel="paid_social", impressions=self.some(5000), clicks=clicks,
                    spend_nano=spend,
                )
            )  # fmt: skip
        # Conversions may come on days without any impression.
        for action in ("", "purchase", "lead", "view"):
            if self.dice.random() < 0.5:
                count, value = self.maybe(self.dice.randrange(5) * MILLION), self.maybe(self.money(300))
                rows.append(
                    r.AdConversion(day=day, campaign_id="77", action=action, conversions_millionths=count, value_nano=value, basis=basis)
                )
        return rows

    def _linkedin(self, day: date) -> Record:
        return r.AdDay(
            day=day, campaign_id="l", campaign="Launch", channel="paid_social", impressions=1000, clicks=7,
            spend_nano=self.dice.choice([0, 5 * NANO]),
        )  # fmt: skip

    # ------------------------------------------------------------------------------------------------------------ site
    def _site(self) -> None:
        analytics = Account("google_analytics", "4")
        self.tell(analytics, "site", [row for day in self.days for row in self._landings(day)])
        self.tell(analytics, "pages", [self._page(day, page) for day in self.days for page in ("/", "/a")], ends=1)

    def _landings(self, day: date) -> list[Record]:
        origins = {self.origin() for _ in range(4)}
        return [
            r.LandingDay(
                day=day, page="/", origin=origin, sessions=self.some(400), engaged_sessions=self.some(300), bounces=self.some(100),
                session_seconds=self.some(90_000), conversions_millionths=self.some(9 * MILLION),
            )
            for origin in sorted(origins, key=repr)
        ]  # fmt: skip

    def _page(self, day: date, page: str) -> Record:
        basis = "classic" if self.troubles.mixed and day < self.days[10] else "ga4"
        exits = self.dice.randrange(50)
        return r.PageDay(
            day=day, page=page, views=exits + self.dice.randrange(500), exits=self.maybe(exits), seconds=self.some(9000), basis=basis
        )

    # ---------------------------------------------------------------------------------------------------------- e-mail
    def _email(self) -> None:
        mailchimp = Account("mailchimp", "5", "GBP", "America/New_York")
        self.tell(mailchimp, "email", [self._send(day, number) for number, day in enumerate(self.days[::4])], Replaces.COUNTER)
        lists = ("all", "vip")
        # Its days are not counted, for its mailings are.
        self.tell(mailchimp, "email_days", [r.EmailDay(day=self.days[3], list_name="all", sent=5000)])
        daily = Account("sendgrid", "6", self.currency)
        self.tell(daily, "email_days", [self._mail_day(day) for day in self.days[::3]], ends=3)
        self.tell(mailchimp, "audience", [self._audience(day, name) for day in self.days[::9] for name in lists])

    def _counters(self, sent: int) -> Any:
        hard, soft = self.dice.randrange(9), self.dice.randrange(9)
        opens = self.dice.randrange(sent)
        return {
            "sent": sent, "hard_bounces": self.maybe(hard), "soft_bounces": self.maybe(soft), "unique_opens": self.maybe(opens),
            "unique_clicks": self.maybe(self.dice.randrange(opens + 1)), "unsubscribes": self.maybe(self.dice.randrange(5)),
            "spam_complaints": self.maybe(self.dice.randrange(2)),
        }  # fmt: skip

    def _send(self, day: date, number: int) -> Record:
        sent_at = self.at(day)
        tested = self.dice.choice([(None, None), (None, None), (100, 83), (50, None), (20, 0)]) if self.troubles.mixed else (None, None)
        return r.EmailSend(
            day=day, send_id=f"m{number}", sent_at=sent_at, observed_at=sent_at + timedelta(hours=self.dice.choice([3, 72, 900])),
            campaign=f"Letter {number}", origin=Origin(channel="email", campaign=self.dice.choice([*CAMPAIGNS, ""])),
            seed_sent=tested[0], seed_inbox=tested[1], revenue_nano=self.maybe(self.money(90)),
            basis="machine_opens" if self.troubles.mixed and number < 5 else "without_machine_opens",
            **self._counters(self.dice.randrange(100, 900)),
        )  # fmt: skip

    def _mail_day(self, day: date) -> Record:
        return r.EmailDay(day=day, list_name="drip", **self._counters(self.dice.randrange(20, 60)))

    def _audience(self, day: date, name: str) -> Record:
        told = None if self.troubles.mixed and self.dice.random() < 0.2 else self.dice.randrange(1000)
        return r.AudienceDay(day=day, list_name=name, subscribers=told)

    # ---------------------------------------------------------------------------------------------------------- social
    def _social(self) -> None:
        instagram, facebook = Account("instagram", "7"), Account("facebook_pages", "8")
        self.tell(instagram, "social", [self._post(day, post) for day in self.days for post in ("p1", "p2") if self.dice.random() < 0.7])
        # An account as a whole, and its posts, which are in that.
        self.tell(facebook, "social", [self._post(day, post) for day in self.days[::2] for post in ("", "q1")])
        self.tell(instagram, "audience", [self._audience(day, "us") for day in self.days[::5]], ends=3)
        # Of it nothing was heard for longer than figures serve.
        self.answers.append(Answer(facebook, "audience", self.days[0], self.days[4], (self._audience(self.days[0], "page"),)))

    def _post(self, day: date, post: str) -> Record:
        kinds = ("likes", "comments", "shares", "saves", "messages", "replies", "link_clicks", "video_seconds", "reach", "impressions")
        told: dict[str, Any] = {kind: self.some(90) for kind in kinds}
        return r.SocialDay(day=day, post_id=post, **told)

    # ---------------------------------------------------------------------------------------------------------- people
    def _people(self) -> None:
        crm, shop, file = Account("hubspot", "9"), Account("stripe", "10", self.currency), Account("file", "import")
        leads = [self._lead(number) for number in range(70)]
        self.tell(crm, "leads", leads, Replaces.KEYED, ends=1)
        self.tell(crm, "deals", [self._deal(number, leads) for number in range(30)], Replaces.KEYED, ends=1)
        self.tell(crm, "touches", [self._touch(number, leads) for number in range(60)], Replaces.KEYED)
        self.tell(shop, "orders", [row for number in range(90) for row in self._order(number)], Replaces.KEYED, ends=2)
        self.tell(shop, "customers", [self._customer(number) for number in range(20)], Replaces.KEYED)
        if not self.troubles.without_contracts:
            spans = {(one.subscription_id, one.started_at): one for one in map(self._subscription, range(20))}
            self.tell(shop, "subscriptions", spans.values(), Replaces.KEYED)
        # What others than the system of record say is never summed.
        stranger = self._order(1000)[0]
        self.answers.append(Answer(file, "orders", stranger.day, stranger.day, (stranger,), Replaces.KEYED))
        told = r.Lead(day=self.days[5], lead_id="F1", created_at=self.at(self.days[5]))
        self.answers.append(Answer(file, "leads", told.day, told.day, (told,), Replaces.KEYED))

    def _lead(self, number: int) -> r.Lead:
        created = self.at(self.dice.choice(self.days))
        mql = self.later(created, 9, 0.6)
        sql = self.later(mql or created, 20)
        return r.Lead(
            day=self.day_of(created), lead_id=f"L{number}", created_at=created, origin=self.origin(), mql_at=mql, sql_at=sql,
            won_at=self.later(sql, 9) if sql else None, customer_id=f"C{number}" if number % 9 == 0 else "",
            score=self.dice.choice([None, self.dice.randrange(-20, 100)]),
            email_hash=f"{number % 40:064x}" if number % 3 else "",
        )  # fmt: skip

    def _deal(self, number: int, leads: list[r.Lead]) -> Record:
        lead = self.dice.choice(leads)
        created = self.at(max(lead.day, self.first))
        won = self.later(created, 15, 0.6)
        return r.Deal(
            day=self.day_of(created), deal_id=f"D{number}", lead_id=self.dice.choice([lead.lead_id, lead.lead_id, ""]), created_at=created,
            won_at=won, amount_nano=self.money(5000), currency=self.dice.choice(["", "USD"]),
        )  # fmt: skip

    def _touch(self, number: int, leads: list[r.Lead]) -> Record:
        lead = self.dice.choice(leads)
        at = self.at(self.dice.choice(self.days))
        who: Any = {"lead_id": lead.lead_id} if self.dice.random() < 0.7 else {"customer_id": f"C{self.dice.randrange(25)}"}
        return r.Touch(
            day=self.day_of(at), touch_id=f"T{number}", at=at, origin=self.origin(), kind=self.dice.choice(["visit", "download"]),
            asset=self.dice.choice(ASSETS), **who,
        )  # fmt: skip

    def _order(self, number: int) -> list[Record]:
        at, who = self.at(self.dice.choice(self.days)), self.dice.randrange(25)
        foreign = ["USD", "CHF"] if self.troubles.without_rates and number % 30 == 0 else ["", "", "USD"]
        order = r.Order(
            day=self.day_of(at), order_id=f"O{number}", ordered_at=at, amount_nano=self.money(300), tax_nano=self.maybe(self.money(30)),
            margin_nano=self.maybe(self.money(90)), currency=self.dice.choice(foreign), customer_id=f"C{who}" if number % 11 else "",
            email_hash=f"{who + 20:064x}" if number % 4 == 0 else "", origin=self.origin(),
        )  # fmt: skip
        if number % 8:
            return [order]
        back = self.at(self.day_of(at) + self.dice.randrange(9) * ONE_DAY)
        refund = msgspec.structs.replace(
            order, day=self.day_of(back), order_id=f"R{number}", ordered_at=back, kind="refund", refund_of=order.order_id,
            amount_nano=-(order.amount_nano // 2), tax_nano=self.dice.choice([0, self.maybe(-self.money(10))]), margin_nano=0,
        )  # fmt: skip
        return [order, refund]

    def _customer(self, number: int) -> Record:
        day = self.dice.choice(self.days)
        acquired = self.at(day) if self.dice.random() < 0.7 else None
        cancelled = self.later(acquired, 40, 0.6) if acquired else None
        return r.Customer(
            day=day, customer_id=f"C{number}", acquired_at=acquired, cancelled_at=cancelled, origin=self.origin(),
            email_hash=f"{number + 20:064x}" if number % 2 else "",
        )  # fmt: skip

    def _subscription(self, number: int) -> r.SubscriptionSpan:
        started = self.at(self.dice.choice(self.days))
        ended = self.later(started, 40)
        return r.SubscriptionSpan(
            day=self.day_of(started), subscription_id=f"S{number % 12}", customer_id=f"C{number % 12}", started_at=started,
            ended_at=None if ended == started else ended, mrr_nano=self.money(90), currency=self.dice.choice(["", "USD"]),
        )  # fmt: skip

    # ----------------------------------------------------------------------------------------------------------- money
    def _costs(self) -> None:
        file = Account("file", "import")
        rows = [
            r.Cost(
                day=self.days[start], name=f"{name} {start}", until=self.days[min(start + length, DAYS) - 1],
                amount_nano=self.money(900), currency=self.dice.choice(["", "", "USD"]), origin=self.origin(),
            )
            for start, length, name in COSTS
        ]  # fmt: skip
        self.answers.append(Answer(file, "costs", self.days[0], self.days[-1], tuple(rows), Replaces.KEYED))

    def _rates(self) -> dict[tuple[str, date], Decimal]:
        """On working days, and for a while on none."""
        holes = set(self.days[15:30]) if self.troubles.without_rates else set()
        days = [self.first - number * ONE_DAY for number in range(1, 9)] + self.days
        return {
            (currency, day): Decimal(self.dice.randrange(7000, 14000)) / 10_000
            for day in days
            if day.isoweekday() < 6 and day not in holes
            for currency in ("USD", "GBP")
        }


def load(client: Client, world: World, shuffle: Random | None = None) -> None:
    """Tell the client, whose schema is open, everything of the world; with dice in any order. Figures are not caught up."""
    client.currency, client.timezone = world.currency, world.timezone
    client.save(update_fields=["currency", "timezone"])
    rates = [ExchangeRate(currency=currency, day=day, per_euro=rate) for (currency, day), rate in world.rates.items()]
    ExchangeRate.objects.bulk_create(rates, ignore_conflicts=True)
    answers = list(world.answers)
    if shuffle:
        shuffle.shuffle(answers)
    with transaction.atomic():
        for answer in answers:
            tell(client, answer, shuffle)
    for (source, action), counts in world.counted.items():
        ConversionAction.objects.filter(connection__source=source, action=action).update(counts=counts)
    for key, labels in LABELS.items():
        Campaign.objects.filter(key=key).update(labels=labels)


def tell(client: Client, answer: Answer, shuffle: Random | None = None) -> None:
    """Store an answer, in the caller's transaction."""
    account = answer.account
    source, new = Connection.objects.get_or_create(
        source=account.source, account=account.account,
        defaults={"currency": account.currency, "timezone": account.timezone, "state": account.state},
    )  # fmt: skip
    if new and account.source in sources():
        source.credential_id = keep_credential(account.source, {}, client=client).pk
        source.save(update_fields=["credential_id"])
    rows = list(answer.rows)
    if shuffle:
        shuffle.shuffle(rows)
    with Spool() as spool:
        for row in rows:
            spool.write(row)
        store(client, source, spool, window=Window(answer.family, answer.since, answer.until, answer.replaces), accept_loss=True)


def invented(seed: int) -> World:
    """Any days, any place, any trouble."""
    dice = Random(f"world {seed}")
    first = date(2019, 11, 1) + dice.randrange(2600) * ONE_DAY
    zones = ("Europe/Paris", "America/Los_Angeles", "Australia/Sydney", "Asia/Kolkata", "Pacific/Apia", "America/Sao_Paulo")
    troubles = Troubles(dice.choice([0, 0, 1, 3]), *(dice.random() < 0.4 for _ in range(4)))
    return Maker(seed, first, dice.choice(["EUR", "GBP", "USD"]), dice.choice(zones), troubles).world()


# Without any trouble, over a leap day and the hour that is left out in spring; with all troubles, over a 53rd week in a currency
# of its own; with some, in a zone far from Greenwich whose hour comes twice in autumn.
WORLDS = {
    "leap day": lambda: Maker(1, date(2024, 2, 12), "EUR", "Europe/Paris", Troubles()).world(),
    "week 53": lambda: Maker(2, date(2020, 12, 7), "GBP", "Europe/London", Troubles(1, True, True, True)).world(),
    "autumn": lambda: Maker(3, date(2026, 9, 28), "EUR", "America/Los_Angeles", Troubles(0, True, False, True)).world(),
}
