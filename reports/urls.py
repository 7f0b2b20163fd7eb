"""The addresses of what agencies and clients read, decide and are told: pages of both, and the API."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path, register_converter

from accounts.navigation import AGENCY_PREFIX
from reports import annotation_views, palette, question_views, run_views
from reports import api as views
from reports import endpoint_views as endpoints
from reports import views as reports
from reports.agency import views as agency
from reports.agency.checklist_views import set_up
from reports.agency.creation_views import new, new_from_file, template
from reports.kpi_page.views import figure
from reports.pages import views as pages
from reports.pages.catalogue import PAGES
from reports.report_views import links, listing, notes, preview, recipients, schedule, suppressions


class PeriodKey:
    """What `reports.cadence.ReportPeriod` is called."""

    regex = r"\d{4}-[0-9A-Z-]{2,11}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class PageName(PeriodKey):
    """The name of a client's page."""

    regex = "|".join(PAGES)


class FileKind(PeriodKey):
    """What a part of a page can be taken as."""

    regex = "|".join(pages.TYPES)


register_converter(PeriodKey, "period")
register_converter(PageName, "page")
register_converter(FileKind, "file_kind")

CLIENT = "clients/<slug:client_slug>"
SCHEDULE, RUN = f"{CLIENT}/schedules/<int:schedule_id>", f"{CLIENT}/reports/<int:run_id>"


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


PAGE = "reports/schedules/<int:schedule_id>"
client_pages: list[URLPattern | URLResolver] = [
    *(path("" if name == "overview" else f"{name}/", pages.client_page, {"name": name}, name=name) for name in PAGES),
    path("<page:name>/<slug:part>.<file_kind:kind>", pages.page_file, name="page_file"),
    path("kpis/<slug:kpi>/", figure, name="figure"),
    path("find/", palette.find, name="find"),
    path("find.json", palette.hits, name="find_hits"),
    path("annotations/", annotation_views.annotation_list, name="annotations"),
    path("annotations/<int:annotation_id>/", annotation_views.annotation, name="annotation"),
    path("annotations/<int:annotation_id>/remove/", annotation_views.annotation_remove, name="annotation_remove"),
    path("annotations/restore/", annotation_views.annotation_restore, name="annotation_restore"),
    path("questions/", question_views.question_list, name="questions"),
    path("questions/ask/<slug:kpi>/", question_views.question_ask, name="question_ask"),
    path("questions/<int:question_id>/", question_views.question, name="question"),
    path("questions/<int:question_id>/close/", question_views.question_close, name="question_close"),
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
    path("reports/notes/restore/", notes.note_restore, name="note_restore"),
    path("reports/links/", links.share_links, name="share_links"),
    path("reports/links/<int:link_id>/revoke/", links.share_revoke, name="share_revoke"),
    path("reports/suppressions/", suppressions.suppressions, name="suppressions"),
    path("reports/suppressions/<int:suppression_id>/lift/", suppressions.suppression_lift, name="suppression_lift"),
    path("set-up/", set_up, name="set_up"),
    *organisation_pages(),
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


agency_pages: list[URLPattern | URLResolver] = [
    path("", agency.overview, name=f"{AGENCY_PREFIX}overview"),
    path("clients/new/", new, name=f"{AGENCY_PREFIX}client_new"),
    path("clients/file/", new_from_file, name=f"{AGENCY_PREFIX}client_file"),
    path("clients/template.csv", template, name=f"{AGENCY_PREFIX}client_template"),
    *organisation_pages(AGENCY_PREFIX),
]
