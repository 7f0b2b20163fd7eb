"""The addresses of a client's connections and imports, and the one to which platforms send people back."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from campaigns.api import ImportsView, ImportView, TemplateView, UndoView
from campaigns.views import connecting, connections, imports, mapping, people

Routes = list[URLPattern | URLResolver]

client_pages: Routes = [
    path("connections/", connections.connection_list, name="connections"),
    path("connections/new/", connecting.new, name="connection_new"),
    path("connections/new/<slug:platform>/", connecting.start, name="connection_start"),
    path("connections/returned/<int:attempt_id>/", connecting.returned, name="connection_return"),
    path("connections/consents/<int:credential_id>/", connecting.accounts, name="connection_accounts"),
    path("connections/systems-of-record/", connections.systems_of_record, name="systems_of_record"),
    path("connections/answers/<int:pull_id>/", connections.decide, name="connection_decide"),
    path("connections/<int:connection_id>/", connections.connection, name="connection"),
    path("connections/<int:connection_id>/pull/", connections.pull_now, name="connection_pull"),
    path("connections/<int:connection_id>/reconnect/", connecting.reconnect, name="connection_reconnect"),
    path("connections/<int:connection_id>/disconnect/", connections.disconnect, name="connection_disconnect"),
    path("connections/<int:connection_id>/resume/", connections.resume, name="connection_resume"),
    path("connections/<int:connection_id>/conversions/", connections.conversions, name="connection_conversions"),
    path("mapping/", mapping.mapping, name="mapping"),
    path("mapping/rules/", mapping.rules, name="mapping_rules"),
    path("mapping/rules/<int:version_id>/restore/", mapping.restore, name="mapping_restore"),
    path("mapping/campaigns/", mapping.campaigns, name="mapping_campaigns"),
    path("mapping/aliases/", mapping.alias, name="mapping_alias"),
    path("mapping/aliases/<int:alias_id>/remove/", mapping.alias_remove, name="mapping_alias_remove"),
    path("people/", people.people_page, name="people"),
    path("people/merges/<int:merge_id>/", people.tell_apart, name="person_apart"),
    path("people/erase/", people.erase, name="person_erase"),
    path("imports/", imports.imports, name="imports"),
    path("imports/templates/<slug:kind>.csv", imports.template, name="import_template"),
    path("imports/<int:upload_id>/", imports.import_file, name="import_file"),
    path("imports/<int:upload_id>/undo/", imports.undo, name="import_undo"),
    path("imports/<int:upload_id>/discard/", imports.throw_away, name="import_discard"),
]
api: Routes = [
    path("clients/<slug:client_slug>/imports/", ImportsView.as_view(), name="api_imports"),
    path("clients/<slug:client_slug>/imports/templates/<slug:kind>.csv", TemplateView.as_view(), name="api_import_template"),
    path("clients/<slug:client_slug>/imports/<int:upload_id>/", ImportView.as_view(), name="api_import"),
    path("clients/<slug:client_slug>/imports/<int:upload_id>/undo/", UndoView.as_view(), name="api_import_undo"),
]
pages: Routes = [
    path("oauth/callback/", connecting.callback, name="oauth_callback"),
]
