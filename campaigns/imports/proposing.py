"""Guess from the start of a file what it is and how its columns become ours, for a person to confirm."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from itertools import islice
from pathlib import Path
from typing import TypeVar

from msgspec.structs import replace

from campaigns.imports import files
from campaigns.imports.cells import CURRENCIES
from campaigns.imports.faults import BadCell
from campaigns.imports.files import Delimiter, Row, Typed
from campaigns.imports.kinds import KINDS, Column, Kind
from campaigns.imports.mapping import Mapping
from campaigns.imports.presets import PRESETS, Preset
from campaigns.imports.presets.base import NO_VALUE, TOTALS
from campaigns.imports.reasons import Reason, gettext_noop
from campaigns.imports.styles import DateStyle, NumberStyle, Shape, canonical

_ = gettext_noop
# A header stands among the first rows; what comes after them tells how days and numbers are written.
HEADER_AMONG = 30
SAMPLE_ROWS = 200
SHOWN_ROWS = 5
CANONICAL = "canonical"
_IN_BRACKETS = re.compile(r"\s*\(([A-Z]{3})\)$")
S = TypeVar("S", DateStyle, NumberStyle)


class Doubt(Enum):
    """What a person should look at before saying yes; the value is a msgid."""

    KIND = _("It is not clear what this file holds: choose its kind.")
    COLUMNS = _("Some columns that are needed were not found: say which they are, or give a value for all rows.")
    SEVERAL_DAYS = _("The rows seem to be of several days each. Export the report by day.")
    NO_DAY = _("No column says the day. Export the report by day, or give the day if the whole file is of one.")
    DATES = _("The dates can be read in two ways: say whether the day or the month comes first.")
    NUMBERS = _("The numbers can be read in two ways: say whether a comma parts thousands or decimals.")


@dataclass(frozen=True)
class Proposal:
    """`preset`: the platform whose export it is, "canonical", or "". `confidence`: 0 to 1. `missing`: needed columns of ours.

    `header` and `sample` are the file's own cells, `sheets` the names of a workbook's sheets.
    """

    kind: str | None
    preset: str
    mapping: Mapping
    confidence: float
    header: list[str]
    sample: list[list[str]]
    missing: list[str]
    doubts: list[Doubt]
    sheets: list[str]


@dataclass(frozen=True)
class _Guess:
    """One way to see the file: this row is its header, and its columns are those of this kind."""

    kind: Kind
    preset: Preset | None
    header: Row
    columns: dict[str, str]
    score: float
    exact: bool = False

    def theirs(self, target: str) -> str:
        return next((theirs for theirs, ours in self.columns.items() if ours == target), "")


def propose(path: Path, kind: str | None = None, sheet: str = "") -> Proposal:
    """A proposal for one file, of one kind where that is known. Raises `files.Unreadable` for a broken workbook."""
    written, rows, sheets = _start(path, sheet)
    kinds = [KINDS[kind]] if kind else list(KINDS.values())
    guess = max(_guesses(rows[:HEADER_AMONG], kinds), key=lambda each: each.score, default=None)
    if guess is None:
        header = max(rows[:HEADER_AMONG], key=lambda row: len(row[1]), default=(1, []))
        return _unknown(kind, written, header, rows, sheets)
    return _proposal(guess, written, rows, sheets)


def _start(path: Path, sheet: str) -> tuple[Mapping, list[Row], list[str]]:
    """How the file is written as far as its bytes tell, its first rows, and the names of a workbook's sheets."""
    if files.is_workbook(path):
        return Mapping(sheet=sheet), *files.sheet_start(path, sheet, SAMPLE_ROWS)
    with path.open("rb") as file:
        start = file.read(files.SAMPLE)
        whole = not file.read(1)
    encoding = files.sniffed_encoding(start, whole=whole)
    text = start.decode(files.ENCODINGS[encoding], errors="replace")
    best = max((_parsed(text, delimiter, whole=whole) for delimiter in files.DELIMITERS), key=_looks_parted)
    return Mapping(encoding=encoding, delimiter=best[0]), best[1], []


def _parsed(text: str, delimiter: Delimiter, *, whole: bool) -> tuple[Delimiter, list[Row]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[Row] = []
    line = 0
    try:
        for cells in islice(reader, SAMPLE_ROWS):
            first, line = line + 1, reader.line_num
            if any(cells):
                rows.append((first, cells))
    except csv.Error:
        pass
    return delimiter, rows if whole or len(rows) >= SAMPLE_ROWS else rows[:-1]


def _looks_parted(parsed: tuple[Delimiter, list[Row]]) -> tuple[int, int]:
    """More rows of one same width, and wider ones, are more likely the table."""
    widths = [len(cells) for _, cells in parsed[1]]
    width = max(set(widths), key=lambda each: (each > 1) * widths.count(each), default=0)
    return (widths.count(width) if width > 1 else 0, width)


def _guesses(rows: Sequence[Row], kinds: Iterable[Kind]) -> Iterator[_Guess]:
    for row in rows:
        header = [cell.strip() for cell in row[1]]
        for kind in kinds:
            yield from _of_kind(kind, row, header)


def _of_kind(kind: Kind, row: Row, header: list[str]) -> Iterator[_Guess]:
    names = {column.name for column in kind.canonical}
    needed = {column.name for column in kind.canonical if column.required}
    if needed <= set(header) and set(header) <= names:
        # Several kinds may know all these columns: the more of its own are there, the likelier.
        yield _Guess(kind, None, row, {name: name for name in header}, 1000 + len(header) / len(names), exact=True)
        return
    for preset in PRESETS:
        if preset.kind == kind.name and all(_one_of(header, group) for group in preset.telltales):
            columns = _columns(header, preset.columns)
            yield _Guess(kind, preset, row, columns, 100 + len(columns))
    columns = _columns(header, _SYNONYMS[kind.name])
    if len(columns) > 1:
        found = len(needed & set(columns.values())) / max(len(needed), 1)
        # A kind that needs little is not likelier for that: it must also say what the file's columns are.
        said = len(columns) / sum(map(bool, header))
        yield _Guess(kind, None, row, columns, (found + said) * 10)


def bare(name: str) -> str:
    """A column's name without case, accents, kinds of spaces and apostrophes, and a currency in brackets."""
    parts = unicodedata.normalize("NFKD", _IN_BRACKETS.sub("", name.strip()).replace("’", "'").casefold())
    return " ".join("".join(sign for sign in parts if not unicodedata.combining(sign)).replace("_", " ").split())


def _one_of(header: list[str], names: Iterable[str]) -> str:
    """The name of the header that is one of `names`, the first of these first; "" where none is."""
    by_bare = {bare(name): name for name in reversed(header) if name}
    return next((by_bare[bare(name)] for name in names if bare(name) in by_bare), "")


def _columns(header: list[str], known: dict[str, tuple[str, ...]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for target, names in known.items():
        theirs = _one_of(header, names)
        if theirs and theirs not in found and header.count(theirs) == 1:
            found[theirs] = target
    return found


def _synonyms() -> dict[str, dict[str, tuple[str, ...]]]:
    """Every name a column of a kind has anywhere: what it is called here first."""
    gathered: dict[str, dict[str, tuple[str, ...]]] = {}
    for kind in KINDS.values():
        own = {column.name: (column.name, *_COMMON.get(column.name, ())) for column in kind.columns}
        for preset in PRESETS:
            if preset.kind == kind.name:
                for target, names in preset.columns.items():
                    own[target] = (*own[target], *names)
        gathered[kind.name] = own
    return gathered


# What people call columns in tables of their own.
_COMMON = {
    "date": ("Day", "Jour"),
    "month": ("Mois",),
    "source": ("Platform", "Plateforme"),
    "account": ("Compte",),
    "campaign": ("Campagne", "Campaign name", "Nom de la campagne"),
    "channel": ("Canal",),
    "currency": ("Devise",),
    "spend": ("Cost", "Coût", "Dépenses", "Dépense"),
    "clicks": ("Clics",),
    "amount": ("Montant", "Total"),
    "name": ("Nom", "Libellé"),
    "value": ("Valeur",),
    "order_id": ("Order", "Order number", "Commande", "Numéro de commande"),
    "ordered_at": ("Order date", "Date de commande", "Date"),
    "customer_id": ("Customer", "Client", "ID client"),
    "lead_id": ("Lead", "ID lead", "ID prospect"),
    "created_at": ("Created", "Créé le", "Date de création", "Date"),
    "subscribers": ("Followers", "Abonnés"),
    "list": ("Liste",),
    "sent": ("Envoyés", "Recipients"),
    "sent_at": ("Date d'envoi", "Date"),
    "views": ("Vues", "Pageviews"),
    "kpi": ("Indicateur",),
    "post_id": ("Post", "Publication", "ID publication"),
    "title": ("Post title", "Titre", "Text", "Texte", "Message", "Caption", "Légende"),
    "url": ("Link", "Lien", "Permalink", "Permalien", "Post link"),
}
_SYNONYMS = _synonyms()


def _proposal(guess: _Guess, written: Mapping, rows: list[Row], sheets: list[str]) -> Proposal:
    header = [cell.strip() for cell in guess.header[1]]
    body = [cells for line, cells in rows if line > guess.header[0]]
    doubts: list[Doubt] = []
    mapping, doubts = _mapping(guess, written, header, body)
    given = {*mapping.columns.values(), *mapping.constants}
    missing = [column.name for column in guess.kind.columns if column.required and column.name not in given]
    if missing:
        doubts.append(Doubt.COLUMNS)
    needed = [column.name for column in guess.kind.columns if column.required]
    found = len(needed) - len(missing)
    certainty = 1.0 if guess.exact else 0.95 if guess.preset else 0.6
    return Proposal(
        kind=guess.kind.name,
        preset=guess.preset.platform if guess.preset else CANONICAL if guess.exact else "",
        mapping=mapping,
        confidence=round(certainty * (found / len(needed) if needed else 1.0), 2),
        header=header,
        sample=body[:SHOWN_ROWS],
        missing=missing,
        doubts=doubts,
        sheets=sheets,
    )


def _mapping(guess: _Guess, written: Mapping, header: list[str], body: list[list[str]]) -> tuple[Mapping, list[Doubt]]:
    preset = guess.preset
    mapping = replace(written, columns=guess.columns, skip_lines=guess.header[0] - 1)
    doubts = []
    if preset:
        mapping = replace(
            mapping, constants=preset.constants, totals=preset.totals, unknown=preset.unknown, continued=_one_of(header, preset.continued)
        )
        mapping = _with_range(mapping, preset, header)
    elif not guess.exact:
        mapping = replace(mapping, totals=TOTALS, unknown=NO_VALUE)
    mapping = _with_currency(mapping, guess.kind)
    day = next((column for column in guess.kind.columns if column.required and column.type.shape in (Shape.DAY, Shape.INSTANT)), None)
    if day and day.name not in mapping.columns.values():
        periods = preset.periods if preset else Preset.periods
        doubts.append(Doubt.SEVERAL_DAYS if _one_of(header, periods) else Doubt.NO_DAY)
    dates, unsure_of_dates = _style(guess.kind, mapping, header, body, _DATE_SHAPES, tuple(DateStyle))
    numbers, unsure_of_numbers = _style(guess.kind, mapping, header, body, _NUMBER_SHAPES, tuple(NumberStyle))
    doubts += [Doubt.DATES] * unsure_of_dates + [Doubt.NUMBERS] * unsure_of_numbers
    mapping = replace(mapping, dates=(preset.dates if preset else None) or dates, numbers=numbers)
    if _is_of_several_days(mapping, header, body):
        doubts.append(Doubt.SEVERAL_DAYS)
    return mapping, doubts


_DATE_SHAPES = (Shape.DAY, Shape.INSTANT, Shape.MONTH)
_NUMBER_SHAPES = (Shape.NUMBER, Shape.RATE)


def _with_range(mapping: Mapping, preset: Preset, header: list[str]) -> Mapping:
    """Without a column of its own, a row's day is the first of its range, whose last must be the same."""
    start, end = _one_of(header, preset.starts), _one_of(header, preset.ends)
    if "date" in mapping.columns.values() or not (start and end):
        return mapping
    return replace(mapping, columns={**mapping.columns, start: "date"}, until=end)


def _with_currency(mapping: Mapping, kind: Kind) -> Mapping:
    """The currency that stands in brackets behind the name of an amount, where no column says it."""
    if kind.column("currency") is None or "currency" in (*mapping.columns.values(), *mapping.constants):
        return mapping
    said = {found[1] for theirs in mapping.columns if (found := _IN_BRACKETS.search(theirs))} & CURRENCIES
    return replace(mapping, constants={**mapping.constants, "currency": said.pop()}) if len(said) == 1 else mapping


def _style(
    kind: Kind, mapping: Mapping, header: list[str], body: list[list[str]], shapes: tuple[Shape, ...], styles: tuple[S, ...]
) -> tuple[S, bool]:
    """The style that reads the sample, and whether another one reads it otherwise."""
    cells = list(_cells(kind, mapping, header, body, shapes))
    read = {style: [_read(cell, column, style) for cell, column in cells] for style in styles}
    best = max(styles, key=lambda style: sum(text is not None for text in read[style]))
    rivals = [style for style in styles if sum(text is not None for text in read[style]) == sum(text is not None for text in read[best])]
    differing = [style for style in rivals if read[style] != read[best]]
    if not differing:
        return best, False
    continental = mapping.delimiter == ";" or any(not name.isascii() for name in header)
    wanted = (DateStyle.DAY_FIRST, NumberStyle.COMMA) if continental else (DateStyle.MONTH_FIRST, NumberStyle.POINT)
    return next((style for style in rivals if style in wanted), best), True


def _cells(
    kind: Kind, mapping: Mapping, header: list[str], body: list[list[str]], shapes: tuple[Shape, ...]
) -> Iterator[tuple[str, Column]]:
    """The sample's own text in columns of these shapes."""
    for theirs, target in mapping.columns.items():
        column = kind.column(target)
        if column is None or column.type.shape not in shapes:
            continue
        place = header.index(theirs)
        for cells in body:
            cell = cells[place] if place < len(cells) else ""
            if cell.strip() and not isinstance(cell, Typed) and cell.strip() not in mapping.unknown:
                yield cell.strip(), column


def _read(cell: str, column: Column, style: DateStyle | NumberStyle) -> str | None:
    try:
        if isinstance(style, DateStyle):
            text = canonical(cell, column.type.shape, style, NumberStyle.PLAIN)
            return text if _is_in_the_calendar(text) else None
        return canonical(cell, column.type.shape, DateStyle.ISO, style)
    except BadCell:
        return None


def _is_in_the_calendar(text: str) -> bool:
    try:
        date.fromisoformat(f"{text}-01" if len(text) == len("2026-11") else text[: len("2026-11-09")])
    except ValueError:
        return False
    return True


def _is_of_several_days(mapping: Mapping, header: list[str], body: list[list[str]]) -> bool:
    day = next((theirs for theirs, target in mapping.columns.items() if target == "date"), "")
    if not day:
        return False
    place, until = header.index(day), header.index(mapping.until) if mapping.until else None
    for cells in body:
        if until is not None and max(place, until) < len(cells) and cells[until].strip() and cells[place] != cells[until]:
            return True
        if place < len(cells) and not isinstance(cells[place], Typed) and _is_a_range(cells[place], mapping.dates):
            return True
    return False


def _is_a_range(cell: str, dates: DateStyle) -> bool:
    try:
        canonical(cell.strip(), Shape.DAY, dates, NumberStyle.PLAIN)
    except BadCell as bad:
        return bad.reason is Reason.SEVERAL_DAYS
    return False


def _unknown(kind: str | None, written: Mapping, header: Row, rows: list[Row], sheets: list[str]) -> Proposal:
    """Of a file of which nothing is understood."""
    missing = [column.name for column in KINDS[kind].columns if column.required] if kind else []
    return Proposal(
        kind=kind,
        preset="",
        mapping=replace(written, skip_lines=max(header[0] - 1, 0)),
        confidence=0.0,
        header=[cell.strip() for cell in header[1]],
        sample=[cells for line, cells in rows if line > header[0]][:SHOWN_ROWS],
        missing=missing,
        doubts=[Doubt.COLUMNS if kind else Doubt.KIND],
        sheets=sheets,
    )
