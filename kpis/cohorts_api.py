"""The API of cohorts. Thin: validates, asks, serialises."""

from __future__ import annotations

from typing import Any, cast

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.gate import ClientRequest
from accounts.spreadsheets import csv_text
from kpis.api import CLIENT_SLUG, CsvRenderer, TableView
from kpis.cohort_serializers import CohortAnswerSerializer, CohortQuerySerializer
from kpis.customers import cohort_data, cohorts
from kpis.customers.cohorts import Shown


class CohortCsvRenderer(CsvRenderer):
    """What `cohort_data.answer_data` gives, as a file for a spreadsheet."""

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> str:
        return csv_text(cohort_data.table(data))


class CohortView(TableView):
    renderer_classes = (JSONRenderer, CohortCsvRenderer)

    @extend_schema(
        operation_id="client_cohorts",
        summary="Of the customers acquired in each month, who was active so many months later, or what they brought in",
        parameters=[CLIENT_SLUG, CohortQuerySerializer],
        responses={(200, "application/json"): CohortAnswerSerializer, (200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> Response:
        asked = CohortQuerySerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        client = cast("ClientRequest", request._request).client
        period, shown, by = asked.period, Shown(asked.validated_data["shown"]), asked.by_what
        found = cohorts.table(shown, period.since, period.until, by, asked.only)
        pages = asked.validated_data["page"], asked.validated_data["page_size"]
        response = Response(cohort_data.answer_data(client, period, shown, by, found, *pages))
        if request.accepted_renderer.format == CsvRenderer.format:
            name = f"{client.slug}-cohorts-{shown}-{period.since:%Y-%m}-{period.until:%Y-%m}.csv"
            response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
