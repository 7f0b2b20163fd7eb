"""The newsletters and promotions, whose counters grow for weeks after the send, and the mailing lists day by day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from random import Random
from threading import Lock

from campaigns.simulators.business.figures import ListDay, Send
from campaigns.simulators.business.people import People
from campaigns.simulators.business.story import MailingList, Story, days, noise, several

# Parts per thousand of a send's opens and clicks that have happened by the end of each day after it; later days add the rest.
OPENED = (560, 760, 840, 885, 912, 930, 943, 953, 961, 968, 973, 977, 980, 983, 985, 987, 989, 991, 992, 993, 994, 995, 996, 997, 998, 999)
CLICKED = (640, 820, 885, 918, 938, 952, 962, 970, 976, 981, 985, 988, 990, 992, 994, 995, 996, 997, 998, 999)
LEFT = (700, 880, 940, 965, 980, 990, 995)
ATTRIBUTION_DAYS = 7
# Every seventh promotion was a mistake and is deleted after a month.
DELETED_AFTER = 32


@dataclass(frozen=True, slots=True)
class Mailing:
    """A send with its final counters."""

    id: str
    to: MailingList
    kind: str
    title: str
    subject: str
    utm_campaign: str
    sent_at: datetime
    deleted_on: date | None
    emails_sent: int
    hard_bounces: int
    soft_bounces: int
    opens: int
    unique_opens: int
    clicks: int
    unique_clicks: int
    clickers: int
    unsubscribes: int
    abuse_reports: int

    def share(self, curve: tuple[int, ...], total: int, as_of: date) -> int:
        """What of `total` has happened by the end of `as_of`."""
        age = (as_of - self.sent_at.date()).days
        return 0 if age < 0 else total if age >= len(curve) else total * curve[age] // 1000

    def on(self, curve: tuple[int, ...], total: int, day: date) -> int:
        """What of `total` happens on `day`."""
        return self.share(curve, total, day) - self.share(curve, total, day - timedelta(days=1))


class Email:
    """Lists grow from the day the business opened, so their days are told in order and kept."""

    def __init__(self, story: Story, people: People) -> None:
        self.story = story
        self.people = people
        self._mailings: dict[date, list[Mailing]] = {}
        self._days: dict[date, list[ListDay]] = {}
        self._next = story.opened_on
        self._telling = Lock()
        self._members = {mailing_list.id: mailing_list.members // 2 for mailing_list in story.business.lists}

    def sends(self, since: date, until: date, as_of: date) -> list[Send]:
        self._tell(min(until, as_of))
        found = (mailing for day in days(since, min(until, as_of)) for mailing in self._mailings.get(day, ()))
        return [self._shown(mailing, as_of) for mailing in found if not mailing.deleted_on or mailing.deleted_on > as_of]

    def list_days(self, since: date, until: date, as_of: date) -> list[ListDay]:
        self._tell(min(until, as_of))
        return [row for day in days(since, min(until, as_of)) for row in self._days.get(day, ())]

    def clicks(self, day: date) -> list[tuple[str, int]]:
        """The clicks in newsletters on this day, by utm_campaign."""
        self._tell(day)
        return [(mailing.utm_campaign, mailing.on(CLICKED, mailing.clicks, day)) for mailing in self._recent(day)]

    def _tell(self, until: date) -> None:
        with self._telling:
            while self._next <= until:
                self._mailings[self._next] = list(self._sent(self._next))
                self._days[self._next] = [self._list_day(mailing_list, self._next) for mailing_list in self.story.business.lists]
                self._next += timedelta(days=1)

    def _recent(self, day: date) -> list[Mailing]:
        return [mailing for earlier in days(day - timedelta(days=len(OPENED)), day) for mailing in self._mailings.get(earlier, ())]

    # ----------------------------------------------------------------------------------------------------- sends
    def _sent(self, day: date) -> Iterator[Mailing]:
        business = self.story.business
        utm, title, weekday = business.newsletter
        main, other = business.lists
        if day.weekday() == weekday and self.story.age(day) != business.outage:
            yield self._mailing(day, main, "regular", utm, f"{title} {day:%Y-%m-%d}", 0.36, 0.026)
        if day in self._promotion_days:
            utm, title = business.promotions[day.month % len(business.promotions)]
            yield self._mailing(day, main, "regular", utm, f"{title} {day:%Y-%m}", 0.31, 0.042)
        if day.day == 5:
            yield self._mailing(day, other, "plaintext", "pro", f"{other.name} {day:%Y-%m}", 0.44, 0.035)

    @cached_property
    def _promotion_days(self) -> frozenset[date]:
        """The second Tuesday of each month, from the opening on, for ten years."""
        first = self.story.opened_on
        span = (first + timedelta(days=n) for n in range(3650))
        return frozenset(day for day in span if day.weekday() == 1 and 8 <= day.day <= 14)

    def _mailing(self, day: date, to: MailingList, kind: str, utm: str, title: str, open_rate: float, click_rate: float) -> Mailing:
        identity = self.story.identifier("send", to.id, day, title, length=10)
        random = self.story.random("send", identity)
        sent = self._members[to.id]
        hard, soft = int(sent * 0.0016 * noise(random, 0.6)), int(sent * 0.005 * noise(random, 0.6))
        delivered = sent - hard - soft
        unique_opens = int(delivered * open_rate * noise(random, 0.12))
        clickers = int(delivered * click_rate * noise(random, 0.3))
        unique_clicks = int(clickers * 1.18)
        is_mistake = day.day == 9 and day in self._promotion_days
        return Mailing(
            id=identity,
            to=to,
            kind=kind,
            title=title,
            subject=f"{self._subject(random)}",
            utm_campaign=utm,
            sent_at=self.story.at(day, 8 * 3600 + int(random.random() * 20) * 60),
            deleted_on=day + timedelta(days=DELETED_AFTER) if is_mistake else None,
            emails_sent=sent,
            hard_bounces=hard,
            soft_bounces=soft,
            opens=int(unique_opens * (1.5 + 0.5 * random.random())),
            unique_opens=unique_opens,
            clicks=int(unique_clicks * (1.1 + 0.2 * random.random())),
            unique_clicks=unique_clicks,
            clickers=clickers,
            unsubscribes=int(delivered * 0.0022 * noise(random, 0.7)),
            abuse_reports=several(random, delivered * 0.00006),
        )

    def _subject(self, random: Random) -> str:
        products = self.story.business.products
        return products[int(random.random() * len(products))]

    def _shown(self, mailing: Mailing, as_of: date) -> Send:
        orders = self._orders(mailing, as_of)
        return Send(
            id=mailing.id,
            list_id=mailing.to.id,
            list_name=mailing.to.name,
            kind=mailing.kind,
            title=mailing.title,
            subject=mailing.subject,
            utm_campaign=mailing.utm_campaign,
            sent_at=mailing.sent_at,
            emails_sent=mailing.emails_sent,
            hard_bounces=mailing.hard_bounces,
            soft_bounces=mailing.soft_bounces,
            opens=mailing.share(OPENED, mailing.opens, as_of),
            unique_opens=mailing.share(OPENED, mailing.unique_opens, as_of),
            clicks=mailing.share(CLICKED, mailing.clicks, as_of),
            unique_clicks=mailing.share(CLICKED, mailing.unique_clicks, as_of),
            unique_subscriber_clicks=mailing.share(CLICKED, mailing.clickers, as_of),
            unsubscribes=mailing.share(LEFT, mailing.unsubscribes, as_of),
            abuse_reports=mailing.share(LEFT, mailing.abuse_reports, as_of),
            orders=len(orders),
            revenue=sum(orders, Decimal(0)),
        )

    def _orders(self, mailing: Mailing, as_of: date) -> list[Decimal]:
        """The amounts of the shop orders that the send brought within a week."""
        if mailing.utm_campaign != self.people.newsletter.campaign:
            return []
        sent = mailing.sent_at.date()
        span = days(sent, min(as_of, sent + timedelta(days=ATTRIBUTION_DAYS - 1)))
        return [sale.amount for day in span for sale in self.people.sales(day) if sale.touch == self.people.newsletter]

    # ----------------------------------------------------------------------------------------------------- lists
    def _list_day(self, mailing_list: MailingList, day: date) -> ListDay:
        is_main = mailing_list is self.story.business.lists[0]
        random = self.story.random("list", mailing_list.id, day)
        joined = len(self.people.signups(day)) if is_main else several(random, mailing_list.joined * self.story.demand(day))
        recent = [mailing for mailing in self._recent(day) if mailing.to is mailing_list]
        sent = [mailing for mailing in recent if mailing.sent_at.date() == day]
        hard = sum(mailing.hard_bounces for mailing in sent)
        left = sum(mailing.on(LEFT, mailing.unsubscribes, day) for mailing in recent)
        self._members[mailing_list.id] += joined - left - hard
        return ListDay(
            day=day,
            list_id=mailing_list.id,
            emails_sent=sum(mailing.emails_sent for mailing in sent),
            unique_opens=sum(mailing.on(OPENED, mailing.unique_opens, day) for mailing in recent),
            recipient_clicks=sum(mailing.on(CLICKED, mailing.clickers, day) for mailing in recent),
            hard_bounces=hard,
            soft_bounces=sum(mailing.soft_bounces for mailing in sent),
            joined=joined,
            left=left,
            members=self._members[mailing_list.id],
        )
