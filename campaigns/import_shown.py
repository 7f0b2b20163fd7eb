"""What the pages of imports show, in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from babel.numbers import format_decimal
from django.utils.translation import get_language, gettext

from accounts import moments
from accounts.audit import called
from accounts.models import Client
from campaigns import uploads
from campaigns.import_forms import MappingForm
from campaigns.import_words import COLUMNS, CONFIDENCE, KINDS, STATES
from campaigns.imports import Doubt, Fault
from campaigns.imports.kinds import Kind
from campaigns.imports.presets import PRESETS
from campaigns.imports.proposing import CANONICAL
from campaigns.imports.styles import Shape
from campaigns.models import Upload

PAGE = 25
# Of the first rows; who wants to see more opens the file.
SHOWN_ROWS = 8


@dataclass(frozen=True)
class KindLine:
    slug: str
    title: str
    tells: str


@dataclass(frozen=True)
class State:
    word: str
    tone: str


@dataclass(frozen=True)
class HistoryLine:
    upload: Upload
    kind: str
    state: State
    by: str
    days: str
    rows: str
    is_open: bool


@dataclass(frozen=True)
class Total:
    """A column's sum."""

    label: str
    text: str


@dataclass(frozen=True)
class FaultLine:
    line: str
    column: str
    value: str
    reason: str


@dataclass(frozen=True)
class Shown:
    """A preview as the page has it; counts are texts, and `loaded` tells whether the file could be stored."""

    loaded: bool
    counts: dict[str, str]
    days: str
    totals: list[Total]
    # Each with whether it is a number.
    columns: list[tuple[str, bool]]
    rows: list[list[tuple[str, bool]]]
    faults: list[FaultLine]
    more: bool


def kinds() -> list[KindLine]:
    return [KindLine(slug, gettext(title), gettext(tells)) for slug, (title, tells) in KINDS.items()]


def kind_title(kind: str) -> str:
    return gettext(KINDS[kind][0]) if kind in KINDS else ""


def state(upload: Upload) -> State:
    word, tone = STATES[upload.state]
    return State(gettext(word), tone)


def history(client: Client, before: int) -> tuple[list[HistoryLine], int]:
    """The next imports after the one called `before`, the newest first if there is none; and what to call the page after, or 0."""
    found = Upload.objects.order_by("-pk").defer("found", "preview", "mapping", "faults")
    page = list(found.filter(pk__lt=before)[: PAGE + 1] if before else found[: PAGE + 1])
    lines = [
        HistoryLine(
            upload=upload,
            kind=kind_title(upload.kind),
            state=state(upload),
            by=called(upload.made_by),
            days=days(upload.since, upload.until),
            rows=count(upload.rows),
            is_open=upload.state in uploads.OPEN,
        )
        for upload in page[:PAGE]
    ]
    return lines, page[PAGE - 1].pk if len(page) > PAGE else 0


def outcome(upload: Upload) -> dict[str, Any]:
    """What every page of one file says of it."""
    return {
        "kind_title": kind_title(upload.kind),
        "state": state(upload),
        "by": called(upload.made_by),
        "undone_by": called(upload.undone_by) if upload.undone_by else "",
        "days": days(upload.since, upload.until),
        "counts": {name: count(getattr(upload, name)) for name in ("rows", "inserted", "updated")},
        "faults": [_fault_line(fault) for fault in uploads.faults_of(upload)],
        "problem": gettext(upload.problem) if upload.problem else "",
        "guess": _guess(upload),
        "doubts": [gettext(Doubt[name].value) for name in upload.found.get("doubts", []) if name in Doubt.__members__],
    }


def _guess(upload: Upload) -> str:
    """Where the file seems to come from, and how sure that is."""
    if upload.found.get("is_remembered"):
        return gettext("Mapped as the last file with the same header was.")
    preset = upload.found.get("preset", "")
    if preset == CANONICAL:
        return gettext("In the format of our template.")
    title = next((each.title for each in PRESETS if each.platform == preset), "")
    if not title or not upload.kind:
        return ""
    sure = next(word for least, word in CONFIDENCE if upload.found.get("confidence", 0) >= least)
    return gettext("Export of %(platform)s: %(sure)s.") % {"platform": title, "sure": gettext(sure)}


def shown_preview(upload: Upload, form: MappingForm) -> Shown | None:
    """None until the file was looked at."""
    seen = upload.preview
    if seen is None or form.of_kind is None:
        return None
    kind = form.of_kind
    sums = seen["totals"]
    present = [column.name for column in kind.columns if any(column.name in row for row in seen["first"])]
    names = ("rows", "inserted", "updated", "unchanged", "skipped", "left_out")
    return Shown(
        loaded="rows" in seen,
        counts={name: count(seen[name]) for name in names} if "rows" in seen else {},
        days=days(_day(seen.get("since")), _day(seen.get("until"))),
        totals=[Total(gettext(COLUMNS[each.name]), number(sums[each.name])) for each in kind.columns if each.name in sums],
        columns=[(name, _is_number(kind, name)) for name in present],
        rows=[[(_cell(kind, name, row.get(name, "")), _is_number(kind, name)) for name in present] for row in seen["first"][:SHOWN_ROWS]],
        faults=[_fault_line(fault) for fault in uploads.faults_of(upload)],
        more=seen["more"],
    )


def _fault_line(fault: Fault) -> FaultLine:
    return FaultLine(str(fault.line) if fault.line else "", fault.column, fault.value, fault.why(gettext))


def _is_number(kind: Kind, name: str) -> bool:
    column = kind.column(name)
    return column is not None and column.type.shape in (Shape.NUMBER, Shape.RATE)


def _cell(kind: Kind, name: str, text: str) -> str:
    return number(text) if text and _is_number(kind, name) else text


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def days(since: date | None, until: date | None) -> str:
    if since is None or until is None:
        return ""
    if since == until:
        return moments.day(since, _language())
    return gettext("%(since)s to %(until)s") % {"since": moments.day(since, _language()), "until": moments.day(until, _language())}


def count(value: int) -> str:
    return str(format_decimal(value, locale=_language()))


def number(text: str) -> str:
    """Canonical text of a number, as the reader writes it, with every decimal it has."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return text
    return str(format_decimal(value, locale=_language(), decimal_quantization=False))


def _language() -> str:
    return (get_language() or "en")[:2]
