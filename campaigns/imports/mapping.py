"""How the columns of somebody's file become ours."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from campaigns.imports.faults import Fault, Refusal
from campaigns.imports.files import Delimiter, Encoding
from campaigns.imports.kinds import Kind
from campaigns.imports.reasons import Reason
from campaigns.imports.styles import DateStyle, NumberStyle

MOST_SKIPPED = 1000


class BadMapping(ValueError):
    """Not a mapping at all: a program sent something else."""


class Mapping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person says of a file. Column names of the file are as its header has them, without spaces around them.

    `columns`: from the file's column to ours; what is not named is left out. `constants`: canonical text for columns the
    file lacks. `skip_lines`: lines before the header row. `totals`: beginnings of a row's first cell that make it a sum of
    other rows, where it has no day of its own. `unknown`: words that mean an empty cell. `until`: the file's column with the
    last day of a row, which must be its day. `continued`: the file's column that is empty in rows which only go on with the
    row above. `sheet`: of a workbook, "" its first.
    """

    columns: dict[str, str] = {}
    constants: dict[str, str] = {}
    dates: DateStyle = DateStyle.ISO
    numbers: NumberStyle = NumberStyle.PLAIN
    encoding: Encoding = "utf-8"
    delimiter: Delimiter = ","
    skip_lines: Annotated[int, msgspec.Meta(ge=0, le=MOST_SKIPPED)] = 0
    totals: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    until: str = ""
    continued: str = ""
    sheet: str = ""

    def as_json(self) -> dict[str, Any]:
        plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(self))
        return plain

    @classmethod
    def from_json(cls, said: Any) -> Mapping:
        """Raises `BadMapping`."""
        try:
            return msgspec.convert(said, cls)
        except msgspec.ValidationError as error:
            raise BadMapping(str(error)) from None

    def refuse_nonsense(self, kind: Kind) -> None:
        """Raises `Refusal` where it leads to columns that the kind does not have, or to one of them twice."""
        faults = []
        leads_to = [*self.columns.items(), *((target, target) for target in self.constants)]
        seen: set[str] = set()
        for theirs, target in leads_to:
            if kind.column(target) is None:
                faults.append(Fault(0, theirs, target, Reason.NOT_A_TARGET, {"target": target, "kind": kind.name}))
            elif target in seen:
                faults.append(Fault(0, theirs, target, Reason.TARGET_TWICE, {"target": target}))
            seen.add(target)
        if faults:
            raise Refusal(faults)
