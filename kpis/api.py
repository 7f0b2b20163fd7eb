"""The API of KPIs. Thin: validates, asks, serialises."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from django.utils import translation
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.gate import ClientRequest
from accounts.spreadsheets import csv_text
from kpis import catalogue, query, serialise
from kpis.serializers import EntrySerializer, KpiAnswerSerializer, KpiQuerySerializer, LanguageSerializer

# The gate takes it from the URL before the view is called.
CLIENT_SLUG = OpenApiParameter("client_slug", str, OpenApiParameter.PATH, description="The client's short name.")


class CsvRenderer(BaseRenderer):
    """What `serialise.answer_data` gives, as a file for a spreadsheet."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> str:
        return csv_text(serialise.table(data))


class FormatFirst(DefaultContentNegotiation):
    """The parameter `format` before the Accept header; a format that there is not is left to whoever checks the parameters."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        known = list(renderers)
        for renderer in known:
            if renderer.format == request.query_params.get("format"):
                return renderer, str(renderer.media_type)
        selected: tuple[BaseRenderer, str] = super().select_renderer(request, known, format_suffix)
        return selected

    def filter_renderers(self, renderers: Any, format: str) -> Any:
        return renderers


class TableView(APIView):
    """What is answered in JSON or as a file for a spreadsheet."""

    renderer_classes = (JSONRenderer, CsvRenderer)
    content_negotiation_class = FormatFirst

    def handle_exception(self, exc: Exception) -> Response:
        """In JSON, whatever was to be answered."""
        response = super().handle_exception(exc)
        self.request.accepted_renderer = JSONRenderer()
        self.request.accepted_media_type = JSONRenderer.media_type
        return response


class KpiView(TableView):
    @extend_schema(
        operation_id="client_kpis",
        summary="KPIs of a period and of one to compare with, in all and by group",
        parameters=[CLIENT_SLUG, KpiQuerySerializer],
        responses={(200, "application/json"): KpiAnswerSerializer, (200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> Response:
        asked = KpiQuerySerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        client = cast("ClientRequest", request._request).client
        [answer] = query.ask_all([asked.question])
        response = Response(serialise.answer_data(client, answer, asked.slugs, asked.listing, asked.only))
        if request.accepted_renderer.format == CsvRenderer.format:
            name = f"{client.slug}-kpis-{answer.period.since}-{answer.period.until}.csv"
            response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response


class CatalogueView(APIView):
    @extend_schema(
        operation_id="kpis",
        summary="What each KPI is called, means and is made of",
        parameters=[LanguageSerializer],
        responses=EntrySerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        asked = LanguageSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        language = asked.validated_data.get("lang") or translation.get_language()
        with translation.override(language):
            return Response(catalogue.entries(), headers={"Content-Language": language})
