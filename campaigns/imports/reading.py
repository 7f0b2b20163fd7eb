"""Read a CSV file as a stream of rows, collecting faults instead of stopping at the first."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from campaigns.imports.cells import Context
from campaigns.imports.faults import MOST_FAULTS, BadCell, Fault, Refusal
from campaigns.imports.kinds import Kind, Values


class Reading:
    """One pass over one file of one kind. After the pass, `faults` says what was wrong."""

    def __init__(self, path: Path, kind: Kind, context: Context) -> None:
        self.path = path
        self.kind = kind
        self.context = context
        self.faults: list[Fault] = []
        self._line = 1

    def rows(self) -> Iterator[tuple[int, Values]]:
        """Every sound row as (line, values by column); an absent or empty cell is None. Raises `Refusal` at fifty faults."""
        try:
            with self.path.open(encoding="utf-8-sig", newline="") as file:
                yield from self._sound(csv.reader(file, delimiter=_delimiter(file.readline()), strict=True), file)
        except UnicodeDecodeError as error:
            self._fault(self._line, "", "", f"not UTF-8 text (byte {error.object[error.start]:#04x}); save the file as UTF-8")
        except csv.Error as error:
            self._fault(self._line, "", "", f"not a well-formed CSV line: {error}")

    def _sound(self, reader: Any, file: Any) -> Iterator[tuple[int, Values]]:
        file.seek(0)
        header = [name.strip() for name in next(reader, [])]
        self._line = reader.line_num
        if not self._header_is_sound(header):
            return
        for cells in reader:
            first_line, self._line = self._line + 1, reader.line_num
            if not any(cells):
                continue
            values = self._values(first_line, header, cells)
            if values is not None:
                yield first_line, values

    def _header_is_sound(self, header: list[str]) -> bool:
        known = {column.name for column in self.kind.columns}
        for name in header:
            if name not in known:
                self._fault(1, name, name, f"unknown column; {self.kind.name} takes {', '.join(sorted(known))}")
            elif header.count(name) > 1:
                self._fault(1, name, name, "the column stands twice")
        for column in self.kind.columns:
            if column.required and column.name not in header:
                self._fault(1, column.name, "", "this column is required and missing")
        return not self.faults

    def _values(self, line: int, header: list[str], cells: list[str]) -> Values | None:
        if len(cells) != len(header):
            self._fault(line, "", "", f"{len(cells)} cells where the header has {len(header)}")
            return None
        before = len(self.faults)
        given = dict(zip(header, cells, strict=True))
        values: Values = {}
        for column in self.kind.columns:
            cell = given.get(column.name, "").strip()
            values[column.name] = None
            if cell:
                values[column.name] = self._cell(line, column.name, cell, column.read)
            elif column.required:
                self._fault(line, column.name, "", "empty, and this column is required")
        if len(self.faults) == before and self.kind.check and (wrong := self.kind.check(values)):
            self._fault(line, wrong[0], given.get(wrong[0], ""), wrong[1])
        return values if len(self.faults) == before else None

    def _cell(self, line: int, column: str, cell: str, read: Any) -> Any:
        try:
            return read(cell, self.context)
        except BadCell as reason:
            self._fault(line, column, cell, str(reason))
            return None

    def _fault(self, line: int, column: str, value: str, reason: str) -> None:
        self.note(Fault(line, column, value, reason))

    def note(self, fault: Fault) -> None:
        """Keep a fault; raises `Refusal` at the fiftieth."""
        self.faults.append(fault)
        if len(self.faults) >= MOST_FAULTS:
            raise Refusal(self.faults, more=True)


def _delimiter(header: str) -> str:
    return ";" if header.count(";") > header.count(",") else ","
