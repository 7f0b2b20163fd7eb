"""Every address the router knows, with every method, and what each role is answered."""

from __future__ import annotations

ROLES = ("owner", "manager", "analyst", "admin", "viewer", "stranger", "nobody", "read token", "write token")
Answers = tuple[int, ...]

# A page knows no token: who sends one is nobody, and is led to sign in.
NOBODY = (302, 302, 302)
ALL = (200, 200, 200, 200, 200, 404, *NOBODY)
READERS = (200, 200, 200, 200, 403, 404, *NOBODY)
MANAGERS = (200, 200, 403, 200, 403, 404, *NOBODY)
IN_CHARGE = (200, 403, 403, 200, 403, 404, *NOBODY)
AGENCY = (200, 200, 200, 404, 404, 404, *NOBODY)
AGENCY_OWNER = (200, 403, 403, 404, 404, 404, *NOBODY)
API = (200, 200, 200, 200, 200, 404, 401, 200, 200)
ANY_API = (200, 200, 200, 200, 200, 200, 401, 200, 200)
# None of these runs the server.
OPERATORS = (404, 404, 404, 404, 404, 404, *NOBODY)
ANY_PERSON = (200, 200, 200, 200, 200, 200, *NOBODY)


def instead(answers: Answers, status: int) -> Answers:
    """The same for whoever may, with another status: 302 once something is done, 405 where there is nothing of the kind."""
    return tuple(status if answer == 200 else answer for answer in answers)


def hidden(answers: Answers) -> Answers:
    """Another organisation's object: it does not exist, for those who may use the page; all others are answered as ever."""
    return instead(answers, 404)


def no_posts(answers: Answers) -> Answers:
    """A page that only reads says so to all who may know of it, before it asks what they may do there."""
    return tuple(405 if answer in (200, 403) else answer for answer in answers)


# (URL name, method, address, answers). The names in braces are ids of rows of Maison Lumen; of Agence Nord, as `agency_…`; of
# Autre and its agency, as `foreign_…`. A POST is an empty form.
PEOPLE: list[tuple[str, str, str, Answers]] = [
    ("team", "GET", "/c/lumen/team/", READERS),
    ("team", "POST", "/c/lumen/team/", no_posts(ALL)),
    ("team_invite", "GET", "/c/lumen/team/invite/", MANAGERS),
    ("team_invite", "POST", "/c/lumen/team/invite/", MANAGERS),
    ("team_leave", "GET", "/c/lumen/team/leave/", (404, 404, 404, 200, 200, 404, *NOBODY)),
    ("team_leave", "POST", "/c/lumen/team/leave/", (404, 404, 404, 302, 302, 404, *NOBODY)),
    ("member", "GET", "/c/lumen/team/{member}/", MANAGERS),
    ("member", "POST", "/c/lumen/team/{member}/", MANAGERS),
    ("member", "GET", "/c/lumen/team/{foreign_member}/", hidden(MANAGERS)),
    ("member", "POST", "/c/lumen/team/{foreign_member}/", hidden(MANAGERS)),
    ("member", "GET", "/c/lumen/team/{agency_member}/", hidden(MANAGERS)),
    ("member_remove", "GET", "/c/lumen/team/{member}/remove/", MANAGERS),
    ("member_remove", "POST", "/c/lumen/team/{member}/remove/", instead(MANAGERS, 302)),
    ("member_remove", "POST", "/c/lumen/team/{foreign_member}/remove/", hidden(MANAGERS)),
    ("member_remove", "POST", "/c/lumen/team/{agency_member}/remove/", hidden(MANAGERS)),
    ("invitation_resend", "GET", "/c/lumen/team/invitations/{invitation}/resend/", instead(MANAGERS, 405)),
    ("invitation_resend", "POST", "/c/lumen/team/invitations/{invitation}/resend/", instead(MANAGERS, 302)),
    ("invitation_resend", "POST", "/c/lumen/team/invitations/{foreign_invitation}/resend/", hidden(MANAGERS)),
    ("invitation_withdraw", "GET", "/c/lumen/team/invitations/{invitation}/withdraw/", instead(MANAGERS, 405)),
    ("invitation_withdraw", "POST", "/c/lumen/team/invitations/{invitation}/withdraw/", instead(MANAGERS, 302)),
    ("invitation_withdraw", "POST", "/c/lumen/team/invitations/{foreign_invitation}/withdraw/", hidden(MANAGERS)),
    ("export_client", "GET", "/c/lumen/export/", instead(IN_CHARGE, 405)),
    ("export_client", "POST", "/c/lumen/export/", IN_CHARGE),
    ("agency_team", "GET", "/a/nord/team/", AGENCY),
    ("agency_team", "POST", "/a/nord/team/", no_posts(AGENCY)),
    ("agency_team_invite", "GET", "/a/nord/team/invite/", AGENCY_OWNER),
    ("agency_team_invite", "POST", "/a/nord/team/invite/", AGENCY_OWNER),
    ("agency_team_leave", "GET", "/a/nord/team/leave/", AGENCY),
    ("agency_team_leave", "POST", "/a/nord/team/leave/", instead(AGENCY, 302)),
    ("agency_member", "GET", "/a/nord/team/{agency_member}/", AGENCY_OWNER),
    ("agency_member", "POST", "/a/nord/team/{agency_member}/", AGENCY_OWNER),
    ("agency_member", "GET", "/a/nord/team/{foreign_agency_member}/", hidden(AGENCY_OWNER)),
    ("agency_member", "GET", "/a/nord/team/{member}/", hidden(AGENCY_OWNER)),
    ("agency_member_remove", "GET", "/a/nord/team/{agency_member}/remove/", AGENCY_OWNER),
    ("agency_member_remove", "POST", "/a/nord/team/{agency_member}/remove/", instead(AGENCY_OWNER, 302)),
    ("agency_member_remove", "POST", "/a/nord/team/{foreign_agency_member}/remove/", hidden(AGENCY_OWNER)),
    ("agency_invitation_resend", "GET", "/a/nord/team/invitations/{agency_invitation}/resend/", instead(AGENCY_OWNER, 405)),
    ("agency_invitation_resend", "POST", "/a/nord/team/invitations/{agency_invitation}/resend/", instead(AGENCY_OWNER, 302)),
    ("agency_invitation_resend", "POST", "/a/nord/team/invitations/{invitation}/resend/", hidden(AGENCY_OWNER)),
    ("agency_invitation_withdraw", "GET", "/a/nord/team/invitations/{agency_invitation}/withdraw/", instead(AGENCY_OWNER, 405)),
    ("agency_invitation_withdraw", "POST", "/a/nord/team/invitations/{agency_invitation}/withdraw/", instead(AGENCY_OWNER, 302)),
    ("agency_invitation_withdraw", "POST", "/a/nord/team/invitations/{invitation}/withdraw/", hidden(AGENCY_OWNER)),
    ("tokens", "GET", "/c/lumen/tokens/", IN_CHARGE),
    ("tokens", "POST", "/c/lumen/tokens/", IN_CHARGE),
    ("token_revoke", "GET", "/c/lumen/tokens/{token}/revoke/", IN_CHARGE),
    ("token_revoke", "POST", "/c/lumen/tokens/{token}/revoke/", instead(IN_CHARGE, 302)),
    ("token_revoke", "GET", "/c/lumen/tokens/{foreign_token}/revoke/", hidden(IN_CHARGE)),
    ("token_revoke", "POST", "/c/lumen/tokens/{foreign_token}/revoke/", hidden(IN_CHARGE)),
    ("token_revoke", "POST", "/c/lumen/tokens/{agency_token}/revoke/", hidden(IN_CHARGE)),
    ("activity", "GET", "/c/lumen/activity/", IN_CHARGE),
    ("activity", "POST", "/c/lumen/activity/", no_posts(ALL)),
    ("activity_csv", "GET", "/c/lumen/activity.csv", IN_CHARGE),
    ("activity_csv", "POST", "/c/lumen/activity.csv", no_posts(ALL)),
    ("agency_tokens", "GET", "/a/nord/tokens/", AGENCY_OWNER),
    ("agency_tokens", "POST", "/a/nord/tokens/", AGENCY_OWNER),
    ("agency_token_revoke", "GET", "/a/nord/tokens/{agency_token}/revoke/", AGENCY_OWNER),
    ("agency_token_revoke", "POST", "/a/nord/tokens/{agency_token}/revoke/", instead(AGENCY_OWNER, 302)),
    ("agency_token_revoke", "POST", "/a/nord/tokens/{foreign_agency_token}/revoke/", hidden(AGENCY_OWNER)),
    ("agency_token_revoke", "POST", "/a/nord/tokens/{token}/revoke/", hidden(AGENCY_OWNER)),
    ("agency_activity", "GET", "/a/nord/activity/", AGENCY_OWNER),
    ("agency_activity", "POST", "/a/nord/activity/", no_posts(AGENCY)),
    ("agency_activity_csv", "GET", "/a/nord/activity.csv", AGENCY_OWNER),
    ("agency_activity_csv", "POST", "/a/nord/activity.csv", no_posts(AGENCY)),
    ("join", "GET", "/join/no-such-token/", (410,) * 9),
    ("join", "POST", "/join/no-such-token/", (410,) * 9),
]
ORGANISATIONS: list[tuple[str, str, str, Answers]] = [
    ("settings", "GET", "/c/lumen/settings/", MANAGERS),
    ("settings", "POST", "/c/lumen/settings/", MANAGERS),
    ("settings_figures", "GET", "/c/lumen/settings/figures/", MANAGERS),
    ("settings_figures", "POST", "/c/lumen/settings/figures/", MANAGERS),
    ("client_close", "GET", "/c/lumen/settings/close/", IN_CHARGE),
    ("client_close", "POST", "/c/lumen/settings/close/", IN_CHARGE),
    ("client_reopen", "GET", "/c/lumen/settings/reopen/", instead(IN_CHARGE, 405)),
    ("client_reopen", "POST", "/c/lumen/settings/reopen/", instead(IN_CHARGE, 302)),
    ("agency_settings", "GET", "/a/nord/settings/", AGENCY_OWNER),
    ("agency_settings", "POST", "/a/nord/settings/", AGENCY_OWNER),
    ("agency_clients", "GET", "/a/nord/clients/", AGENCY),
    ("agency_clients", "POST", "/a/nord/clients/", no_posts(AGENCY)),
    ("agency_client_new", "GET", "/a/nord/clients/new/", AGENCY_OWNER),
    ("agency_client_new", "POST", "/a/nord/clients/new/", AGENCY_OWNER),
    ("client_hits", "GET", "/clients.json", ANY_PERSON),
    ("client_hits", "POST", "/clients.json", (405,) * 9),
]
CONNECTIONS: list[tuple[str, str, str, Answers]] = [
    ("connections", "GET", "/c/lumen/connections/", READERS),
    ("connections", "POST", "/c/lumen/connections/", no_posts(ALL)),
    ("connection_new", "GET", "/c/lumen/connections/new/", MANAGERS),
    ("connection_new", "POST", "/c/lumen/connections/new/", instead(MANAGERS, 405)),
    # No keys for the platform: the page before says so.
    ("connection_start", "GET", "/c/lumen/connections/new/google_ads/", instead(MANAGERS, 405)),
    ("connection_start", "POST", "/c/lumen/connections/new/google_ads/", instead(MANAGERS, 302)),
    ("connection_start", "POST", "/c/lumen/connections/new/nothing/", hidden(MANAGERS)),
    # Begun by nobody of these.
    ("connection_return", "GET", "/c/lumen/connections/returned/{attempt}/", instead(MANAGERS, 400)),
    ("connection_return", "POST", "/c/lumen/connections/returned/{attempt}/", instead(MANAGERS, 405)),
    ("connection_return", "GET", "/c/lumen/connections/returned/{foreign_attempt}/", hidden(MANAGERS)),
    ("connection_accounts", "GET", "/c/lumen/connections/consents/{credential}/", MANAGERS),
    ("connection_accounts", "POST", "/c/lumen/connections/consents/{credential}/", MANAGERS),
    ("connection_accounts", "GET", "/c/lumen/connections/consents/{agency_credential}/", (200, 200, 403, 404, 403, 404, *NOBODY)),
    ("connection_accounts", "GET", "/c/lumen/connections/consents/{foreign_credential}/", hidden(MANAGERS)),
    ("connection_accounts", "GET", "/c/lumen/connections/consents/{foreign_agency_credential}/", hidden(MANAGERS)),
    ("systems_of_record", "GET", "/c/lumen/connections/systems-of-record/", instead(MANAGERS, 405)),
    ("systems_of_record", "POST", "/c/lumen/connections/systems-of-record/", instead(MANAGERS, 302)),
    ("connection_decide", "GET", "/c/lumen/connections/answers/{pull}/", instead(MANAGERS, 405)),
    ("connection_decide", "POST", "/c/lumen/connections/answers/{pull}/", instead(MANAGERS, 302)),
    ("connection_decide", "POST", "/c/lumen/connections/answers/{foreign_pull}/", hidden(MANAGERS)),
    ("connection", "GET", "/c/lumen/connections/{connection}/", READERS),
    ("connection", "POST", "/c/lumen/connections/{connection}/", no_posts(ALL)),
    ("connection", "GET", "/c/lumen/connections/{foreign_connection}/", hidden(READERS)),
    ("connection_conversions", "GET", "/c/lumen/connections/{connection}/conversions/", instead(MANAGERS, 405)),
    ("connection_conversions", "POST", "/c/lumen/connections/{connection}/conversions/", instead(MANAGERS, 302)),
    ("connection_conversions", "POST", "/c/lumen/connections/{foreign_connection}/conversions/", hidden(MANAGERS)),
    ("connection_pull", "GET", "/c/lumen/connections/{connection}/pull/", instead(MANAGERS, 405)),
    ("connection_pull", "POST", "/c/lumen/connections/{connection}/pull/", instead(MANAGERS, 302)),
    ("connection_pull", "POST", "/c/lumen/connections/{foreign_connection}/pull/", hidden(MANAGERS)),
    ("connection_reconnect", "GET", "/c/lumen/connections/{connection}/reconnect/", instead(MANAGERS, 405)),
    ("connection_reconnect", "POST", "/c/lumen/connections/{connection}/reconnect/", instead(MANAGERS, 302)),
    ("connection_reconnect", "POST", "/c/lumen/connections/{foreign_connection}/reconnect/", hidden(MANAGERS)),
    ("connection_disconnect", "GET", "/c/lumen/connections/{connection}/disconnect/", MANAGERS),
    ("connection_disconnect", "POST", "/c/lumen/connections/{foreign_connection}/disconnect/", hidden(MANAGERS)),
    ("connection_disconnect", "POST", "/c/lumen/connections/{connection}/disconnect/", instead(MANAGERS, 302)),
    ("connection_resume", "GET", "/c/lumen/connections/{connection}/resume/", instead(MANAGERS, 405)),
    ("connection_resume", "POST", "/c/lumen/connections/{connection}/resume/", instead(MANAGERS, 302)),
    ("connection_resume", "POST", "/c/lumen/connections/{foreign_connection}/resume/", hidden(MANAGERS)),
]
READING_CHOICES = (200, 200, 200, 200, 403, 404, 401, 403, 200)
MAKING_CHOICES = (200, 200, 403, 200, 403, 404, 401, 403, 200)
FIGURES: list[tuple[str, str, str, Answers]] = [
    ("overview", "GET", "/c/lumen/", ALL),
    ("overview", "POST", "/c/lumen/", no_posts(ALL)),
    *(
        (name, method, f"/c/lumen/{name}/", answers)
        for name in ("channels", "campaigns", "funnel", "customers", "email", "site", "social")
        for method, answers in (("GET", ALL), ("POST", no_posts(ALL)))
    ),
    ("page_file", "GET", "/c/lumen/channels/channels.csv", ALL),
    ("page_file", "POST", "/c/lumen/channels/channels.csv", no_posts(ALL)),
    ("find", "GET", "/c/lumen/find/?q=a", ALL),
    ("find", "POST", "/c/lumen/find/", no_posts(ALL)),
    ("find_hits", "GET", "/c/lumen/find.json?q=a", ALL),
    ("find_hits", "POST", "/c/lumen/find.json", no_posts(ALL)),
    ("report_list", "GET", "/c/lumen/reports/", ALL),
    ("report_list", "POST", "/c/lumen/reports/", no_posts(ALL)),
    ("report_pdf", "GET", "/c/lumen/reports/2026-W46.pdf", ALL),
    ("report_pdf", "POST", "/c/lumen/reports/2026-W46.pdf", no_posts(ALL)),
    ("glossary", "GET", "/c/lumen/glossary/", ALL),
    ("glossary", "POST", "/c/lumen/glossary/", no_posts(ALL)),
    ("figure", "GET", "/c/lumen/kpis/cpc/?from=2026-11-09&to=2026-11-15", ALL),
    ("figure", "GET", "/c/lumen/kpis/nothing/?from=2026-11-09&to=2026-11-15", hidden(ALL)),
    ("figure", "POST", "/c/lumen/kpis/cpc/", no_posts(ALL)),
    ("cohorts", "GET", "/c/lumen/cohorts/", ALL),
    ("cohorts", "GET", "/c/lumen/cohorts/?months=5", hidden(ALL)),
    ("cohorts", "POST", "/c/lumen/cohorts/", no_posts(ALL)),
    ("api_cohorts", "GET", "/api/v1/clients/lumen/cohorts/?from=2026-01-01&to=2026-11-15", API),
    ("api_cohorts", "POST", "/api/v1/clients/lumen/cohorts/", no_posts(API)),
    ("api_kpis", "GET", "/api/v1/clients/lumen/kpis/?from=2026-11-09&to=2026-11-15", API),
    ("api_kpis", "POST", "/api/v1/clients/lumen/kpis/", no_posts(API)),
    ("api_choices", "GET", "/api/v1/clients/lumen/choices/", READING_CHOICES),
    ("api_choices", "POST", "/api/v1/clients/lumen/choices/", instead(MAKING_CHOICES, 405)),
    ("api_choices", "PATCH", "/api/v1/clients/lumen/choices/", MAKING_CHOICES),
    ("api_notes", "GET", "/api/v1/clients/lumen/notes/", READING_CHOICES),
    ("api_notes", "POST", "/api/v1/clients/lumen/notes/", instead(MAKING_CHOICES, 400)),
    ("api_note", "GET", "/api/v1/clients/lumen/notes/{note}/", instead(READING_CHOICES, 405)),
    ("api_note", "POST", "/api/v1/clients/lumen/notes/{note}/", instead(MAKING_CHOICES, 405)),
    ("api_note", "DELETE", "/api/v1/clients/lumen/notes/{note}/", instead(MAKING_CHOICES, 204)),
    ("api_note", "DELETE", "/api/v1/clients/lumen/notes/0/", hidden(MAKING_CHOICES)),
    ("api_kpi_explain", "GET", "/api/v1/clients/lumen/kpis/cpc/explain/?from=2026-11-09&to=2026-11-15", API),
    ("api_kpi_explain", "GET", "/api/v1/clients/lumen/kpis/nothing/explain/?from=2026-11-09&to=2026-11-15", hidden(API)),
    ("api_kpi_explain", "POST", "/api/v1/clients/lumen/kpis/cpc/explain/", no_posts(API)),
    ("api_kpi_change", "GET", "/api/v1/clients/lumen/kpis/cpc/change/?from=2026-11-09&to=2026-11-15", API),
    ("api_kpi_change", "GET", "/api/v1/clients/lumen/kpis/nothing/change/?from=2026-11-09&to=2026-11-15", hidden(API)),
    ("api_kpi_change", "POST", "/api/v1/clients/lumen/kpis/cpc/change/", no_posts(API)),
]
DELIVERY_READERS = (200, 200, 200, 200, 403, 404, 401, 403, 200)
DELIVERING = (200, 200, 403, 200, 403, 404, 401, 403, 200)
SENT: list[tuple[str, str, str, Answers]] = [
    ("api_share_links", "GET", "/api/v1/clients/lumen/share-links/", DELIVERY_READERS),
    ("api_share_links", "POST", "/api/v1/clients/lumen/share-links/", instead(DELIVERING, 400)),
    ("api_share_revoke", "GET", "/api/v1/clients/lumen/share-links/{share_link}/revoke/", instead(DELIVERY_READERS, 405)),
    ("api_share_revoke", "POST", "/api/v1/clients/lumen/share-links/{share_link}/revoke/", DELIVERING),
    ("api_share_revoke", "POST", "/api/v1/clients/lumen/share-links/{foreign_share_link}/revoke/", hidden(DELIVERING)),
    ("api_share_views", "GET", "/api/v1/clients/lumen/share-links/{share_link}/views/", DELIVERY_READERS),
    ("api_share_views", "GET", "/api/v1/clients/lumen/share-links/{foreign_share_link}/views/", hidden(DELIVERY_READERS)),
    ("api_share_views", "POST", "/api/v1/clients/lumen/share-links/{share_link}/views/", no_posts(API)),
    ("api_suppressions", "GET", "/api/v1/clients/lumen/suppressions/", DELIVERY_READERS),
    ("api_suppressions", "POST", "/api/v1/clients/lumen/suppressions/", no_posts(API)),
    ("api_suppression_lift", "GET", "/api/v1/clients/lumen/suppressions/{suppression}/lift/", instead(DELIVERY_READERS, 405)),
    ("api_suppression_lift", "POST", "/api/v1/clients/lumen/suppressions/{suppression}/lift/", DELIVERING),
    ("api_suppression_lift", "POST", "/api/v1/clients/lumen/suppressions/{foreign_suppression}/lift/", hidden(DELIVERING)),
    ("api_schedule_start", "GET", "/api/v1/clients/lumen/schedules/{schedule}/start/", instead(DELIVERY_READERS, 405)),
    ("api_schedule_start", "POST", "/api/v1/clients/lumen/schedules/{schedule}/start/", DELIVERING),
    ("api_schedule_start", "POST", "/api/v1/clients/lumen/schedules/{foreign_schedule}/start/", hidden(DELIVERING)),
    ("share", "GET", "/r/no-such-token/", (404,) * 9),
    ("share", "POST", "/r/no-such-token/", (404,) * 9),
    ("share_document", "GET", "/r/no-such-token/report/", (404,) * 9),
    ("share_document", "POST", "/r/no-such-token/report/", (405,) * 9),
    ("share_pdf", "GET", "/r/no-such-token/pdf/", (404,) * 9),
    ("share_pdf", "POST", "/r/no-such-token/pdf/", (405,) * 9),
]
IMPORTERS = (200, 200, 200, 200, 403, 404, 401, 403, 200)
IMPORTING = (200, 200, 403, 200, 403, 404, 401, 403, 200)
IMPORTS: list[tuple[str, str, str, Answers]] = [
    ("imports", "GET", "/c/lumen/imports/", READERS),
    ("imports", "POST", "/c/lumen/imports/", MANAGERS),
    ("import_template", "GET", "/c/lumen/imports/templates/orders.csv", READERS),
    ("import_template", "GET", "/c/lumen/imports/templates/nothing.csv", hidden(READERS)),
    ("import_template", "POST", "/c/lumen/imports/templates/orders.csv", no_posts(ALL)),
    ("import_file", "GET", "/c/lumen/imports/{upload}/", READERS),
    ("import_file", "GET", "/c/lumen/imports/{foreign_upload}/", hidden(READERS)),
    ("import_file", "POST", "/c/lumen/imports/{upload}/", instead(MANAGERS, 302)),
    ("import_file", "POST", "/c/lumen/imports/{foreign_upload}/", hidden(MANAGERS)),
    ("import_undo", "GET", "/c/lumen/imports/{upload}/undo/", MANAGERS),
    ("import_undo", "GET", "/c/lumen/imports/{foreign_upload}/undo/", hidden(MANAGERS)),
    ("import_undo", "POST", "/c/lumen/imports/{upload}/undo/", instead(MANAGERS, 302)),
    ("import_undo", "POST", "/c/lumen/imports/{foreign_upload}/undo/", hidden(MANAGERS)),
    ("import_discard", "GET", "/c/lumen/imports/{upload}/discard/", instead(MANAGERS, 405)),
    ("import_discard", "POST", "/c/lumen/imports/{upload}/discard/", instead(MANAGERS, 302)),
    ("import_discard", "POST", "/c/lumen/imports/{foreign_upload}/discard/", hidden(MANAGERS)),
    ("api_imports", "GET", "/api/v1/clients/lumen/imports/", IMPORTERS),
    ("api_imports", "POST", "/api/v1/clients/lumen/imports/", instead(IMPORTING, 400)),
    ("api_import_template", "GET", "/api/v1/clients/lumen/imports/templates/orders.csv", IMPORTERS),
    ("api_import_template", "POST", "/api/v1/clients/lumen/imports/templates/orders.csv", no_posts(API)),
    ("api_import", "GET", "/api/v1/clients/lumen/imports/{upload}/", IMPORTERS),
    ("api_import", "GET", "/api/v1/clients/lumen/imports/{foreign_upload}/", hidden(IMPORTERS)),
    ("api_import", "POST", "/api/v1/clients/lumen/imports/{upload}/", no_posts(API)),
    ("api_import_undo", "GET", "/api/v1/clients/lumen/imports/{upload}/undo/", instead(IMPORTERS, 405)),
    ("api_import_undo", "POST", "/api/v1/clients/lumen/imports/{upload}/undo/", IMPORTING),
    ("api_import_undo", "POST", "/api/v1/clients/lumen/imports/{foreign_upload}/undo/", hidden(IMPORTING)),
]
# Reports that are due, and what became of them.
REPORTS: list[tuple[str, str, str, Answers]] = [
    ("report_run", "GET", "/c/lumen/reports/{run}/", READERS),
    ("report_run", "GET", "/c/lumen/reports/{foreign_run}/", hidden(READERS)),
    ("report_run", "POST", "/c/lumen/reports/{run}/", instead(MANAGERS, 302)),
    ("report_run", "POST", "/c/lumen/reports/{foreign_run}/", hidden(MANAGERS)),
    # Nothing was prepared for it.
    ("report_mail", "GET", "/c/lumen/reports/{run}/fr.html", hidden(READERS)),
    ("report_mail", "GET", "/c/lumen/reports/{foreign_run}/fr.html", hidden(READERS)),
    ("report_mail", "POST", "/c/lumen/reports/{run}/fr.html", no_posts(ALL)),
    ("report_draft", "GET", "/c/lumen/reports/{run}/fr.pdf", hidden(READERS)),
    ("report_draft", "GET", "/c/lumen/reports/{foreign_run}/fr.pdf", hidden(READERS)),
    ("report_draft", "POST", "/c/lumen/reports/{run}/fr.pdf", no_posts(ALL)),
    ("api_schedules", "GET", "/api/v1/clients/lumen/schedules/", IMPORTERS),
    ("api_schedules", "POST", "/api/v1/clients/lumen/schedules/", instead(IMPORTING, 400)),
    ("api_schedule", "GET", "/api/v1/clients/lumen/schedules/{schedule}/", IMPORTERS),
    ("api_schedule", "GET", "/api/v1/clients/lumen/schedules/{foreign_schedule}/", hidden(IMPORTERS)),
    ("api_schedule", "PATCH", "/api/v1/clients/lumen/schedules/{schedule}/", IMPORTING),
    ("api_schedule", "PATCH", "/api/v1/clients/lumen/schedules/{foreign_schedule}/", hidden(IMPORTING)),
    ("api_schedule", "DELETE", "/api/v1/clients/lumen/schedules/{schedule}/", instead(IMPORTING, 409)),
    ("api_schedule", "DELETE", "/api/v1/clients/lumen/schedules/{foreign_schedule}/", hidden(IMPORTING)),
    ("api_schedule", "POST", "/api/v1/clients/lumen/schedules/{schedule}/", instead(IMPORTING, 405)),
    ("api_recipients", "GET", "/api/v1/clients/lumen/schedules/{schedule}/recipients/", IMPORTERS),
    ("api_recipients", "GET", "/api/v1/clients/lumen/schedules/{foreign_schedule}/recipients/", hidden(IMPORTERS)),
    ("api_recipients", "POST", "/api/v1/clients/lumen/schedules/{schedule}/recipients/", instead(IMPORTING, 400)),
    ("api_recipients", "POST", "/api/v1/clients/lumen/schedules/{foreign_schedule}/recipients/", hidden(IMPORTING)),
    ("api_recipient", "GET", "/api/v1/clients/lumen/schedules/{schedule}/recipients/{recipient}/", instead(IMPORTERS, 405)),
    ("api_recipient", "PATCH", "/api/v1/clients/lumen/schedules/{schedule}/recipients/{recipient}/", IMPORTING),
    ("api_recipient", "PATCH", "/api/v1/clients/lumen/schedules/{schedule}/recipients/{foreign_recipient}/", hidden(IMPORTING)),
    ("api_recipient", "DELETE", "/api/v1/clients/lumen/schedules/{schedule}/recipients/{recipient}/", instead(IMPORTING, 409)),
    ("api_recipient", "DELETE", "/api/v1/clients/lumen/schedules/{schedule}/recipients/{foreign_recipient}/", hidden(IMPORTING)),
    ("api_recipient", "POST", "/api/v1/clients/lumen/schedules/{schedule}/recipients/{recipient}/", instead(IMPORTING, 405)),
    ("api_schedule_send", "GET", "/api/v1/clients/lumen/schedules/{schedule}/send/", instead(IMPORTERS, 405)),
    ("api_schedule_send", "POST", "/api/v1/clients/lumen/schedules/{schedule}/send/", instead(IMPORTING, 202)),
    ("api_schedule_send", "POST", "/api/v1/clients/lumen/schedules/{foreign_schedule}/send/", hidden(IMPORTING)),
    ("api_schedule_test", "GET", "/api/v1/clients/lumen/schedules/{schedule}/test/", instead(IMPORTERS, 405)),
    # A program names a person.
    ("api_schedule_test", "POST", "/api/v1/clients/lumen/schedules/{schedule}/test/", (*instead(IMPORTING, 202)[:-1], 400)),
    ("api_schedule_test", "POST", "/api/v1/clients/lumen/schedules/{foreign_schedule}/test/", hidden(IMPORTING)),
    ("api_report_runs", "GET", "/api/v1/clients/lumen/reports/", IMPORTERS),
    ("api_report_runs", "POST", "/api/v1/clients/lumen/reports/", no_posts(API)),
    ("api_report_run", "GET", "/api/v1/clients/lumen/reports/{run}/", IMPORTERS),
    ("api_report_run", "GET", "/api/v1/clients/lumen/reports/{foreign_run}/", hidden(IMPORTERS)),
    ("api_report_run", "POST", "/api/v1/clients/lumen/reports/{run}/", no_posts(API)),
    *(
        row
        for name, to_nothing in (("approve", 400), ("decline", 400), ("prepare", 409))
        for row in (
            (f"api_report_{name}", "GET", f"/api/v1/clients/lumen/reports/{{run}}/{name}/", instead(IMPORTERS, 405)),
            (f"api_report_{name}", "POST", f"/api/v1/clients/lumen/reports/{{run}}/{name}/", instead(IMPORTING, to_nothing)),
            (f"api_report_{name}", "POST", f"/api/v1/clients/lumen/reports/{{foreign_run}}/{name}/", hidden(IMPORTING)),
        )
    ),
    ("api_report_resend", "GET", "/api/v1/clients/lumen/reports/{run}/deliveries/{delivery}/resend/", instead(IMPORTERS, 405)),
    ("api_report_resend", "POST", "/api/v1/clients/lumen/reports/{run}/deliveries/{delivery}/resend/", instead(IMPORTING, 409)),
    ("api_report_resend", "POST", "/api/v1/clients/lumen/reports/{run}/deliveries/{foreign_delivery}/resend/", hidden(IMPORTING)),
    ("api_report_resend", "POST", "/api/v1/clients/lumen/reports/{foreign_run}/deliveries/{delivery}/resend/", hidden(IMPORTING)),
]
ELSEWHERE: list[tuple[str, str, str, Answers]] = [
    ("home", "GET", "/", (302,) * 9),
    ("home", "POST", "/", (405,) * 9),
    ("api_schema", "GET", "/api/v1/schema/", ANY_API),
    ("api_schema", "POST", "/api/v1/schema/", no_posts(ANY_API)),
    ("api_clients", "GET", "/api/v1/clients/", ANY_API),
    ("api_clients", "POST", "/api/v1/clients/", no_posts(ANY_API)),
    ("api_catalogue", "GET", "/api/v1/kpis/", ANY_API),
    ("api_catalogue", "POST", "/api/v1/kpis/", no_posts(ANY_API)),
    ("api_docs", "GET", "/api/v1/docs/", ANY_PERSON),
    ("api_docs", "POST", "/api/v1/docs/", no_posts(ANY_PERSON)),
    ("profile", "GET", "/profile/", ANY_PERSON),
    ("profile", "POST", "/profile/", ANY_PERSON),
    ("unsubscribe", "GET", "/u/no-such-token/", (404,) * 9),
    ("unsubscribe", "POST", "/u/no-such-token/", (404,) * 9),
    # Mail goes by SMTP: nobody has anything to report.
    ("mail_webhook", "GET", "/hooks/mail/", (404,) * 9),
    ("mail_webhook", "POST", "/hooks/mail/", (404,) * 9),
    ("set_language", "GET", "/language/setlang/", (302,) * 9),
    ("set_language", "POST", "/language/setlang/", (302,) * 9),
    ("logo", "GET", f"/logos/{64 * '0'}.png", (404,) * 9),
    ("logo", "POST", f"/logos/{64 * '0'}.png", (405,) * 9),
    ("metrics", "GET", "/metrics", (200,) * 9),
    ("metrics", "POST", "/metrics", (405,) * 9),
    ("operations", "GET", "/operations/", OPERATORS),
    ("operations", "POST", "/operations/", OPERATORS),
    ("operations_try_again", "GET", "/operations/jobs/1/again/", OPERATORS),
    ("operations_try_again", "POST", "/operations/jobs/1/again/", OPERATORS),
    ("healthz", "GET", "/healthz", (200,) * 9),
    ("oauth_callback", "GET", "/oauth/callback/?state=no-such-state&code=x", (400,) * 9),
    ("oauth_callback", "POST", "/oauth/callback/", (405,) * 9),
    ("healthz", "POST", "/healthz", (405,) * 9),
]
URLS = FIGURES + CONNECTIONS + IMPORTS + REPORTS + SENT + PEOPLE + ORGANISATIONS + ELSEWHERE
