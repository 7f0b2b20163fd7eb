"""What every KPI means, in the active language, with the choices of the client whose schema is open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property

from babel.numbers import format_percent
from django.conf import settings
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from accounts.models import Client
from accounts.search import fold
from campaigns import connections, systems
from kpis import choices
from kpis.choices import Choices
from kpis.definitions import CHAPTERS, Definition
from kpis.measures import MEASURES, Measure
from kpis.query import is_divisible
from kpis.words import DIRECTIONS, REASONS, UNITS

# The families of facts in which a system of record is believed.
SUBJECTS = {family: subject for subject, families in systems.FAMILIES.items() for family in families}


@dataclass(frozen=True)
class Choice:
    """Something the client decided that its figures follow: what it is about, and what was decided; "": nothing worth a word."""

    name: str
    value: str


@dataclass(frozen=True)
class Entry:
    """One KPI. `parts`: the sums it is made of; `notes`: what may be done with its figures; `aliases`: what else finds it."""

    slug: str
    name: str
    short: str
    formula: str
    unit: str
    direction: str
    way: str
    parts: tuple[str, ...]
    notes: tuple[str, ...]
    caveats: tuple[str, ...]
    choices: tuple[Choice, ...]
    version: int
    aliases: str

    @property
    def above(self) -> str:
        """The numerator, where the formula is one quotient."""
        return _bare(self.formula.partition(" / ")[0])

    @property
    def below(self) -> str:
        """The denominator, or ""."""
        return _bare(self.formula.partition(" / ")[2])

    @cached_property
    def haystack(self) -> str:
        """Everything a search looks in."""
        decided = (text for choice in self.choices for text in (choice.name, choice.value))
        shown = (self.name, self.short, self.formula, self.unit, self.direction, *self.parts, *self.notes, *self.caveats, *decided)
        return fold(" ".join((*shown, self.aliases)))


@dataclass(frozen=True)
class Chapter:
    title: str
    anchor: str
    entries: tuple[Entry, ...]


def chapters(client: Client, asked: str = "") -> list[Chapter]:
    """Every KPI that has all words of `asked`, by chapter; of both languages, for "churn" is sought in French, too."""
    words = fold(asked).split()
    now, believed = choices.in_force(), systems.in_force()
    found = []
    for number, (title, definitions) in enumerate(CHAPTERS.items(), 1):
        entries = (_entry(definition, client, now, believed) for definition in definitions)
        kept = tuple(entry for entry in entries if all(word in entry.haystack for word in words))
        if kept:
            found.append(Chapter(_(title), f"chapter-{number}", kept))
    return found


def reasons() -> list[str]:
    """What a dash in place of a figure may mean."""
    return [_(words) for words in REASONS.values()]


def _bare(formula: str) -> str:
    """Without the parentheses that a line below or above makes needless."""
    return formula[1:-1] if formula.startswith("(") and formula.find(")") == len(formula) - 1 else formula


def _entry(definition: Definition, client: Client, now: Choices, believed: dict[str, str]) -> Entry:
    return Entry(
        slug=definition.slug,
        name=_(definition.name),
        short=_(definition.short),
        formula=_(definition.formula),
        unit=_(UNITS[definition.unit]) % {"currency": client.currency},
        direction=_(DIRECTIONS[definition.direction]),
        way=definition.direction,
        parts=tuple(_(measure.name) for measure in definition.measures) if len(definition.measures) > 1 else (),
        notes=tuple(_notes(definition)),
        caveats=tuple(_(caveat) for caveat in definition.caveats),
        choices=tuple(_choices(definition.measures, now, believed)),
        version=definition.version,
        aliases=_aliases(definition),
    )


def _notes(definition: Definition) -> list[str]:
    notes = []
    if definition.is_additive:
        notes.append(_("Days add up"))
    if not all(is_divisible(measure) for measure in definition.measures):
        notes.append(_("Only in all, not by channel or campaign"))
    if definition.matures_in:
        notes.append(_("Keeps growing for some %(days)s days") % {"days": definition.matures_in})
    elif any(measure.settles_late for measure in definition.measures):
        notes.append(_("Provisional at first, as results come late"))
    return notes


def _aliases(definition: Definition) -> str:
    names = [definition.slug]
    for language, _name in settings.LANGUAGES:
        with override(language):
            names += [_(definition.name), _(definition.short)]
    return " ".join(dict.fromkeys(names))


# --------------------------------------------------------------------------------------------------------------- choices
def _choices(measures: tuple[Measure, ...], now: Choices, believed: dict[str, str]) -> list[Choice]:
    subjects = dict.fromkeys(SUBJECTS[measure.family] for measure in measures if measure.family in SUBJECTS)
    named = {measure.slug for measure in measures}
    of_record = [_system(subject, believed[subject]) for subject in subjects if believed[subject]]
    told = [DECIDED[field.name][1](now) for field in fields(now) if DECIDED[field.name][0] & named]
    return of_record + [choice for choice in told if choice.value]


def _system(subject: str, source: str) -> Choice:
    titles = {
        systems.Subject.LEADS: _("Leads as told by"),
        systems.Subject.CUSTOMERS: _("Customers as told by"),
        systems.Subject.REVENUE: _("Revenue as told by"),
    }
    return Choice(titles[systems.Subject(subject)], connections.title(source))


def _engagement_parts(now: Choices) -> Choice:
    return Choice(_("Kinds of engagement that count"), ", ".join(_(MEASURES[part].name) for part in now.engagement_parts))


def _with_tax(now: Choices) -> Choice:
    return Choice(_("Order amounts"), _("with tax") if now.with_tax else _("without tax"))


def _margin(now: Choices) -> Choice:
    name = _("Margin where orders do not tell it")
    if now.margin is None:
        return Choice(name, _("not chosen"))
    language = get_language() or "en"
    pattern = "#,##0.##\N{NARROW NO-BREAK SPACE}%" if language.startswith("fr") else "#,##0.##%"
    return Choice(name, format_percent(now.margin, pattern, locale=language))


def _sales_costs(now: Choices) -> Choice:
    return Choice(_("Costs that count as sales"), ", ".join(now.sales_costs) or _("none"))


def _ignored_costs(now: Choices) -> Choice:
    return Choice(_("Costs that are left out"), ", ".join(now.ignored_costs))


_COSTS = frozenset({"other_marketing_cost", "sales_cost", "payback_months"})
_AMOUNTS = frozenset(
    measure.slug for measure in MEASURES.values() if measure.is_money and measure.source in ("orders", "active", "lifetime")
) - {"margin", "monthly_margin"}
# By the name of the choice: the measures that follow it, and how it is told.
DECIDED: dict[str, tuple[frozenset[str], Callable[[Choices], Choice]]] = {
    "engagement_parts": (frozenset({"engagements"}), _engagement_parts),
    "with_tax": (_AMOUNTS, _with_tax),
    "margin": (frozenset({"margin", "monthly_margin", "payback_months"}), _margin),
    "sales_costs": (_COSTS, _sales_costs),
    "ignored_costs": (_COSTS, _ignored_costs),
}
