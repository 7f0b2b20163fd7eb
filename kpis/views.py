"""Pages about KPIs. Thin: they ask, and show."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlencode

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.gate import ClientRequest
from accounts.tenancy import one_state
from campaigns.channels import CHANNELS
from kpis import glossary as words
from kpis.cohort_serializers import SPANS, CohortPageSerializer
from kpis.comparing import Compare
from kpis.customers import cohorts as cohort_tables
from kpis.customers.cohorts_shown import Triangle
from kpis.definitions import DEFINITIONS
from kpis.explain import change, number
from kpis.explain.number import Figure
from kpis.explain.shown import Shown
from kpis.explain_serializers import PageQuerySerializer
from kpis.periods import last_complete_week, months_before, week
from kpis.query import By
from kpis.serializers import ComparedSerializer

# What names a figure in an address.
NAMING = ("from", "to", "channel", "campaign", "label")
# What names a period, and what it is compared with.
DATING = ("from", "to", "compare", "compare_from", "compare_to")


@require_safe
def glossary(request: ClientRequest) -> HttpResponse:
    """What every KPI means for this client; `?q=` narrows it."""
    asked = request.GET.get("q", "")[:100]
    chapters = words.chapters(request.client, asked)
    context = {
        "chapters": chapters,
        "found": sum(len(chapter.entries) for chapter in chapters),
        "asked": asked,
        "reasons": words.reasons(),
        "figure_query": _asked_period(request),
    }
    return render(request, "kpis/glossary.html", context)


@require_safe
def figure(request: ClientRequest, kpi: str) -> HttpResponse:
    """What one figure is made of and why it changed; 404 where there is no such figure."""
    asked = PageQuerySerializer(data=request.GET)
    if kpi not in DEFINITIONS or not asked.is_valid():
        raise Http404
    meant, page = Figure(kpi, asked.period, asked.only), asked.validated_data["page"]
    with one_state():
        found = number.explain(request.client, meant, page)
        try:
            changed = change.explain(meant, asked.compared, By(asked.validated_data["by"]))
        except ValueError as error:
            raise Http404 from error
    context = {
        "shown": Shown(found, changed, request.client.currency),
        "dating": _query(request, DATING),
        "csv": f"{reverse('api_kpi_explain', args=[request.client.slug, kpi])}?{_query(request, NAMING, format='csv')}",
        "earlier": _query(request, request.GET, page=str(page - 1)) if page > 1 else "",
        "later": _query(request, request.GET, page=str(page + 1)) if page < found.pages else "",
    }
    return render(request, "kpis/figure.html", context)


@require_safe
def cohorts(request: ClientRequest) -> HttpResponse:
    """Of the customers won in each of the last months, who came back; 404 where that cannot be asked."""
    asked = CohortPageSerializer(data=request.GET)
    if not asked.is_valid():
        raise Http404
    shown, only, today = (
        cohort_tables.Shown(asked.validated_data["shown"]),
        asked.only,
        timezone.now().astimezone(request.client.zone).date(),
    )
    since = months_before(today, int(asked.validated_data["months"]) - 1).replace(day=1)
    with one_state():
        found = cohort_tables.table(shown, since, today, None, only)
        by_channel = cohort_tables.table(shown, since, today, By.CHANNEL, only)
    query = QueryDict(mutable=True)
    query.update({"from": since.isoformat(), "to": today.isoformat(), "shown": shown, "by": By.CHANNEL, "format": "csv"})
    query.setlist("channel", only.channels)
    context = {
        "triangle": Triangle(shown, found, by_channel, request.client.currency),
        "shown": shown.value,
        "channel": next(iter(only.channels), ""),
        "channels": CHANNELS,
        "months": asked.validated_data["months"],
        "spans": SPANS,
        "csv": f"{reverse('api_cohorts', args=[request.client.slug])}?{query.urlencode()}",
    }
    return render(request, "kpis/cohorts.html", context)


def _asked_period(request: ClientRequest) -> str:
    """The period and comparison of the address; where it has none, the last week that is over and the one before."""
    given = {name: request.GET[name] for name in DATING if name in request.GET}
    if ComparedSerializer(data=given).is_valid():
        return urlencode(given)
    latest = week(last_complete_week(timezone.now(), request.client.zone))
    return urlencode({"from": latest.since, "to": latest.until, "compare": Compare.PREVIOUS})


def _query(request: ClientRequest, names: Iterable[str], **more: str) -> str:
    """The parameters of these names, and more."""
    query = QueryDict(mutable=True)
    for name in names:
        query.setlist(name, request.GET.getlist(name))
    for name, value in more.items():
        query[name] = value
    return query.urlencode()
