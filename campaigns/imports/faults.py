from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

MOST_FAULTS = 50


@dataclass(frozen=True)
class Fault:
    """What is wrong with one cell. `line` is the physical line of the file, 1 being the header."""

    line: int
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        if not self.column:  # the line as a whole
            return f"line {self.line}: {self.reason}"
        shown = self.value if len(self.value) <= 80 else self.value[:77] + "…"
        return f"line {self.line}, column {self.column}, value {shown!r}: {self.reason}"


class Refusal(Exception):
    """The file is refused and nothing of it was stored. `faults` holds the first fifty."""

    def __init__(self, faults: Iterable[Fault], *, more: bool = False) -> None:
        self.faults = list(faults)[:MOST_FAULTS]
        self.more = more
        super().__init__("\n".join(str(fault) for fault in self.faults))


class BadCell(Exception):
    """A cell's text is not a value of its column; the message is the reason."""
