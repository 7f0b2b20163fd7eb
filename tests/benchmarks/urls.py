"""One view, behind the gate and as an ordinary page."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import path

from campaigns.models import Connection
from config import urls


def account(request: HttpRequest) -> HttpResponse:
    return HttpResponse(Connection.objects.get().account)


urlpatterns = [path("c/<slug:client_slug>/account/", account), path("account/", login_required(account)), *urls.urlpatterns]
handler404 = urls.handler404
