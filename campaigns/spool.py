"""Rows on disk between the fetch, which may take minutes, and the store, which is one short transaction."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from datetime import date
from os import SEEK_END
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import msgspec
from django.conf import settings

from campaigns.records import AdDay, Record

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

    def said(self, kind: type[Record], attribute: str) -> set[Any]:
        """Every value that records of one kind have for an attribute of `REFERRING`."""
        sheet = self._flushed(kind)
        return sheet.said[attribute] if sheet else set()

    def newest_of_campaigns(self) -> dict[str, AdDay]:
        """The last ad row of the newest day of each campaign, by the campaign's id on its platform."""
        sheet = self._flushed(AdDay)
        return sheet.newest if sheet else {}

    def read(self, kind: type[R]) -> Iterator[tuple[int, R]]:
        """The records of one kind in the order they were written, each with its position."""
        return (row for block in self.blocks(kind) for row in block)

    def blocks(self, kind: type[R]) -> Iterator[list[tuple[int, R]]]:
        """The same, many at once."""
        sheet = self._flushed(kind)
        return sheet.read() if sheet else iter(())

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
                whole.update(sheet.hash.digest())
        return whole.hexdigest()


# Attributes that refer to a row of a small table, which is made before the rows that refer to it.
REFERRING = ("origin", "page")


class Sheet:
    """The records of one kind: a file whose lines are blocks of `[position, record]`, and what the store must know beforehand."""

    def __init__(self, kind: type[Record], folder: Path) -> None:
        self.kind = kind
        self.file = tempfile.TemporaryFile("w+b", dir=folder)  # noqa: SIM115 - closed with the spool
        self.hash = hashlib.sha256()
        self.rows = 0
        self.block: list[tuple[int, Any]] = []
        self.days: set[date] = set()
        self.said: dict[str, set[Any]] = {attribute: set() for attribute in REFERRING if attribute in kind.__struct_fields__}
        self.newest: dict[str, AdDay] = {}

    def flush(self) -> None:
        line = msgspec.json.encode(self.block) + b"\n"
        self.file.seek(0, SEEK_END)
        self.file.write(line)
        self.hash.update(line)
        self.rows += len(self.block)
        records = [record for _, record in self.block]
        self.days.update(record.day for record in records)
        for attribute, said in self.said.items():
            said.update(getattr(record, attribute) for record in records)
        if self.kind is AdDay:
            self._note_newest(records)
        self.block = []

    def _note_newest(self, records: list[AdDay]) -> None:
        for record in records:
            known = self.newest.get(record.campaign_id)
            if known is None or record.day >= known.day:
                self.newest[record.campaign_id] = record

    def read(self) -> Iterator[list[tuple[int, Any]]]:
        decoder = msgspec.json.Decoder(list[tuple[int, self.kind]])  # type: ignore[name-defined]  # known only when it runs
        self.file.seek(0)
        for line in self.file:
            yield decoder.decode(line)
