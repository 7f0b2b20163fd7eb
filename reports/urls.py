"""The addresses of reports, of schedules and of what people decide about them: pages of a client, and the API."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path, register_converter

from reports import api as views
from reports import run_views
from reports import views as reports
from reports.report_views import links, listing, notes, preview, recipients, schedule, suppressions


class PeriodKey:
    """What `reports.cadence.ReportPeriod` is called."""

    regex = r"\d{4}-[0-9A-Z-]{2,11}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(PeriodKey, "period")

CLIENT = "clients/<slug:client_slug>"
SCHEDULE, RUN = f"{CLIENT}/schedules/<int:schedule_id>", f"{CLIENT}/reports/<int:run_id>"

PAGE = "reports/schedules/<int:schedule_id>"
client_pages: list[URLPattern | URLResolver] = [
    path("reports/", listing.report_list, name="report_list"),
    path("reports/<period:period>.pdf", reports.report_pdf, name="report_pdf"),
    path("reports/<int:run_id>/", run_views.report_run, name="report_run"),
    path("reports/<int:run_id>/<slug:language>.html", run_views.report_mail, name="report_mail"),
    path("reports/<int:run_id>/<slug:language>.pdf", run_views.report_draft, name="report_draft"),
    path("reports/schedules/", schedule.schedule_list, name="schedules"),
    path("reports/schedules/new/", schedule.schedule_new, name="schedule_new"),
    path(f"{PAGE}/", schedule.schedule, name="schedule"),
    path(f"{PAGE}/remove/", schedule.schedule_remove, name="schedule_remove"),
    path(f"{PAGE}/restore/", schedule.schedule_restore, name="schedule_restore"),
    path(f"{PAGE}/act/", schedule.schedule_act, name="schedule_act"),
    path(f"{PAGE}/recipients/", recipients.recipients, name="schedule_recipients"),
    path(f"{PAGE}/preview/", preview.report_preview, name="report_preview"),
    path(f"{PAGE}/preview/<period:period>/<slug:language>.html", preview.preview_mail, name="preview_mail"),
    path(f"{PAGE}/preview/<period:period>/<slug:language>.pdf", preview.preview_pdf, name="preview_pdf"),
    path("reports/notes/", notes.report_notes, name="report_notes"),
    path("reports/notes/<int:note_id>/remove/", notes.note_remove, name="note_remove"),
    path("reports/links/", links.share_links, name="share_links"),
    path("reports/links/<int:link_id>/revoke/", links.share_revoke, name="share_revoke"),
    path("reports/suppressions/", suppressions.suppressions, name="suppressions"),
    path("reports/suppressions/<int:suppression_id>/lift/", suppressions.suppression_lift, name="suppression_lift"),
]
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
