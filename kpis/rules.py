"""When a lead is marketing- or sales-qualified: what a client may say about it, and how the queries of `kpis.leads` read it.

`{"kind": "reported"}`: when its source says so. `{"kind": "score", "at_least": 50}`: from such a score on; no source tells when it
was reached, so that such a lead counts on the day it was created. `{"kind": "events", "all": [{"kind": "visit", "times": 10},
{"kind": "download", "asset": "white paper*", "times": 1}]}`: once all of this has happened.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from campaigns.imports.cells import TOUCH_KINDS
from kpis.checks import Wrong, gettext_noop, integer, members, pattern, word
from kpis.patterns import like
from kpis.timeline import Timeline

_ = gettext_noop
REPORTED, SCORE, EVENTS = "reported", "score", "events"
MOST_CONDITIONS = 10
MOST_TIMES = 1_000
MEMBERS = {REPORTED: ("kind",), SCORE: ("kind", "at_least"), EVENTS: ("kind", "all")}
Rule = dict[str, Any]


def read(field: str, said: object) -> Rule:
    """The rule as it is kept. Raises `Wrong`."""
    if not isinstance(said, dict):
        raise Wrong(field, _("must be a rule such as %(example)s"), example='{"kind": "score", "at_least": 50}')
    kind = word(f"{field}.kind", said.get("kind"), (REPORTED, SCORE, EVENTS))
    members(field, said, MEMBERS[kind])
    if kind == SCORE:
        return {"kind": kind, "at_least": integer(f"{field}.at_least", said.get("at_least"), -(2**31), 2**31 - 1)}
    if kind == EVENTS:
        return {"kind": kind, "all": _conditions(f"{field}.all", said.get("all"))}
    return {"kind": kind}


def _conditions(field: str, said: object) -> list[dict[str, Any]]:
    if not isinstance(said, list) or not 0 < len(said) <= MOST_CONDITIONS:
        raise Wrong(field, _("must be a list of 1 to %(most)s conditions"), most=MOST_CONDITIONS)
    return [_condition(f"{field}[{number}]", condition) for number, condition in enumerate(said)]


def _condition(field: str, said: object) -> dict[str, Any]:
    if not isinstance(said, dict):
        raise Wrong(field, _("must be a condition such as %(example)s"), example='{"kind": "visit", "times": 10}')
    members(field, said, ("kind", "times", "asset"))
    kept = {
        "kind": word(f"{field}.kind", said.get("kind"), TOUCH_KINDS),
        "times": integer(f"{field}.times", said.get("times", 1), 1, MOST_TIMES),
    }
    return kept | ({"asset": pattern(f"{field}.asset", said["asset"])} if said.get("asset") else {})


def parameters(timelines: Mapping[str, Timeline[Rule]]) -> dict[str, list[Any]]:
    """The rules of each step, `mql` and `sql`, as columns: one row for each spell of days of creation, and one for each condition of it."""
    spells = [(step, days, rule) for step, timeline in timelines.items() for days, rule in timeline.parts()]
    conditions = [
        (number, place, one) for number, (_step, _days, rule) in enumerate(spells, 1) for place, one in enumerate(rule.get("all", ()))
    ]
    return {
        "rule_steps": [step for step, _, _ in spells],
        "rule_sinces": [days.since for _, days, _ in spells],
        "rule_untils": [days.until for _, days, _ in spells],
        "rule_kinds": [rule["kind"] for _, _, rule in spells],
        "rule_scores": [rule.get("at_least", 0) for _, _, rule in spells],
        "rule_sizes": [len(rule.get("all", ())) for _, _, rule in spells],
        "condition_rules": [number for number, _, _ in conditions],
        "condition_places": [place for _, place, _ in conditions],
        "condition_kinds": [one["kind"] for _, _, one in conditions],
        "condition_times": [one["times"] for _, _, one in conditions],
        "condition_assets": [like(one.get("asset", "*")) for _, _, one in conditions],
    }
