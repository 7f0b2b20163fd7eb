"""What a client may decide, at random, for all days or from one on; said through the real door."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from random import Random
from typing import Any

from accounts.audit import OPERATOR
from accounts.models import Client
from campaigns import choices as campaign_choices
from campaigns import connections, systems
from campaigns.models import ConversionAction
from kpis import choices
from kpis.choice_entries import ENTRIES
from tests.kpis.oracle import Decision
from tests.kpis.worlds import DAYS, ONE_DAY

COSTS = ("sales*", "TAX*", "*fee*", "fair 3", "été*", "*50%_off", "*", "tools _", "*%*")
PARTS = ("likes", "comments", "shares", "saves", "messages", "replies", "link_clicks")
ASSETS = ("white paper*", "*été", "50%_off", "*_*", "/A*", "nothing")
DATED = ("mql_rule", "sql_rule", "margin")
# What is summed otherwise once it is chosen otherwise; the rest is asked when figures are read.
SUMMED = [name for name, entry in ENTRIES.items() if entry.dirties]


def _rule(dice: Random) -> dict[str, Any]:
    kind = dice.choice(["reported", "score", "events", "events"])
    if kind == "score":
        return {"kind": kind, "at_least": dice.choice([-5, 0, 40, 99])}
    return {"kind": kind} | ({"all": [_condition(dice) for _ in range(dice.randrange(1, 4))]} if kind == "events" else {})


def _condition(dice: Random) -> dict[str, Any]:
    asset = {"asset": dice.choice(ASSETS)} if dice.random() < 0.5 else {}
    return {"kind": dice.choice(["visit", "visit", "download", "form"]), "times": dice.choice([1, 1, 1, 2, 3])} | asset


DRAWS: dict[str, Callable[[Random], Any]] = {
    "mql_rule": _rule,
    "sql_rule": _rule,
    "margin": lambda dice: dice.choice([None, "0", "1", "0.35", f"0.{dice.randrange(10**6):06}"]),
    "tax_basis": lambda dice: dice.choice(["net", "gross"]),
    "sales_costs": lambda dice: dice.sample(COSTS, dice.randrange(3)),
    "ignored_costs": lambda dice: dice.sample(COSTS, dice.randrange(3)),
    "engagement_parts": lambda dice: dice.sample(PARTS, dice.randrange(1, len(PARTS) + 1)),
    "activity_window": lambda dice: dice.choice([1, 7, 30, 90, 365]),
    "retention_mode": lambda dice: dice.choice(["automatic", "contractual", "activity", "overlap"]),
    "repeat_revenue": lambda dice: dice.choice(["before_period", "non_first", "lifetime"]),
    "lifetime_months": lambda dice: dice.choice([None, 1, 36]),
    "week_start": lambda dice: dice.choice(["monday", "sunday", "saturday"]),
    "fiscal_start": lambda dice: dice.randrange(1, 13),
}


class Deciding:
    """A client who decides about days around those from `first` on. `said`: everything so far, in the order in which it was said."""

    def __init__(self, client: Client, first: date, dice: Random) -> None:
        self.client, self.first, self.dice = client, first, dice
        self.said: list[Decision] = []

    def decide(self) -> None:
        """A few things of every kind."""
        for name in DRAWS:
            for _ in range(self.dice.randrange(4) if name in DATED else self.dice.randrange(2)):
                self.choose(name)
        for subject in systems.Subject.values:
            if self.dice.random() < 0.3:
                self.believe(subject)
        for action in ConversionAction.objects.order_by("pk"):
            if self.dice.random() < 0.5:
                campaign_choices.count_action(self.client, action, self.dice.choice([True, False, None]))

    def choose(self, name: str) -> str:
        is_dated = name in DATED and self.dice.random() < 0.7
        since = self.first + self.dice.randrange(-3, DAYS + 3) * ONE_DAY if is_dated else None
        one = Decision(name, DRAWS[name](self.dice), since)
        choices.choose(self.client, one.name, one.value, one.since, OPERATOR)
        self.said.append(one)
        return f"{name} is {one.value} since {since}"

    def believe(self, subject: str) -> str:
        told = systems.candidates(subject)
        if not told:
            return f"nobody tells of {subject}"
        source = self.dice.choice(told)
        connections.choose_system(self.client, subject, source, OPERATOR)
        return f"{source} is believed about {subject}"
