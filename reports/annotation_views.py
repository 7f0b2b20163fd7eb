"""Pages of what happened: a list with the form for more, one to be changed, and removing it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.audit import Actor
from accounts.forms import posted
from accounts.gate import ClientRequest, requires
from campaigns.channels import CHANNELS
from campaigns.models import Campaign
from reports import annotating, taking_back
from reports.annotation_forms import AnnotationForm
from reports.archive.models import Annotation

PAGE = 60
MOST_NAMES = 500
MANAGE = "annotation.manage"


@requires("client.view", MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def annotation_list(request: ClientRequest) -> HttpResponse:
    internal = annotating.sees_internal(request.client, None)
    form = AnnotationForm(posted(request), internal=internal)
    if form.is_valid():
        annotating.write(request.client, form.wish, Actor.of(request))
        messages.success(request, _("Written down."))
        return redirect(_back(request))
    asked = request.GET.get("page", "")
    page = Paginator(annotating.visible(internal=internal), PAGE).get_page(asked)
    context = {"form": form, "page": page, "lines": [_line(each) for each in page], **_common(request)}
    return render(request, "reports/annotations.html", context, status=422 if form.errors else 200)


@requires("client.view", MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def annotation(request: ClientRequest, annotation_id: int) -> HttpResponse:
    """One, to be changed by those who may."""
    internal = annotating.sees_internal(request.client, None)
    found = get_object_or_404(annotating.visible(internal=internal), pk=annotation_id)
    form = AnnotationForm(posted(request), internal=internal) if request.method == "POST" else AnnotationForm.of(found, internal=internal)
    if form.is_valid():
        annotating.change(request.client, found, form.wish, Actor.of(request))
        messages.success(request, _("Saved."))
        return redirect(_back(request))
    context = {"form": form, "annotation": found, "line": _line(found), "back": _back(request), **_common(request)}
    return render(request, "reports/annotation.html", context, status=422 if form.errors else 200)


@requires("client.view", MANAGE)
@require_POST
def annotation_remove(request: ClientRequest, annotation_id: int) -> HttpResponse:
    internal = annotating.sees_internal(request.client, None)
    found = get_object_or_404(annotating.visible(internal=internal), pk=annotation_id)
    back = _back(request)  # what cannot be read refuses the request before anything is done
    annotating.remove(request.client, found, Actor.of(request))
    said = _("“%(text)s” is removed.") % {"text": found.text[:80]}
    taking_back.offer(request, found, said, f"{reverse('annotation_restore', args=[request.client.slug])}?{urlencode({'next': back})}")
    return redirect(back)


@requires("client.view", MANAGE)
@require_POST
def annotation_restore(request: ClientRequest) -> HttpResponse:
    """Take the last removal back."""
    back, found = _back(request), taking_back.take(request, Annotation)
    if found:
        annotating.restore(request.client, found, Actor.of(request))
        messages.success(request, _("“%(text)s” is back.") % {"text": found.text[:80]})
    return redirect(back)


def _line(annotation: Annotation) -> dict[str, Any]:
    return {"annotation": annotation, "channel": _(CHANNELS[annotation.channel]) if annotation.channel in CHANNELS else ""}


def _common(request: ClientRequest) -> dict[str, Any]:
    may = MANAGE in request.permissions
    return {"may_manage": may, "campaigns": Campaign.objects.order_by("name").values_list("name", flat=True)[:MOST_NAMES] if may else []}


def _back(request: ClientRequest) -> str:
    """The page of this client that it was written on, else the list."""
    wanted, own = request.POST.get("next") or request.GET.get("next", ""), f"/c/{request.client.slug}/"
    is_ours = wanted.startswith(own) and url_has_allowed_host_and_scheme(wanted, None)
    return wanted if is_ours else reverse("annotations", args=[request.client.slug])
