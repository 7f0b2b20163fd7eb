"""The web site as GA4 measures it: sessions by landing page and origin, a few fewer than clicks, and views by page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from random import Random

from campaigns.simulators.business.ads import GROUPS, Ads
from campaigns.simulators.business.email import Email
from campaigns.simulators.business.figures import LandingDay, PageDay, Touch
from campaigns.simulators.business.people import People, touch_of
from campaigns.simulators.business.story import Story, cents, days, noise

NOT_SET, OTHER = "(not set)", "(other)"
# Parts per thousand of a day that are processed, by its age.
PROCESSED = {0: 580, 1: 965}
# Visitors who refuse to be measured, or leave before the page has loaded.
MEASURED_CLICKS, MEASURED_EVENTS = 0.93, 0.9
# What is still measured while the tags are broken.
OUTAGE_SESSIONS, OUTAGE_EVENTS = 0.15, 0.05
ENGAGED = {
    "Paid Search": 0.62,
    "Paid Shopping": 0.58,
    "Organic Search": 0.64,
    "Email": 0.68,
    "Direct": 0.55,
    "Display": 0.31,
    "Paid Video": 0.28,
}
ENGAGED_OTHERWISE = 0.5
UNSET = Touch("unknown", "Unassigned", NOT_SET, NOT_SET, NOT_SET)
REST = Touch("unknown", OTHER, OTHER, OTHER, OTHER)


@dataclass(slots=True)
class _Row:
    sessions: int = 0
    key_events: int = 0
    revenue: Decimal = Decimal(0)


Key = tuple[str, Touch]


class Site:
    def __init__(self, story: Story, ads: Ads, people: People, email: Email) -> None:
        self.story = story
        self.ads = ads
        self.people = people
        self.email = email
        business = story.business
        self.pages = tuple(dict.fromkeys((*business.landing_pages, *business.lead_pages)))
        self._measured: dict[date, tuple[LandingDay, ...]] = {}

    def landing_days(self, since: date, until: date, as_of: date) -> list[LandingDay]:
        shown = (_processed(row, as_of) for day in days(since, min(until, as_of)) for row in self._day(day))
        return [row for row in shown if row.sessions]

    def page_days(self, since: date, until: date, as_of: date) -> list[PageDay]:
        return [row for day in days(since, min(until, as_of)) for row in self._pages(day, as_of)]

    def _day(self, day: date) -> tuple[LandingDay, ...]:
        if day not in self._measured:
            random = self.story.random("site", day)
            rows: dict[Key, _Row] = {}
            for touch, sessions in self._visits(random, day):
                self._spread(random, rows, touch, sessions)
            self._add_events(random, rows, day)
            self._add_oddities(random, rows)
            self._measured[day] = tuple(self._landing(random, day, page, touch, row) for (page, touch), row in rows.items() if row.sessions)
        return self._measured[day]

    def _visits(self, random: Random, day: date) -> Iterator[tuple[Touch, int]]:
        """The measured sessions by origin."""
        kept = OUTAGE_SESSIONS if self.story.age(day) in self.story.business.tracking_outage else 1.0
        demand = self.story.demand(day)
        for campaign in self.story.business.campaigns:
            clicks = self.ads.delivered(day)[campaign.id].clicks
            touch = Touch(campaign.channel, GROUPS[campaign.kind], "google", "cpc", campaign.name, campaign.id)
            yield touch, int(clicks * MEASURED_CLICKS * kept * (1 - 0.06 * random.random()))
        for origin in self.story.business.origins:
            yield touch_of(origin), int(origin.sessions * demand * kept * noise(random, 0.16))
        newsletter = self.people.newsletter
        for utm, clicks in self.email.clicks(day):
            touch = Touch(newsletter.channel, newsletter.group, newsletter.source, newsletter.medium, utm)
            yield touch, int(clicks * MEASURED_CLICKS * kept)

    def _spread(self, random: Random, rows: dict[Key, _Row], touch: Touch, sessions: int) -> None:
        """Half land on the origin's favourite page, half of the rest on the next, and so on."""
        favourite = int(self.story.identifier("page", touch.group, touch.campaign, length=4), 16)
        for n in range(len(self.pages)):
            if sessions <= 0:
                return
            page = self.pages[(favourite + n) % len(self.pages)]
            here = min(sessions, int(sessions * 0.5 * noise(random, 0.3)) + 1) if n < len(self.pages) - 1 else sessions
            rows.setdefault((_address(page, touch), touch), _Row()).sessions += here
            sessions -= here

    def _add_events(self, random: Random, rows: dict[Key, _Row], day: date) -> None:
        """Orders and enquiries, on the day they happen, for the visit that brought them."""
        measured = OUTAGE_EVENTS if self.story.age(day) in self.story.business.tracking_outage else MEASURED_EVENTS
        happened = [(sale.touch, sale.landing_page, sale.amount) for sale in self.people.sales(day)]
        happened += [(lead.person.touch, lead.landing_page, Decimal(0)) for lead in self.people.enquiries(day)]
        for touch, page, amount in happened:
            if random.random() < measured:
                visit = Touch(touch.channel, touch.group, touch.source, touch.medium, touch.campaign, touch.campaign_id)
                row = rows.setdefault((_address(page, visit), visit), _Row())
                row.key_events += 1
                row.sessions = max(row.sessions, row.key_events)
                row.revenue += amount

    def _add_oddities(self, random: Random, rows: dict[Key, _Row]) -> None:
        """Sessions whose first page is not known, those of no channel, and the rest row of a day with too many addresses."""
        total = sum(row.sessions for row in rows.values())
        direct = next(touch_of(origin) for origin in self.story.business.origins if origin.channel == "direct")
        rows[(NOT_SET, direct)] = _Row(int(total * 0.02 * noise(random, 0.4)))
        rows[("/", UNSET)] = _Row(int(total * 0.008 * noise(random, 0.4)))
        if random.random() < 0.15:
            rows[(OTHER, REST)] = _Row(int(total * 0.015 * noise(random, 0.4)))

    def _landing(self, random: Random, day: date, page: str, touch: Touch, row: _Row) -> LandingDay:
        rate = 0.05 if page == NOT_SET else ENGAGED.get(touch.group, ENGAGED_OTHERWISE)
        engaged = min(row.sessions, max(row.key_events, int(row.sessions * rate * noise(random, 0.15) + random.random())))
        return LandingDay(
            day=day,
            landing_page=page,
            group=touch.group,
            source=touch.source,
            medium=touch.medium,
            campaign=touch.campaign or ("(direct)" if touch.source == "(direct)" else f"({touch.medium})"),
            sessions=row.sessions,
            engaged_sessions=engaged,
            engagement_seconds=int(engaged * (45 + 60 * random.random())),
            views=row.sessions + int(engaged * (0.8 + 1.6 * random.random())),
            key_events=row.key_events,
            revenue=row.revenue,
        )

    def _pages(self, day: date, as_of: date) -> Iterator[PageDay]:
        """All views of the day: one for each session on the page where it began, the others spread over all pages."""
        landings = self.landing_days(day, day, as_of)
        if not landings:
            return
        begun = dict.fromkeys(self.pages, 0)
        for row in landings:
            begun[row.landing_page.partition("?")[0]] = begun.get(row.landing_page.partition("?")[0], 0) + row.sessions
        views, seconds = sum(row.views for row in landings), sum(row.engagement_seconds for row in landings)
        further = views - sum(row.sessions for row in landings)
        weights = [1 + int(self.story.identifier("weight", page, length=1), 16) for page in begun]
        for (page, sessions), weight in zip(begun.items(), weights, strict=True):
            here = sessions + further * weight // sum(weights)
            if here:
                yield PageDay(day, page, here, sessions + (here - sessions) * 7 // 10, seconds * here // views)


def _address(page: str, touch: Touch) -> str:
    """The landing page with its query string: links of newsletters and partners carry their origin."""
    if touch.medium not in ("email", "affiliate"):
        return page
    campaign = touch.campaign.replace(" ", "%20")
    return f"{page}?utm_source={touch.source}&utm_medium={touch.medium}&utm_campaign={campaign}"


def _processed(row: LandingDay, as_of: date) -> LandingDay:
    share = PROCESSED.get((as_of - row.day).days, 1000)
    if share == 1000:
        return row
    return LandingDay(
        day=row.day,
        landing_page=row.landing_page,
        group=row.group,
        source=row.source,
        medium=row.medium,
        campaign=row.campaign,
        sessions=row.sessions * share // 1000,
        engaged_sessions=row.engaged_sessions * share // 1000,
        engagement_seconds=row.engagement_seconds * share // 1000,
        views=row.views * share // 1000,
        key_events=row.key_events * share // 1000,
        revenue=cents(row.revenue * share / 1000),
    )
