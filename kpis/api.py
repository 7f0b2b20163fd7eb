"""The API of KPIs. Thin: validates, asks, serialises."""

from __future__ import annotations

from typing import Any, cast

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.gate import ClientRequest
from kpis import query, serialise
from kpis.definitions import DEFINITIONS
from kpis.periods import Period

LONGEST_DAYS = 3_660
# The gate takes it from the URL before the view is called.
CLIENT_SLUG = OpenApiParameter("client_slug", str, OpenApiParameter.PATH, description="The client's short name.")


class KpiQuerySerializer(serializers.Serializer[Any]):
    """What may be asked. Days are of the client's calendar, both included."""

    to = serializers.DateField(help_text="Last day, YYYY-MM-DD.")
    by = serializers.ChoiceField(choices=[by.value for by in query.By], required=False)
    kpi = serializers.MultipleChoiceField(choices=list(DEFINITIONS), required=False, help_text="Slugs; all if none is given.")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        # `from` is a keyword of Python, so it cannot be a class attribute.
        return {"from": serializers.DateField(help_text="First day, YYYY-MM-DD."), **super().get_fields()}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["to"] < attrs["from"]:
            raise serializers.ValidationError({"to": "The last day is before the first."})
        if (attrs["to"] - attrs["from"]).days >= LONGEST_DAYS:
            raise serializers.ValidationError({"to": f"Ask for at most {LONGEST_DAYS} days."})
        if attrs["from"].year < 1900:
            raise serializers.ValidationError({"from": "Ask for days from 1900 on."})
        if attrs["to"].year > 2200:
            raise serializers.ValidationError({"to": "Ask for days until 2200."})
        return attrs


class FigureSerializer(serializers.Serializer[Any]):
    value = serializers.CharField(allow_null=True, help_text="Exact decimal, or null.")
    reason = serializers.CharField(allow_null=True, help_text="Why the value is null.")
    unit = serializers.CharField()
    previous = serializers.CharField(allow_null=True, help_text="The same KPI in the period before.")


class PeriodSerializer(serializers.Serializer[Any]):
    to = serializers.DateField()
    timezone = serializers.CharField()
    currency = serializers.CharField()

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {"from": serializers.DateField(), **super().get_fields()}


class GroupSerializer(serializers.Serializer[Any]):
    key = serializers.CharField(help_text="Day, ISO week, month, channel slug or campaign name.")
    kpis = serializers.DictField(child=FigureSerializer())


class KpiAnswerSerializer(serializers.Serializer[Any]):
    period = PeriodSerializer()
    kpis = serializers.DictField(child=FigureSerializer())
    groups = GroupSerializer(many=True)


class KpiView(APIView):
    @extend_schema(
        operation_id="client_kpis",
        summary="KPIs of a period, with the period before",
        parameters=[CLIENT_SLUG, KpiQuerySerializer],
        responses=KpiAnswerSerializer,
    )
    def get(self, request: Request) -> Response:
        asked = KpiQuerySerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        data = asked.validated_data
        by = query.By(data["by"]) if "by" in data else None
        answer = query.ask(Period(data["from"], data["to"]), by)
        slugs = [slug for slug in DEFINITIONS if slug in data["kpi"]] if data.get("kpi") else list(DEFINITIONS)
        client = cast("ClientRequest", request._request).client
        return Response(serialise.answer_data(client, answer, slugs))
