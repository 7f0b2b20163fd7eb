"""The API of choices. Thin: validates, hands over, serialises."""

from __future__ import annotations

from typing import Any, cast

from django.utils.translation import gettext
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.audit import Actor
from accounts.gate import ClientRequest, requires
from campaigns import connections, systems
from campaigns.models import ConversionAction
from kpis import choices
from kpis.api import CLIENT_SLUG
from kpis.checks import Wrong
from kpis.choice_entries import ENTRIES
from kpis.models import Choice
from kpis.timeline import EVER

# Decisions that are told, of which there are few.
NEWEST = 200


class SpellSerializer(serializers.Serializer[Any]):
    since = serializers.DateField(allow_null=True, help_text="The first day on which it holds; null: from ever on.")
    value = serializers.JSONField(allow_null=True)


class ChoiceSerializer(serializers.Serializer[Any]):
    title = serializers.CharField()
    help = serializers.CharField()
    value = serializers.JSONField(allow_null=True, help_text="What is in force; of one that is dated, on its last days.")
    default = serializers.JSONField(allow_null=True)
    is_dated = serializers.BooleanField(help_text="Whether it may be chosen from a day on.")
    in_force = SpellSerializer(many=True)


class DecisionSerializer(serializers.ModelSerializer[Choice]):
    class Meta:
        model = Choice
        fields = ["name", "value", "since", "made_by", "made_at"]


class ConversionActionSerializer(serializers.Serializer[Any]):
    """What of an ad account counts as a conversion is chosen on the page of its connection."""

    platform = serializers.CharField()
    account = serializers.CharField()
    action = serializers.CharField()
    name = serializers.CharField()
    counts = serializers.BooleanField()
    is_chosen = serializers.BooleanField(help_text="By the client; else it is as the platform has it.")


class SystemSerializer(serializers.Serializer[Any]):
    """Whose word counts is chosen on the page of connections."""

    subject = serializers.CharField()
    system = serializers.CharField(help_text="A platform, or `file`; empty where nobody tells anything.")
    candidates = serializers.ListField(child=serializers.CharField())


class ChoicesSerializer(serializers.Serializer[Any]):
    version = serializers.IntegerField(help_text="Grows with every decision.")
    choices = serializers.DictField(child=ChoiceSerializer())
    history = DecisionSerializer(many=True, help_text=f"The newest {NEWEST} decisions.")
    conversion_actions = ConversionActionSerializer(many=True)
    systems_of_record = SystemSerializer(many=True)


@extend_schema_serializer(component_name="ChoicesToMake")
class DecisionsSerializer(serializers.Serializer[Any]):
    """Choices by their names, all or none of which are made."""

    since = serializers.DateField(required=False, allow_null=True, help_text="The first day of which they are said; default: all days.")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        of_choices = {name: serializers.JSONField(required=False, allow_null=True, help_text=entry.help) for name, entry in ENTRIES.items()}
        return super().get_fields() | of_choices


RULE = {"kind": "events", "all": [{"kind": "visit", "times": 10}, {"kind": "download", "asset": "white paper*", "times": 1}]}


@requires("choice.view", "choice.manage")
class ChoicesView(APIView):
    @extend_schema(
        operation_id="client_choices",
        summary="How the figures are made: what is chosen, since when and by whom",
        parameters=[CLIENT_SLUG],
        responses=ChoicesSerializer,
    )
    def get(self, request: Request) -> Response:
        return Response(_answer())

    @extend_schema(
        operation_id="client_choose",
        summary="Choose how the figures are made",
        description="The figures concerned are rebuilt at once, by a job. What is that already is left alone.",
        parameters=[CLIENT_SLUG],
        request=DecisionsSerializer,
        responses={200: ChoicesSerializer, 400: OpenApiResponse(description="The field that is wrong, and why. Nothing was chosen.")},
        examples=[OpenApiExample("A rule from a day on", {"mql_rule": RULE, "since": "2026-11-01"}, request_only=True)],
    )
    def patch(self, request: Request) -> Response:
        if not isinstance(request.data, dict):
            raise ValidationError("Send an object.")
        asked = DecisionsSerializer(data={"since": request.data.get("since")})
        asked.is_valid(raise_exception=True)
        values = {name: value for name, value in request.data.items() if name != "since"}
        client = cast("ClientRequest", request._request).client
        try:
            choices.choose_all(client, values, asked.validated_data["since"], Actor.of(request._request))
        except Wrong as wrong:
            raise ValidationError({wrong.field: [wrong.why(gettext)]}) from None
        return Response(_answer())


def _answer() -> dict[str, Any]:
    in_force = choices.timelines()
    return {
        "version": choices.version(),
        "choices": {
            name: {
                "title": gettext(entry.title),
                "help": entry.help,
                "value": in_force[name].newest,
                "default": entry.default,
                "is_dated": entry.is_dated,
                "in_force": [{"since": None if since == EVER else since, "value": value} for since, value in in_force[name].spells],
            }
            for name, entry in ENTRIES.items()
        },
        "history": DecisionSerializer(choices.history()[:NEWEST], many=True).data,
        "conversion_actions": [
            {
                "platform": action.connection.source,
                "account": action.connection.account,
                "action": action.action,
                "name": action.name,
                "counts": connections.counts(action),
                "is_chosen": action.counts is not None,
            }
            for action in ConversionAction.objects.select_related("connection").order_by(
                "connection__source", "connection__account", "name"
            )
        ],
        "systems_of_record": [
            {"subject": subject, "system": system, "candidates": systems.candidates(subject)}
            for subject, system in systems.in_force().items()
        ],
    }
