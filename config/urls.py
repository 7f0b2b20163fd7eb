"""Every address. One with `client_slug` is a client's, one with `agency_slug` an agency's: the gate finds it before the view is called."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from accounts import urls as accounts
from accounts.api import ClientListView
from accounts.sign_in.profile import profile, set_language
from accounts.views.exporting import export_client
from campaigns import urls as campaigns
from config.health import healthz
from config.operations import metrics
from config.operations import views as operations
from kpis import views as kpis
from kpis.api import CatalogueView, KpiView
from kpis.choices_api import ChoicesView
from kpis.choices_settings import choice, choices_page
from kpis.cohorts_api import CohortView
from kpis.explain_api import ChangeView, NumberView
from kpis.figures_settings import figures_settings
from kpis.target_views import target_csv, target_page, target_undo
from kpis.targets_api import TargetsView
from reports import urls as report_urls
from reports import views as reports
from reports.annotations_api import AnnotationsView, AnnotationView
from reports.delivery_api import (
    ScheduleStartView,
    ShareLinkListView,
    ShareRevokeView,
    ShareViewsView,
    SuppressionLiftView,
    SuppressionListView,
)
from reports.notes_api import NotesView, NoteView
from reports.share_views import share, share_document, share_pdf
from reports.webhooks import mail_webhook

# Its script is a response of its own, so that the page needs no inline one.
api_docs = SpectacularSwaggerSplitView.as_view(url_name="api_schema", template_name="api/docs.html", title="Vigie API")

client_pages: list[URLPattern | URLResolver] = [
    path("glossary/", kpis.glossary, name="glossary"),
    path("cohorts/", kpis.cohorts, name="cohorts"),
    path("targets/", target_page, name="targets"),
    path("targets.csv", target_csv, name="targets_csv"),
    path("targets/<int:upload_id>/undo/", target_undo, name="targets_undo"),
    path("settings/figures/", figures_settings, name="settings_figures"),
    path("settings/choices/", choices_page, name="settings_choices"),
    path("settings/choices/<slug:name>/", choice, name="settings_choice"),
    path("export/", export_client, name="export_client"),
    *campaigns.client_pages,
    *report_urls.client_pages,
    *accounts.client_pages,
]
api: list[URLPattern | URLResolver] = [
    path("clients/", ClientListView.as_view(), name="api_clients"),
    path("kpis/", CatalogueView.as_view(), name="api_catalogue"),
    path("clients/<slug:client_slug>/kpis/", KpiView.as_view(), name="api_kpis"),
    path("clients/<slug:client_slug>/targets/", TargetsView.as_view(), name="api_targets"),
    path("clients/<slug:client_slug>/cohorts/", CohortView.as_view(), name="api_cohorts"),
    path("clients/<slug:client_slug>/choices/", ChoicesView.as_view(), name="api_choices"),
    path("clients/<slug:client_slug>/notes/", NotesView.as_view(), name="api_notes"),
    path("clients/<slug:client_slug>/notes/<int:note_id>/", NoteView.as_view(), name="api_note"),
    path("clients/<slug:client_slug>/annotations/", AnnotationsView.as_view(), name="api_annotations"),
    path("clients/<slug:client_slug>/annotations/<int:annotation_id>/", AnnotationView.as_view(), name="api_annotation"),
    path("clients/<slug:client_slug>/kpis/<slug:kpi>/explain/", NumberView.as_view(), name="api_kpi_explain"),
    path("clients/<slug:client_slug>/kpis/<slug:kpi>/change/", ChangeView.as_view(), name="api_kpi_change"),
    path("clients/<slug:client_slug>/share-links/", ShareLinkListView.as_view(), name="api_share_links"),
    path("clients/<slug:client_slug>/share-links/<int:link_id>/revoke/", ShareRevokeView.as_view(), name="api_share_revoke"),
    path("clients/<slug:client_slug>/share-links/<int:link_id>/views/", ShareViewsView.as_view(), name="api_share_views"),
    path("clients/<slug:client_slug>/suppressions/", SuppressionListView.as_view(), name="api_suppressions"),
    path("clients/<slug:client_slug>/suppressions/<int:suppression_id>/lift/", SuppressionLiftView.as_view(), name="api_suppression_lift"),
    path("clients/<slug:client_slug>/schedules/<int:schedule_id>/start/", ScheduleStartView.as_view(), name="api_schedule_start"),
    *campaigns.api,
    *report_urls.api,
    path("schema/", SpectacularAPIView.as_view(), name="api_schema"),
    path("docs/", login_required(api_docs), name="api_docs"),
]
urlpatterns: list[URLPattern | URLResolver] = [
    *accounts.pages,
    *campaigns.pages,
    path("c/<slug:client_slug>/", include(client_pages)),
    path("a/<slug:agency_slug>/", include([*report_urls.agency_pages, *accounts.agency_pages])),
    path("api/v1/", include(api)),
    path("u/<slug:token>/", reports.unsubscribe, name="unsubscribe"),
    path("r/<str:token>/", share, name="share"),
    path("r/<str:token>/report/", share_document, name="share_document"),
    path("r/<str:token>/pdf/", share_pdf, name="share_pdf"),
    path("hooks/mail/", mail_webhook, name="mail_webhook"),
    path("accounts/", include("accounts.sign_in.urls")),
    path("profile/", profile, name="profile"),
    path("language/setlang/", set_language, name="set_language"),
    path("admin/", admin.site.urls),
    path("healthz", healthz, name="healthz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("operations/", operations.overview, name="operations"),
    path("operations/jobs/<int:job_id>/again/", operations.try_again, name="operations_try_again"),
]
handler400 = "config.errors.bad_request"
handler404 = "config.errors.not_found"
handler500 = "config.errors.server_error"
