"""Who changed what, in a client company or an agency."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from accounts import audit, spreadsheets
from accounts.forms import ActivityForm
from accounts.gate import OrganisationRequest, requires
from accounts.models import AuditEvent


@requires("audit.view")
@require_safe
def activity(request: OrganisationRequest) -> HttpResponse:
    events = audit.events_of(request.organisation)
    form = ActivityForm(request.GET, actors=audit.actors(events), zone=request.organisation.zone)
    before = request.GET.get("before", "")
    found, following = audit.page(form.narrowed(events), int(before) if before.isdecimal() and len(before) < 19 else 0)
    wish = form.wish()
    context = {
        "form": form,
        "lines": [{"event": event, "who": audit.called(event.actor_label), "sentence": audit.sentence(event)} for event in found],
        "is_narrowed": bool(wish),
        "is_later": bool(before),
        "first": urlencode(wish),
        "older": urlencode(wish | {"before": following}) if following else "",
    }
    return render(request, "accounts/activity.html", context)


@requires("audit.view")
@require_safe
def download(request: OrganisationRequest) -> HttpResponse:
    """All lines that the page would show, as a file for a spreadsheet."""
    events = audit.events_of(request.organisation)
    form = ActivityForm(request.GET, actors=audit.actors(events), zone=request.organisation.zone)
    name = f"{request.organisation.slug}-activity.csv"
    content = _csv(request, form.narrowed(events))
    return HttpResponse(content, content_type="text/csv; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _csv(request: OrganisationRequest, events: QuerySet[AuditEvent]) -> str:
    return spreadsheets.csv_text(_rows(request, events))


def _rows(request: OrganisationRequest, events: QuerySet[AuditEvent]) -> Iterator[Iterable[str]]:
    yield [_("When"), _("Who"), _("What"), pgettext("a company", "Client"), _("IP address")]
    zone = request.organisation.zone
    for event in events.iterator(2_000):
        cells = (audit.called(event.actor_label), audit.sentence(event), event.client.name if event.client else "", event.address or "")
        yield [event.at.astimezone(zone).isoformat(timespec="seconds"), *map(spreadsheets.inert, cells)]
