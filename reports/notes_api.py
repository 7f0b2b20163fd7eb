"""The API of notes. Thin: validates, hands over, serialises."""

from __future__ import annotations

from typing import Any, cast

from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.audit import Actor
from accounts.gate import requires
from kpis.api import CLIENT_SLUG
from reports import notes
from reports.api_fields import client_of
from reports.archive.models import Note

# The form of a period's key: "2026-W46", "2026-W45-W46", "2026-11", "2026-Q4", or days of a client's own calendar.
PERIOD = r"^\d{4}-[0-9A-Z][0-9A-Z-]{1,10}$"
PERIOD_PARAMETER = OpenApiParameter("period", OpenApiTypes.STR, description="Of the reports of this period alone, such as 2026-W46.")
NOTE_ID = OpenApiParameter("note_id", int, OpenApiParameter.PATH)


class NoteSerializer(serializers.ModelSerializer[Note]):
    kind = serializers.ChoiceField(choices=Note.Kind.values, help_text="What was done, comes next, or is needed from the client.")
    period = serializers.RegexField(PERIOD, help_text="Of the reports that tell it, such as 2026-W46 or 2026-11.")
    text = serializers.CharField(max_length=notes.LONGEST, help_text="A short paragraph, shown as it is in reports of every language.")

    class Meta:
        model = Note
        fields = ["id", "kind", "period", "text", "author_id", "created_at"]
        read_only_fields = ["author_id", "created_at"]


@requires("note.view", "note.manage")
class NotesView(APIView):
    @extend_schema(
        operation_id="client_notes",
        summary="What people wrote for the readers of the reports, the newest first",
        parameters=[CLIENT_SLUG, PERIOD_PARAMETER],
        responses=NoteSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        found = Note.objects.order_by("-pk")
        if period := request.query_params.get("period"):
            found = found.filter(period=period.replace("\0", ""))
        return Response(NoteSerializer(found, many=True).data)

    @extend_schema(
        operation_id="client_note_write",
        summary="Write a note for the reports of a period",
        description="Reports that are prepared from now on tell it; one that was prepared stays as it is.",
        parameters=[CLIENT_SLUG],
        request=NoteSerializer,
        responses={201: NoteSerializer, 400: OpenApiResponse(description="The field that is wrong, and why.")},
    )
    def post(self, request: Request) -> Response:
        asked = NoteSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        client = client_of(request)
        note = notes.write(client, Actor.of(request._request), **cast("dict[str, Any]", asked.validated_data))
        note.refresh_from_db()
        return Response(NoteSerializer(note).data, status=201)


@requires("note.view", "note.manage")
class NoteView(APIView):
    @extend_schema(
        operation_id="client_note_remove",
        summary="Remove a note",
        description="A report that was prepared with it keeps it.",
        parameters=[CLIENT_SLUG, NOTE_ID],
        responses={204: None},
    )
    def delete(self, request: Request, note_id: int) -> Response:
        client = client_of(request)
        notes.remove(client, Actor.of(request._request), get_object_or_404(Note, pk=note_id))
        return Response(status=204)
