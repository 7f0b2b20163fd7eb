"""What every KPI means, in the active language, with the choices of the client whose schema is open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from babel.numbers import format_percent
from django.conf import settings
from django.utils.translation import get_language, ngettext, override
from django.utils.translation import gettext as _

from accounts.models import Client
from accounts.search import fold
from campaigns import connections, systems
from kpis import choices, rules
from kpis.choices import Choices
from kpis.definitions import CHAPTERS, Definition
from kpis.measures import MEASURES, Measure
from kpis.query import is_divisible
from kpis.rules import Rule
from kpis.timeline import Timeline
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
def choices_behind(definition: Definition) -> list[Choice]:
    """What the client whose schema is open decided that the figures of a KPI follow."""
    return _choices(definition.measures, choices.in_force(), systems.in_force())


def _choices(measures: tuple[Measure, ...], now: Choices, believed: dict[str, str]) -> list[Choice]:
    subjects = dict.fromkeys(SUBJECTS[measure.family] for measure in measures if measure.family in SUBJECTS)
    named = {measure.slug for measure in measures}
    of_record = [_system(subject, believed[subject]) for subject in subjects if believed[subject]]
    told = [tell(now) for follow, tell in DECIDED.values() if follow & named]
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


def _tax_basis(now: Choices) -> Choice:
    return Choice(_("Order amounts"), _("with tax") if now.tax_basis == "gross" else _("without tax"))


def _margin(now: Choices) -> Choice:
    name = _("Margin where orders do not tell it")
    newest = now.margin.newest
    if newest is None:
        return Choice(name, _("not chosen"))
    language = get_language() or "en"
    pattern = "#,##0.##\N{NARROW NO-BREAK SPACE}%" if language.startswith("fr") else "#,##0.##%"
    return Choice(name, format_percent(newest, pattern, locale=language))


def _sales_costs(now: Choices) -> Choice:
    return Choice(_("Costs that count as sales"), ", ".join(now.sales_costs) or _("none"))


def _ignored_costs(now: Choices) -> Choice:
    return Choice(_("Costs that are left out"), ", ".join(now.ignored_costs))


def _rule(title: str, rule: Timeline[Rule]) -> Choice:
    """The newest; a lead that was created under an earlier one is judged by that."""
    newest = rule.newest
    return Choice(title, _("as reported by the system of record") if newest["kind"] == rules.REPORTED else rules.told(newest))


def _mql_rule(now: Choices) -> Choice:
    return _rule(_("Rule for marketing-qualified leads"), now.mql_rule)


def _sql_rule(now: Choices) -> Choice:
    return _rule(_("Rule for sales-qualified leads"), now.sql_rule)


def _activity_window(now: Choices) -> Choice:
    days = now.activity_window
    return Choice(_("A customer is lost without an order for"), ngettext("%(days)d day", "%(days)d days", days) % {"days": days})


def _retention_mode(now: Choices) -> Choice:
    modes = {
        "automatic": _("by subscriptions where there are any, else by orders"),
        "contractual": _("by subscriptions"),
        "activity": _("by orders within the days after which a customer is lost"),
        "overlap": _("by orders in this period and in the one before"),
    }
    return Choice(_("Retention is counted"), modes[now.retention_mode])


def _repeat_revenue(now: Choices) -> Choice:
    counted = {
        "before_period": _("of customers whose first order is before the period"),
        "non_first": _("of all orders but each customer's first"),
        "lifetime": _("of customers who ever ordered twice"),
    }
    return Choice(_("Revenue of recurring customers is that"), counted[now.repeat_revenue])


def _lifetime_months(now: Choices) -> Choice:
    months = now.lifetime_months
    told = ngettext("%(months)d month", "%(months)d months", months) % {"months": months} if months else _("as the churn rate says")
    return Choice(_("A customer stays"), told)


_COSTS = frozenset({"other_marketing_cost", "sales_cost", "payback_months"})
_AMOUNTS = frozenset(
    measure.slug for measure in MEASURES.values() if measure.is_money and measure.source in ("orders", "active", "lifetime")
) - {"margin", "monthly_margin"}
_KEPT = frozenset({"customers_at_start", "customers_at_end"})
# By the name of the choice, of those that change figures and not only how time is divided: the measures that follow it, and how it is told.
DECIDED: dict[str, tuple[frozenset[str], Callable[[Choices], Choice]]] = {
    "engagement_parts": (frozenset({"engagements"}), _engagement_parts),
    "tax_basis": (_AMOUNTS, _tax_basis),
    "margin": (frozenset({"margin", "monthly_margin", "payback_months"}), _margin),
    "sales_costs": (_COSTS, _sales_costs),
    "ignored_costs": (_COSTS, _ignored_costs),
    "mql_rule": (frozenset({"mqls", "mqls_to_sql"}), _mql_rule),
    "sql_rule": (frozenset({"sqls", "mqls_to_sql"}), _sql_rule),
    "activity_window": (_KEPT, _activity_window),
    "retention_mode": (_KEPT, _retention_mode),
    "repeat_revenue": (frozenset({"repeat_revenue"}), _repeat_revenue),
    "lifetime_months": (frozenset({"months_stayed"}), _lifetime_months),
}
