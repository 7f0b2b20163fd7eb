"""The records of one kind on disk, as the database takes them, and what the store must know beforehand.

A line is a JSON list: the position, then each attribute in the order of the record's class. What refers to a row of a small
table is told as the place of the value in `said`, from 1; a structure as a text of JSON.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from os import SEEK_END
from pathlib import Path
from typing import Any, get_origin

import msgspec

from campaigns.records import AdDay, Record

# Records of one kind with their positions.
Block = Sequence[tuple[int, Record]]
# Attributes that refer to a row of a small table, which is made before the rows that refer to it.
REFERRING = ("campaign_id", "origin", "page")

Turns = Mapping[str, Callable[[Any], Any]]
_lines = msgspec.json.Encoder().encode_lines


class Places(dict[Any, int]):
    """The place of each value in the order in which they were first asked for, from 1."""

    def __missing__(self, value: Any) -> int:
        self[value] = place = len(self) + 1
        return place


class Sheet:
    """A nameless file: gone with the process, however it ends."""

    def __init__(self, kind: type[Record], folder: Path) -> None:
        self.kind = kind
        self.file = tempfile.TemporaryFile("w+b", dir=folder)  # noqa: SIM115 - closed with the spool
        self.rows = 0
        self.block: list[tuple[int, Any]] = []
        self.days: set[date] = set()
        self.newest: dict[str, AdDay] = {}
        self.said = {attribute: Places() for attribute in REFERRING if attribute in kind.__struct_fields__}
        self._structures = {field.name: field.type for field in msgspec.structs.fields(kind) if get_origin(field.type) is dict}
        self._turns: Turns = {**{name: said.__getitem__ for name, said in self.said.items()}, **dict.fromkeys(self._structures, _text)}
        self._hash = hashlib.sha256()
        self._sizes: list[int] = []

    def flush(self) -> None:
        lines = self.encoded(self.block)
        self.file.seek(0, SEEK_END)
        self._sizes.append(self.file.write(lines))
        self._hash.update(lines)
        self.rows += len(self.block)
        self.days.update(record.day for _, record in self.block)
        if self.kind is AdDay:
            self._note_newest()
        self.block = []

    def encoded(self, block: Block) -> bytes:
        """Lines of these records."""
        # Column by column, for a call of ours per row takes longer than all the rest.
        columns = zip(*(msgspec.structs.astuple(record) for _, record in block), strict=True)
        return _lines(zip((position for position, _ in block), *self._turned(columns, self._turns), strict=True))

    def lines(self) -> Iterator[bytes]:
        """All lines, a block at once."""
        self.file.seek(0)
        return (self.file.read(size) for size in self._sizes)

    def blocks(self) -> Iterator[list[tuple[int, Any]]]:
        """The records again."""
        back: Turns = {
            **{name: [None, *said].__getitem__ for name, said in self.said.items()},
            **{name: msgspec.json.Decoder(kind).decode for name, kind in self._structures.items()},
        }
        told = {**dict.fromkeys(self.said, int), **dict.fromkeys(self._structures, str)}
        types: Any = (int, *(told.get(field.name, field.type) for field in msgspec.structs.fields(self.kind)))
        decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(tuple[types])
        for lines in self.lines():
            positions, *columns = zip(*decoder.decode_lines(lines), strict=True)
            rows = zip(*self._turned(columns, back), strict=True)
            names = self.kind.__struct_fields__
            yield [(position, self.kind(**dict(zip(names, row, strict=True)))) for position, row in zip(positions, rows, strict=True)]

    def digest(self) -> bytes:
        """Of the lines, and of what their places stand for."""
        whole = self._hash.copy()
        whole.update(msgspec.json.encode([list(said) for said in self.said.values()]))
        return whole.digest()

    def _turned(self, columns: Iterable[Iterable[Any]], turns: Turns) -> Iterator[Iterable[Any]]:
        named = zip(self.kind.__struct_fields__, columns, strict=False)
        return (map(turns[name], column) if name in turns else column for name, column in named)

    def _note_newest(self) -> None:
        for _, record in self.block:
            known = self.newest.get(record.campaign_id)
            if known is None or record.day >= known.day:
                self.newest[record.campaign_id] = record


def _text(structure: object) -> str:
    return msgspec.json.encode(structure).decode()
