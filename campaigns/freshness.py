"""Which days of which account are here: one row for each account, one cell for each day, and the same in a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from babel.dates import format_date
from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as _

from accounts import moments
from campaigns import families, shown, standing
from campaigns.loaded import ONE_DAY, Span
from campaigns.models import Connection
from campaigns.plan import Reach
from campaigns.shown import Known

# How many days a phone shows.
FEWEST = 14
MOST_NAMED = 3


class Cell(StrEnum):
    """How much of a day is here, the worst last."""

    NOT_ASKED = "none"  # before its history, after its disconnection, or of a file that tells nothing of it
    LOADED = "loaded"
    MOVING = "moving"
    MISSING = "missing"
    FAILED = "failed"


WORDS: dict[Cell, str] = {
    Cell.NOT_ASKED: gettext_noop("not expected"),
    Cell.LOADED: gettext_noop("loaded"),
    Cell.MOVING: gettext_noop("loaded, may still change"),
    Cell.MISSING: gettext_noop("missing"),
    Cell.FAILED: gettext_noop("could not be read"),
}
ORDER = list(Cell)


@dataclass(frozen=True)
class Day:
    """A column. `label` is said to those who see the first of a week; `is_older`: left out on a phone."""

    day: date
    title: str
    label: str
    is_older: bool


@dataclass(frozen=True)
class Shown:
    """A cell: its kind, and in words what of the day is here."""

    kind: str
    words: str
    is_older: bool


@dataclass(frozen=True)
class Row:
    source: Connection
    platform: str
    name: str
    cells: tuple[Shown, ...]
    # The same for whoever does not look at cells.
    summary: str


@dataclass(frozen=True)
class Map:
    days: tuple[Day, ...]
    rows: tuple[Row, ...]
    legend: tuple[tuple[str, str], ...]


def of(lines: Iterable[shown.Line], until: date, length: int, now: datetime) -> Map:
    """The `length` days to `until` of these connections; of the client whose schema is open."""
    days = [until - ONE_DAY * back for back in reversed(range(length))]
    found = list(lines)
    known = Known.of([line.source for line in found])
    columns = tuple(_column(day, place < length - FEWEST) for place, day in enumerate(days))
    rows = tuple(_row(line, days, columns, known, now) for line in found)
    return Map(columns, rows, tuple((cell.value, _(WORDS[cell]).capitalize()) for cell in ORDER if cell is not Cell.NOT_ASKED))


def _column(day: date, is_older: bool) -> Day:
    label = str(format_date(day, "d MMM", locale=_language())) if day.weekday() == 0 else ""
    return Day(day, moments.weekday(day, _language()), label, is_older)


def _row(line: shown.Line, days: Sequence[date], columns: Sequence[Day], known: Known, now: datetime) -> Row:
    told = [_told(line.source, day, known, now) for day in days]
    worst = [max((cell for _family, cell in families_of_day), key=ORDER.index, default=Cell.NOT_ASKED) for families_of_day in told]
    cells = tuple(Shown(kind.value, _words(kind, parts), column.is_older) for kind, parts, column in zip(worst, told, columns, strict=True))
    return Row(line.source, line.platform, line.name, cells, _summary(worst, days))


def _told(source: Connection, day: date, known: Known, now: datetime) -> list[tuple[str, Cell]]:
    """How much of a day there is, by family."""
    if source.credential_id is None:
        return [(family, _of_files(known.spans[source.pk, family], day)) for family in known.families(source)]
    return [(reach.stream.family, _of_platform(source, reach, day, known)) for reach in shown.reaches(source, known, now)]


def _of_files(spans: Iterable[Span], day: date) -> Cell:
    return Cell.LOADED if _holds(spans, day) else Cell.NOT_ASKED


def _of_platform(source: Connection, reach: Reach, day: date, known: Known) -> Cell:
    pull = known.newest.get((source.pk, reach.stream.family))
    if day > reach.yesterday:
        return Cell.NOT_ASKED
    if day < reach.earliest:
        return Cell.LOADED if _holds(reach.spans, day) else Cell.NOT_ASKED
    if pull and pull.state in standing.TROUBLE and pull.since <= day <= pull.until and day > _loaded_to(reach):
        return Cell.FAILED
    if not _holds(reach.spans, day):
        return Cell.NOT_ASKED if source.state == Connection.State.DISCONNECTED else Cell.MISSING
    is_settled = (reach.yesterday - day).days >= reach.stream.settle_days
    return Cell.LOADED if is_settled or source.state == Connection.State.DISCONNECTED else Cell.MOVING


def _loaded_to(reach: Reach) -> date:
    return max((until for _since, until in reach.spans), default=date.min)


def _holds(spans: Iterable[Span], day: date) -> bool:
    return any(since <= day <= until for since, until in spans)


def _words(kind: Cell, parts: Sequence[tuple[str, Cell]]) -> str:
    """What is said of one day; which families, where they differ."""
    concerned = [family for family, cell in parts if cell is kind]
    if len(concerned) == len(parts) or kind is Cell.NOT_ASKED:
        return _(WORDS[kind])
    names = ", ".join(_(families.NAMES[family]) for family in concerned)
    return _("%(state)s (%(families)s)") % {"state": _(WORDS[kind]), "families": names}


def _summary(worst: Sequence[Cell], days: Sequence[date]) -> str:
    lacking = [day for day, cell in zip(days, worst, strict=True) if cell in (Cell.MISSING, Cell.FAILED)]
    here = [day for day, cell in zip(days, worst, strict=True) if cell in (Cell.LOADED, Cell.MOVING)]
    if not here and not lacking:
        return _("Nothing is expected of these days.")
    if not lacking:
        return _ended(_("Complete until %(day)s.") % {"day": moments.weekday(here[-1], _language())})
    spans = [(since, until) for since, until in _runs(lacking)]
    named = ", ".join(_span(span) for span in spans[-MOST_NAMED:])
    if len(spans) > MOST_NAMED:
        named = _("%(days)s, and earlier ones") % {"days": named}
    return _ended(_("Missing: %(days)s.") % {"days": named})


def _ended(sentence: str) -> str:
    """With one full stop, also after a month that is written with one."""
    return f"{sentence.rstrip('.')}."


def _runs(days: Sequence[date]) -> list[Span]:
    runs: list[Span] = []
    for day in days:
        if runs and day - runs[-1][1] == ONE_DAY:
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
    return runs


def _span(span: Span) -> str:
    since, until = (moments.weekday(day, _language()) for day in span)
    return since if since == until else _("%(since)s to %(until)s") % {"since": since, "until": until}


def _language() -> str:
    return (get_language() or "en")[:2]
