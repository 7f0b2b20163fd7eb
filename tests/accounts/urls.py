"""Addresses of a client whose views do what a test needs: write, fail, refuse, stream."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import include, path
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.gate import ClientRequest, requires
from accounts.tenancy.streaming import Streamed
from campaigns.models import Connection
from config import urls


def writes(request: HttpRequest) -> HttpResponse:
    Connection.objects.update(name="written")
    return HttpResponse("written")


def fails(request: HttpRequest) -> HttpResponse:
    Connection.objects.update(name="half")
    raise ZeroDivisionError


def refuses(request: HttpRequest) -> HttpResponse:
    Connection.objects.update(name="half")
    raise Http404


def passes_over(request: HttpRequest) -> HttpResponse:
    Connection.objects.update(name="half")
    with suppress(DatabaseError), connection.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")
    return HttpResponse("fine")


@requires("client.view", "client.view")
def isolation(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_isolation")
        return HttpResponse(cursor.fetchone()[0])


class RefusingView(APIView):
    def get(self, request: Request) -> Response:
        Connection.objects.update(name="half")
        raise ValidationError("no")


def lazy_names() -> Iterator[bytes]:
    """The names of the accounts, read while the answer is sent: one query at the start, one for each."""
    for account in Connection.objects.order_by("account"):
        yield Connection.objects.get(pk=account.pk).account.encode() + b" "


def streams(request: ClientRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(Streamed(request.client, lazy_names()))


def forgets_to_enter(request: ClientRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(lazy_names())


pages = [
    path("streams/", streams),
    path("forgets-to-enter/", forgets_to_enter),
    path("writes/", writes),
    path("fails/", fails),
    path("refuses/", refuses),
    path("passes-over/", passes_over),
    path("isolation/", isolation),
]
urlpatterns = [
    path("c/<slug:client_slug>/", include(pages)),
    path("api/v1/clients/<slug:client_slug>/refuses/", RefusingView.as_view()),
    *urls.urlpatterns,
]
handler404 = urls.handler404
