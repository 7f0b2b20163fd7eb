"""The pages of a client's connections: how they stand, and what a person can do about it."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.audit import Actor
from accounts.forms import Confirmation, posted
from accounts.gate import ClientRequest, requires
from campaigns import connections, families, freshness, pulls, shown
from campaigns.forms import ConversionsForm, SystemsForm
from campaigns.models import Connection, ConversionAction, Pull

SHOWN_PULLS = 20
# Days of the map.
LENGTHS = (30, 60)


@requires("connection.view")
@require_safe
def connection_list(request: ClientRequest) -> HttpResponse:
    now = timezone.now()
    lines = shown.lines(request.client, now)
    systems_form = SystemsForm() if lines else None
    length = LENGTHS[-1] if request.GET.get("days") == str(LENGTHS[-1]) else LENGTHS[0]
    yesterday = now.astimezone(request.client.zone).date() - timedelta(days=1)
    context = {
        "lines": lines,
        "doubted": [line for line in lines if line.doubts],
        "map": freshness.of(lines, yesterday, length, now) if lines else None,
        "lengths": [(days, days == length) for days in LENGTHS],
        "is_moving": any(line.is_moving for line in lines),
        "systems_form": systems_form if systems_form and systems_form.fields else None,
    }
    return render(request, "campaigns/connections.html", context)


@requires("connection.view")
@require_safe
def connection(request: ClientRequest, connection_id: int) -> HttpResponse:
    source = get_object_or_404(Connection, pk=connection_id)
    actions = _actions(source)
    recent = Pull.objects.filter(connection=source).order_by("-pk")[:SHOWN_PULLS]
    context = {
        "line": shown.line(request.client, source, timezone.now()),
        "pulls": [(pull, _(families.NAMES[pull.family]), shown.outcome(pull)) for pull in recent],
        "conversions_form": ConversionsForm(actions=actions) if actions else None,
    }
    return render(request, "campaigns/connection.html", context)


@requires("connection.manage", "connection.manage")
@require_POST
def pull_now(request: ClientRequest, connection_id: int) -> HttpResponse:
    source = _live(connection_id)
    pulls.schedule(request.client, source, asked_at=timezone.now())
    messages.success(request, _("%(name)s is being read now.") % {"name": source.name or source.account})
    return redirect("connections", request.client.slug)


@requires("connection.manage", "connection.manage")
@require_POST
def decide(request: ClientRequest, pull_id: int) -> HttpResponse:
    """Take or refuse an answer that lost rows."""
    pull = get_object_or_404(Pull.objects.select_related("connection"), pk=pull_id, file_name=None)
    take = request.POST.get("decision") == "take"
    connections.decide(request.client, pull, take=take, by=Actor.of(request))
    kept = _("What was stored stays as it is.")
    messages.success(request, _("The answer is read again and stored.") if take else kept)
    return redirect("connections", request.client.slug)


@requires("connection.manage", "connection.manage")
@require_http_methods(["GET", "HEAD", "POST"])
def disconnect(request: ClientRequest, connection_id: int) -> HttpResponse:
    source = _live(connection_id)
    form = Confirmation(posted(request))
    if form.is_valid():
        connections.disconnect(request.client, source, Actor.of(request))
        messages.success(request, _("%(name)s is disconnected. This can be undone below.") % {"name": source.name or source.account})
        return redirect("connections", request.client.slug)
    context = {"form": form, "line": shown.line(request.client, source, timezone.now())}
    return render(request, "campaigns/connection_disconnect.html", context)


@requires("connection.manage", "connection.manage")
@require_POST
def resume(request: ClientRequest, connection_id: int) -> HttpResponse:
    source = get_object_or_404(Connection, pk=connection_id, credential_id__isnull=False)
    connections.resume(request.client, source, Actor.of(request))
    messages.success(request, _("%(name)s is read again.") % {"name": source.name or source.account})
    return redirect("connections", request.client.slug)


@requires("connection.manage", "connection.manage")
@require_POST
def conversions(request: ClientRequest, connection_id: int) -> HttpResponse:
    source = get_object_or_404(Connection, pk=connection_id)
    form = ConversionsForm(request.POST, actions=_actions(source))
    if form.is_valid() and connections.choose_conversions(request.client, source, form.cleaned_data["counted"], Actor.of(request)):
        messages.success(request, _("Saved. The figures are being computed again."))
    return redirect("connection", request.client.slug, source.pk)


@requires("connection.manage", "connection.manage")
@require_POST
def systems_of_record(request: ClientRequest) -> HttpResponse:
    form = SystemsForm(request.POST)
    if form.is_valid():
        by = Actor.of(request)
        changed = [connections.choose_system(request.client, subject, source, by) for subject, source in form.cleaned_data.items()]
        if any(changed):
            messages.success(request, _("Saved. The figures are being computed again."))
    return redirect("connections", request.client.slug)


def _live(connection_id: int) -> Connection:
    """A connection that is read by API and was not disconnected."""
    found = Connection.objects.filter(credential_id__isnull=False).exclude(state=Connection.State.DISCONNECTED)
    return get_object_or_404(found, pk=connection_id)


def _actions(source: Connection) -> list[ConversionAction]:
    return list(ConversionAction.objects.filter(connection=source).order_by("name", "action"))
