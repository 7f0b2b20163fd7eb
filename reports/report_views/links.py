"""Links to reports for people without an account: made, looked after, revoked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import Count, Prefetch, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.audit import Actor
from accounts.gate import ClientRequest, requires
from reports import sharing, shown
from reports.forms import ShareForm
from reports.models import ShareLink, ShareView

PAGE, SHOWN_VIEWS, MOST_RUNS = 30, 10, 60


@requires("delivery.view", "delivery.manage")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def share_links(request: ClientRequest) -> HttpResponse:
    may_make = "delivery.manage" in request.permissions
    runs = list(sharing.shareable(request.client)[:MOST_RUNS]) if may_make else []
    chosen = {"run": request.GET.get("run"), "language": request.client.language}
    form = ShareForm(request.POST if request.method == "POST" else None, runs=[(run.pk, _called(run)) for run in runs], initial=chosen)
    if request.method == "POST" and form.is_valid() and _make(request, form):
        return redirect("share_links", request.client.slug)
    before = request.GET.get("before", "")
    found, older = _page(request, int(before) if before.isdecimal() and len(before) < 19 else 0)
    context = {
        "form": form,
        "may_make": may_make,
        "has_runs": bool(runs),
        "lines": [_line(link) for link in found],
        "mailed": [_line(link) for link in _links(request).exclude(delivery=None)[:PAGE]],
        "older": older,
        "is_later": bool(before),
    }
    return render(request, "reports/share_links.html", context)


@requires("delivery.view", "delivery.manage")
@require_POST
def share_revoke(request: ClientRequest, link_id: int) -> HttpResponse:
    link = get_object_or_404(ShareLink.objects.select_related("client", "run"), pk=link_id, client=request.client)
    if sharing.revoke(link, Actor.of(request)):
        messages.success(request, _("The link opens nothing any more."))
    return redirect("share_links", request.client.slug)


def _make(request: ClientRequest, form: ShareForm) -> bool:
    said = form.cleaned_data
    run = sharing.shareable(request.client).get(pk=said["run"])
    there = sharing.languages(run)
    if said["language"] not in there:
        made_in = ", ".join(str(name) for code, name in settings.LANGUAGES if code in there)
        form.add_error("language", _("This report was made in: %(languages)s.") % {"languages": made_in})
        return False
    sharing.make(request.client, run, said["language"], Actor.of(request), days=said["days"], password=said["password"])
    messages.success(request, _("The link is made: copy it below."))
    return True


def _page(request: ClientRequest, before: int) -> tuple[Sequence[ShareLink], int]:
    """Those that people made; every mail has one of its own besides."""
    links = _links(request).filter(delivery=None)
    found = list((links.filter(pk__lt=before) if before else links)[: PAGE + 1])
    return found[:PAGE], found[PAGE - 1].pk if len(found) > PAGE else 0


def _links(request: ClientRequest) -> QuerySet[Any]:
    """The newest first, each with how often it was opened, and when and by whom last."""
    links = ShareLink.objects.filter(client=request.client).order_by("-pk")
    links = links.select_related("run__schedule", "client__agency", "delivery__recipient", "created_by")
    views = Prefetch("views", ShareView.objects.order_by("-at", "-pk")[:SHOWN_VIEWS], to_attr="newest")
    return links.annotate(opened=Count("views")).prefetch_related(views)


def _called(run: Any) -> str:
    return f"{shown.run_name(run)} · {shown.schedule_name(run.schedule)}"


def _line(link: ShareLink) -> dict[str, Any]:
    if link.revoked_at:
        state = shown.State(_("Revoked"), "over")
    elif link.expires_at <= timezone.now():
        state = shown.State(_("Expired"), "over")
    else:
        state = shown.State(_("Valid"), "ok")
    return {
        "link": link,
        "name": shown.run_name(link.run),
        "state": state,
        "address": sharing.address(link) if state.tone == "ok" else "",
        "by": link.delivery.recipient.email if link.delivery else "",
        "made_by": link.created_by.get_short_name() if link.created_by else "",
    }
