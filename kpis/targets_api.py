"""The API of targets. Thin: validates, hands over, serialises."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, cast

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.audit import Actor
from accounts.gate import ClientRequest, requires
from campaigns import aims
from campaigns.aims import Cell
from campaigns.channels import CHANNELS
from campaigns.records import LARGEST, NANO
from kpis import choices, target_grid
from kpis.api import CLIENT_SLUG
from kpis.definitions import DEFINITIONS, Unit
from kpis.serialise import text
from kpis.serializers import AskedSerializer
from kpis.target_grid import EARLIEST_YEAR, LATEST_YEAR, Grid, Year, exact, may_open

MOST = 2_000


class YearSerializer(AskedSerializer):
    year = serializers.IntegerField(
        required=False,
        min_value=EARLIEST_YEAR,
        max_value=LATEST_YEAR,
        help_text="The year in which the client's fiscal year begins; the running one if left out.",
    )


class TargetSerializer(serializers.Serializer[Any]):
    month = serializers.RegexField(r"^(19[7-9]\d|20\d\d)-(0[1-9]|1[0-2])$", help_text="Such as 2026-11.")
    kpi = serializers.ChoiceField(choices=list(DEFINITIONS), help_text="spend: its target is the budget.")
    channel = serializers.ChoiceField(choices=["", *CHANNELS], default="", help_text="Empty: of the whole company.")
    value = serializers.DecimalField(
        max_digits=19, decimal_places=9, allow_null=True, coerce_to_string=False, help_text="In the KPI's unit; null: no target any more."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        definition, value = DEFINITIONS[attrs["kpi"]], attrs["value"]
        if attrs["channel"] and not may_open(attrs["kpi"]):
            raise serializers.ValidationError({"channel": "This KPI is not told by channel."})
        if value is None:
            return attrs
        if value < 0 and definition.unit not in (Unit.FRACTION, Unit.MULTIPLE):
            raise serializers.ValidationError({"value": "It cannot be negative."})
        if definition.unit is Unit.COUNT and value != value.to_integral_value():
            raise serializers.ValidationError({"value": "Only whole numbers can be aimed at here."})
        if abs(value) * NANO > LARGEST:
            raise serializers.ValidationError({"value": "This is too large."})
        return attrs


class TargetsWishSerializer(serializers.Serializer[Any]):
    targets = serializers.ListField(child=TargetSerializer(), min_length=1, max_length=MOST)

    @property
    def cells(self) -> dict[Cell, int | None]:
        """Of a cell that is named twice, the last."""
        return {
            Cell(one["kpi"], one["channel"], date.fromisoformat(f"{one['month']}-01")): None
            if one["value"] is None
            else int(Decimal(one["value"]) * NANO)
            for one in self.validated_data["targets"]
        }


class ToldTargetSerializer(serializers.Serializer[Any]):
    month = serializers.CharField()
    kpi = serializers.CharField()
    channel = serializers.CharField(allow_blank=True)
    value = serializers.CharField(help_text="Exact decimal in the KPI's unit; money in the client's currency.")
    actual = serializers.CharField(allow_null=True, help_text="What the month came to so far; null: it has not begun, or is not known.")
    reached = serializers.BooleanField(allow_null=True, help_text="null: the month is not over, or it is neither good nor bad.")


class TargetsSerializer(serializers.Serializer[Any]):
    to = serializers.DateField()
    currency = serializers.CharField()
    targets = ToldTargetSerializer(many=True)

    def get_fields(self) -> dict[str, Any]:
        return {"from": serializers.DateField(), **super().get_fields()}


@requires("client.view", "target.manage")
class TargetsView(APIView):
    @extend_schema(
        operation_id="client_targets",
        summary="What each month of a year is to come to, and came to",
        parameters=[CLIENT_SLUG, OpenApiParameter("year", OpenApiTypes.INT, description="The year in which the client's year begins.")],
        responses=TargetsSerializer,
    )
    def get(self, request: Request) -> Response:
        asked = YearSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        client = cast("ClientRequest", request._request).client
        today, calendar = timezone.now().astimezone(client.zone).date(), choices.in_force().calendar
        number = asked.validated_data.get("year")
        year = Year.of(number, calendar) if number else Year.holding(today, calendar)
        grid = target_grid.load(client, year, today)
        period = grid.year.period
        return Response({"from": period.since, "to": period.until, "currency": client.currency, "targets": _told(grid)})

    @extend_schema(
        operation_id="client_targets_set",
        summary="Set targets, or take them away",
        description="All of them or, where one is wrong, none. What is not named stays. It can be taken back on the page of targets.",
        parameters=[CLIENT_SLUG],
        request=TargetsWishSerializer,
        responses={204: None, 400: OpenApiResponse(description="What is wrong, by the place in the list and the field.")},
    )
    def patch(self, request: Request) -> Response:
        asked = TargetsWishSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        client, by = cast("ClientRequest", request._request).client, Actor.of(request._request)
        aims.keep(client, target_grid.aims(client, asked.cells), by.label[:200], by)
        return Response(status=204)


def _told(grid: Grid) -> list[dict[str, Any]]:
    cells = sorted(cell for cell in grid.kept if cell.month in grid.year.period)
    return [_one(grid, cell) for cell in cells]


def _one(grid: Grid, cell: Cell) -> dict[str, Any]:
    actual = grid.actuals.get(cell)
    return {
        "month": f"{cell.month:%Y-%m}",
        "kpi": cell.kpi,
        "channel": cell.channel,
        "value": f"{exact(grid.kept[cell]):f}",
        "actual": text(actual.value) if actual else None,
        "reached": actual.is_reached if actual else None,
    }
