"""Pages about KPIs. Thin: they ask, and show."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.gate import ClientRequest
from accounts.tenancy import one_state
from kpis import glossary as words
from kpis.definitions import DEFINITIONS
from kpis.explain import change, number
from kpis.explain.number import Figure
from kpis.explain.shown import Shown
from kpis.explain_serializers import PageQuerySerializer
from kpis.query import By

# What names a figure in an address.
NAMING = ("from", "to", "channel", "campaign", "label")


@require_safe
def glossary(request: ClientRequest) -> HttpResponse:
    """What every KPI means for this client; `?q=` narrows it."""
    asked = request.GET.get("q", "")[:100]
    chapters = words.chapters(request.client, asked)
    found = sum(len(chapter.entries) for chapter in chapters)
    return render(request, "kpis/glossary.html", {"chapters": chapters, "found": found, "asked": asked, "reasons": words.reasons()})


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
        "csv": f"{reverse('api_kpi_explain', args=[request.client.slug, kpi])}?{_query(request, NAMING, format='csv')}",
        "earlier": _query(request, request.GET, page=str(page - 1)) if page > 1 else "",
        "later": _query(request, request.GET, page=str(page + 1)) if page < found.pages else "",
    }
    return render(request, "kpis/figure.html", context)


def _query(request: ClientRequest, names: Iterable[str], **more: str) -> str:
    """The parameters of these names, and more."""
    query = QueryDict(mutable=True)
    for name in names:
        query.setlist(name, request.GET.getlist(name))
    for name, value in more.items():
        query[name] = value
    return query.urlencode()
