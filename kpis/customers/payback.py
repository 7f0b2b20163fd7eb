"""How many months it takes until what the customers of a period brought in covers what was spent to win them.

Months are counted as in cohorts: 0 is the month of the acquisition itself. What they brought in is their margin, and their
revenue where a part of the margin is not known; the cost is that of the same period, and of the channel or campaign asked for.
"""

from __future__ import annotations

from collections.abc import Sequence

from kpis.customers.cohort_sums import age
from kpis.customers.selects import Cell, row
from kpis.measures import Measure
from kpis.roll_ups import BY_NAME
from kpis.slices import NO_BASES, PARTS, Scope

_COSTS = {"ads": ("spend_nano",), "costs": ("marketing_nano", "sales_nano")}

# Of nothing, in the month of the acquisition: what cost nothing is paid back by it.
_BROUGHT = """
    SELECT row.acquired_day AS day, 0 AS revenue_nano, 0 AS margin_nano, 0 AS unconverted
    UNION ALL SELECT told.day, told.revenue_nano, told.margin_nano, told.unconverted
    FROM kpis_customerday AS told WHERE told.person_id = row.person_id"""


_IS_PAID = "gain.brought >= coalesce(cost.cost, 0)"
_UNKNOWN = "coalesce(cost.unknown, 0) + max(gain.unknown)"
_CELLS = {
    "months": Cell(
        f"CASE WHEN {_UNKNOWN} > 0 THEN 0 ELSE min(gain.age) FILTER (WHERE {_IS_PAID}) END",
        _UNKNOWN,
        "coalesce(cost.unconverted, 0) + max(gain.unconverted)",
    ),
    "brought_nano": Cell("sum(gain.gained)", "max(gain.unknown)", "max(gain.unconverted)"),
}


def selects(measures: Sequence[Measure], scope: Scope) -> list[str]:
    asked = [_CELLS[measure.column] for measure in measures]
    return [
        scope.named(
            f"""SELECT gain.number, gain.key, 'payback' AS reader,
                ARRAY[{", ".join(cell.total for cell in asked)}]::numeric[] AS totals,
                ARRAY[{", ".join(cell.unknown for cell in asked)}]::bigint[] AS unknown,
                ARRAY[{", ".join(cell.unconverted for cell in asked)}]::bigint[] AS unconverted,
                0::bigint AS unsettled, {NO_BASES} AS bases
            FROM ({_gains(scope)}) AS gain LEFT JOIN ({_cost(scope)}) AS cost USING (number, key)
            GROUP BY gain.number, gain.key, cost.cost, cost.unknown, cost.unconverted"""
        )
    ]


def rows(measures: Sequence[Measure], scope: Scope) -> list[str]:
    """What all customers of the period brought in in each month of theirs, and the months that it took to cover the cost."""
    cells = {
        "months": "CASE WHEN age.number <= age.paid THEN age.number - age.before ELSE 0 END",
        "brought_nano": "CASE WHEN age.unknown = 0 THEN age.gained END",
    }
    whole = Scope(None, scope.only)
    ages = f"""
        SELECT gain.age AS number, gain.gained, gain.unknown, lag(gain.age, 1, 0) OVER (ORDER BY gain.age) AS before,
            min(gain.age) FILTER (WHERE {_IS_PAID} AND coalesce(cost.unknown, 0) + gain.unknown = 0) OVER () AS paid
        FROM ({_gains(whole)}) AS gain LEFT JOIN ({_cost(whole)}) AS cost USING (number, key)"""
    day = "(part.since + make_interval(months => age.number))::date"
    columns = row(measures, cells, day, "'M+' || age.number", "''", "0")
    return [f"SELECT {columns} FROM {PARTS} CROSS JOIN ({ages}) AS age"]


def _gains(scope: Scope) -> str:
    """What was brought in up to each age, and how many parts of all of it are not known."""
    group = "PARTITION BY number, key"
    return f"""
        SELECT number, key, age, gained, sum(gained) OVER ({group} ORDER BY age) AS brought,
            CASE WHEN has_margin THEN 0 ELSE sum(unknown) OVER ({group}) END AS unknown,
            CASE WHEN has_margin THEN 0 ELSE sum(unconverted) OVER ({group}) END AS unconverted
        FROM (SELECT monthly.*, CASE WHEN has_margin THEN margin_nano ELSE revenue_nano END AS gained FROM (
            SELECT part.number, {scope.key} AS key, {age("bought.day", "row.acquired_day")} AS age,
                sum(bought.revenue_nano) AS revenue_nano, sum(bought.margin_nano) AS margin_nano,
                bool_and(count(bought.margin_nano) = count(*)) OVER (PARTITION BY part.number, {scope.key}) AS has_margin,
                count(*) FILTER (WHERE bought.revenue_nano IS NULL) AS unknown, sum(bought.unconverted) AS unconverted
            FROM {PARTS} JOIN kpis_customerstate AS row ON row.acquired_day BETWEEN part.since AND part.until
            CROSS JOIN LATERAL ({_BROUGHT}) AS bought {scope.join} WHERE {scope.where} GROUP BY 1, 2, 3) AS monthly) AS monthly"""


def _cost(scope: Scope) -> str:
    parts = [
        f"""SELECT part.number, {scope.key} AS key, {" + ".join(f"row.{column}" for column in columns)} AS cost, row.unconverted
            FROM {PARTS} JOIN {BY_NAME[name].table(scope)} AS row ON row.day BETWEEN part.since AND part.until {scope.join}
            WHERE {scope.where}"""
        for name, columns in _COSTS.items()
    ]
    return f"""SELECT number, key, sum(cost) AS cost, count(*) FILTER (WHERE cost IS NULL) AS unknown, sum(unconverted) AS unconverted
        FROM ({" UNION ALL ".join(parts)}) AS spent GROUP BY 1, 2"""
