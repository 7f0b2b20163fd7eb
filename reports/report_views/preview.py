"""How a report of a schedule looks: of any period, as it was made or as it would be now."""

from __future__ import annotations

from csp.constants import SELF
from csp.decorators import csp_replace, csp_update
from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from accounts.gate import ClientRequest, requires
from reports import gather, previewing, sending, shown
from reports.framing import FRAMED
from reports.models import Run, Schedule
from reports.periods_named import Named, form
from reports.previewing import Around
from reports.report_views.schedule import schedule_of


@requires("schedule.view")
@never_cache
@csp_update({"frame-src": [SELF]})  # type: ignore[arg-type]  # its views are typed without arguments
@require_safe
def report_preview(request: ClientRequest, schedule_id: int) -> HttpResponse:
    kept = schedule_of(request, schedule_id)
    found = _around(kept, request.GET.get("period", ""))
    run = previewing.run_of(kept, found.period)
    language = _language(request, request.GET.get("language", request.client.language))
    is_made = run is not None and run.state in (Run.State.READY, Run.State.APPROVAL)
    context = {
        "schedule": kept,
        "name": shown.schedule_name(kept),
        "around": found,
        "title": Named(form(found.period.key), found.period.since, found.period.until, shown.language()).heading,
        "run": run,
        "run_state": shown.run_state(run, run.deliveries.all()) if run else None,
        "is_made": is_made,
        "language": language,
        "languages": settings.LANGUAGES,
        "has_data": gather.has_data(),
        "readers": kept.recipients.filter(paused=False, unsubscribed_at=None).count(),
        "may_send": "report.send" in request.permissions and found.is_over and (run is None or run.state != Run.State.READY),
        "may_test": "report.send" in request.permissions and found.is_over,
        "tester": request.user.email,
    }
    return render(request, "reports/preview.html", context)


@requires("schedule.view")
@never_cache
@csp_replace(FRAMED)  # type: ignore[arg-type]  # its views are typed without arguments
@xframe_options_sameorigin
@require_safe
def preview_mail(request: ClientRequest, schedule_id: int, period: str, language: str) -> HttpResponse:
    kept = schedule_of(request, schedule_id)
    return HttpResponse(previewing.mail(request.client, kept, _around(kept, period).period, _language(request, language)))


@requires("schedule.view")
@never_cache
@require_safe
def preview_pdf(request: ClientRequest, schedule_id: int, period: str, language: str) -> HttpResponse:
    kept = schedule_of(request, schedule_id)
    content = previewing.pdf(request.client, kept, _around(kept, period).period, _language(request, language))
    headers = {"Content-Disposition": f'inline; filename="{request.client.slug}-{period}.pdf"'}
    return HttpResponse(content, content_type="application/pdf", headers=headers)


def _around(kept: Schedule, key: str) -> Around:
    try:
        return previewing.around(kept, key.replace("\0", ""))
    except sending.NotReported:
        raise Http404(_("This is no period of the schedule, or it has not begun.")) from None


def _language(request: ClientRequest, asked: str) -> str:
    if asked not in dict(settings.LANGUAGES):
        raise Http404
    return asked
