"""The addresses of people, tokens and organisations. A page that clients and agencies both have is one view with two names."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from accounts.navigation import AGENCY_PREFIX
from accounts.views import join, team

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
    ]


client_pages: Routes = [*organisation_pages()]
agency_pages: Routes = [*organisation_pages(AGENCY_PREFIX)]
pages: Routes = [path("join/<str:token>/", join.join, name="join")]
