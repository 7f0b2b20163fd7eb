"""Read a file as a stream of rows, collecting faults instead of stopping at the first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from campaigns.imports import files
from campaigns.imports.cells import Context
from campaigns.imports.faults import MOST_FAULTS, BadCell, Fault, Refusal
from campaigns.imports.files import Format, Typed, Unreadable
from campaigns.imports.kinds import Column, Kind, Values
from campaigns.imports.mapping import Mapping
from campaigns.imports.reasons import Reason
from campaigns.imports.styles import Shape, canonical

# Of each column.
MOST_KNOWN = 2_000
TELLS_THE_DAY = (Shape.DAY, Shape.INSTANT, Shape.MONTH)


@dataclass(frozen=True)
class Source:
    """Where the cells of one of our columns come from: a place in the row, or a value that all rows have."""

    column: Column
    place: int | None = None
    constant: str = ""


class Reading:
    """One pass over one file of one kind. After the pass, `faults` says what was wrong and `skipped` how many rows were sums."""

    def __init__(self, path: Path, kind: Kind, context: Context, mapping: Mapping | None = None) -> None:
        self.path = path
        self.kind = kind
        self.context = context
        self.mapping = mapping
        self.faults: list[Fault] = []
        self.skipped = 0
        self._called = {target: theirs for theirs, target in mapping.columns.items()} if mapping else {}

    def rows(self) -> Iterator[tuple[int, Values]]:
        """Every sound row as (line, values by column); an absent or empty cell is None. Raises `Refusal` at fifty faults."""
        if self.mapping:
            self.mapping.refuse_nonsense(self.kind)
        try:
            found = files.rows(self.path, self._format())
            line, header = next(found, (1, []))
            layout = _Layout(self, line, [name.strip() for name in header])
            if not self.faults:
                yield from self._sound(found, layout)
        except Unreadable as problem:
            self.note(Fault(problem.line, "", "", problem.reason, problem.params))

    def called(self, column: str) -> str:
        """What the file calls one of our columns."""
        return self._called.get(column, column)

    def note(self, fault: Fault) -> None:
        """Keep a fault; raises `Refusal` at the fiftieth."""
        self.faults.append(fault)
        if len(self.faults) >= MOST_FAULTS:
            raise Refusal(self.faults, more=True)

    def _format(self) -> Format:
        if self.mapping:
            return Format(self.mapping.encoding, self.mapping.delimiter, self.mapping.skip_lines, self.mapping.sheet)
        return Format(delimiter=_canonical_delimiter(self.path))

    def _sound(self, found: Iterator[files.Row], layout: _Layout) -> Iterator[tuple[int, Values]]:
        for line, cells in found:
            if layout.goes_on(cells):
                continue
            if layout.is_a_sum(cells):
                self.skipped += 1
                continue
            values = layout.values(line, cells)
            if values is not None:
                yield line, values


class _Layout:
    """Which cell of a row is which of our columns. What is wrong with the header is noted on the reading."""

    def __init__(self, reading: Reading, line: int, header: list[str]) -> None:
        self.reading = reading
        self.kind = reading.kind
        self.mapping = reading.mapping or Mapping()
        self.line = line
        self.header = header
        self.pads = files.is_workbook(reading.path)
        self.sources = self._mapped() if reading.mapping else self._canonical()
        self._constants: dict[str, Any] = {}
        # What cells of a column meant: days, names and small numbers come again and again.
        self._known: dict[str, dict[str, Any]] = {column.name: {} for column in self.kind.columns}
        self._until = self._place(self.mapping.until)
        self._continued = self._place(self.mapping.continued)
        tells = [source for source in self.sources if source.column.type.shape in TELLS_THE_DAY and source.place is not None]
        self._day = next((source for source in tells if source.column.required), tells[0] if tells else None)
        self._note_missing()

    def _canonical(self) -> list[Source]:
        known = {column.name: column for column in self.kind.canonical}
        sources = []
        for place, name in enumerate(self.header):
            if name not in known:
                self._fault(name, Reason.UNKNOWN_COLUMN, kind=self.kind.name, columns=", ".join(sorted(known)))
            elif self.header.count(name) > 1:
                self._fault(name, Reason.TWICE)
            else:
                sources.append(Source(known[name], place))
        return sources

    def _mapped(self) -> list[Source]:
        sources = [
            Source(column, self._place(theirs)) for theirs, target in self.mapping.columns.items() if (column := self.kind.column(target))
        ]
        given = [Source(column, constant=text) for target, text in self.mapping.constants.items() if (column := self.kind.column(target))]
        return sources + given

    def _place(self, theirs: str) -> int | None:
        if not theirs:
            return None
        if self.header.count(theirs) > 1:
            self._fault(theirs, Reason.TWICE)
        elif theirs not in self.header:
            self._fault(theirs, Reason.NOT_IN_THE_FILE)
        else:
            return self.header.index(theirs)
        return None

    def _note_missing(self) -> None:
        present = {source.column.name for source in self.sources}
        for column in self.kind.columns:
            if column.required and column.name not in present:
                says_the_day = self.reading.mapping and column.type.shape in TELLS_THE_DAY
                self._fault(column.name, Reason.NO_DAY if says_the_day else Reason.MISSING, "")

    def _fault(self, name: str, reason: Reason, value: str | None = None, **params: str | int) -> None:
        self.reading.note(Fault(self.line, name, name if value is None else value, reason, params))

    def goes_on(self, cells: list[str]) -> bool:
        """Whether the row only goes on with the one above."""
        return self._continued is not None and not _at(cells, self._continued)

    def is_a_sum(self, cells: list[str]) -> bool:
        """Whether the row sums up others: it begins like one and has no day of its own."""
        if not self.mapping.totals:
            return False
        first = next((cell for cell in map(str.strip, cells) if cell), "").lower()
        if not any(first.startswith(beginning.lower()) for beginning in self.mapping.totals if beginning):
            return False
        return self._day is None or not self._is_a_day(_at(cells, self._day.place or 0), self._day.column)

    def _is_a_day(self, cell: str, column: Column) -> bool:
        try:
            self._read(column, cell)
        except BadCell:
            return False
        return bool(cell)

    def values(self, line: int, cells: list[str]) -> Values | None:
        """The row's values by column, or None where something is wrong with it, which is noted."""
        if self.pads and len(cells) != len(self.header):
            cells = cells[: len(self.header)] + [""] * (len(self.header) - len(cells)) if not any(cells[len(self.header) :]) else cells
        reading = self.reading
        if len(cells) != len(self.header):
            reading.note(Fault(line, "", "", Reason.CELLS, {"cells": len(cells), "header": len(self.header)}))
            return None
        before = len(reading.faults)
        values: Values = dict.fromkeys((column.name for column in self.kind.columns), None)
        for source in self.sources:
            self._fill(values, line, cells, source)
        if len(reading.faults) == before:
            self._note_row(line, cells, values)
        return values if len(reading.faults) == before else None

    def _fill(self, values: Values, line: int, cells: list[str], source: Source) -> None:
        column = source.column
        cell = self._text(cells, source)
        try:
            if cell:
                values[column.name] = self._constant(source) if source.place is None else self._read(column, cell)
            elif column.required:
                raise BadCell(column.missing)
        except BadCell as bad:
            self.reading.note(Fault(line, self.reading.called(column.name), cell, bad.reason, bad.params))

    def _text(self, cells: list[str], source: Source) -> str:
        if source.place is None:
            return source.constant
        cell = _at(cells, source.place)
        return "" if cell in self.mapping.unknown else cell

    def _read(self, column: Column, cell: str) -> Any:
        if isinstance(cell, Typed):
            return column.type.read(cell, self.reading.context)
        known = self._known[column.name]
        if cell not in known:
            if len(known) >= MOST_KNOWN:
                known.clear()
            known[cell] = self._read_anew(column, cell)
        return known[cell]

    def _read_anew(self, column: Column, cell: str) -> Any:
        if self.reading.mapping:
            cell = canonical(cell, column.type.shape, self.mapping.dates, self.mapping.numbers)
        return column.type.read(cell, self.reading.context)

    def _constant(self, source: Source) -> Any:
        name = source.column.name
        if name not in self._constants:
            self._constants[name] = source.column.type.read(source.constant, self.reading.context)
        return self._constants[name]

    def _note_row(self, line: int, cells: list[str], values: Values) -> None:
        """What is wrong with the row as a whole, although each cell is sound."""
        if self._until is not None and self._day is not None and (last := _at(cells, self._until)):
            self._note_several_days(line, last, values)
        if wrong := self.kind.wrong(values):
            name, reason, params = wrong
            theirs = {key: self.reading.called(value) if isinstance(value, str) else value for key, value in params.items()}
            place = next((source.place for source in self.sources if source.column.name == name), None)
            shown = "" if place is None else _at(cells, place)
            self.reading.note(Fault(line, self.reading.called(name), shown, reason, theirs))

    def _note_several_days(self, line: int, last: str, values: Values) -> None:
        day = self._day
        assert day is not None
        try:
            differs = self._read(day.column, last) != values[day.column.name]
        except BadCell as bad:
            self.reading.note(Fault(line, self.mapping.until, last, bad.reason, bad.params))
            return
        if differs:
            self.reading.note(Fault(line, self.mapping.until, last, Reason.SEVERAL_DAYS))


def _at(cells: list[str], place: int) -> str:
    """The cell without spaces around it; a workbook's own value stays what it is."""
    if place >= len(cells):
        return ""
    cell = cells[place]
    return cell if isinstance(cell, Typed) else cell.strip()


def _canonical_delimiter(path: Path) -> files.Delimiter:
    with path.open("rb") as file:
        header = file.readline(files.SAMPLE)
    return ";" if header.count(b";") > header.count(b",") else ","
