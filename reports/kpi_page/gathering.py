"""Everything that the page of a KPI shows, asked of one state of the data."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone

from accounts.models import Client
from accounts.tenancy import one_state
from kpis import choices, query
from kpis.explain import change, number
from kpis.explain.change import Change
from kpis.explain.number import Explanation, Figure
from kpis.periods import Calendar
from kpis.query import Answer, By, Question
from kpis.targets import Targets, whose
from reports import annotating, content, questions
from reports.archive import models as kept
from reports.gather.gathering import compared
from reports.kpi_page.asked import KpiPageSerializer

# On a page, below all else; the file has all.
ROWS = 20


@dataclass(frozen=True)
class Gathered:
    """`parts`: by what was asked for. `channel`: the one channel that the figure is of, "" of the whole company, None of another part."""

    figure: Figure
    headline: content.Figure
    explanation: Explanation
    change: Change
    parts: Answer
    trend: Answer
    targets: Targets
    channel: str | None
    annotations: list[kept.Annotation]
    questions: list[kept.Question]
    calendar: Calendar


def gather(client: Client, slug: str, asked: KpiPageSerializer, *, internal: bool) -> Gathered:
    """Of the client whose schema is open. Raises `ValueError` where the calendar has no period to compare with."""
    figure, by = Figure(slug, asked.period, asked.only), asked.by_asked
    with one_state():
        calendar = choices.in_force().calendar
        stretch = asked.stretch(calendar)
        parts, trend = query.ask_all(
            [
                Question(figure.period, by, (slug,), asked.compared, figure.only),
                Question(stretch, By(asked.grain_asked), (slug,), asked.stretch_before(calendar), figure.only),
            ]
        )
        loaded = Targets.load(client, timezone.now().astimezone(client.zone).date())
        channel = whose(figure.only)
        return Gathered(
            figure=figure,
            headline=headline(figure, parts, loaded, channel),
            explanation=number.explain(client, figure, asked.validated_data["page"], ROWS),
            change=_change(figure, asked, parts, by),
            parts=parts,
            trend=trend,
            targets=loaded,
            channel=channel,
            annotations=annotating.of_figure(stretch, figure.only, internal=internal),
            questions=questions.about(figure),
            calendar=calendar,
        )


def headline(figure: Figure, parts: Answer, loaded: Targets, channel: str | None) -> content.Figure:
    """The figure with what it is compared with, and its target."""
    pair = parts.total.compared(figure.definition, parts.coverage)
    return compared(figure.slug, pair, loaded.over(figure.slug, figure.period, channel))


def _change(figure: Figure, asked: KpiPageSerializer, parts: Answer, by: By) -> Change:
    """Parts that are counted in several labels do not add up to a change: it is told by channel then."""
    if by is By.LABEL:
        return change.explain(figure, asked.compared, By.CHANNEL)
    return change.explained(figure, parts, by)
