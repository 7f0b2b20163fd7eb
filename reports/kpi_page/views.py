"""The page behind every tile. Thin: it asks, and shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_safe

from accounts import brand
from accounts.gate import ClientRequest
from campaigns.channels import CHANNELS
from campaigns.models import Campaign
from kpis import choices
from kpis.comparing import Compare
from kpis.definitions import DEFINITIONS
from kpis.explain.shown import Shown
from kpis.periods import ONE_DAY
from kpis.query import By
from kpis.serializers import CUSTOM
from reports import annotating, dates, question_views
from reports.annotation_forms import AnnotationForm
from reports.annotation_views import MOST_NAMES
from reports.charts import palette
from reports.kpi_page import gathering, waterfall
from reports.kpi_page import trend as trends
from reports.kpi_page.asked import CHOSEN, DATING, GRAINS, NAMING, PARTS, POINTS, KpiPageSerializer
from reports.kpi_page.breakdown import Breakdown
from reports.kpi_page.gathering import Gathered
from reports.pages.asked import Asked
from reports.pages.asked import asked as look
from reports.pages.catalogue import OVERVIEW
from reports.pages.picker import picker
from reports.presentation.figures import moved
from reports.presentation.targets import beside


@require_safe
def figure(request: ClientRequest, kpi: str) -> HttpResponse:
    """What a figure is, was and should be, over time and by part, and what it is made of; 404 where there is no such figure."""
    calendar, today = choices.in_force().calendar, timezone.now().astimezone(request.client.zone).date()
    looked = look(request.GET, today, calendar)
    asked = KpiPageSerializer(data=_dated(request, looked))
    if kpi not in DEFINITIONS or looked.errors or not asked.is_valid():
        raise Http404
    try:
        found = gathering.gather(request.client, kpi, asked, internal=annotating.sees_internal(request.client, None))
    except (ValueError, OverflowError) as error:
        raise Http404 from error
    also = tuple((name, str(request.GET[name])) for name in CHOSEN if name in request.GET)
    looked = replace(looked, only=asked.only, also=also)
    context = {"asked": looked, "picker": picker(looked, OVERVIEW, today - ONE_DAY, calendar)}
    return render(request, "reports/kpi_page.html", _context(request, asked, found, looked) | context)


def _context(request: ClientRequest, asked: KpiPageSerializer, found: Gathered, looked: Asked) -> dict[str, Any]:
    client, language = request.client, (get_language() or "en")[:2]
    today = timezone.now().astimezone(client.zone).date()
    compare = asked.compared if isinstance(asked.compared, Compare) else None
    trend = trends.Trend(found, asked.grain_asked, compare, today, client.currency, language)
    chart, falls, compared = trend.chart, waterfall.chart(found.change, client.currency, language), found.parts.previous
    data, page = _dated(request, looked), asked.validated_data["page"]
    return {
        "palette": palette((own := brand.of_organisation(client)).primary, own.accent),
        "shown": Shown(found.explanation, found.change, client.currency),
        "found": found,
        "period": dates.days(found.figure.period.since, found.figure.period.until, language),
        "compared": dates.days(compared.since, compared.until, language),
        "part": _part(asked),
        "change": moved(found.headline, language),
        "target": beside(found.headline, client.currency, language),
        "state": _state(found),
        "trend": trend,
        "chart": chart,
        "pictures": _safe(trends.drawn(chart)),
        "lines": [_annotation(each) for each in found.annotations],
        "breakdown": Breakdown(found, asked.by_asked, client.currency, language),
        "falls": falls,
        "waterfall": _safe(waterfall.drawn(falls)),
        "grains": _choices(data, "grain", [(grain.value, _GRAINS[grain.value]()) for grain in GRAINS], asked.grain_asked.value),
        "points": _choices(data, "points", [(str(number), str(number)) for number in POINTS], str(asked.points_asked)),
        "bys": _choices(data, "by", [(by.value, _PARTS[by.value]()) for by in PARTS], asked.by_asked.value),
        "dating": _query(data, DATING),
        "whole": _query(data, [name for name in data if name not in ("channel", "campaign", "label", "page")]),
        "narrow": _narrow(data, asked.by_asked),
        "address": f"{request.path}?{_query(data, data)}",
        "csv": f"{reverse('api_kpi_explain', args=[client.slug, found.figure.slug])}?{_query(data, NAMING, format='csv')}",
        "parts_csv": f"{reverse('api_kpis', args=[client.slug])}?"
        + _query(data, [*NAMING, *DATING[2:]], kpi=found.figure.slug, by=asked.by_asked.value, format="csv"),
        "ask": f"{reverse('question_ask', args=[client.slug, found.figure.slug])}?{_query(data, NAMING)}",
        "may_ask": "question.ask" in request.permissions,
        "may_manage": (may_manage := "annotation.manage" in request.permissions),
        "campaigns": Campaign.objects.order_by("name").values_list("name", flat=True)[:MOST_NAMES] if may_manage else [],
        "questions": [question_views.line(request, each) for each in found.questions],
        "form": AnnotationForm(internal=annotating.sees_internal(client, None), initial={"since": found.figure.period.until}),
        "earlier": _query(data, data, page=str(page - 1)) if page > 1 else "",
        "later": _query(data, data, page=str(page + 1)) if page < found.explanation.pages else "",
    }


_GRAINS = {"day": lambda: gettext("Days"), "week": lambda: gettext("Weeks"), "month": lambda: gettext("Months")}
_PARTS = {"channel": lambda: gettext("By channel"), "campaign": lambda: gettext("By campaign"), "label": lambda: gettext("By label")}


def _dated(request: ClientRequest, looked: Asked) -> QueryDict:
    """What was asked, by its days: those of a period that was named, or the usual ones."""
    data = request.GET.copy()
    if not {"from", "to"} & data.keys():
        data.pop("period", None)
        data.update({name: value for name, value in looked.days.items() if name not in data})
    if data.get("compare") != CUSTOM:
        # A form has them always.
        data.pop("compare_from", None)
        data.pop("compare_to", None)
    return data


def _part(asked: KpiPageSerializer) -> str:
    """What part of the company it is of; "" all of it."""
    only = asked.only
    channels = [gettext(CHANNELS[channel]) for channel in only.channels]
    campaigns = [name or gettext("No campaign") for name in only.campaigns]
    return ", ".join([*channels, *campaigns, *(name or gettext("No label") for name in only.labels)])


def _state(found: Gathered) -> tuple[str, str]:
    """How far the figure can be trusted, as a word and a tone."""
    one = found.explanation.compared
    if one.value.exact is None:
        return gettext("not known"), "over"
    if one.days_loaded < one.days:
        return gettext("%(days)d of %(all)d days loaded") % {"days": one.days_loaded, "all": one.days}, "incomplete"
    return (gettext("provisional"), "moving") if one.is_provisional else (gettext("complete"), "ok")


def _narrow(data: QueryDict, by: By) -> str:
    """Of the page of one part: within a channel, its campaigns."""
    query = _query(data, [name for name in data if name not in (by.value, "by", "page")])
    return f"{query}&by={By.CAMPAIGN.value if by is By.CHANNEL else By.CHANNEL.value}"


def _annotation(each: Any) -> dict[str, Any]:
    return {"annotation": each, "channel": gettext(CHANNELS[each.channel]) if each.channel in CHANNELS else ""}


def _choices(data: QueryDict, name: str, choices: list[tuple[str, str]], chosen: str) -> list[tuple[str, str, bool]]:
    """Links to the same page with another choice: each with its text, and whether it is the present one."""
    return [(_query(data, [key for key in data if key != "page"], **{name: value}), text, value == chosen) for value, text in choices]


def _query(data: QueryDict, names: Iterable[str], **more: str) -> str:
    query = QueryDict(mutable=True)
    for name in names:
        query.setlist(name, data.getlist(name))
    for name, value in more.items():
        query[name] = value
    return query.urlencode()


def _safe(pictures: dict[str, str]) -> dict[str, str]:
    """Our own drawings, their texts escaped."""
    return {name: mark_safe(svg) for name, svg in pictures.items()}  # noqa: S308
