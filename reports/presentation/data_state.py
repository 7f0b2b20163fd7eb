"""How far the figures can be relied on: each source's state, and all of them in one line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import moments
from campaigns import families
from reports import content, dates
from reports.presentation.edition import Edition
from reports.presentation.parts import Source, State
from reports.presentation.words import source_name, status


def sources(edition: Edition) -> tuple[Source, ...]:
    """One line for each source; what it tells of is said where it has several."""
    names = Counter(source_name(state) for state in edition.report.sources)
    return tuple(_source(edition, state, is_one_of_several=names[source_name(state)] > 1) for state in edition.report.sources)


def tone(edition: Edition) -> State:
    """The worst state of any source."""
    states = [_state(edition.report, source) for source in edition.report.sources]
    if not states:
        return "incomplete"
    order: tuple[State, ...] = ("lost", "incomplete", "moving")
    return next((state for state in order if state in states), "ok")


def line(edition: Edition) -> str:
    """One line for every page: whether this week's figures are whole and final."""
    report = edition.report
    if not report.sources:
        return _("No source is connected yet")
    states = [_state(report, source) for source in report.sources]
    broken = [source_name(source) for source, state in zip(report.sources, states, strict=True) if state in ("lost", "incomplete")]
    if broken:
        return _("Incomplete data: %(sources)s") % {"sources": ", ".join(broken)}
    until = moments.day(report.until, edition.language)
    moving = states.count("moving")
    if not moving:
        return _("Data complete to %(day)s and final") % {"day": until}
    text = ngettext(
        "Data complete to %(day)s; %(count)d source may still revise its figures",
        "Data complete to %(day)s; %(count)d sources may still revise their figures",
        moving,
    )
    return text % {"day": until, "count": moving}


def banner(edition: Edition) -> str:
    """What is missing of the report's own days, source by source; "" where nothing is, or its schedule sends it without a banner."""
    report, language = edition.report, edition.language
    if not report.has_banner:
        return ""
    broken = [source for source in report.sources if _state(report, source) in ("lost", "incomplete")]
    parts = [_("%(source)s (%(state)s)") % {"source": source_name(each), "state": _lacking(report, each, language)} for each in broken]
    return _("These figures are not complete. Missing: %(parts)s.") % {"parts": "; ".join(parts)} if parts else ""


def _lacking(report: content.Report, source: content.SourceState, language: str) -> str:
    """Which days of the report a source has not told, or that it will tell no more."""
    days = [day for day in source.missing_days if report.since <= day <= report.until]
    if days:
        return dates.listed_days(days, language)
    if source.complete_until is not None and source.complete_until < report.until:
        return dates.days(max(report.since, source.complete_until + timedelta(days=1)), report.until, language)
    return _("access lost") if source.lost_access else _("no data yet")


def _source(edition: Edition, source: content.SourceState, *, is_one_of_several: bool) -> Source:
    state = _state(edition.report, source)
    name = source_name(source)
    if is_one_of_several and source.family:
        name = f"{name} · {_(families.NAMES[source.family])}"
    return Source(name, _text(source, edition.language), state, status(state))


def _state(report: content.Report, source: content.SourceState) -> State:
    """How far the report's own week can be relied on, as far as this source goes."""
    if source.lost_access:
        return "lost"
    missing = any(report.since <= day <= report.until for day in source.missing_days)
    if missing or source.complete_until is None or source.complete_until < report.until:
        return "incomplete"
    since = _moving_since(source)
    return "moving" if since and since <= report.until else "ok"


def _moving_since(source: content.SourceState) -> date | None:
    """The first day the platform may still restate."""
    if source.complete_until is None or source.settled_until is None or source.settled_until >= source.complete_until:
        return None
    return source.settled_until + timedelta(days=1)


def _text(source: content.SourceState, language: str) -> str:
    parts = [_("access lost: sign in again to reconnect")] if source.lost_access else []
    if source.complete_until is None:
        parts.append(_("no data yet"))
    else:
        parts.append(_("complete to %(day)s") % {"day": moments.day(source.complete_until, language)})
    if source.missing_days:
        parts.append(_missing(source.missing_days, language))
    since = _moving_since(source)
    if since:
        parts.append(_("still moving since %(day)s") % {"day": moments.day(since, language)})
    return ", ".join(parts)


def _missing(days: Sequence[date], language: str) -> str:
    text = ngettext("%(count)d day missing: %(days)s", "%(count)d days missing: %(days)s", len(days))
    return text % {"count": len(days), "days": dates.listed_days(days, language)}
