"""The table of an agency's clients: a line for each with its figures, the state of its data and its next report; ordered, and summed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import IntEnum
from typing import Any

from babel.dates import format_datetime
from django.db.models import Min
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import moments
from accounts.models import Client
from accounts.search import fold
from campaigns.standings.models import Standing
from kpis import formats
from kpis.definitions import DEFINITIONS
from kpis.values import Reason
from reports import content
from reports.headlines import Figure, Told, among
from reports.models import Schedule
from reports.presentation.figures import moved, tile_label
from reports.presentation.parts import Change
from reports.presentation.words import reason_text

COLUMNS = ("revenue", "spend", "roas", "leads", "cpl")
DRAWN = ("revenue", "leads")
# Added up over clients; what is a ratio of a client's sums cannot be.
SUMMED = ("revenue", "spend", "leads")
CHANGE = "_change"
# Of a line's little chart, in its own units.
WIDTH, HEIGHT = 88, 20
_NOT_TOLD = Figure(None, Reason.NOT_YET_OBSERVED, None, is_provisional=False, is_incomplete=False)


@dataclass(frozen=True)
class Cell:
    """`reason` says why there is no figure, `moving` that it may still change; `course` is the path of its last weeks, "" where there
    is too little to draw. `is_main`: also where there is little room."""

    slug: str
    label: str
    text: str
    reason: str
    change: Change | None
    moving: str
    course: str
    is_main: bool


@dataclass(frozen=True)
class State:
    """How far the data goes, as a word beside a mark of `tone`, and where more of it is said."""

    tone: str
    text: str
    url: str = ""


@dataclass
class Line:
    """A client, its figures by KPI in the currency asked for, and what is written of them once its page is shown."""

    client: Client
    told: Told | None
    labels: list[str]
    figures: Mapping[str, Figure]
    rank: int
    is_connected: bool
    next_send: datetime | None
    needs: int
    cells: list[Cell] = field(default_factory=list)
    state: State | None = None
    next_text: str = ""


@dataclass(frozen=True)
class Total:
    """What the clients have together. `unknown`: of how many a figure is not known and missing in it."""

    slug: str
    label: str
    text: str
    note: str


def lines(clients: Collection[Client], told: Mapping[int, Told], needs: Mapping[int, int], labels: Mapping[int, list[str]]) -> list[Line]:
    """As many queries for five hundred as for one."""
    ids = [client.pk for client in clients]
    sends = _next_sends(ids)
    connected = set(Standing.objects.filter(client__in=among(ids)).values_list("client_id", flat=True))
    return [
        Line(
            client,
            one := told.get(client.pk),
            labels.get(client.pk, []),
            {slug: one.converted(slug) if one else _NOT_TOLD for slug in COLUMNS},
            _rank(one),
            client.pk in connected,
            sends.get(client.pk),
            needs.get(client.pk, 0),
        )
        for client in clients
    ]


def _next_sends(ids: list[int]) -> dict[int, datetime]:
    running = Schedule.objects.filter(client__in=among(ids), paused=False, stopped_at=None, removed_at=None)
    return dict(running.order_by().values_list("client_id").annotate(at=Min("next_run_at")))


class Rank(IntEnum):
    """How the data is, the worst first."""

    LOST = 0
    GAPS = 1
    NONE = 2
    COMPUTING = 3
    INCOMPLETE = 4
    PROVISIONAL = 5
    COMPLETE = 6


def _rank(told: Told | None) -> Rank:
    if told is None:
        return Rank.COMPUTING
    if told.lost_connections:
        return Rank.LOST
    if told.concerns.gaps:
        return Rank.GAPS
    if told.complete_until is None:
        return Rank.NONE
    known = [figure for figure in told.figures.week.values() if figure.value is not None]
    if any(figure.is_incomplete for figure in known):
        return Rank.INCOMPLETE
    return Rank.PROVISIONAL if any(figure.is_provisional for figure in known) else Rank.COMPLETE


def _state(line: Line, language: str) -> State:
    told, url = line.told, reverse("connections", args=[line.client.slug])
    if told is None:
        return State("over", _("Being computed"))
    if line.rank == Rank.LOST:
        return State(
            "lost", ngettext("%(n)d access lost", "%(n)d accesses lost", told.lost_connections) % {"n": told.lost_connections}, url
        )
    if line.rank == Rank.GAPS:
        days = {day for gap in told.concerns.gaps for day in gap.missing_days}
        return State("incomplete", ngettext("%(n)d day missing", "%(n)d days missing", len(days)) % {"n": len(days)}, url)
    if told.complete_until is None:
        return State("over", _("Being read") if line.is_connected else _("No data yet"), url)
    until = _("To %(day)s") % {"day": moments.weekday(told.complete_until, language)}
    return State("ok" if line.rank == Rank.COMPLETE else "moving", until, url)


# ------------------------------------------------------------------------------------------------------------ order
def sort_keys() -> dict[str, str]:
    """What a reader may order by, as it is in the address, with its name."""
    named = {slug: tile_label(DEFINITIONS[slug]) for slug in COLUMNS}
    changes = {slug + CHANGE: _("%(kpi)s: change") % {"kpi": name} for slug, name in named.items()}
    return {"name": _("Name"), "needs": _("What needs me"), **named, **changes, "data": _("Data status"), "next": _("Next report")}


def ordered(found: list[Line], sort: str) -> list[Line]:
    """By one of `sort_keys`, downwards with "-" before it. What is not known comes last either way."""
    key, downwards = sort.removeprefix("-"), sort.startswith("-")
    by_name = sorted(found, key=lambda line: (fold(line.client.name), line.client.pk), reverse=key == "name" and downwards)
    if key == "name":
        return by_name
    value = _value(key)
    known = [line for line in by_name if value(line) is not None]
    unknown = [line for line in by_name if value(line) is None]
    return sorted(known, key=value, reverse=downwards) + unknown


def _value(key: str) -> Callable[[Line], Any]:
    if key == "needs":
        return lambda line: line.needs
    if key == "data":
        return lambda line: line.rank
    if key == "next":
        return lambda line: line.next_send
    slug = key.removesuffix(CHANGE)
    if key.endswith(CHANGE):
        return lambda line: formats.change_step(line.figures[slug].value, line.figures[slug].previous, DEFINITIONS[slug].unit)
    return lambda line: line.figures[slug].value


# ---------------------------------------------------------------------------------------------------------- writing
def written(line: Line, currency: str, now: datetime, language: str) -> Line:
    """The line with its figures and days as text."""
    line.state = _state(line, language)
    line.cells = [_cell(slug, line, currency, language) for slug in COLUMNS]
    if line.next_send:
        at = line.next_send.astimezone(line.client.zone)
        pattern = "EEE d MMM, HH:mm" if at.year == now.year else "d MMM y"
        line.next_text = _("Being prepared") if line.next_send <= now else format_datetime(at, pattern, locale=language)
    return line


def _cell(slug: str, line: Line, currency: str, language: str) -> Cell:
    definition, figure = DEFINITIONS[slug], line.figures[slug]
    told = content.Figure(slug, figure.value, figure.reason, figure.previous, figure.is_provisional, figure.is_incomplete)
    return Cell(
        slug,
        tile_label(definition),
        formats.figure(figure.value, definition.unit, currency, language),
        reason_text(figure.reason) if figure.value is None else "",
        None if figure.is_incomplete else _change(told, language),
        _("incomplete") if figure.is_incomplete else _("provisional") if figure.is_provisional else "",
        _course(line.told.figures.trend[slug]) if line.told and slug in DRAWN else "",
        slug in DRAWN,
    )


def _change(figure: content.Figure, language: str) -> Change | None:
    """That it is provisional is said of the figure: here it is only judged by nobody."""
    change = moved(replace(figure, is_provisional=False), language)
    return replace(change, tone="neutral", word="") if change and figure.is_provisional else change


def _course(values: tuple[float | None, ...]) -> str:
    """An SVG path in a box of `WIDTH` by `HEIGHT`; its line is broken where a week is not known."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return ""
    low, high = min(known), max(known)
    step, scale = (WIDTH - 4) / (len(values) - 1), (HEIGHT - 4) / (high - low) if high > low else 0.0
    path, pen = [], "M"
    for place, value in enumerate(values):
        if value is None:
            pen = "M"
            continue
        y = HEIGHT - 2 - (value - low) * scale if scale else HEIGHT / 2
        path.append(f"{pen}{2 + place * step:.0f} {y:.1f}")
        pen = "L"
    return "".join(path)


def totals(found: Collection[Line], currency: str, language: str) -> list[Total]:
    """Of all the lines, whether they are on the page or not."""
    return [_total(slug, found, currency, language) for slug in COLUMNS]


def _total(slug: str, found: Collection[Line], currency: str, language: str) -> Total:
    definition = DEFINITIONS[slug]
    label = tile_label(definition)
    if slug not in SUMMED:
        return Total(slug, label, "", "")
    figures = [line.figures[slug] for line in found]
    known = [figure.value for figure in figures if figure.value is not None]
    # Who has no account that tells of it adds nothing, and lacks nothing.
    unknown = sum(figure.value is None and figure.reason is not Reason.NOT_REPORTED for figure in figures)
    note = ngettext("without %(n)d client", "without %(n)d clients", unknown) % {"n": unknown} if unknown else ""
    return Total(slug, label, formats.figure(sum(known, Decimal(0)) if known else None, definition.unit, currency, language), note)
