"""What is found by a few letters at a client: its pages, KPIs and campaigns of the days at hand, and other clients."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import access, hosts, navigation, palette
from accounts.gate import ClientRequest
from accounts.palette import Found, Group, Hit
from campaigns.channels import CHANNELS
from campaigns.models import Campaign
from kpis import choices
from kpis.definitions import DEFINITIONS
from reports.pages.asked import Asked, asked

# What a page's address says besides its days.
NOT_DAYS = ("channel", "campaign", "label", "sort", "desc", "page")


@never_cache
@require_safe
def hits(request: ClientRequest) -> JsonResponse:
    """For the script; `from_page` is the page one comes from, and the address' days go with what is found."""
    return JsonResponse(palette.as_json(_found(request)))


@require_safe
def find(request: ClientRequest) -> HttpResponse:
    """The same as a page of its own."""
    return render(request, "pages/find.html", {"groups": _found(request), "asked": request.GET.get("q", "")[: palette.LONGEST]})


def _found(request: ClientRequest) -> list[Found]:
    words = request.GET.get("q", "")
    return palette.found(_groups(request, is_asked=bool(words.strip())), words)


def _groups(request: ClientRequest, *, is_asked: bool) -> Iterator[Group]:
    now, calendar = timezone.now(), choices.in_force().calendar
    looked = asked(request.GET, now.astimezone(request.client.zone).date(), calendar)
    # Who looks as a viewer does finds what a viewer finds.
    user = None if getattr(request, "is_viewed_as", False) else request.user
    clients = [client for client in hosts.served(request, access.clients_of(user)) if client.pk != request.client.pk] if user else []
    if clients:
        yield palette.clients(clients, request.GET.get("from_page", ""))
    agencies = [agency for agency in access.agencies_of(user) if hosts.serves(request, agency)] if user else []
    own = palette.pages(request.client, request.permissions, looked.query(NOT_DAYS))
    elsewhere = palette.agency_pages(agencies) if is_asked else []
    profile = Hit(_("Your profile"), reverse("profile"))
    yield Group(_("Pages"), [*own, *elsewhere, profile], palette.OF_GROUP if is_asked else len(own))
    if is_asked:
        yield Group(_("Figures"), _kpis(request.client.slug, looked))
        yield Group(_("Campaigns"), _campaigns(request.client.slug, looked))


def _kpis(slug: str, looked: Asked) -> Iterator[Hit]:
    days = looked.figure_query()
    for kpi in DEFINITIONS.values():
        name, short = _(kpi.name), _(kpi.short)
        note = short if short != name else ""
        yield Hit(name, f"{reverse(navigation.FIGURE, args=[slug, kpi.slug])}?{days}", note, f"{kpi.slug} {_(kpi.label or '')}")


def _campaigns(slug: str, looked: Asked) -> Iterator[Hit]:
    names = Campaign.objects.exclude(name="").order_by("name").values_list("name", "channel", "labels")
    for name, channel, labels in names:
        url = f"{reverse('campaigns', args=[slug])}?{looked.query(NOT_DAYS, campaign=name)}"
        yield Hit(name, url, _(CHANNELS.get(channel, channel)), " ".join(labels))
