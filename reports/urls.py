"""The addresses of agencies' overviews, of clients' set-up, of programs that are told, and of schedules and reports' states in the API."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from accounts.navigation import AGENCY_PREFIX
from reports import api as views
from reports import endpoint_views as endpoints
from reports.agency import views as agency
from reports.agency.checklist_views import set_up
from reports.agency.creation_views import new, new_from_file, template

CLIENT = "clients/<slug:client_slug>"
SCHEDULE, RUN = f"{CLIENT}/schedules/<int:schedule_id>", f"{CLIENT}/reports/<int:run_id>"

api: list[URLPattern | URLResolver] = [
    path(f"{CLIENT}/schedules/", views.SchedulesView.as_view(), name="api_schedules"),
    path(f"{SCHEDULE}/", views.ScheduleView.as_view(), name="api_schedule"),
    path(f"{SCHEDULE}/recipients/", views.RecipientsView.as_view(), name="api_recipients"),
    path(f"{SCHEDULE}/recipients/<int:recipient_id>/", views.RecipientView.as_view(), name="api_recipient"),
    path(f"{SCHEDULE}/send/", views.SendNowView.as_view(), name="api_schedule_send"),
    path(f"{SCHEDULE}/test/", views.TestView.as_view(), name="api_schedule_test"),
    path(f"{CLIENT}/reports/", views.ReportRunsView.as_view(), name="api_report_runs"),
    path(f"{RUN}/", views.ReportRunView.as_view(), name="api_report_run"),
    path(f"{RUN}/approve/", views.ApproveView.as_view(), name="api_report_approve"),
    path(f"{RUN}/decline/", views.DeclineView.as_view(), name="api_report_decline"),
    path(f"{RUN}/prepare/", views.PrepareAnewView.as_view(), name="api_report_prepare"),
    path(f"{RUN}/deliveries/<int:delivery_id>/resend/", views.ResendView.as_view(), name="api_report_resend"),
]


def organisation_pages(prefix: str = "") -> list[URLPattern | URLResolver]:
    """What a client and an agency both have."""
    return [
        path("webhooks/", endpoints.endpoint_list, name=f"{prefix}webhooks"),
        path("webhooks/<int:endpoint_id>/", endpoints.endpoint, name=f"{prefix}webhook"),
        path("webhooks/<int:endpoint_id>/test/", endpoints.test, name=f"{prefix}webhook_test"),
        path("webhooks/<int:endpoint_id>/secret/", endpoints.rotate, name=f"{prefix}webhook_secret"),
        path("webhooks/<int:endpoint_id>/start/", endpoints.start, name=f"{prefix}webhook_start"),
        path("webhooks/<int:endpoint_id>/remove/", endpoints.remove, name=f"{prefix}webhook_remove"),
    ]


agency_pages: list[URLPattern | URLResolver] = [
    path("", agency.overview, name=f"{AGENCY_PREFIX}overview"),
    path("clients/new/", new, name=f"{AGENCY_PREFIX}client_new"),
    path("clients/file/", new_from_file, name=f"{AGENCY_PREFIX}client_file"),
    path("clients/template.csv", template, name=f"{AGENCY_PREFIX}client_template"),
    *organisation_pages(AGENCY_PREFIX),
]
client_pages: list[URLPattern | URLResolver] = [
    path("set-up/", set_up, name="set_up"),
    *organisation_pages(),
]
