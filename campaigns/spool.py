"""Rows on disk between the fetch, which may take minutes, and the store, which is one short transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from django.conf import settings

from campaigns.records import AdDay, Record
from campaigns.sheets import Block, Sheet

R = TypeVar("R", bound=Record)

# Records written and read at once: one by one takes twice the time, and an import holds a block for each account of its file.
BLOCK = 500


class Spool:
    """One nameless file per kind of record: gone with the process, however it ends.

    A position is the line of a file, or the ordinal of a row in an answer: what a fault is reported by.
    """

    def __init__(self) -> None:
        self.folder = Path(settings.HOME) / "spool"
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.rows = 0
        self._sheets: dict[type, Sheet] = {}

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for sheet in self._sheets.values():
            sheet.file.close()

    def write(self, record: Record, position: int | None = None) -> None:
        self.rows += 1
        sheet = self._sheets.get(type(record))
        if sheet is None:
            sheet = self._sheets[type(record)] = Sheet(type(record), self.folder)
        sheet.block.append((self.rows if position is None else position, record))
        if len(sheet.block) == BLOCK:
            sheet.flush()

    def has(self, kind: type[Record]) -> bool:
        return kind in self._sheets

    def count(self, kind: type[Record]) -> int:
        sheet = self._flushed(kind)
        return sheet.rows if sheet else 0

    def days(self, kind: type[Record]) -> list[date]:
        """The days that records of one kind speak of, in order."""
        sheet = self._flushed(kind)
        return sorted(sheet.days) if sheet else []

    def said(self, kind: type[Record], attribute: str) -> Collection[Any]:
        """Every value that records of one kind have for an attribute of `REFERRING`, once, in the order they came."""
        sheet = self._flushed(kind)
        return sheet.said[attribute] if sheet else ()

    def newest_of_campaigns(self) -> dict[str, AdDay]:
        """The last ad row of the newest day of each campaign, by the campaign's id on its platform."""
        sheet = self._flushed(AdDay)
        return sheet.newest if sheet else {}

    def read(self, kind: type[R]) -> Iterator[tuple[int, R]]:
        """The records of one kind in the order they were written, each with its position."""
        sheet = self._flushed(kind)
        return (row for block in sheet.blocks() for row in block) if sheet else iter(())

    def lines(self, kind: type[Record], kept: Callable[[Block], Block] | None = None) -> Iterator[bytes]:
        """The same as lines of a `Sheet`, many at once. `kept`: what is left of some records."""
        sheet = self._flushed(kind)
        if sheet is None:
            return iter(())
        return (sheet.encoded(kept(block)) for block in sheet.blocks()) if kept else sheet.lines()

    def _flushed(self, kind: type[Record]) -> Sheet | None:
        sheet = self._sheets.get(kind)
        if sheet and sheet.block:
            sheet.flush()
        return sheet

    @property
    def content_hash(self) -> str:
        """SHA-256 over the rows of each kind in the order they came."""
        whole = hashlib.sha256()
        for kind in sorted(self._sheets, key=lambda kind: kind.__name__):
            if sheet := self._flushed(kind):
                whole.update(sheet.digest())
        return whole.hexdigest()
