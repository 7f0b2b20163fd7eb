"""What reading a workbook would cost, counted before anything of it is built.

A file of kilobytes may name a row a billion lines down, or unpack to a row that fills the memory, and openpyxl believes all of it: it
gives the rows that are left out, pads every row to its last cell, and makes a tree of what stands between two rows.
"""

from __future__ import annotations

from functools import cache
from typing import IO, Any
from xml.parsers.expat import ExpatError, ParserCreate
from zipfile import ZipFile, ZipInfo

from openpyxl.utils import column_index_from_string
from openpyxl.xml.constants import SHEET_MAIN_NS

from campaigns.imports.reasons import Reason

MOST_UNPACKED = 200 * 2**20
# With those that are left out before the last one of a row. A text that cells share counts as one more.
MOST_CELLS = 5_000_000
MOST_SHEETS = 100
# Excel's own limit.
MOST_ROWS = 2**20
# Elements that stand in the memory together.
MOST_AT_ONCE = 200_000
PIECE = 2**16
DIGITS = "0123456789"
ROW, CELL, TEXT, SHEET = (f"{SHEET_MAIN_NS} {name}" for name in ("row", "c", "si", "sheet"))
_number_of = cache(column_index_from_string)


class TooMuch(Exception):
    """The workbook is larger than what is read here, or such as no program writes."""

    def __init__(self, reason: Reason, **params: int) -> None:
        super().__init__(reason.name)
        self.reason = reason
        self.params = params


class Archive(ZipFile):
    """A workbook's parts, each measured before it is read for the first time. Raises `TooMuch`."""

    def __init__(self, file: Any) -> None:
        super().__init__(file)
        self.unpacked = sum(part.file_size for part in self.infolist())
        if self.unpacked > MOST_UNPACKED:
            raise TooMuch(Reason.TOO_BIG, megabytes=MOST_UNPACKED // 2**20)
        self._count = _Count()
        self._measured: set[str] = set()

    def open(self, name: str | ZipInfo, *options: Any, **more: Any) -> IO[bytes]:
        called = name if isinstance(name, str) else name.filename
        if called not in self._measured:
            self._measured.add(called)
            with super().open(name) as part:
                self._count.read(part)
        return super().open(name, *options, **more)


class _Count:
    """Of all parts together."""

    def __init__(self) -> None:
        self.cells = self.sheets = 0
        # Since the row began.
        self.at_once = self.column = self.width = 0

    def read(self, part: IO[bytes]) -> None:
        """Where a part is no XML it ends, as it does for whoever reads it afterwards."""
        parser = ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._begin
        parser.StartDoctypeDeclHandler = self._refuse
        try:
            for piece in iter(lambda: part.read(PIECE), b""):
                parser.Parse(piece)
        except ExpatError:
            pass
        self._end_row()

    def _begin(self, name: str, given: dict[str, str]) -> None:
        self.at_once += 1
        if name == CELL:
            place = given.get("r")
            self.column = _number_of(place.rstrip(DIGITS)) if place else self.column + 1
            self.width = max(self.width, self.column)
        elif name == ROW:
            self._end_row()
            if float(given.get("r", 0)) > MOST_ROWS:
                self._refuse()
        elif name == TEXT:
            self.width = 1
            self._end_row()
        elif name == SHEET:
            self.sheets += 1
            if self.sheets > MOST_SHEETS:
                raise TooMuch(Reason.TOO_MANY_SHEETS, most=MOST_SHEETS)
        if self.at_once > MOST_AT_ONCE:
            self._refuse()

    def _end_row(self) -> None:
        self.cells += self.width
        self.at_once = self.column = self.width = 0
        if self.cells > MOST_CELLS:
            raise TooMuch(Reason.TOO_MANY_CELLS, millions=MOST_CELLS // 10**6)

    def _refuse(self, *_declared: object) -> None:
        raise TooMuch(Reason.NOT_A_WORKBOOK)
