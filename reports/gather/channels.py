"""What each channel came to, and what it cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from campaigns.channels import CHANNELS
from kpis.query import By, Question, Slice
from kpis.targets import whose
from reports.content import Figure, Row, Table
from reports.gather.frame import Frame
from reports.gather.gathering import Gathering, compared, figures

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
            Row(group.key, group.key, _aimed(found, group, columns))
            for group in sorted(answer.groups, key=lambda group: _ORDER.get(group.key, len(_ORDER)))
        ]
        return Table(columns, tuple(rows), Row("", "", figures(answer.total, columns, answer.coverage)))


def _aimed(found: Gathering, group: Slice, columns: tuple[str, ...]) -> dict[str, Figure]:
    """A channel's figures, each with the channel's own target."""
    channel, period = whose(found.frame.only, By.CHANNEL, group.key), found.frame.period
    pairs = group.values(columns, found.coverage)
    return {slug: compared(slug, pair, found.targets.over(slug, period, channel)) for slug, pair in pairs.items()}


MAIN = ByChannel(ASKED)


def table(found: Gathering) -> Table:
    return MAIN.table(found, COLUMNS)


def money(found: Gathering) -> Table | None:
    """None where there was neither a cost nor revenue."""
    table = MAIN.table(found, MONEY_COLUMNS)
    return table if any(table.total.figures[slug].value for slug in ("spend", "other_costs", "revenue")) else None
