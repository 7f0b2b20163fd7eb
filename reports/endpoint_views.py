"""The pages of the programs that an organisation has told what happens."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.audit import Actor
from accounts.forms import Confirmation, posted
from accounts.gate import OrganisationRequest, requires
from accounts.navigation import address
from reports import outgoing, outside
from reports.models import Endpoint, EndpointCall

PERMISSION = "webhook.manage"
SHOWN_CALLS = 50
WORDS: dict[str, tuple[str, Any]] = {
    EndpointCall.State.WAITING: ("moving", _("Waits to be sent")),
    EndpointCall.State.TAKEN: ("ok", _("Taken")),
    EndpointCall.State.FAILED: ("lost", _("Given up")),
}
page = require_http_methods(["GET", "HEAD", "POST"])


class EventsForm(forms.Form):
    events = forms.MultipleChoiceField(label=_("It is told when"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["events"]
        assert isinstance(field, forms.MultipleChoiceField)
        line = '{}<span class="sub">{}</span>'
        field.choices = [(event, format_html(line, gettext(words), event)) for event, words in outgoing.EVENTS.items()]


class EndpointForm(EventsForm):
    url = forms.CharField(
        label=_("Address"),
        max_length=500,
        help_text=_("Of your program, on the public internet, beginning with https://."),
        widget=forms.URLInput(attrs={"placeholder": "https://", "autocomplete": "off"}),
    )
    field_order = ("url", "events")

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        try:
            outside.check(url)
        except outside.Refused as reason:
            raise forms.ValidationError(gettext(str(reason))) from None
        return url


@requires(PERMISSION, PERMISSION)
@never_cache
@page
def endpoint_list(request: OrganisationRequest) -> HttpResponse:
    """All of them, and the form for another, whose secret is shown in the answer itself, and never again."""
    found = list(outgoing.of(request.organisation).order_by("pk"))
    form = EndpointForm(posted(request), initial={"events": list(outgoing.EVENTS)})
    if form.is_valid() and len(found) >= outgoing.MOST_ENDPOINTS:
        form.add_error(None, gettext("There are %(most)s already; remove one first.") % {"most": outgoing.MOST_ENDPOINTS})
    if form.is_valid():
        wish = form.cleaned_data
        made, secret = outgoing.make(request.organisation, wish["url"], wish["events"], Actor.of(request))
        return _told_once(request, made, secret)
    last = {call.endpoint_id: call for call in _newest(found)}
    lines = [_line(endpoint) | {"last": _call(last[endpoint.pk]) if endpoint.pk in last else None} for endpoint in found]
    return render(request, "reports/webhooks.html", {"lines": lines, "form": form})


@requires(PERMISSION, PERMISSION)
@page
def endpoint(request: OrganisationRequest, endpoint_id: int) -> HttpResponse:
    """What it is told, and how it answered lately."""
    found = _found(request, endpoint_id)
    form = EventsForm(posted(request), initial={"events": found.events})
    if form.is_valid():
        outgoing.change(found, form.cleaned_data["events"], Actor.of(request))
        messages.success(request, gettext("Saved."))
        return _back(request, found)
    calls = [_call(call) for call in found.calls.select_related("client").order_by("-created_at", "-pk")[:SHOWN_CALLS]]
    is_live = any(call["call"].state == EndpointCall.State.WAITING and not call["call"].attempts for call in calls)
    return render(request, "reports/webhook.html", _line(found) | {"form": form, "calls": calls, "is_live": is_live})


@requires(PERMISSION, PERMISSION)
@require_POST
def test(request: OrganisationRequest, endpoint_id: int) -> HttpResponse:
    found = _found(request, endpoint_id)
    outgoing.test(found)
    messages.success(request, gettext("A test is on its way; the answer is listed below in a moment."))
    return _back(request, found)


@requires(PERMISSION, PERMISSION)
@never_cache
@require_POST
def rotate(request: OrganisationRequest, endpoint_id: int) -> HttpResponse:
    found = _found(request, endpoint_id)
    return _told_once(request, found, outgoing.rotate(found, Actor.of(request)), is_new=False)


@requires(PERMISSION, PERMISSION)
@require_POST
def start(request: OrganisationRequest, endpoint_id: int) -> HttpResponse:
    found = _found(request, endpoint_id)
    outgoing.start(found, Actor.of(request))
    messages.success(request, gettext("It is told again what happens from now on."))
    return _back(request, found)


@requires(PERMISSION, PERMISSION)
@page
def remove(request: OrganisationRequest, endpoint_id: int) -> HttpResponse:
    found = _found(request, endpoint_id)
    form = Confirmation(posted(request))
    if form.is_valid():
        outgoing.remove(found, Actor.of(request))
        messages.success(request, gettext("%(host)s is told nothing more.") % {"host": outgoing.host_of(found)})
        return redirect(address(request.organisation, "webhooks"))
    return render(request, "reports/webhook_remove.html", _line(found) | {"form": form, "calls": found.calls.count()})


def _told_once(request: OrganisationRequest, found: Endpoint, secret: str, *, is_new: bool = True) -> HttpResponse:
    context = _line(found) | {"secret": secret, "is_new": is_new, "hours": int(outgoing.OVERLAP.total_seconds()) // 3_600}
    return render(request, "reports/webhook_secret.html", context)


def _found(request: OrganisationRequest, endpoint_id: int) -> Endpoint:
    return get_object_or_404(outgoing.of(request.organisation).select_related("agency", "client"), pk=endpoint_id)


def _back(request: OrganisationRequest, found: Endpoint) -> HttpResponse:
    return redirect(address(request.organisation, "webhook", found.pk))


def _newest(found: list[Endpoint]) -> list[EndpointCall]:
    calls = EndpointCall.objects.filter(endpoint__in=found).order_by("endpoint", "-created_at", "-pk")
    return list(calls.distinct("endpoint").select_related("client"))


def _line(found: Endpoint) -> dict[str, Any]:
    events = [gettext(words) for event, words in outgoing.EVENTS.items() if event in found.events]
    return {"endpoint": found, "host": outgoing.host_of(found), "events": events}


def _call(call: EndpointCall) -> dict[str, Any]:
    tone, words = WORDS[call.state]
    if call.state == EndpointCall.State.WAITING and call.attempts:
        words = _("Tried again later")
    what = gettext(outgoing.EVENTS[call.event]) if call.event in outgoing.EVENTS else gettext("Test")
    return {"call": call, "what": what, "tone": tone, "words": words, "problem": gettext(call.problem) if call.problem else ""}
