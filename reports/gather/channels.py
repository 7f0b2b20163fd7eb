"""What each channel came to, and what it cost."""

from __future__ import annotations

from collections.abc import Sequence

from campaigns.channels import CHANNELS
from kpis.query import By, Question
from reports.content import Row, Table
from reports.gather.frame import Frame
from reports.gather.gathering import Gathering, figures

COLUMNS = ("spend", "clicks", "leads", "cpl", "orders", "revenue", "roas")
MONEY_COLUMNS = ("spend", "other_costs", "revenue", "roas", "roi")
# All in one: each source is read once.
ASKED = tuple(dict.fromkeys((*COLUMNS, *MONEY_COLUMNS)))
_ORDER = {channel: position for position, channel in enumerate(CHANNELS)}


def by_channel(frame: Frame) -> Question:
    return Question(frame.period, By.CHANNEL, ASKED, frame.previous)


def questions(frame: Frame) -> Sequence[Question]:
    return [by_channel(frame)]


def table(found: Gathering) -> Table:
    return _table(found, COLUMNS)


def money(found: Gathering) -> Table | None:
    """None where there was neither a cost nor revenue."""
    table = _table(found, MONEY_COLUMNS)
    return table if any(table.total.figures[slug].value for slug in ("spend", "other_costs", "revenue")) else None


def _table(found: Gathering, columns: tuple[str, ...]) -> Table:
    """Channels in the order of the fixed list."""
    answer = found.answer(by_channel(found.frame))
    rows = [
        Row(group.key, group.key, figures(group, columns, answer.coverage))
        for group in sorted(answer.groups, key=lambda group: _ORDER.get(group.key, len(_ORDER)))
    ]
    return Table(columns, tuple(rows), Row("", "", figures(answer.total, columns, answer.coverage)))
