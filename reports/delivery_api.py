"""The API of what becomes of reports once they are made: links to them, addresses that are spared, schedules that stopped."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.audit import Actor
from accounts.gate import requires
from kpis.api import CLIENT_SLUG
from reports import schedules, sharing, stopping, suppression
from reports.api_fields import client_of
from reports.models import Schedule, ShareLink, ShareView, Suppression

# Rows that are told, the newest first.
NEWEST = 500
WRONG = OpenApiResponse(description="The field that is wrong, and why. Nothing was made.")


class ShareLinkSerializer(serializers.ModelSerializer[ShareLink]):
    period = serializers.CharField(source="run.period")
    address = serializers.SerializerMethodField()
    has_password = serializers.SerializerMethodField()
    sent_to = serializers.CharField(source="delivery.recipient.email", default=None, allow_null=True, help_text="In whose mail it stands.")
    made_by = serializers.CharField(source="created_by.email", default=None, allow_null=True)

    class Meta:
        model = ShareLink
        fields = ["id", "period", "language", "address", "has_password", "sent_to", "made_by", "created_at", "expires_at", "revoked_at"]

    def get_address(self, link: ShareLink) -> str:
        return sharing.address(link)

    def get_has_password(self, link: ShareLink) -> bool:
        return bool(link.password)


class ShareLinkToMakeSerializer(serializers.Serializer[Any]):
    run = serializers.IntegerField(min_value=1, help_text="The id of a run whose report is kept.")
    language = serializers.CharField(required=False, max_length=2, help_text="Of those it was made in; default: the client's, or the one.")
    days = serializers.IntegerField(min_value=1, max_value=sharing.LONGEST_DAYS, default=sharing.DAYS, help_text="Until it expires.")
    password = serializers.CharField(required=False, allow_blank=True, default="", max_length=128, min_length=sharing.SHORTEST_PASSWORD)


class ShareViewSerializer(serializers.ModelSerializer[ShareView]):
    class Meta:
        model = ShareView
        fields = ["at", "what", "address", "agent"]


class SuppressionSerializer(serializers.ModelSerializer[Suppression]):
    lifted_by = serializers.CharField(source="lifted_by.email", default=None, allow_null=True)

    class Meta:
        model = Suppression
        fields = ["id", "email", "reason", "detail", "created_at", "lifted_at", "lifted_by"]


class StandingSerializer(serializers.ModelSerializer[Schedule]):
    class Meta:
        model = Schedule
        fields = ["id", "cadence", "paused", "failures", "stopped_at", "next_run_at"]


@requires("delivery.view", "delivery.manage")
class ShareLinkListView(APIView):
    @extend_schema(
        operation_id="client_share_links",
        summary="Links to reports",
        description=f"The newest {NEWEST}, those in mails too.",
        parameters=[CLIENT_SLUG],
        responses=ShareLinkSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        links = _links(request).select_related("run", "client__agency", "delivery__recipient", "created_by")
        return Response(ShareLinkSerializer(links.order_by("-pk")[:NEWEST], many=True).data)

    @extend_schema(
        operation_id="client_share_report",
        summary="Make a link to a report as it was sent",
        parameters=[CLIENT_SLUG],
        request=ShareLinkToMakeSerializer,
        responses={201: ShareLinkSerializer, 400: WRONG},
    )
    def post(self, request: Request) -> Response:
        asked = ShareLinkToMakeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        wanted, client = asked.validated_data, client_of(request)
        run = sharing.shareable(client).filter(pk=wanted["run"]).first()
        if run is None:
            raise ValidationError({"run": ["There is no report of this run."]})
        there = sharing.languages(run)
        language = wanted.get("language") or (client.language if client.language in there else there[0])
        if language not in there:
            raise ValidationError({"language": [f"The report was made in: {', '.join(there)}."]})
        link = sharing.make(client, run, language, Actor.of(request._request), days=wanted["days"], password=wanted["password"])
        return Response(ShareLinkSerializer(link).data, status=201)


@requires("delivery.view", "delivery.manage")
class ShareRevokeView(APIView):
    @extend_schema(
        operation_id="client_share_revoke",
        summary="Let a link open nothing any more",
        parameters=[CLIENT_SLUG],
        request=None,
        responses=ShareLinkSerializer,
    )
    def post(self, request: Request, link_id: int) -> Response:
        link = get_object_or_404(_links(request), pk=link_id)
        sharing.revoke(link, Actor.of(request._request))
        link.refresh_from_db()
        return Response(ShareLinkSerializer(link).data)


@requires("delivery.view")
class ShareViewsView(APIView):
    @extend_schema(
        operation_id="client_share_views",
        summary="Who opened a link, and when",
        parameters=[CLIENT_SLUG],
        responses=ShareViewSerializer(many=True),
    )
    def get(self, request: Request, link_id: int) -> Response:
        link = get_object_or_404(_links(request), pk=link_id)
        return Response(ShareViewSerializer(link.views.order_by("-at", "-pk")[:NEWEST], many=True).data)


@requires("delivery.view")
class SuppressionListView(APIView):
    @extend_schema(
        operation_id="client_suppressions",
        summary="Addresses that reports are not sent to any more, and those that were lifted",
        parameters=[CLIENT_SLUG],
        responses=SuppressionSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        rows = Suppression.objects.filter(client=client_of(request)).select_related("lifted_by").order_by("-pk")
        return Response(SuppressionSerializer(rows[:NEWEST], many=True).data)


@requires("delivery.view", "delivery.manage")
class SuppressionLiftView(APIView):
    @extend_schema(
        operation_id="client_suppression_lift",
        summary="Send reports to an address again",
        parameters=[CLIENT_SLUG],
        request=None,
        responses=SuppressionSerializer,
    )
    def post(self, request: Request, suppression_id: int) -> Response:
        row = get_object_or_404(Suppression, pk=suppression_id, client=client_of(request))
        suppression.lift(row, Actor.of(request._request))
        row.refresh_from_db()
        return Response(SuppressionSerializer(row).data)


@requires("delivery.view", "delivery.manage")
class ScheduleStartView(APIView):
    @extend_schema(
        operation_id="client_schedule_start",
        summary="Start a schedule again that stopped after failures",
        description="It begins with the report it owes. One that has not stopped is left as it is.",
        parameters=[CLIENT_SLUG],
        request=None,
        responses=StandingSerializer,
    )
    def post(self, request: Request, schedule_id: int) -> Response:
        schedule = get_object_or_404(schedules.of_client(client_of(request)), pk=schedule_id)
        stopping.start(schedule, Actor.of(request._request))
        schedule.refresh_from_db()
        return Response(StandingSerializer(schedule).data)


def _links(request: Request) -> Any:
    return ShareLink.objects.filter(client=client_of(request))
