"""The one address to which the mail provider reports. Who does not know its secret, or cannot sign as the provider does, is refused."""

from __future__ import annotations

from typing import Any

from anymail.webhooks.brevo import BrevoTrackingWebhookView
from anymail.webhooks.mailgun import MailgunTrackingWebhookView
from anymail.webhooks.mailjet import MailjetTrackingWebhookView
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseNotAllowed
from django.views.decorators.csrf import csrf_exempt

from reports import bounces

VIEWS: dict[str, Any] = {
    "brevo": BrevoTrackingWebhookView,
    "mailgun": MailgunTrackingWebhookView,
    "mailjet": MailjetTrackingWebhookView,
    "postmark": PostmarkTrackingWebhookView,
}


@csrf_exempt
def mail_webhook(request: HttpRequest) -> HttpResponse:
    """404 where mail goes by SMTP; 400 for whoever is not the provider, and for what no provider sends."""
    if settings.MAIL_PROVIDER not in VIEWS:
        raise Http404
    if request.method == "HEAD":
        return HttpResponse()  # some providers ask first whether anybody is there
    if request.method != "POST":
        return HttpResponseNotAllowed(["HEAD", "POST"])
    provider = VIEWS[settings.MAIL_PROVIDER]()
    try:
        provider.run_validators(request)
        events = provider.parse_events(request)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return HttpResponseBadRequest("Not a report of the mail provider.\n", content_type="text/plain")
    for event in events:
        bounces.heard(event)
    return HttpResponse()
