"""Who was active in a period, what they brought in, and how much of it came from those who had ordered before.

Everything is grouped by the channel and campaign that acquired the customer, whatever brought the single order.
"""

from __future__ import annotations

from collections.abc import Sequence

from kpis.customers.selects import ACQUISITION, Cell, acquisition, active, level_on, levels, money, person, select, select_keyed
from kpis.measures import Measure
from kpis.roll_ups import BY_NAME
from kpis.slices import PARTS, Scope

# Revenue of recurring customers by each definition: what counts, of whom.
_REPEAT = {
    "before_period": ("bought.revenue_nano", "row.first_order_day < part.since"),  # of those whose first order is before the period
    "non_first": ("bought.later_nano", "TRUE"),  # of all orders but the first
    "lifetime": ("bought.revenue_nano", "row.orders > 1"),  # of those who ever ordered twice, which changes afterwards
}


def selects(measures: Sequence[Measure], scope: Scope) -> list[str]:
    asked = {measure.column for measure in measures}
    found = []
    if "customers" in asked:
        who = f"{PARTS} CROSS JOIN LATERAL ({active('part.since', 'part.until')}) AS who {acquisition('who', scope)}"
        found.append(select("active", measures, {"customers": Cell("count(*)")}, who, scope))
    if asked & {"revenue_nano", "repeat_revenue_nano"}:
        cells, who = {"revenue_nano": money("bought.revenue_nano", "bought.unconverted")}, acquisition("bought", scope)
        if "repeat_revenue_nano" in asked:
            cells["repeat_revenue_nano"], who = _repeat(), ACQUISITION.format("bought")
        days = f"{PARTS} JOIN kpis_customerday AS bought ON bought.day BETWEEN part.since AND part.until {who}"
        found.append(select("active", measures, cells, days, scope))
    if "acquired_so_far" in asked:
        found.append(select_keyed("active", measures, {"acquired_so_far": Cell("sum(kept.customers)")}, _acquired(scope), scope))
    return found


def rows(measures: Sequence[Measure], scope: Scope) -> list[str]:
    """What the measures add up: customers, or days of theirs, with who acquired them."""
    return [_rows(measures, measure, scope) for measure in measures]


def _rows(measures: Sequence[Measure], measure: Measure, scope: Scope) -> str:
    last = """(SELECT max(day) FROM kpis_customerday AS bought
        WHERE bought.person_id = who.person_id AND bought.orders > 0 AND bought.day BETWEEN part.since AND part.until)"""
    who = f"LATERAL ({active('part.since', 'part.until')}) AS who {ACQUISITION.format('who')}"
    bought = f"JOIN kpis_customerday AS bought ON bought.day BETWEEN part.since AND part.until {ACQUISITION.format('bought')}"
    day, amount, source = {
        "customers": (f"coalesce({last}, part.since)", "1", f"CROSS JOIN {who}"),
        "revenue_nano": ("bought.day", "bought.revenue_nano", bought),
        "repeat_revenue_nano": ("bought.day", _each_repeat(), bought),
        "acquired_so_far": ("row.acquired_day", "1", "JOIN kpis_customerstate AS row ON row.acquired_day <= part.until"),
    }[measure.column]
    return f"SELECT {person(measures, {measure.column: amount}, day)} FROM {PARTS} {source} WHERE {scope.where}"


def _each_repeat() -> str:
    cases = (f"WHEN '{choice}' THEN CASE WHEN {condition} THEN {column} ELSE 0 END" for choice, (column, condition) in _REPEAT.items())
    return f"CASE %(repeat_revenue)s {' '.join(cases)} END"


def _repeat() -> Cell:
    """By the definition in force."""
    cells = {choice: money(column, "bought.unconverted", condition) for choice, (column, condition) in _REPEAT.items()}

    def chosen(part: str) -> str:
        return f"CASE %(repeat_revenue)s {' '.join(f'WHEN {choice!r} THEN {getattr(cell, part)}' for choice, cell in cells.items())} END"

    return Cell(chosen("total"), chosen("unknown"), chosen("unconverted"))


def _acquired(scope: Scope) -> str:
    table = f"{BY_NAME['acquired'].table(scope)} AS row {scope.join} WHERE {scope.where}"
    return f"""SELECT part.number, level.key, {level_on("part.until")} AS customers
        FROM {PARTS} JOIN ({levels(f"SELECT {scope.key} AS key, row.day, row.customers AS by FROM {table}")}) AS level
            ON level.days[1] <= part.until"""
