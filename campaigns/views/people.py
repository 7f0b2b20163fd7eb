"""Pages about single people: who was found to be one person, and erasing somebody. No name is ever in an address."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import audit
from accounts.audit import Actor
from accounts.forms import Confirmation, posted
from accounts.gate import ClientRequest, requires
from campaigns import erasure, people
from campaigns.models import Person, PersonKey, PersonMerge

PERMISSION = "people.manage"
PAGE = 50
KINDS = {PersonKey.Kind.EMAIL: _("an e-mail address"), PersonKey.Kind.LEAD: _("lead %s"), PersonKey.Kind.CUSTOMER: _("customer %s")}


class WhoForm(forms.Form):
    who = forms.CharField(
        label=_("Who?"),
        max_length=255,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Their e-mail address, or what a platform or a file calls the lead or the customer."),
    )


class EraseForm(WhoForm):
    """Asks for the same words again."""

    again = forms.CharField(
        label=_("Type it again to confirm"), max_length=255, widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    )

    def clean_again(self) -> str:
        if self.cleaned_data["again"].strip() != self.cleaned_data.get("who", "").strip():
            raise forms.ValidationError(gettext("This is not what you typed before."))
        return str(self.cleaned_data["again"])


@requires(PERMISSION)
@require_safe
def people_page(request: ClientRequest) -> HttpResponse:
    return _list(request, WhoForm())


@requires(PERMISSION, PERMISSION)
@require_http_methods(["GET", "HEAD", "POST"])
def tell_apart(request: ClientRequest, merge_id: int) -> HttpResponse:
    merge = get_object_or_404(PersonMerge.objects.filter(undone_at=None).select_related("by_key"), pk=merge_id)
    form = Confirmation(posted(request))
    if form.is_valid():
        audit.record("person.told_apart", Actor.of(request), organisation=request.client)
        people.tell_apart(request.client, merge)
        messages.success(request, gettext("They are two people again. The figures are being computed again."))
        return redirect("people", request.client.slug)
    return render(request, "campaigns/person_apart.html", {"form": form, "line": _merge(merge, _names([merge]))})


@requires(PERMISSION, PERMISSION)
@never_cache
@require_POST
def erase(request: ClientRequest) -> HttpResponse:
    """Who is meant is asked first, then told with what is lost, and erased once it was typed again."""
    form = WhoForm(request.POST)
    if not form.is_valid():
        return _list(request, form)
    who = form.cleaned_data["who"].strip()
    found = people.called(request.client, who)
    if len(found) != 1:
        form.add_error("who", _refusal(len(found)))
        return _list(request, form)
    confirming = EraseForm(request.POST) if "again" in request.POST else EraseForm(initial={"who": who})
    if confirming.is_bound and confirming.is_valid():
        erasure.erase(request.client, found[0], Actor.of(request))
        messages.success(request, gettext("The person is erased for good. The figures are being computed again."))
        return redirect("people", request.client.slug)
    lost = {name: number for name, number in erasure.holdings(found[0]).items() if number}
    return render(request, "campaigns/person_erase.html", {"form": confirming, "who": who, "lost": lost, "keys": _keys(found[0])})


def _list(request: ClientRequest, form: WhoForm) -> HttpResponse:
    merges = PersonMerge.objects.order_by("-pk").select_related("by_key")
    page = Paginator(merges, PAGE).get_page(request.GET.get("page"))
    names = _names(page.object_list)
    lines = [_merge(merge, names) for merge in page.object_list]
    return render(request, "campaigns/people.html", {"form": form, "page": page, "lines": lines})


def _refusal(number: int) -> str:
    if not number:
        return gettext("Nobody is called that in the data of this client.")
    return gettext("Several people are called that. Use the e-mail address.")


def _names(merges: Any) -> dict[int, list[str]]:
    """What the people of these merges are called, without their addresses, which nobody keeps."""
    ids = {pk for merge in merges for pk in (merge.kept_id, merge.dissolved_id)}
    moved = {key for merge in merges for key in merge.moved}
    keys = PersonKey.objects.filter(person__in=ids) | PersonKey.objects.filter(pk__in=moved)
    by_id = {key.pk: key for key in keys.order_by("kind", "value")}
    found: dict[int, list[str]] = {}
    for merge in merges:
        found[-merge.pk] = [_called(by_id[pk]) for pk in merge.moved if pk in by_id]
        others = [key for key in by_id.values() if key.person_id == merge.kept_id and key.pk not in merge.moved]
        found[merge.pk] = [_called(key) for key in others]
    return found


def _merge(merge: PersonMerge, names: dict[int, list[str]]) -> dict[str, Any]:
    by = str(KINDS[PersonKey.Kind(merge.by_key.kind)]).replace("%s", merge.by_key.value) if merge.by_key else ""
    return {"merge": merge, "kept": names[merge.pk], "moved": names[-merge.pk], "by": by}


def _keys(person: Person) -> list[str]:
    return [_called(key) for key in person.keys.order_by("kind", "value")]


def _called(key: PersonKey) -> str:
    return str(KINDS[PersonKey.Kind(key.kind)]).replace("%s", key.value)
