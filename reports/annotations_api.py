"""The API of what happened. Thin: validates, hands over, serialises."""

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
from accounts.gate import ClientRequest, requires
from campaigns.channels import CHANNELS
from campaigns.models import Campaign
from kpis.api import CLIENT_SLUG
from kpis.periods import Period
from kpis.serializers import EARLIEST, LATEST, AskedSerializer
from reports import annotating
from reports.annotating import LONGEST, Wish
from reports.archive.models import Annotation

ANNOTATION_ID = OpenApiParameter("annotation_id", int, OpenApiParameter.PATH)
MOST = 500


class BetweenSerializer(AskedSerializer):
    to = serializers.DateField(required=False)

    def get_fields(self) -> dict[str, Any]:
        return {"from": serializers.DateField(required=False), **super().get_fields()}


class AnnotationSerializer(serializers.Serializer[Any]):
    """What happened, of which days; `to` is left out of a single day."""

    id = serializers.IntegerField(read_only=True)
    text = serializers.CharField(max_length=LONGEST)
    to = serializers.DateField(source="until", required=False)
    channel = serializers.ChoiceField(choices=["", *CHANNELS], default="", help_text="Empty: all.")
    campaign = serializers.CharField(max_length=255, allow_blank=True, default="", help_text="By name; empty: all.")
    is_internal = serializers.BooleanField(default=False, help_text="Shown to the agency alone; only it may say so.")
    author = serializers.CharField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True)

    def get_fields(self) -> dict[str, Any]:
        return {"from": serializers.DateField(source="since"), **super().get_fields()}

    def validate_campaign(self, name: str) -> str:
        found = Campaign.objects.filter(key=Campaign.key_of(name)).values_list("name", flat=True).first() if name else ""
        if found is None:
            raise serializers.ValidationError("There is no campaign of this name.")
        return found

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs.setdefault("until", attrs["since"])
        for name, day in (("from", attrs["since"]), ("to", attrs["until"])):
            if not EARLIEST <= day <= LATEST:
                raise serializers.ValidationError({name: f"A day from {EARLIEST} to {LATEST}."})
        if attrs["until"] < attrs["since"]:
            raise serializers.ValidationError({"to": "It ends before it begins."})
        if attrs["is_internal"] and not self.context["internal"]:
            raise serializers.ValidationError({"is_internal": "Only the agency writes for itself alone."})
        return attrs

    @property
    def wish(self) -> Wish:
        told = self.validated_data
        return Wish(told["text"], Period(told["since"], told["until"]), told["channel"], told["campaign"], told["is_internal"])


class _View(APIView):
    @property
    def of_client(self) -> ClientRequest:
        return cast("ClientRequest", self.request._request)

    @property
    def internal(self) -> bool:
        return annotating.sees_internal(self.of_client.client, getattr(self.of_client, "token", None))

    def asked(self, request: Request) -> AnnotationSerializer:
        found = AnnotationSerializer(data=request.data, context={"internal": self.internal})
        found.is_valid(raise_exception=True)
        return found


@requires("client.view", "annotation.manage")
class AnnotationsView(_View):
    @extend_schema(
        operation_id="client_annotations",
        summary="What happened, the newest days first",
        parameters=[
            CLIENT_SLUG,
            OpenApiParameter("from", OpenApiTypes.DATE, description="Not what was over before this day."),
            OpenApiParameter("to", OpenApiTypes.DATE, description="Not what began after this day."),
        ],
        responses=AnnotationSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        asked = BetweenSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        since, until = asked.validated_data.get("from", EARLIEST), asked.validated_data.get("to", LATEST)
        found = annotating.visible(internal=self.internal).filter(until__gte=since, since__lte=until)
        return Response(AnnotationSerializer(found[:MOST], many=True).data)

    @extend_schema(
        operation_id="client_annotation_write",
        summary="Write down what happened",
        parameters=[CLIENT_SLUG],
        request=AnnotationSerializer,
        responses={201: AnnotationSerializer, 400: OpenApiResponse(description="The field that is wrong, and why.")},
    )
    def post(self, request: Request) -> Response:
        written = annotating.write(self.of_client.client, self.asked(request).wish, Actor.of(self.of_client))
        return Response(AnnotationSerializer(written).data, status=201)


@requires("client.view", "annotation.manage")
class AnnotationView(_View):
    @extend_schema(
        operation_id="client_annotation_change",
        summary="Say otherwise what happened",
        parameters=[CLIENT_SLUG, ANNOTATION_ID],
        request=AnnotationSerializer,
        responses={200: AnnotationSerializer, 400: OpenApiResponse(description="The field that is wrong, and why.")},
    )
    def put(self, request: Request, annotation_id: int) -> Response:
        found = self._one(annotation_id)
        annotating.change(self.of_client.client, found, self.asked(request).wish, Actor.of(self.of_client))
        found.refresh_from_db()
        return Response(AnnotationSerializer(found).data)

    @extend_schema(
        operation_id="client_annotation_remove",
        summary="Remove what was written down",
        parameters=[CLIENT_SLUG, ANNOTATION_ID],
        responses={204: None},
    )
    def delete(self, request: Request, annotation_id: int) -> Response:
        annotating.remove(self.of_client.client, self._one(annotation_id), Actor.of(self.of_client))
        return Response(status=204)

    def _one(self, annotation_id: int) -> Annotation:
        return get_object_or_404(annotating.visible(internal=self.internal), pk=annotation_id)
