"""The addresses of people, tokens and organisations. A page that clients and agencies both have is one view with two names."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path, register_converter

from accounts.navigation import AGENCY_PREFIX
from accounts.views import activity, clients, join, labels, logo, settings, team, tokens, viewing


class Digest:
    """A SHA-256 in hexadecimal."""

    regex = "[0-9a-f]{64}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(Digest, "digest")
Routes = list[URLPattern | URLResolver]


def organisation_pages(prefix: str = "") -> Routes:
    """What a client and an agency both have."""
    return [
        path("team/", team.people, name=f"{prefix}team"),
        path("team/invite/", team.invite, name=f"{prefix}team_invite"),
        path("team/leave/", team.leave, name=f"{prefix}team_leave"),
        path("team/<int:membership_id>/", team.member, name=f"{prefix}member"),
        path("team/<int:membership_id>/remove/", team.remove, name=f"{prefix}member_remove"),
        path("team/invitations/<int:invitation_id>/resend/", team.resend, name=f"{prefix}invitation_resend"),
        path("team/invitations/<int:invitation_id>/withdraw/", team.withdraw, name=f"{prefix}invitation_withdraw"),
        path("tokens/", tokens.token_list, name=f"{prefix}tokens"),
        path("tokens/<int:token_id>/revoke/", tokens.revoke, name=f"{prefix}token_revoke"),
        path("activity/", activity.activity, name=f"{prefix}activity"),
        path("activity.csv", activity.download, name=f"{prefix}activity_csv"),
    ]


client_pages: Routes = [
    *organisation_pages(),
    path("settings/", settings.client_settings, name="settings"),
    path("view-as/", viewing.begin, name="view_as_client"),
    path("view-as/leave/", viewing.leave, name="view_as_client_leave"),
    path("settings/close/", settings.close, name="client_close"),
    path("settings/reopen/", settings.reopen, name="client_reopen"),
]
agency_pages: Routes = [
    *organisation_pages(AGENCY_PREFIX),
    path("labels/", labels.label_list, name=f"{AGENCY_PREFIX}labels"),
    path("labels/<int:label_id>/", labels.label, name=f"{AGENCY_PREFIX}label"),
    path("labels/<int:label_id>/remove/", labels.remove, name=f"{AGENCY_PREFIX}label_remove"),
    path("settings/", settings.agency_settings, name=f"{AGENCY_PREFIX}settings"),
]
pages: Routes = [
    path("", clients.home, name="home"),
    path("clients.json", clients.hits, name="client_hits"),
    path("logos/<digest:digest>.png", logo.logo, name="logo"),
    path("join/<str:token>/", join.join, name="join"),
]
