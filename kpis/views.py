"""Pages about KPIs. Thin: they ask, and show."""

from __future__ import annotations

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
from kpis.periods import last_complete_week, months_before, week
from kpis.query import By
from kpis.serializers import ComparedSerializer

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
