"""What a figure is made of: its formula, sums, choices and data, and the accounts whose rows are behind it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from accounts.models import Client
from campaigns import systems
from campaigns.models import Pull
from kpis import choices, decided, query
from kpis.coverage import Coverage
from kpis.definitions import DEFINITIONS, Definition
from kpis.explain.rows import Behind, Row, Teller, is_listed
from kpis.measures import Measure
from kpis.periods import Period
from kpis.query import Comparison, Only, Question, Value

PAGE_SIZE = 100
LARGEST_PAGE = 1_000
# Families that are told as several.
_TOLD_AS = {"orders": ("orders", "deals"), "email": ("email", "email_days")}


@dataclass(frozen=True)
class Figure:
    """Which figure is meant."""

    slug: str
    period: Period
    only: Only = field(default_factory=Only)

    @property
    def definition(self) -> Definition:
        return DEFINITIONS[self.slug]


@dataclass(frozen=True)
class Part:
    """A measure and its sum. `is_listed`: whether the rows behind it can be shown."""

    measure: Measure
    value: Value
    is_listed: bool


@dataclass(frozen=True)
class Loaded:
    """What was told of one family. `days`: on which everyone told; `last_day`: up to where; `last_pull`: the newest that was stored."""

    family: str
    days: int
    last_day: date | None
    last_pull: Pull | None


@dataclass(frozen=True)
class Explanation:
    """`page` counts from 1; `pages` are of rows, at least one."""

    figure: Figure
    compared: Comparison
    parts: list[Part]
    choices: list[decided.Choice]
    loaded: list[Loaded]
    tellers: list[Teller]
    rows: list[Row]
    page: int
    page_size: int

    @property
    def count(self) -> int:
        return sum(teller.rows for teller in self.tellers)

    @property
    def pages(self) -> int:
        return max(1, -(-self.count // self.page_size))


def explain(client: Client, figure: Figure, page: int = 1, page_size: int = PAGE_SIZE) -> Explanation:
    """Of the client whose schema is open. To be of one state, it is called within `one_state`."""
    [answer] = query.ask_all([Question(figure.period, None, (figure.slug,), only=figure.only)])
    whole, coverage, definition = answer.total, answer.coverage, figure.definition
    behind = rows_behind(client, figure, coverage)
    return Explanation(
        figure,
        whole.values([figure.slug], coverage)[figure.slug],
        [Part(measure, whole.measured(measure, definition, coverage), is_listed(measure, figure.only)) for measure in definition.measures],
        decided.choices_of(definition.measures, choices.in_force(), systems.in_force()),
        [_loaded(family, figure.period, coverage) for family in dict.fromkeys(measure.family for measure in definition.measures)],
        behind.tellers(),
        behind.page((page - 1) * page_size, page_size),
        page,
        page_size,
    )


def rows_behind(client: Client, figure: Figure, coverage: Coverage) -> Behind:
    """The rows of the days that the figure counts."""
    definition = figure.definition
    return Behind(client, definition.measures, coverage.counted(definition, figure.period), figure.only)


def _loaded(family: str, period: Period, coverage: Coverage) -> Loaded:
    told = Pull.objects.filter(
        connection__in=coverage.spans.get(family, {}), family__in=_TOLD_AS.get(family, (family,)), state=Pull.State.STORED
    )
    newest = told.select_related("connection", "upload").order_by("-pk").first()
    return Loaded(family, coverage.days_loaded([family], period), coverage.last_day(family), newest)
