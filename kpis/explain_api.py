"""The API of what is behind a figure. Thin: validates, asks, serialises."""

from __future__ import annotations

from typing import cast

from django.http import FileResponse, Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.gate import ClientRequest
from accounts.spreadsheets import csv_file
from accounts.tenancy import one_state
from kpis.api import CLIENT_SLUG, CsvRenderer, TableView
from kpis.coverage import Coverage
from kpis.definitions import DEFINITIONS
from kpis.explain import change, number, serialise
from kpis.explain.number import Figure
from kpis.explain_serializers import ChangeQuerySerializer, ChangeSerializer, NumberQuerySerializer, NumberSerializer
from kpis.query import By
from kpis.serializers import SliceSerializer

KPI = OpenApiParameter("kpi", str, OpenApiParameter.PATH, enum=list(DEFINITIONS), description="The KPI's slug.")


class NumberView(TableView):
    @extend_schema(
        operation_id="client_kpi_explain",
        summary="What a figure is made of: formula, sums, choices, data, and the rows behind it",
        parameters=[CLIENT_SLUG, KPI, NumberQuerySerializer],
        responses={(200, "application/json"): NumberSerializer, (200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request, kpi: str) -> Response | FileResponse:
        asked = NumberQuerySerializer(data=request.query_params)
        figure = _figure(kpi, asked)
        client = cast("ClientRequest", request._request).client
        with one_state():
            if request.accepted_renderer.format == CsvRenderer.format:
                rows = number.rows_behind(client, figure, Coverage.load()).every()
                file = csv_file(serialise.lines(rows, figure.definition.measures))
                name = f"{client.slug}-{kpi}-{figure.period.since}-{figure.period.until}.csv"
                return FileResponse(file, as_attachment=True, filename=name, content_type="text/csv; charset=utf-8")
            found = number.explain(client, figure, asked.validated_data["page"], asked.validated_data["page_size"])
        return Response(serialise.number_data(client, found))


class ChangeView(APIView):
    @extend_schema(
        operation_id="client_kpi_change",
        summary="Where the difference between two periods of a figure comes from",
        parameters=[CLIENT_SLUG, KPI, ChangeQuerySerializer],
        responses=ChangeSerializer,
    )
    def get(self, request: Request, kpi: str) -> Response:
        asked = ChangeQuerySerializer(data=request.query_params)
        figure = _figure(kpi, asked)
        client = cast("ClientRequest", request._request).client
        try:
            found = change.explain(figure, asked.compared, By(asked.validated_data["by"]))
        except ValueError as error:
            raise ValidationError({"from": [str(error)]}) from error
        return Response(serialise.change_data(client, found))


def _figure(kpi: str, asked: SliceSerializer) -> Figure:
    if kpi not in DEFINITIONS:
        raise Http404
    asked.is_valid(raise_exception=True)
    return Figure(kpi, asked.period, asked.only)
