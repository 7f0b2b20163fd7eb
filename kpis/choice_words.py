"""The choices about figures as a person decides them: in groups, with what each asks, and the figures that follow it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from kpis import choices
from kpis.choice_entries import ENTRIES
from kpis.decided import DECIDED, OF_TIME, TELLERS
from kpis.definitions import DEFINITIONS
from kpis.models import Choice
from kpis.timeline import EVER

ASKS: dict[str, str] = {
    "mql_rule": gettext_noop("From when on does a lead count as marketing-qualified?"),
    "sql_rule": gettext_noop("From when on does a lead count as sales-qualified?"),
    "margin": gettext_noop("Which share of revenue is left after the goods, where orders do not tell it?"),
    "tax_basis": gettext_noop("Is tax part of revenue?"),
    "sales_costs": gettext_noop("Which costs are of sales, and not of marketing?"),
    "ignored_costs": gettext_noop("Which costs are left out of every figure?"),
    "engagement_parts": gettext_noop("Which reactions to a post count as an engagement?"),
    "activity_window": gettext_noop("For how long after an order is somebody still a customer, where there are no subscriptions?"),
    "retention_mode": gettext_noop("What tells that a customer has stayed?"),
    "repeat_revenue": gettext_noop("Which revenue is that of recurring customers?"),
    "lifetime_months": gettext_noop("For how long does a customer stay, in the customer lifetime value?"),
    "fiscal_start": gettext_noop("In which month does the fiscal year begin?"),
}
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (gettext_noop("Leads"), ("mql_rule", "sql_rule")),
    (gettext_noop("Money"), ("tax_basis", "margin", "sales_costs", "ignored_costs")),
    (gettext_noop("Customers"), ("retention_mode", "activity_window", "repeat_revenue", "lifetime_months")),
    (gettext_noop("Social media and calendar"), ("engagement_parts", "fiscal_start")),
)


@dataclass(frozen=True)
class Spell:
    """What holds from a day on; None: from ever on."""

    since: date | None
    value: str


@dataclass(frozen=True)
class Told:
    """One choice: what it asks, what holds, which figures follow it as (slug, name), and the newest decision, if there was one."""

    name: str
    title: str
    asks: str
    spells: tuple[Spell, ...]
    figures: tuple[tuple[str, str], ...]
    decided: Choice | None

    @property
    def now(self) -> str:
        return self.spells[-1].value


@dataclass(frozen=True)
class Decision:
    """A line of the history."""

    choice: Choice
    title: str
    value: str


def told(name: str, value: object) -> str:
    """A value as it is kept, in words."""
    words = TELLERS[name](value)
    return words or _("none")


def figures(name: str) -> tuple[tuple[str, str], ...]:
    """The figures that follow a choice, by their order in the glossary."""
    if name in OF_TIME:
        return ()
    measures = DECIDED[name][0]
    return tuple((slug, _(each.name)) for slug, each in DEFINITIONS.items() if measures & {measure.slug for measure in each.measures})


def groups() -> list[tuple[str, list[Told]]]:
    """Every choice of the client whose schema is open."""
    timelines, newest = choices.timelines(), {choice.name: choice for choice in reversed(choices.history())}
    return [(_(title), [_told(name, timelines[name].spells, newest.get(name)) for name in names]) for title, names in GROUPS]


def one(name: str) -> Told:
    newest = Choice.objects.filter(name=name).order_by("-pk").first()
    return _told(name, choices.timelines()[name].spells, newest)


def history(limit: int) -> list[Decision]:
    """The newest decisions."""
    found = Choice.objects.filter(name__in=TELLERS).order_by("-pk")[:limit]
    return [Decision(choice, _(ENTRIES[choice.name].title), told(choice.name, choice.value)) for choice in found]


def _told(name: str, spells: tuple[tuple[date, object], ...], decided: Choice | None) -> Told:
    lines = tuple(Spell(None if since == EVER else since, told(name, value)) for since, value in spells)
    return Told(name, _(ENTRIES[name].title), _(ASKS[name]), lines, figures(name), decided)
