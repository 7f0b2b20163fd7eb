"""Schedules, recipients and reports as the API tells and takes them. A field that is wrong is named, with the reason."""

from __future__ import annotations

from typing import Any, cast

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from accounts import access
from accounts.gate import ClientRequest
from accounts.models import Client, User
from reports import approval, schedules, scheduling
from reports.models import Delivery, Recipient, Run, Schedule

LANGUAGES = [code for code, _name in settings.LANGUAGES]


class SendSerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField(help_text="When it is due.")
    period = serializers.CharField(source="period.key")
    since = serializers.DateField(source="period.since", help_text="First day of its data.")
    until = serializers.DateField(source="period.until", help_text="Last day of its data.")


class AskedFields(serializers.Serializer[Any]):
    """None but the fields there are."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := data.keys() - self.fields.keys()):
            there = ", ".join(name for name, field in self.fields.items() if not field.read_only)
            raise serializers.ValidationError({name: [f"There is no such field. There are: {there}."] for name in sorted(unknown)})
        return super().to_internal_value(data)


@extend_schema_field({"type": "string", "pattern": r"^\d{2}:\d{2}(:\d{2})?$"})
class ClockField(serializers.TimeField):
    """A time by the clocks of a place. What OpenAPI calls a time has a zone."""


class PersonField(serializers.SlugRelatedField[User]):
    """A person who may approve the client's reports, by their address."""

    default_error_messages = {"does_not_exist": "Nobody of this address may approve reports of this client."}

    def __init__(self, **options: Any) -> None:
        super().__init__(slug_field="email", queryset=User.objects.none(), **options)

    def get_queryset(self) -> Any:
        client = self.context.get("client")
        return access.holders(client, approval.PERMISSION) if client else User.objects.none()


class ScheduleSerializer(AskedFields, serializers.ModelSerializer[Schedule]):
    name = serializers.CharField(max_length=100, required=False, allow_blank=True)
    cadence = serializers.ChoiceField(choices=Schedule.Cadence.values, required=False, help_text="Default: weekly.")
    day_rule = serializers.ChoiceField(
        choices=Schedule.DayRule.values, required=False, help_text="The day of a month, or of a quarter's first month."
    )
    policy = serializers.ChoiceField(
        choices=Schedule.Policy.values, required=False, help_text="What becomes of a report whose data is not complete. Default: hold."
    )
    weekday = serializers.IntegerField(
        min_value=1, max_value=7, required=False, help_text="ISO: 1 is Monday. Of weekly and fortnightly ones, and of `nth_weekday`."
    )
    nth = serializers.ChoiceField(choices=[1, 2, 3, 4, -1], required=False, help_text="Which weekday of the month; -1: the last.")
    anchor = serializers.DateField(
        required=False, allow_null=True, help_text="A day of the first week of some fortnight: which weeks pair up."
    )
    local_time = ClockField(help_text="By the clocks of the client. One they skip is the next they show.")
    hold_hours = serializers.IntegerField(
        min_value=1, max_value=schedules.LONGEST_HOLD, required=False, help_text="How long `hold` waits at most."
    )
    approval_hours = serializers.IntegerField(
        min_value=1,
        max_value=schedules.LONGEST_APPROVAL,
        required=False,
        help_text="After half of them the deputy is asked; after all, the owners.",
    )
    approver = PersonField(required=False, allow_null=True)
    deputy = PersonField(required=False, allow_null=True)
    waits_for = serializers.ListField(
        child=serializers.CharField(max_length=300),
        required=False,
        allow_null=True,
        help_text="Sources that it waits for, as a report calls them: source:account:family. Default (null): every account, "
        "and files of which something came for this period or the one before.",
    )
    next = serializers.SerializerMethodField(help_text="The next five sends; none of a schedule that is paused or stopped.")

    class Meta:
        model = Schedule
        fields = [
            "id", "name", "cadence", "weekday", "day_rule", "nth", "anchor", "local_time", "policy", "hold_hours", "waits_for",
            "needs_approval", "approver", "deputy", "approval_hours", "paused", "stopped_at", "problem", "next",
        ]  # fmt: skip
        read_only_fields = ["id", "stopped_at", "problem"]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        def said(name: str) -> Any:
            return attrs.get(name, getattr(self.instance, name, None))

        schedules.check(said)
        return attrs

    @extend_schema_field(SendSerializer(many=True))
    def get_next(self, schedule: Schedule) -> Any:
        return SendSerializer(scheduling.upcoming(schedule), many=True).data


class RecipientSerializer(AskedFields, serializers.ModelSerializer[Recipient]):
    language = serializers.ChoiceField(choices=LANGUAGES)
    format = serializers.ChoiceField(
        choices=Recipient.Format.values,
        required=False,
        help_text="`full`: with the PDF; `mail`: with a link to it; `text`: without HTML, with the PDF. Default: full.",
    )
    copy_of = serializers.PrimaryKeyRelatedField(
        queryset=Recipient.objects.none(),
        required=False,
        allow_null=True,
        help_text="Whose copy (CC) this is.",
    )

    class Meta:
        model = Recipient
        fields = ["id", "email", "language", "format", "copy_of", "paused", "unsubscribed_at"]
        read_only_fields = ["id", "unsubscribed_at"]

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        if schedule := self.context.get("schedule"):
            copies: Any = fields["copy_of"]
            copies.queryset = schedule.recipients.filter(copy_of=None)
        return fields

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        schedules.check_recipient(self.context["schedule"], self.instance, attrs)
        return attrs


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    email = serializers.EmailField(source="recipient.email")

    class Meta:
        model = Delivery
        fields = ["id", "email", "language", "format", "state", "error", "attempts", "sent_at", "bounced_at"]


class ReportRunSerializer(serializers.ModelSerializer[Run]):
    schedule = serializers.IntegerField(source="schedule_id")
    decided_by = serializers.EmailField(source="decided_by.email", allow_null=True, default=None)
    sha256 = serializers.SerializerMethodField(help_text="Of the figures that were prepared; a decision names it. Empty before.")
    deliveries = DeliverySerializer(many=True)

    class Meta:
        model = Run
        fields = [
            "id", "schedule", "period", "since", "until", "state", "problem", "held_until", "approve_by", "decided_by", "decided_at",
            "decision_note", "sha256", "deliveries",
        ]  # fmt: skip

    def get_sha256(self, run: Run) -> str:
        return approval.fingerprint(run)


class SendNowSerializer(AskedFields):
    period = serializers.CharField(
        required=False, max_length=16, help_text="Of the report, as `period` names it; default: the newest that is over."
    )


class ReportTestSerializer(SendNowSerializer):
    email = serializers.EmailField(
        required=False, help_text="Of a person who may send reports of this client; default: yours. A program names one."
    )
    language = serializers.ChoiceField(choices=LANGUAGES, required=False, help_text="Default: the client's.")


class ReportDecisionSerializer(AskedFields):
    sha256 = serializers.CharField(max_length=64, help_text="Of the figures that you looked at.")
    note = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=approval.LONGEST_NOTE,
        help_text="Why, for those who look after the reports.",
    )


def client_of(request: Request) -> Client:
    """The gate's client of a request to the API."""
    return cast("ClientRequest", request._request).client


def may_be_written_to(client: Client, email: str) -> bool:
    return access.holders(client, approval.PERMISSION).filter(email=email.lower()).exists()
