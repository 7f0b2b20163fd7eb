"""What an overview of many clients asks: for each the sums of its last week and of the month so far, of what these are compared with,
and of twelve weeks. Here as one statement over days of clients; standard library only, for whoever asks runs it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

SUMS = ("spend", "conversion_value", "leads", "paid_leads", "revenue", "orders")
# Of a period: its number, and its first and last day as ISO text.
Asked = tuple[int, str, str]
# By client and number of a period: `SUMS`.
Figures = dict[tuple[int, int], tuple[int, ...]]
# Of one schema: each of its sums by day, and 0 for those that another table holds.
_LEAVES = (
    ("kpis_addaytotal", ("spend_nano", "conversion_value_nano", "0", "0", "0", "0")),
    ("kpis_leaddaytotal", ("0", "0", "leads", "CASE WHEN channel IN ({paid}) THEN leads ELSE 0 END", "0", "0")),
    ("kpis_orderdaytotal", ("0", "0", "0", "0", "revenue_nano", "orders")),
)


def statement(days: str, asked: Sequence[Asked]) -> str:
    """Over `days`: a table, or a SELECT in brackets, of (client, day, *SUMS)."""
    periods = ", ".join(f"({number}, DATE '{since}', DATE '{until}')" for number, since, until in asked)
    sums = ", ".join(f"sum({name})" for name in SUMS)
    return f"""SELECT client, number, {sums} FROM {days} AS told
        JOIN (VALUES {periods}) AS asked (number, since, until) ON told.day BETWEEN asked.since AND asked.until GROUP BY 1, 2"""


def days_of(clients: Iterable[tuple[int, str]], paid: Iterable[str], since: str, until: str) -> str:
    """The days of clients, told by id and schema, as one SELECT over all their schemas."""
    channels = ", ".join(f"'{channel}'" for channel in paid)
    each = (
        f"SELECT {number} AS client, day, "
        + ", ".join(f"{cell.format(paid=channels)} AS {name}" for name, cell in zip(SUMS, cells, strict=True))
        + f" FROM {schema}.{table} WHERE day BETWEEN '{since}' AND '{until}'"
        for number, schema in clients
        for table, cells in _LEAVES
    )
    return f"({' UNION ALL '.join(each)})"


def figures(rows: Iterable[Sequence[int]]) -> Figures:
    return {(int(row[0]), int(row[1])): tuple(int(cell) for cell in row[2:]) for row in rows}
