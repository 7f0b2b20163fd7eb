"""The labels of an agency: their names, and which clients have them."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import access, labels
from accounts.audit import Actor
from accounts.forms import Confirmation, LabelForm, carried_out, posted
from accounts.gate import AgencyRequest, requires
from accounts.models import Label

page = require_http_methods(["GET", "HEAD", "POST"])


@requires("label.manage", "label.manage")
@page
def label_list(request: AgencyRequest) -> HttpResponse:
    """All of them, and a form for another."""
    seen = access.clients_of(request.user).filter(agency=request.agency)
    form = LabelForm(posted(request), clients=seen)
    if form.is_valid() and carried_out(form, lambda: _save(request, Label(agency=request.agency), form)):
        messages.success(request, _("The label “%(name)s” is there.") % {"name": form.cleaned_data["name"]})
        return redirect("agency_labels", agency_slug=request.agency.slug)
    mine = Q(clients__in=[client.pk for client in seen])
    context = {"form": form, "labels": request.agency.labels.annotate(number=Count("clients", filter=mine)).order_by("name", "pk")}
    return render(request, "accounts/labels.html", context)


@requires("label.manage", "label.manage")
@page
def label(request: AgencyRequest, label_id: int) -> HttpResponse:
    """One label: its name, and who has it."""
    found = get_object_or_404(Label, pk=label_id, agency=request.agency)
    seen = access.clients_of(request.user).filter(agency=request.agency)
    form = LabelForm(posted(request), clients=seen, initial={"name": found.name, "clients": found.clients.all()})
    if form.is_valid() and carried_out(form, lambda: _save(request, found, form)):
        messages.success(request, _("Saved."))
        return redirect("agency_labels", agency_slug=request.agency.slug)
    return render(request, "accounts/label.html", {"form": form, "label": found})


@requires("label.manage", "label.manage")
@page
def remove(request: AgencyRequest, label_id: int) -> HttpResponse:
    found = get_object_or_404(Label, pk=label_id, agency=request.agency)
    form = Confirmation(posted(request))
    if form.is_valid():
        labels.remove(found, Actor.of(request))
        messages.success(request, _("The label “%(name)s” is removed; its clients stay.") % {"name": found.name})
        return redirect("agency_labels", agency_slug=request.agency.slug)
    return render(request, "accounts/label_remove.html", {"form": form, "label": found, "number": found.clients.count()})


def _save(request: AgencyRequest, found: Label, form: LabelForm) -> None:
    found.name = form.cleaned_data["name"]
    labels.save(found, form.cleaned_data["clients"], form.seen, Actor.of(request))
