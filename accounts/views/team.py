"""The team of a client company or of an agency: who is in it, who is invited, who leaves."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.html import format_html
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import invitations, services, team, tokens
from accounts.audit import Actor
from accounts.forms import Confirmation, InviteForm, MemberForm, carried_out, posted
from accounts.gate import OrganisationRequest, requires
from accounts.models import Client, Invitation, Membership, Role
from accounts.navigation import address

page = require_http_methods(["GET", "HEAD", "POST"])


@requires("team.view")
@require_safe
def people(request: OrganisationRequest) -> HttpResponse:
    organisation, mine = request.organisation, request.permissions
    context = {
        "members": team.members(organisation, mine, request.user),
        "agency_people": team.agency_people(organisation, request.user) if isinstance(organisation, Client) else [],
        "waiting": team.waiting(organisation, mine) if "team.manage" in mine else [],
    }
    return render(request, "accounts/team.html", context)


@requires("team.manage", "team.manage")
@page
def invite(request: OrganisationRequest) -> HttpResponse:
    organisation, mine = request.organisation, request.permissions
    asked = {"email": request.GET.get("email"), "role": request.GET.get("role"), "clients": request.GET.getlist("client")}
    initial = {"language": _language_of(request)} | {name: value for name, value in asked.items() if value}
    form = InviteForm(posted(request), organisation=organisation, mine=mine, initial=initial)
    if form.is_valid() and carried_out(form, lambda: _invite(request, form)):
        messages.success(request, _("The invitation of %(person)s is on its way.") % {"person": form.cleaned_data["email"]})
        return redirect(address(organisation, "team"))
    return render(request, "accounts/invite.html", {"form": form})


@requires("team.manage", "team.manage")
@page
def member(request: OrganisationRequest, membership_id: int) -> HttpResponse:
    """One person's role and clients."""
    organisation, mine = request.organisation, request.permissions
    membership = team.member_of(organisation, membership_id)
    services.check_may_change(membership, mine)
    initial = {"role": membership.role, "clients": membership.clients.all()}
    form = MemberForm(posted(request), organisation=organisation, mine=mine, initial=initial)
    if form.is_valid() and carried_out(form, lambda: _change(request, membership, form)):
        messages.success(request, _("Saved for %(person)s.") % {"person": membership.user.get_short_name()})
        return redirect(address(organisation, "team"))
    return render(request, "accounts/member.html", {"form": form, "person": membership.user, "membership": membership})


@requires("team.manage", "team.manage")
@page
def remove(request: OrganisationRequest, membership_id: int) -> HttpResponse:
    membership = team.member_of(request.organisation, membership_id)
    services.check_may_change(membership, request.permissions)
    return _end(request, membership, leaves=membership.user_id == request.user.pk)


@requires("team.leave", "team.leave")
@page
def leave(request: OrganisationRequest) -> HttpResponse:
    return _end(request, team.own_membership(request.organisation, request.user), leaves=True)


@requires("team.manage", "team.manage")
@require_POST
def resend(request: OrganisationRequest, invitation_id: int) -> HttpResponse:
    invitation = team.invitation_of(request.organisation, invitation_id)
    try:
        invitations.resend(invitation, request.permissions, Actor.of(request))
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    else:
        said = _("A new invitation for %(person)s is on its way; the link sent before no longer works.")
        messages.success(request, said % {"person": invitation.email})
    return redirect(address(request.organisation, "team"))


@requires("team.manage", "team.manage")
@require_POST
def withdraw(request: OrganisationRequest, invitation_id: int) -> HttpResponse:
    invitation = team.invitation_of(request.organisation, invitation_id)
    invitations.withdraw(invitation, request.permissions, Actor.of(request))
    said = _("The invitation of %(person)s is withdrawn; its link no longer works.") % {"person": invitation.email}
    _say_with_way_back(request, said, _address_to_invite_again(invitation, invitation.email))
    return redirect(address(request.organisation, "team"))


def _invite(request: OrganisationRequest, form: InviteForm) -> None:
    invitations.invite(
        form.cleaned_data["email"],
        form.role_chosen,
        request.organisation,
        request.permissions,
        Actor.of(request),
        language=form.cleaned_data["language"],
        clients=form.clients_chosen,
    )


def _change(request: OrganisationRequest, membership: Membership, form: MemberForm) -> None:
    clients = form.clients_chosen if "clients" in form.fields else None
    services.change_member(membership, form.role_chosen, clients, request.permissions, Actor.of(request))


def _end(request: OrganisationRequest, membership: Membership, *, leaves: bool) -> HttpResponse:
    """Ask, then end a membership: one's own or another's."""
    organisation, person = request.organisation, membership.user
    form = Confirmation(posted(request))
    again = _address_to_invite_again(membership, person.email)  # while there is a row to read
    if form.is_valid() and carried_out(form, lambda: services.remove_member(membership, request.permissions, Actor.of(request))):
        if leaves:
            messages.success(request, _("You have left %(name)s.") % {"name": organisation.name})
            return redirect("home")
        said = _("%(person)s no longer has access to %(name)s.") % {"person": person.get_short_name(), "name": organisation.name}
        _say_with_way_back(request, said, again)
        return redirect(address(organisation, "team"))
    context = {
        "form": form,
        "person": person,
        "role": Role(membership.role).label,
        "leaves": leaves,
        "tokens": tokens.count_by(person, organisation),
    }
    return render(request, "accounts/member_remove.html", context)


def _say_with_way_back(request: OrganisationRequest, said: str, url: str) -> None:
    messages.success(request, format_html('{} <a class="button small" href="{}">{}</a>', said, url, _("Invite again")))


def _address_to_invite_again(row: Invitation | Membership, email: str) -> str:
    """The form to invite, filled in as it was."""
    wish: list[tuple[str, str | int]] = [("email", email), ("role", row.role)]
    wish += [("client", pk) for pk in row.clients.values_list("pk", flat=True)]
    return f"{address(row.organisation, 'team_invite')}?{urlencode(wish)}"


def _language_of(request: OrganisationRequest) -> str:
    organisation = request.organisation
    return organisation.language if isinstance(organisation, Client) else (get_language() or "en")[:2]
