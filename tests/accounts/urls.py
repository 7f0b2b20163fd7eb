"""Addresses of a client whose views do what a test needs: write, fail, refuse, stream."""

from __future__ import annotations

from contextlib import suppress

from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

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


class RefusingView(APIView):
    def get(self, request: Request) -> Response:
        Connection.objects.update(name="half")
        raise ValidationError("no")


pages = [
    path("writes/", writes),
    path("fails/", fails),
    path("refuses/", refuses),
    path("passes-over/", passes_over),
]
urlpatterns = [
    path("c/<slug:client_slug>/", include(pages)),
    path("api/v1/clients/<slug:client_slug>/refuses/", RefusingView.as_view()),
    *urls.urlpatterns,
]
handler404 = urls.handler404
