"""Pages about KPIs. Thin: they ask, and show."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.gate import ClientRequest
from kpis import glossary as words


@require_safe
def glossary(request: ClientRequest) -> HttpResponse:
    """What every KPI means for this client; `?q=` narrows it."""
    asked = request.GET.get("q", "")[:100]
    chapters = words.chapters(request.client, asked)
    found = sum(len(chapter.entries) for chapter in chapters)
    return render(request, "kpis/glossary.html", {"chapters": chapters, "found": found, "asked": asked, "reasons": words.reasons()})
