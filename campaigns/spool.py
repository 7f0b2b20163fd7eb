"""Rows on disk between the fetch, which may take minutes, and the store, which is one short transaction."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import IO, TypeVar

import msgspec
from django.conf import settings

from campaigns.records import Record

R = TypeVar("R", bound=Record)


class Spool:
    """One nameless file per kind of record, each line `[position, record]`: gone with the process, however it ends.

    A position is the line of a file, or the ordinal of a row in an answer: what a fault is reported by.
    """

    def __init__(self) -> None:
        self.folder = Path(settings.HOME) / "spool"
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.rows = 0
        self._files: dict[type, IO[bytes]] = {}
        self._encoder = msgspec.json.Encoder()
        self._hash = hashlib.sha256()
        self._days: dict[type, set[date]] = {}

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for file in self._files.values():
            file.close()

    def write(self, record: Record, position: int | None = None) -> None:
        line = self._encoder.encode((self.rows + 1 if position is None else position, record))
        file = self._files.get(type(record))
        if file is None:
            file = self._files[type(record)] = tempfile.TemporaryFile("w+b", dir=self.folder)  # noqa: SIM115 - closed with the spool
        file.write(line + b"\n")
        self._hash.update(line)
        self.rows += 1
        self._days.setdefault(type(record), set()).add(record.day)

    def has(self, kind: type[Record]) -> bool:
        return kind in self._files

    def days(self, kind: type[Record]) -> list[date]:
        """The days that records of one kind speak of, in order."""
        return sorted(self._days.get(kind, ()))

    def read(self, kind: type[R]) -> Iterator[tuple[int, R]]:
        """The records of one kind in the order they were written, each with its position."""
        file = self._files.get(kind)
        if file is None:
            return
        decoder = msgspec.json.Decoder(tuple[int, kind])  # type: ignore[valid-type]  # known only when it runs
        file.seek(0)
        for line in file:
            yield decoder.decode(line)

    @property
    def content_hash(self) -> str:
        """SHA-256 over the rows in the order they came."""
        return self._hash.hexdigest()
