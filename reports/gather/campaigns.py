"""The campaigns that cost most, and those that did best and worst."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from campaigns.records import NANO
from kpis.definitions import DEFINITIONS, Direction
from kpis.query import Answer, By, Question, Slice
from kpis.values import Reason, Value
from reports.content import Ranking, Row, Table
from reports.gather.frame import Frame
from reports.gather.gathering import Gathering, figures

COLUMNS = ("spend", "impressions", "clicks", "ctr", "cpc", "leads", "cpl", "roas")
RANKED_COLUMNS = ("spend", "leads", "cpl", "roas")
LISTED = 10
RANKED = 3
# Of all ad spend: a campaign that spent less says nothing by its ROAS or CPL.
LEAST_SHARE = Fraction(2, 100)


@dataclass(frozen=True)
class ByCampaign:
    """`columns`: KPIs of each campaign. Those that cost most are listed, as many as `listed`, or all."""

    columns: tuple[str, ...] = COLUMNS
    listed: int | None = LISTED

    def question(self, frame: Frame) -> Question:
        return Question(frame.period, By.CAMPAIGN, self.columns, frame.previous, frame.only)

    def questions(self, frame: Frame) -> Sequence[Question]:
        return [self.question(frame)]

    def table(self, found: Gathering) -> Table:
        """The listed ones, then what they leave over as one line."""
        answer, channels = found.answer(self.question(found.frame)), found.channels
        active = [group for group in answer.groups if group.sums]
        named = sorted((group for group in active if group.key), key=_by_cost)
        listed, rest = named[: self.listed], [group for group in active if not group.key]
        rest += named[len(listed) :]
        rows = [_row(group, channels, self.columns, answer) for group in listed]
        if rest:
            others = Slice.together("", rest, answer.period, answer.previous)
            rows.append(Row("", "", figures(others, self.columns, answer.coverage), is_rest=True))
        return Table(self.columns, tuple(rows), Row("", "", figures(answer.total, self.columns, answer.coverage)))


MAIN = ByCampaign()


def ranking(found: Gathering) -> Ranking | None:
    """By ROAS, or where the platforms tell no value by CPL; None where there are not two campaigns to compare."""
    answer, channels = found.answer(MAIN.question(found.frame)), found.channels
    slug = next((slug for slug in ("roas", "cpl") if answer.total.value(DEFINITIONS[slug], answer.coverage).exact), None)
    least = LEAST_SHARE * Fraction(answer.total.sums.get("spend").total, NANO)
    if slug is None or not least:
        return None
    spent_enough = (group for group in answer.groups if group.key and Fraction(group.sums.get("spend").total, NANO) >= least)
    judged = _judged(spent_enough, slug, answer)
    if len(judged) < 2:
        return None
    rows = [_row(group, channels, RANKED_COLUMNS, answer) for group in judged]
    best = rows[: min(RANKED, (len(rows) + 1) // 2)]
    worst = rows[len(best) :][::-1][:RANKED]
    return Ranking(slug, tuple(best), tuple(worst), Value(least).decimal or Decimal(0))


def _judged(groups: Iterable[Slice], slug: str, answer: Answer) -> list[Slice]:
    """The best first. Who spent and won no lead is worse than any, the more the more it spent; who has no figure else is left out."""
    definition = DEFINITIONS[slug]
    places: list[tuple[tuple[int, Fraction, str], Slice]] = []
    for group in groups:
        value = group.value(definition, answer.coverage)
        if value.exact is not None:
            amount = -value.exact if definition.direction is Direction.UP else value.exact
            places.append(((0, amount, group.key), group))
        elif value.reason is Reason.NO_DENOMINATOR:
            places.append(((1, Fraction(group.sums.get("spend").total), group.key), group))
    return [group for _, group in sorted(places, key=lambda place: place[0])]


def _row(group: Slice, channels: dict[str, str], columns: tuple[str, ...], answer: Answer) -> Row:
    return Row(group.key, channels.get(group.key, ""), figures(group, columns, answer.coverage))


def _by_cost(group: Slice) -> tuple[int, int, str]:
    """Most spend first, then most leads, then by name."""
    return -group.sums.get("spend").total, -group.sums.get("leads").total, group.key
