from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from campaigns.imports.reasons import Reason

MOST_FAULTS = 50
LONGEST_SHOWN = 80
# What is kept of a cell: nobody reads more, and a file's worth of text is not to be kept with its faults.
LONGEST_KEPT = 200

Params = Mapping[str, str | int]


@dataclass(frozen=True)
class Fault:
    """What is wrong with one cell. `line` is the physical line of the file, 1 being its first.

    `column` is as the file calls it, "" where the line as a whole is wrong. `reason` with `params` is the sentence.
    """

    line: int
    column: str
    value: str
    reason: Reason
    params: Params = field(default_factory=dict)

    def __str__(self) -> str:
        return self.told()

    def told(self, translate: Callable[[str], str] = str) -> str:
        """Line, column, value and reason as one English line, the reason in the words that `translate` has for it."""
        if not self.column:
            return f"line {self.line}: {self.why(translate)}"
        shown = self.value if len(self.value) <= LONGEST_SHOWN else self.value[: LONGEST_SHOWN - 3] + "…"
        return f"line {self.line}, column {self.column}, value {shown!r}: {self.why(translate)}"

    def why(self, translate: Callable[[str], str] = str) -> str:
        return translate(self.reason.value) % self.params

    def as_json(self) -> list[Any]:
        """[line, column, value, code, params]: what `Upload.faults` keeps."""
        # Postgres keeps no NUL in text.
        kept = self.value[:LONGEST_KEPT].replace("\x00", "\ufffd")
        column = self.column[:LONGEST_KEPT].replace("\x00", "\ufffd")
        return [self.line, column, kept, self.reason.name, dict(self.params)]

    @classmethod
    def from_json(cls, kept: list[Any]) -> Fault:
        line, column, value, code, params = kept
        return cls(line, column, value, Reason[code], params)


class Refusal(Exception):
    """The file is refused and nothing of it was stored. `faults` holds the first fifty."""

    def __init__(self, faults: Iterable[Fault], *, more: bool = False) -> None:
        self.faults = list(faults)[:MOST_FAULTS]
        self.more = more
        super().__init__("\n".join(str(fault) for fault in self.faults))


class BadCell(Exception):
    """A cell's text is not a value of its column."""

    def __init__(self, reason: Reason, **params: str | int) -> None:
        super().__init__(reason.name)
        self.reason = reason
        self.params = params
