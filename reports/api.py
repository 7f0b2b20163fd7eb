"""The API of schedules and reports. Thin: validates, hands over, serialises."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.audit import Actor
from accounts.gate import requires
from kpis.api import CLIENT_SLUG
from reports import approval, schedules, sending
from reports.api_fields import (
    RecipientSerializer,
    ReportDecisionSerializer,
    ReportRunSerializer,
    ReportTestSerializer,
    ScheduleSerializer,
    SendNowSerializer,
    client_of,
    may_be_written_to,
)
from reports.approval import Decision
from reports.models import Run, Schedule

SHOWN_RUNS = 100
WRONG = OpenApiResponse(description="The field that is wrong, and why. Nothing was changed.")
CONFLICT = OpenApiResponse(description="It is in another state, or was prepared anew, since.")


class Conflict(APIException):
    status_code = status.HTTP_409_CONFLICT


def schedule_of(request: Request, schedule_id: int) -> Schedule:
    return get_object_or_404(schedules.of_client(client_of(request)), pk=schedule_id)


def run_of(request: Request, run_id: int) -> Run:
    return get_object_or_404(Run.objects.select_related("schedule", "decided_by"), pk=run_id, schedule__client=client_of(request))


@requires("schedule.view", "schedule.manage")
class SchedulesView(APIView):
    @extend_schema(
        operation_id="client_schedules",
        summary="When reports are due",
        parameters=[CLIENT_SLUG],
        responses=ScheduleSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        return Response(ScheduleSerializer(schedules.of_client(client_of(request)), many=True).data)

    @extend_schema(
        operation_id="client_schedule_make",
        summary="Schedule a report",
        description="It begins with the period that ends next. Business days are Monday to Friday; holidays are not known.",
        parameters=[CLIENT_SLUG],
        request=ScheduleSerializer,
        responses={201: ScheduleSerializer, 400: WRONG},
    )
    def post(self, request: Request) -> Response:
        client = client_of(request)
        asked = ScheduleSerializer(data=request.data, context={"client": client})
        asked.is_valid(raise_exception=True)
        schedule = schedules.make(client, Actor.of(request._request), **asked.validated_data)
        return Response(ScheduleSerializer(schedule).data, status=status.HTTP_201_CREATED)


@requires("schedule.view", "schedule.manage")
class ScheduleView(APIView):
    @extend_schema(operation_id="client_schedule", summary="One schedule", parameters=[CLIENT_SLUG], responses=ScheduleSerializer)
    def get(self, request: Request, schedule_id: int) -> Response:
        return Response(ScheduleSerializer(schedule_of(request, schedule_id)).data)

    @extend_schema(
        operation_id="client_schedule_change",
        summary="Change, pause or resume a schedule",
        description="No period is reported twice; one that the change leaves out is listed as skipped, and can be sent by hand.",
        parameters=[CLIENT_SLUG],
        request=ScheduleSerializer(partial=True),
        responses={200: ScheduleSerializer, 400: WRONG},
    )
    def patch(self, request: Request, schedule_id: int) -> Response:
        schedule = schedule_of(request, schedule_id)
        asked = ScheduleSerializer(schedule, data=request.data, partial=True, context={"client": client_of(request)})
        asked.is_valid(raise_exception=True)
        changed = schedules.change(schedule, Actor.of(request._request), asked.validated_data)
        return Response(ScheduleSerializer(changed).data)

    @extend_schema(
        operation_id="client_schedule_remove",
        summary="Remove a schedule",
        description="Nothing of it is due any more, and what was not sent is not; its reports stay as a record.",
        parameters=[CLIENT_SLUG],
        responses={204: None},
    )
    def delete(self, request: Request, schedule_id: int) -> Response:
        schedules.remove(schedule_of(request, schedule_id), Actor.of(request._request))
        return Response(status=status.HTTP_204_NO_CONTENT)


@requires("schedule.view", "schedule.manage")
class RecipientsView(APIView):
    @extend_schema(
        operation_id="client_recipients", summary="Who gets a report", parameters=[CLIENT_SLUG], responses=RecipientSerializer(many=True)
    )
    def get(self, request: Request, schedule_id: int) -> Response:
        found = schedule_of(request, schedule_id).recipients.order_by("pk")
        return Response(RecipientSerializer(found, many=True).data)

    @extend_schema(
        operation_id="client_recipient_add",
        summary="Add a recipient",
        parameters=[CLIENT_SLUG],
        request=RecipientSerializer,
        responses={201: RecipientSerializer, 400: WRONG},
    )
    def post(self, request: Request, schedule_id: int) -> Response:
        schedule = schedule_of(request, schedule_id)
        asked = RecipientSerializer(data=request.data, context={"schedule": schedule})
        asked.is_valid(raise_exception=True)
        [added] = schedules.add(schedule, Actor.of(request._request), [asked.validated_data])
        return Response(RecipientSerializer(added).data, status=status.HTTP_201_CREATED)


@requires("schedule.view", "schedule.manage")
class RecipientView(APIView):
    @extend_schema(
        operation_id="client_recipient_change",
        summary="Change or pause a recipient",
        parameters=[CLIENT_SLUG],
        request=RecipientSerializer(partial=True),
        responses={200: RecipientSerializer, 400: WRONG},
    )
    def patch(self, request: Request, schedule_id: int, recipient_id: int) -> Response:
        schedule = schedule_of(request, schedule_id)
        recipient = get_object_or_404(schedule.recipients, pk=recipient_id)
        asked = RecipientSerializer(recipient, data=request.data, partial=True, context={"schedule": schedule})
        asked.is_valid(raise_exception=True)
        schedules.change_recipients(schedule, Actor.of(request._request), {recipient.pk: asked.validated_data})
        recipient.refresh_from_db()
        return Response(RecipientSerializer(recipient).data)

    @extend_schema(
        operation_id="client_recipient_remove",
        summary="Remove a recipient to whom nothing was sent",
        description="One to whom something was is paused instead: the deliveries are a record.",
        parameters=[CLIENT_SLUG],
        responses={204: None, 409: OpenApiResponse(description="It has deliveries.")},
    )
    def delete(self, request: Request, schedule_id: int, recipient_id: int) -> Response:
        schedule = schedule_of(request, schedule_id)
        recipient = get_object_or_404(schedule.recipients.select_related("schedule__client"), pk=recipient_id)
        try:
            schedules.remove_recipient(recipient, Actor.of(request._request))
        except schedules.Recorded:
            raise Conflict("It has deliveries or copies, which are a record. Pause it instead.") from None
        return Response(status=status.HTTP_204_NO_CONTENT)


@requires("schedule.view", "report.send")
class SendNowView(APIView):
    @extend_schema(
        operation_id="client_schedule_send",
        summary="Have a report sent now",
        description="It waits for no data, but names what is missing; for approval it does wait. What was sent is not sent again.",
        parameters=[CLIENT_SLUG],
        request=SendNowSerializer,
        responses={202: ReportRunSerializer, 400: WRONG, 409: CONFLICT},
    )
    def post(self, request: Request, schedule_id: int) -> Response:
        schedule, asked = schedule_of(request, schedule_id), SendNowSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        key = asked.validated_data.get("period") or sending.newest(schedule).key
        try:
            run = sending.send_now(client_of(request), schedule, key, Actor.of(request._request))
        except sending.NotReported:
            raise not_reported(schedule) from None
        except sending.Sent:
            raise Conflict("This report was sent. What of it did not arrive can be sent again, for each delivery.") from None
        return Response(ReportRunSerializer(run_of(request, run.pk)).data, status=status.HTTP_202_ACCEPTED)


@requires("schedule.view", "report.send")
class TestView(APIView):
    @extend_schema(
        operation_id="client_schedule_test",
        summary="Have a report sent to yourself as a test",
        description="Its subject says that it is a test. It is no report that was sent: nothing is listed.",
        parameters=[CLIENT_SLUG],
        request=ReportTestSerializer,
        responses={202: inline_serializer("TestSent", {"email": serializers.EmailField(), "period": serializers.CharField()}), 400: WRONG},
    )
    def post(self, request: Request, schedule_id: int) -> Response:
        client, by = client_of(request), Actor.of(request._request)
        schedule, asked = schedule_of(request, schedule_id), ReportTestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        wish = asked.validated_data
        email = wish.get("email") or (by.user.email if by.user else "")
        if not may_be_written_to(client, email):
            raise ValidationError({"email": ["Name a person who may send reports of this client."]})
        key = wish.get("period") or sending.newest(schedule).key
        try:
            sending.ask_for_test(client, schedule, key, email, wish.get("language") or client.language, by)
        except sending.NotReported:
            raise not_reported(schedule) from None
        return Response({"email": email, "period": key}, status=status.HTTP_202_ACCEPTED)


def not_reported(schedule: Schedule) -> ValidationError:
    newest = sending.newest(schedule).key
    return ValidationError(
        {"period": [f"Not a period of this schedule that is over. The newest is {newest}; earlier ones that came due are listed."]}
    )


@requires("schedule.view")
class ReportRunsView(APIView):
    @extend_schema(
        operation_id="client_report_runs",
        summary=f"What became of reports: the newest {SHOWN_RUNS}",
        parameters=[CLIENT_SLUG, OpenApiParameter("schedule", int, description="Only of this schedule.")],
        responses=ReportRunSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        found = Run.objects.filter(schedule__client=client_of(request)).select_related("schedule", "decided_by")
        if schedule := request.query_params.get("schedule"):
            if not schedule.isdecimal() or len(schedule) > 18:
                raise ValidationError({"schedule": ["The number of a schedule."]})
            found = found.filter(schedule_id=int(schedule))
        found = found.prefetch_related("deliveries__recipient").order_by("-until", "-pk")
        return Response(ReportRunSerializer(found[:SHOWN_RUNS], many=True).data)


@requires("schedule.view")
class ReportRunView(APIView):
    @extend_schema(operation_id="client_report_run", summary="One report", parameters=[CLIENT_SLUG], responses=ReportRunSerializer)
    def get(self, request: Request, run_id: int) -> Response:
        return Response(ReportRunSerializer(run_of(request, run_id)).data)


class _Decide(APIView):
    decision: Decision

    def decided(self, request: Request, run_id: int) -> Response:
        run, asked = run_of(request, run_id), ReportDecisionSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        try:
            approval.decide(client_of(request), run, self.decision, said["sha256"], Actor.of(request._request), said["note"])
        except approval.NotOpen:
            raise Conflict("This report does not wait for a decision.") from None
        except approval.Changed:
            raise Conflict("It was prepared anew since you looked at it. Look at it once more.") from None
        return Response(ReportRunSerializer(run_of(request, run_id)).data)


DECIDING: dict[str, Any] = {
    "parameters": [CLIENT_SLUG],
    "request": ReportDecisionSerializer,
    "responses": {200: ReportRunSerializer, 400: WRONG, 409: CONFLICT},
}


@requires("schedule.view", "report.send")
class ApproveView(_Decide):
    decision = Decision.APPROVE

    @extend_schema(operation_id="client_report_approve", summary="Have a draft sent as it was looked at", **DECIDING)
    def post(self, request: Request, run_id: int) -> Response:
        return self.decided(request, run_id)


@requires("schedule.view", "report.send")
class DeclineView(_Decide):
    decision = Decision.DECLINE

    @extend_schema(operation_id="client_report_decline", summary="Have a draft not sent", **DECIDING)
    def post(self, request: Request, run_id: int) -> Response:
        return self.decided(request, run_id)


@requires("schedule.view", "report.send")
class PrepareAnewView(APIView):
    @extend_schema(
        operation_id="client_report_prepare",
        summary="Have a draft prepared anew, from the figures as they are now",
        parameters=[CLIENT_SLUG],
        request=None,
        responses={202: ReportRunSerializer, 409: CONFLICT},
    )
    def post(self, request: Request, run_id: int) -> Response:
        try:
            approval.prepare_anew(client_of(request), run_of(request, run_id), Actor.of(request._request))
        except approval.NotOpen:
            raise Conflict("This report is no draft.") from None
        return Response(ReportRunSerializer(run_of(request, run_id)).data, status=status.HTTP_202_ACCEPTED)


@requires("schedule.view", "report.send")
class ResendView(APIView):
    @extend_schema(
        operation_id="client_report_resend",
        summary="Send again what failed, or what nobody knows of",
        description="Of an `unknown` one a second copy may arrive; it has the Message-ID of the first.",
        parameters=[CLIENT_SLUG],
        request=None,
        responses={202: ReportRunSerializer, 409: CONFLICT},
    )
    def post(self, request: Request, run_id: int, delivery_id: int) -> Response:
        delivery = get_object_or_404(run_of(request, run_id).deliveries.select_related("recipient", "run"), pk=delivery_id)
        try:
            sending.resend(client_of(request), delivery, Actor.of(request._request))
        except sending.NotResent:
            raise Conflict("Only a delivery that failed or is unknown is sent again.") from None
        return Response(ReportRunSerializer(run_of(request, run_id)).data, status=status.HTTP_202_ACCEPTED)
