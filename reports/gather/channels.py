"""What each channel came to, and what it cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True)
class ByChannel:
    """`asked`: KPIs of every channel."""

    asked: tuple[str, ...]

    def question(self, frame: Frame) -> Question:
        return Question(frame.period, By.CHANNEL, self.asked, frame.previous, frame.only)

    def questions(self, frame: Frame) -> Sequence[Question]:
        return [self.question(frame)]

    def table(self, found: Gathering, columns: tuple[str, ...] = ()) -> Table:
        """Channels in the order of the fixed list, by `columns` of what was asked, or all of it."""
        answer, columns = found.answer(self.question(found.frame)), columns or self.asked
        rows = [
            Row(group.key, group.key, figures(group, columns, answer.coverage))
            for group in sorted(answer.groups, key=lambda group: _ORDER.get(group.key, len(_ORDER)))
        ]
        return Table(columns, tuple(rows), Row("", "", figures(answer.total, columns, answer.coverage)))


MAIN = ByChannel(ASKED)


def table(found: Gathering) -> Table:
    return MAIN.table(found, COLUMNS)


def money(found: Gathering) -> Table | None:
    """None where there was neither a cost nor revenue."""
    table = MAIN.table(found, MONEY_COLUMNS)
    return table if any(table.total.figures[slug].value for slug in ("spend", "other_costs", "revenue")) else None
