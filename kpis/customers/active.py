"""Who was active in a period, what they brought in, and how much of it came from those who had ordered before.

Everything is grouped by the channel and campaign that acquired the customer, whatever brought the single order.
"""

from __future__ import annotations

from collections.abc import Sequence

from kpis.customers.selects import ACQUISITION, Cell, active, money, select
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
        who = f"{PARTS} CROSS JOIN LATERAL ({active('part.since', 'part.until')}) AS who {ACQUISITION.format('who')}"
        found.append(select("active", measures, {"customers": Cell("count(*)")}, who, scope))
    if asked & {"revenue_nano", "repeat_revenue_nano"}:
        days = f"{PARTS} JOIN kpis_customerday AS bought ON bought.day BETWEEN part.since AND part.until {ACQUISITION.format('bought')}"
        cells = {"revenue_nano": money("bought.revenue_nano", "bought.unconverted"), "repeat_revenue_nano": _repeat()}
        found.append(select("active", measures, cells, days, scope))
    if "acquired_so_far" in asked:
        found.append(select("active", measures, {"acquired_so_far": Cell("sum(row.customers)")}, _acquired(scope), scope))
    return found


def _repeat() -> Cell:
    """By the definition in force."""
    cells = {choice: money(column, "bought.unconverted", condition) for choice, (column, condition) in _REPEAT.items()}

    def chosen(part: str) -> str:
        return f"CASE %(repeat_revenue)s {' '.join(f'WHEN {choice!r} THEN {getattr(cell, part)}' for choice, cell in cells.items())} END"

    return Cell(chosen("total"), chosen("unknown"), chosen("unconverted"))


def _acquired(scope: Scope) -> str:
    roll_up = BY_NAME["acquired"]
    model = roll_up.narrow if roll_up.narrow and scope.needs_campaigns else roll_up.totals
    return f"{PARTS} JOIN {model._meta.db_table} AS row ON row.day <= part.until"
