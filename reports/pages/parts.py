"""What a page gathers: the sections of its entry in the catalogue, as reports have theirs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from kpis.query import By, Question
from reports import sections
from reports.content import Row, Table, Trend, Values
from reports.gather.campaigns import ByCampaign
from reports.gather.channels import ByChannel
from reports.gather.frame import Frame
from reports.gather.gathering import Gathering, Section, figures
from reports.gather.headlines import Headlines
from reports.pages.catalogue import Page

# Parts of a page that are sections of a report, by the fields of `content.Report` that they fill.
OF_REPORTS = {
    "moves": ("contributions",),
    "waterfalls": ("contributions",),
    "ranking": ("ranking",),
    "funnel": ("funnel",),
    "month": ("pace",),
    "notes": ("notes",),
    "mailings": ("mailings",),
    "pages": ("pages",),
    "posts": ("posts",),
    "retention": ("retention",),
}
# Of the whole company, whatever a page is confined to: there they would mislead.
UNDIVIDED = frozenset({"month", "notes", "mailings", "pages", "posts", "retention", "summary"})
_REPORTS = {section.name: section for section in sections.SECTIONS}


@dataclass(frozen=True)
class ByTime:
    """`columns`: KPIs of each day, week or month of the period itself."""

    columns: tuple[str, ...]

    def question(self, frame: Frame) -> Question:
        by = By.DAY if frame.trend != frame.period else frame.by
        return Question(frame.period, by, self.columns, frame.previous, frame.only, calendar=frame.calendar)

    def questions(self, frame: Frame) -> Sequence[Question]:
        return [self.question(frame)]

    def table(self, found: Gathering) -> Table:
        """The newest first; those of which nothing is loaded yet are left out."""
        answer = found.answer(self.question(found.frame))
        rows = [Row(group.key, "", figures(group, self.columns, answer.coverage)) for group in answer.groups]
        told = [row for row in reversed(rows) if any(figure.value is not None for figure in row.figures.values())]
        return Table(self.columns, tuple(told), Row("", "", figures(answer.total, self.columns, answer.coverage)))


@dataclass(frozen=True)
class Courses:
    """The tiles of a page, and its charts over the same time."""

    page: Page

    @property
    def head(self) -> Headlines:
        return Headlines(self.page.tiles, self.page.most, also=self.page.in_courses, layered=self.page.layers)

    def lines(self, found: Gathering) -> tuple[tuple[Trend, ...], ...]:
        return tuple(tuple(self.head.course(found, slug) for slug in group) for group in self.page.courses)

    def layers(self, found: Gathering) -> dict[str, dict[str, Values]]:
        return {slug: self.head.by_channel(found, slug) for slug in self.page.layers}


def told(page: Page, *, is_confined: bool) -> Iterator[Section]:
    """The sections of `page`; confined to a part of the company, those alone that can be told of a part."""
    courses = Courses(page)
    yield _section("buckets", courses.head.buckets, questions=courses.head.questions)
    yield _section("tiles", courses.head.tiles, page.tiles)
    yield _section("courses", courses.lines)
    yield _section("by_channel", courses.layers)
    if page.columns:
        by_channel = ByChannel(page.columns)
        yield _section("channels", by_channel.table, questions=by_channel.questions)
    if page.campaigns:
        by_campaign = ByCampaign(page.campaigns, page.listed)
        yield _section("campaigns", by_campaign.table, questions=by_campaign.questions)
    if page.times:
        by_time = ByTime(page.times)
        yield _section("times", by_time.table, questions=by_time.questions)
    parts = [part for part in page.parts if not (is_confined and part in UNDIVIDED)]
    yield from (_REPORTS[name] for name in dict.fromkeys(name for part in parts for name in OF_REPORTS.get(part, ())))
    yield _REPORTS["sources"]


def _section(name: str, gather: Any, slugs: tuple[str, ...] = (), questions: Any = None) -> Section:
    return Section(name, sections.EVERY, gather, slugs, questions=questions or (lambda _frame: ()))
