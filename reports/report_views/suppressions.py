"""Addresses that reports are not sent to any more, and why; a person who knows better lifts it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.audit import Actor
from accounts.gate import ClientRequest, requires
from reports import suppression
from reports.models import Recipient, Suppression

REASONS: dict[str, str] = {
    Suppression.Reason.HARD_BOUNCE: gettext_noop("Mail to it came back for good"),
    Suppression.Reason.COMPLAINT: gettext_noop("It reported our mail as unwanted"),
}
MOST = 500


@requires("delivery.view")
@never_cache
@require_safe
def suppressions(request: ClientRequest) -> HttpResponse:
    rows = Suppression.objects.filter(client=request.client).select_related("lifted_by").order_by("-pk")[:MOST]
    lines: list[dict[str, Any]] = [{"row": row, "reason": _(REASONS[row.reason])} for row in rows]
    left = Recipient.objects.filter(schedule__client=request.client, schedule__removed_at=None).exclude(unsubscribed_at=None)
    context = {
        "lines": [line for line in lines if not line["row"].lifted_at],
        "lifted": [line for line in lines if line["row"].lifted_at],
        "left": left.select_related("schedule").order_by("-unsubscribed_at")[:MOST],
        "may_lift": "delivery.manage" in request.permissions,
    }
    return render(request, "reports/suppressions.html", context)


@requires("delivery.view", "delivery.manage")
@require_POST
def suppression_lift(request: ClientRequest, suppression_id: int) -> HttpResponse:
    row = get_object_or_404(Suppression, pk=suppression_id, client=request.client)
    if suppression.lift(row, Actor.of(request)):
        messages.success(request, _("Reports are sent to %(address)s again.") % {"address": row.email})
    return redirect("suppressions", request.client.slug)
