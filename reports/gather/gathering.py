"""What the sections of one report read: asked in one round trip, and each figure with all that it is compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

from campaigns.models import Campaign
from kpis import query, recompute, targets
from kpis.coverage import Coverage
from kpis.definitions import DEFINITIONS, Definition
from kpis.periods import Period
from kpis.query import Answer, Comparison, Only, Question, Slice
from kpis.targets import Targets
from kpis.values import Value
from reports.content import Figure, Length
from reports.failing import FIGURES, attempt
from reports.gather.frame import Frame

ALL = Only()


def _nothing(_: Frame) -> Sequence[Question]:
    return ()


@dataclass(frozen=True)
class Section:
    """A part of a report. `name`: the field of `content.Report` that `gather` fills, in reports of `lengths`.

    `slugs`: KPIs of the whole company that it shows. `averaged`: whether their mean over the periods before, too. `questions`: what it asks
    besides; `Gathering.answer` has the answers.
    """

    name: str
    lengths: frozenset[Length]
    gather: Callable[[Gathering], Any]
    slugs: tuple[str, ...] = ()
    averaged: bool = False
    questions: Callable[[Frame], Sequence[Question]] = _nothing


@dataclass
class Gathering:
    """The answers to what the sections asked, all of one state. `slugs`: of all sections together."""

    frame: Frame
    slugs: tuple[str, ...]
    averaged: tuple[str, ...]
    answers: dict[Question, Answer]
    targets: Targets
    _figures: dict[str, Figure] = field(default_factory=dict)

    def answer(self, question: Question) -> Answer:
        return self.answers[question]

    @cached_property
    def whole(self) -> Answer:
        """The period against the one before, in all."""
        return self.answers[_against(self.frame, self.slugs, self.frame.previous)]

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """What queries of facts ask for."""
        return recompute.parameters(self.frame.client)

    @cached_property
    def channels(self) -> dict[str, str]:
        """Of every campaign by its name."""
        return dict(Campaign.objects.values_list("name", "channel"))

    @property
    def coverage(self) -> Coverage:
        return self.whole.coverage

    def figure(self, slug: str) -> Figure:
        """Of the whole company, with everything that it is compared with."""
        if slug not in self._figures:
            self._figures[slug] = self._figure(slug)
        return self._figures[slug]

    def figures(self, slugs: Iterable[str]) -> tuple[Figure, ...]:
        return tuple(self.figure(slug) for slug in slugs)

    def _figure(self, slug: str) -> Figure:
        definition = DEFINITIONS[slug]
        pair = self.whole.total.compared(definition, self.coverage)
        target = self.targets.over(slug, self.frame.period, targets.whose(self.frame.only))
        return replace(
            compared(slug, pair, target),
            last_year=self._last_year(definition),
            average=Value(self._average(slug)).decimal if slug in self.averaged else None,
        )

    def _last_year(self, definition: Definition) -> Decimal | None:
        if self.frame.last_year is None:
            return None
        answer = self.answers[_against(self.frame, self.slugs, self.frame.last_year)]
        return answer.total.compared(definition, self.coverage).previous.decimal

    def _average(self, slug: str) -> Fraction | None:
        """Over the periods before: of sums their mean, of a ratio that of their sums together, of what does not add up the mean."""
        definition, asked = DEFINITIONS[slug], [one_of(period, self.averaged) for period in self.frame.earlier]
        slices = [self.answers[question].total for question in asked]
        if not all(query.is_whole(definition, part.period, self.coverage) for part in slices):
            return None
        if definition.is_additive or not all(measure.is_additive for measure in definition.measures):
            values = [part.value(definition, self.coverage).exact for part in slices]
            return sum(value for value in values if value is not None) / Fraction(len(values)) if None not in values else None
        together = Slice("", Period(self.frame.earlier[-1].since, self.frame.earlier[0].until), None)
        for part in slices:
            together.sums.add(part.sums)
        return together.value(definition, self.coverage).exact


def gathering(frame: Frame, sections: Sequence[Section]) -> Gathering:
    """Ask what `sections` need of the client whose schema is open. Raises `reports.failing.Failed` where nothing is answered."""
    slugs = _once(slug for section in sections for slug in section.slugs)
    averaged = _once(slug for section in sections if section.averaged for slug in section.slugs)
    asked = [_against(frame, slugs, other) for other in (frame.previous, frame.last_year) if other]
    asked += [one_of(period, averaged) for period in frame.earlier]
    asked += [question for section in sections for question in section.questions(frame)]
    questions = list(dict.fromkeys(asked))
    answers = dict(zip(questions, attempt(FIGURES, query.ask_all, questions), strict=True))
    return Gathering(frame, slugs, averaged, answers, Targets.load(frame.client, frame.today))


def figures(part: Slice, slugs: Iterable[str], coverage: Coverage) -> dict[str, Figure]:
    """Those of a channel, campaign or other part, against the period before."""
    return {slug: compared(slug, pair) for slug, pair in part.values(slugs, coverage).items()}


def compared(slug: str, pair: Comparison, target: Fraction | None = None) -> Figure:
    """A figure with that of the other period, and its target."""
    return Figure(
        slug,
        pair.value.decimal,
        pair.value.reason,
        pair.previous.decimal,
        pair.is_provisional,
        is_incomplete=pair.days_loaded < pair.days,
        target=Value(target).decimal,
        is_reached=targets.is_reached(DEFINITIONS[slug], pair.value.exact, target),
    )


def is_known(figure: Figure) -> bool:
    """Whether there is anything to show of it, be it of the past."""
    return figure.value is not None or figure.previous is not None or figure.last_year is not None


def one_of(period: Period, slugs: tuple[str, ...], only: Only = ALL) -> Question:
    """A period by itself."""
    return Question(period, None, slugs, period, only)


def _against(frame: Frame, slugs: tuple[str, ...], other: Period) -> Question:
    return Question(frame.period, None, slugs, other, frame.only)


def _once(slugs: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(slugs))
