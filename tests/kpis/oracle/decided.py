"""What a client decided, in the order in which it was said: on each day the last word about it counts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

REPORTED = {"kind": "reported"}
UNDECIDED: dict[str, Any] = {
    "mql_rule": REPORTED,
    "sql_rule": REPORTED,
    "margin": None,
    "tax_basis": "net",
    "sales_costs": [],
    "ignored_costs": [],
    "engagement_parts": ["likes", "comments", "shares"],
    "activity_window": 90,
    "retention_mode": "automatic",
    "repeat_revenue": "before_period",
    "lifetime_months": None,
    "week_start": "monday",
    "fiscal_start": 1,
}


@dataclass(frozen=True)
class Decision:
    """`since`: the first day for which it was said; None: for all days."""

    name: str
    value: Any
    since: date | None = None


class Decided:
    def __init__(self, said: Iterable[Decision] = ()) -> None:
        self.said = list(said)

    def on(self, name: str, day: date) -> Any:
        words = [one.value for one in self.said if one.name == name and (one.since is None or one.since <= day)]
        return words[-1] if words else UNDECIDED[name]

    def now(self, name: str) -> Any:
        """Of what is the same on all days."""
        return self.on(name, date.max)

    def margin(self, day: date) -> Fraction | None:
        share = self.on("margin", day)
        return None if share is None else Fraction(share)


def fits(pattern: str, name: str) -> bool:
    """`*` stands for any text; capitals do not matter."""
    return bool(re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name, re.IGNORECASE | re.DOTALL))


def fits_any(patterns: Iterable[str], name: str) -> bool:
    return any(fits(pattern, name) for pattern in patterns)
