"""What a client decided that a figure follows, in words of the active language."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from babel.dates import get_day_names, get_month_names
from babel.numbers import format_percent
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from accounts import moments
from campaigns import connections, systems
from kpis import formats, rules
from kpis.checks import Wrong
from kpis.choice_entries import ENTRIES
from kpis.choices import Choices
from kpis.coverage import PURCHASES
from kpis.measures import MEASURES, Measure
from kpis.periods import WEEK_STARTS
from kpis.timeline import EVER, Timeline

# Whose word counts in a family of facts. Customers follow from what they bought, too.
SUBJECTS: dict[str, tuple[str, ...]] = {
    "leads": (systems.Subject.LEADS,),
    "orders": (systems.Subject.REVENUE,),
    PURCHASES: (systems.Subject.CUSTOMERS, systems.Subject.REVENUE),
}


@dataclass(frozen=True)
class Choice:
    """`value` "" is nothing worth a word."""

    name: str
    value: str


def choices_of(measures: Sequence[Measure], now: Choices, believed: dict[str, str]) -> list[Choice]:
    """Whose word counts for these measures, and the choices that they follow."""
    subjects = dict.fromkeys(subject for measure in measures for subject in SUBJECTS.get(measure.family, ()))
    named = {measure.slug for measure in measures}
    told = [Choice(_(ENTRIES[name].title), tell(getattr(now, name))) for name, (slugs, tell) in DECIDED.items() if slugs & named]
    return [_system(subject, believed[subject]) for subject in subjects if believed[subject]] + [choice for choice in told if choice.value]


def _system(subject: str, source: str) -> Choice:
    titles = {
        systems.Subject.LEADS: _("Leads as told by"),
        systems.Subject.CUSTOMERS: _("Customers as told by"),
        systems.Subject.REVENUE: _("Revenue as told by"),
    }
    return Choice(titles[systems.Subject(subject)], connections.title(source))


def _language() -> str:
    return "fr" if (get_language() or "en").startswith("fr") else "en"


def _newest(timeline: Timeline[Any], tell: Callable[[Any], str]) -> str:
    """What holds in the end, and from which day on."""
    since = timeline.spells[-1][0]
    value = tell(timeline.newest)
    return value if since == EVER else _("%(value)s, from %(day)s on") % {"value": value, "day": moments.day(since, _language())}


def _margin(timeline: Timeline[Decimal | None]) -> str:
    return _newest(timeline, _share)


def _share(share: Decimal | None) -> str:
    if share is None:
        return _("not chosen")
    language = _language()
    pattern = "#,##0.##\N{NARROW NO-BREAK SPACE}%" if language == "fr" else "#,##0.##%"
    return format_percent(share, pattern, locale=language)


def _rule(timeline: Timeline[rules.Rule]) -> str:
    return _newest(timeline, _one_rule)


def _one_rule(rule: rules.Rule) -> str:
    if rule["kind"] == rules.REPORTED:
        return _("as its source reports it")
    if rule["kind"] == rules.SCORE:
        return _("a score of %(score)s or more") % {"score": rule["at_least"]}
    return " + ".join(_condition(condition) for condition in rule["all"])


def _condition(condition: dict[str, Any]) -> str:
    kinds = {"visit": _("visit"), "download": _("download"), "form": _("form"), "call": _("call"), "meeting": _("meeting")}
    words = {"times": condition["times"], "kind": kinds[condition["kind"]], "asset": condition.get("asset", "")}
    return (_("%(times)s × %(kind)s “%(asset)s”") if words["asset"] else "%(times)s × %(kind)s") % words


def _engagement_parts(parts: Sequence[str]) -> str:
    return ", ".join(_(MEASURES[part].name) for part in parts)


def _tax_basis(basis: str) -> str:
    return {"net": _("not counted"), "gross": _("counted")}[basis]


def _names(patterns: Sequence[str]) -> str:
    return ", ".join(patterns) or _("none")


def _ignored_costs(patterns: Sequence[str]) -> str:
    return ", ".join(patterns)


def _retention_mode(mode: str) -> str:
    return {
        "automatic": _("by subscriptions where there are any, else by orders"),
        "contractual": _("by subscriptions"),
        "activity": _("by orders"),
        "overlap": _("by orders in both periods"),
    }[mode]


def _repeat_revenue(form: str) -> str:
    return {
        "before_period": _("of customers whose first order is before the period"),
        "non_first": _("all orders but a customer's first"),
        "lifetime": _("of customers with two orders or more, whenever"),
    }[form]


def _lifetime_months(months: int | None) -> str:
    return ngettext("%(months)d month", "%(months)d months", months) % {"months": months} if months else _("as the churn rate says")


def _week_start(day: str) -> str:
    return str(get_day_names("wide", "stand-alone", _language())[WEEK_STARTS[day] - 1])


def _fiscal_start(month: int) -> str:
    return str(get_month_names("wide", "stand-alone", _language())[month])


def _days(days: int) -> str:
    return ngettext("%(days)d day", "%(days)d days", days) % {"days": days}


_COSTS = frozenset({"other_marketing_cost", "sales_cost", "payback_months"})
_MARGINS = frozenset({"margin", "monthly_margin", "payback_months"})
_AMOUNTS = (
    frozenset(measure.slug for measure in MEASURES.values() if measure.is_money and measure.source in ("orders", "active", "lifetime"))
    - _MARGINS
)
_STAYING = frozenset({"customers_at_start", "customers_at_end", "new_at_end", "months_stayed", "customers_left"})
# By the name of the choice: the measures that follow it, and how its value is told.
DECIDED: dict[str, tuple[frozenset[str], Callable[[Any], str]]] = {
    "mql_rule": (frozenset({"mqls", "mqls_to_sql"}), _rule),
    "sql_rule": (frozenset({"sqls", "mqls_to_sql"}), _rule),
    "tax_basis": (_AMOUNTS, _tax_basis),
    "margin": (_MARGINS, _margin),
    "sales_costs": (_COSTS, _names),
    "ignored_costs": (_COSTS, _ignored_costs),
    "retention_mode": (_STAYING, _retention_mode),
    "activity_window": (_STAYING, _days),
    "repeat_revenue": (frozenset({"repeat_revenue"}), _repeat_revenue),
    "lifetime_months": (frozenset({"months_stayed", "customers_left"}), _lifetime_months),
    "engagement_parts": (frozenset({"engagements"}), _engagement_parts),
}
# What divides time, and changes no figure of a day.
OF_TIME = frozenset({"week_start", "fiscal_start"})


def _told(name: str, value: object) -> str:
    """A value as it is kept; lines of the record that were written in words before stay as they are."""
    try:
        ENTRIES[name].read(name, value)
    except Wrong:
        return str(value) or formats.UNDEFINED
    return _KEPT[name](value)


# By the name of the choice: how a value is told as it is kept.
_KEPT: dict[str, Callable[[Any], str]] = {
    **{name: tell for name, (_slugs, tell) in DECIDED.items()},
    "mql_rule": _one_rule,
    "sql_rule": _one_rule,
    "margin": lambda share: _share(None if share is None else Decimal(share)),
    "ignored_costs": _names,
    "week_start": _week_start,
    "fiscal_start": _fiscal_start,
}
TELLERS: dict[str, Callable[[Any], str]] = {name: partial(_told, name) for name in _KEPT}
