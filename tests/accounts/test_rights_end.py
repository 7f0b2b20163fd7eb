"""What somebody could do ends with the right it stood on: tokens, invitations, pages left open, requests under way."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client as Browser
from django.utils import timezone

from accounts import audit, invitations, services, tokens
from accounts.audit import Actor
from accounts.closing import close, reopen
from accounts.models import AuditEvent, Client, Invitation, Membership, Role, Scope, User
from accounts.permissions import permissions_of
from jobs import queue, worker
from jobs.models import Job
from tests.accounts.test_sign_in import nobody, signs_in
from tests.accounts.test_tokens import KPIS, actor, made, program
from tests.conftest import PASSWORD, Cast

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Browser]


def second_owner(cast: Cast) -> User:
    person = User.objects.create_user("second@people.example", PASSWORD)
    services.add_member(person, Role.OWNER, agency=cast.agency)
    return person


def owners(cast: Cast) -> frozenset[str]:
    return permissions_of(frozenset({Role.OWNER}), cast.agency)


class TestTokensOutliveTheRole:
    def test_a_demoted_owners_token_no_longer_reads_what_they_may_not(self, cast: Cast) -> None:
        other = second_owner(cast)
        secret = made(cast.agency, cast.owner)
        services.change_role(Membership.objects.get(user=cast.owner), Role.ANALYST, owners(cast), actor(other))
        assert program(secret).get(KPIS.format("lumen")).status_code in (401, 404)

    def test_a_demoted_admins_token(self, cast: Cast) -> None:
        person = User.objects.create_user("admin@people.example")
        membership = services.add_member(person, Role.ADMIN, client=cast.client)
        secret = made(cast.client, person, Scope.WRITE)
        mine = permissions_of(frozenset({Role.OWNER}), cast.client)
        services.change_role(membership, Role.VIEWER, mine, actor(cast.owner))
        assert program(secret).get(KPIS.format("lumen")).status_code in (401, 404)

    def test_a_removed_owners_token_for_a_client_of_the_agency(self, cast: Cast) -> None:
        other = second_owner(cast)
        secret = made(cast.client, cast.owner)
        services.remove_member(Membership.objects.get(user=cast.owner), owners(cast), actor(other))
        assert program(secret).get(KPIS.format("lumen")).status_code in (401, 404)

    def test_a_former_agencys_token_for_a_client_that_moved_away(self, cast: Cast) -> None:
        secret = made(cast.client, cast.owner)
        Client.objects.filter(pk=cast.client.pk).update(agency=None)
        assert program(secret).get(KPIS.format("lumen")).status_code in (401, 404)


class TestInvitationsOutlive:
    def test_a_removed_owners_invitations_admit_nobody(self, cast: Cast) -> None:
        other = second_owner(cast)
        invitation = invitations.invite("ally@x.example", Role.OWNER, cast.agency, owners(cast), actor(cast.owner), language="en")
        token = invitations.link(invitation).rsplit("/join/", 1)[1].strip("/")
        services.remove_member(Membership.objects.get(user=cast.owner), owners(cast), actor(other))
        assert invitations.find(token) is None

    def test_what_a_removed_owner_had_asked_is_withdrawn_on_record(self, cast: Cast) -> None:
        other = second_owner(cast)
        invitations.invite("ally@x.example", Role.OWNER, cast.agency, owners(cast), actor(cast.owner), language="en")
        mine = permissions_of(frozenset({Role.OWNER}), cast.client)
        invitations.invite("new@lumen.example", Role.VIEWER, cast.client, mine, actor(cast.owner), language="en")
        services.remove_member(Membership.objects.get(user=cast.owner), owners(cast), actor(other))
        lines = AuditEvent.objects.filter(verb="invitation.withdrawn", actor=other)
        assert [audit.sentence(line) for line in lines.filter(agency=cast.agency)] == ["withdrew the invitation of ally@x.example"]
        assert [audit.sentence(line) for line in lines.filter(client=cast.client)] == ["withdrew the invitation of new@lumen.example"]

    def test_a_removed_person_does_not_come_back_by_an_older_invitation(self, cast: Cast) -> None:
        invitation = invitations.invite("ana@x.example", Role.ANALYST, cast.agency, owners(cast), actor(cast.owner), language="en")
        person = User.objects.create_user("ana@x.example", PASSWORD)
        membership = services.add_member(person, Role.ANALYST, agency=cast.agency)  # the operator was faster
        services.remove_member(membership, owners(cast), actor(cast.owner))
        token = invitations.link(invitation).rsplit("/join/", 1)[1].strip("/")
        assert invitations.find(token) is None

    def test_clients_given_by_an_invitation_are_on_record(self, cast: Cast) -> None:
        invitation = invitations.invite(
            "ana@x.example", Role.ANALYST, cast.agency, owners(cast), actor(cast.owner), language="en", clients=[cast.client]
        )
        invitations.join(invitation, "Ana", PASSWORD, Actor("?"))
        said = json.dumps(list(AuditEvent.objects.filter(agency=cast.agency).values_list("details", flat=True)))
        assert cast.client.name in said

    def test_no_flood_of_mails_to_one_address(self, cast: Cast, signed_in: SignIn, mailoutbox: list[Any]) -> None:
        browser = signed_in(cast.owner)
        invitation = invitations.invite("victim@x.example", Role.ANALYST, cast.agency, owners(cast), actor(cast.owner), language="en")
        for _ in range(25):
            browser.post(f"/a/nord/team/invitations/{invitation.pk}/resend/")
            worker.work_off()
        assert len(mailoutbox) < 20


class TestStale:
    """What was read before the lock decides."""

    def test_the_last_owner_is_not_demoted_by_who_saw_them_as_a_manager(self, cast: Cast) -> None:
        person = User.objects.create_user("mia@people.example")
        services.add_member(person, Role.MANAGER, agency=cast.agency)
        seen = Membership.objects.get(user=person)  # the owner's slow request has read the row
        services.change_role(Membership.objects.get(user=person), Role.OWNER, owners(cast), actor(cast.owner))
        services.remove_member(Membership.objects.get(user=cast.owner), owners(cast), actor(cast.owner))
        with pytest.raises((ValidationError, PermissionDenied)):
            services.change_role(seen, Role.ANALYST, owners(cast), actor(cast.owner))
        assert Membership.objects.filter(agency=cast.agency, role=Role.OWNER).exists()

    def test_a_manager_does_not_remove_who_is_admin_by_now(self, cast: Cast) -> None:
        managers = permissions_of(frozenset({Role.MANAGER}), cast.client)
        seen = Membership.objects.get(user=cast.viewer)
        Membership.objects.filter(pk=seen.pk).update(role=Role.ADMIN)
        with pytest.raises(PermissionDenied):
            services.remove_member(seen, managers, actor(cast.analyst))

    def test_a_manager_does_not_demote_who_is_admin_by_now(self, cast: Cast) -> None:
        managers = permissions_of(frozenset({Role.MANAGER}), cast.client)
        seen = Membership.objects.get(user=cast.viewer)
        Membership.objects.filter(pk=seen.pk).update(role=Role.ADMIN)
        with pytest.raises(PermissionDenied):
            services.change_role(seen, Role.VIEWER, managers, actor(cast.analyst))

    def test_a_manager_does_not_withdraw_what_invites_an_admin_by_now(self, cast: Cast) -> None:
        services.add_member(cast.analyst, Role.MANAGER, agency=cast.agency)
        mine = permissions_of(frozenset({Role.OWNER}), cast.client)
        seen = invitations.invite("new@lumen.example", Role.VIEWER, cast.client, mine, actor(cast.owner), language="en")
        invitations.invite("new@lumen.example", Role.ADMIN, cast.client, mine, actor(cast.owner), language="en")
        with pytest.raises(PermissionDenied):
            invitations.withdraw(seen, permissions_of(frozenset({Role.MANAGER}), cast.client), actor(cast.analyst))

    def test_an_owner_removed_meanwhile_withdraws_nothing(self, cast: Cast) -> None:
        other = second_owner(cast)
        invitation = invitations.invite("ally@x.example", Role.OWNER, cast.agency, owners(cast), actor(other), language="en")
        services.remove_member(Membership.objects.get(user=cast.owner), owners(cast), actor(other))
        with pytest.raises(PermissionDenied):
            invitations.withdraw(invitation, owners(cast), actor(cast.owner))

    def test_a_removal_is_recorded_with_the_role_they_had(self, cast: Cast) -> None:
        seen = Membership.objects.get(user=cast.viewer)
        Membership.objects.filter(pk=seen.pk).update(role=Role.ADMIN)
        services.remove_member(seen, permissions_of(frozenset({Role.OWNER}), cast.client), actor(cast.owner))
        assert AuditEvent.objects.get(verb="member.removed").details["role"] == Role.ADMIN

    @pytest.mark.parametrize("page", ["", "remove/"])
    def test_removed_meanwhile_is_no_error_of_ours(self, cast: Cast, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch, page: str) -> None:
        """The button pressed twice: the other request removes the row after this one has read it."""
        membership = Membership.objects.get(user=cast.viewer)
        original = services._lock

        def slower(row: Membership) -> Membership:
            Membership.objects.filter(pk=membership.pk).delete()
            return original(row)

        monkeypatch.setattr(services, "_lock", slower)
        browser = signed_in(cast.owner)
        browser.raise_request_exception = False
        assert browser.post(f"/c/lumen/team/{membership.pk}/{page}", {"role": "admin"}).status_code < 500

    @pytest.mark.parametrize(
        ("page", "wish"),
        [
            (
                "/a/nord/clients/new/",
                {"name": "Twin", "slug": "twin", "currency": "EUR", "timezone": "Europe/Paris", "language": "en", "week_start": "monday"},
            ),
            ("/c/lumen/settings/", {"name": "L", "slug": "twin", "language": "en"}),
        ],
    )
    def test_a_short_name_taken_meanwhile_is_said_to_be(
        self, cast: Cast, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch, page: str, wish: dict[str, str]
    ) -> None:
        """The other request commits between this one's check and what it writes."""
        original = services._refuse_former_slug

        def slower(client: Client) -> None:
            original(client)
            Client.objects.filter(slug="autre").update(slug="twin")

        monkeypatch.setattr(services, "_refuse_former_slug", slower)
        assert "This short name is taken." in signed_in(cast.owner).post(page, wish).content.decode()


class TestClosing:
    def test_a_mail_on_its_way_waits_when_it_is_tried_again(self, cast: Cast, mailoutbox: list[Any]) -> None:
        """The mail server was away while the client closed: the job was running, and is queued again afterwards."""
        mine = permissions_of(frozenset({Role.OWNER}), cast.client)
        invitations.invite("new@lumen.example", Role.VIEWER, cast.client, mine, actor(cast.owner), language="en")
        [(job_id, _kind)] = queue.claim(1, cast.client.pk)
        job = queue.start(job_id)
        assert job
        close(cast.client, actor(cast.owner))
        queue.retry(job, OSError("away"))
        Job.objects.filter(pk=job_id).update(run_at=timezone.now() - timedelta(days=1))
        worker.work_off()
        assert mailoutbox == []
        reopen(cast.client, actor(cast.owner))
        worker.work_off()
        assert len(mailoutbox) == 1

    def test_nobody_joins_who_had_the_page_open(self, cast: Cast) -> None:
        mine = permissions_of(frozenset({Role.OWNER}), cast.client)
        invitation = invitations.invite("new@lumen.example", Role.VIEWER, cast.client, mine, actor(cast.owner), language="en")
        close(cast.client, actor(cast.owner))
        with pytest.raises(ValidationError):
            invitations.join(invitation, "New", PASSWORD, Actor("?"))


class TestRecordOfStrangersDays:
    def test_sign_in_of_before_somebody_joined_is_not_the_organisations_to_read(self, cast: Cast) -> None:
        audit.record("password.changed", Actor(cast.stranger.email, cast.stranger, "203.0.113.9"))
        AuditEvent.objects.filter(verb="password.changed").update(at=timezone.now() - timedelta(days=300))
        services.add_member(cast.stranger, Role.VIEWER, client=cast.client)
        assert "password.changed" not in [event.verb for event in audit.events_of(cast.client)]


def test_a_mail_server_that_names_the_address_otherwise_does_not_hide_its_refusal(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mail server is asked about `a@xn--…`, for that is what the wire carries."""
    from smtplib import SMTPRecipientsRefused

    mine = permissions_of(frozenset({Role.OWNER}), cast.client)
    invitation = invitations.invite("a@\u00e9t\u00e9.example", Role.VIEWER, cast.client, mine, actor(cast.owner), language="en")

    def refuse(_invitation: Invitation) -> None:
        raise SMTPRecipientsRefused({"a@xn--t-9fab.example": (550, b"no such user")})

    monkeypatch.setattr(invitations, "send", refuse)
    worker.work_off()
    invitation.refresh_from_db()
    assert "no such user" in invitation.problem


def test_an_owner_removed_during_the_request_does_nothing_more(cast: Cast, monkeypatch: pytest.MonkeyPatch, signed_in: SignIn) -> None:
    """Their request has passed the gate; the removal commits before it writes."""
    other = second_owner(cast)
    original = invitations._checked

    def slower(*args: Any) -> str:
        services.remove_member(Membership.objects.get(user=cast.owner), owners(cast), actor(other))
        return original(*args)

    monkeypatch.setattr(invitations, "_checked", slower)
    signed_in(cast.owner).post("/a/nord/team/invite/", {"email": "ally@x.example", "role": "owner", "language": "en"})
    assert not Invitation.objects.filter(email="ally@x.example").exists()


def test_an_agency_no_longer_reads_the_name_of_a_client_that_moved_away(cast: Cast, signed_in: SignIn) -> None:
    invitations.invite("z@x.example", Role.ANALYST, cast.agency, owners(cast), actor(cast.owner), language="en", clients=[cast.client])
    Client.objects.filter(pk=cast.client.pk).update(agency=cast.other_client.agency, name="Projet Secret")
    browser = signed_in(cast.owner)
    member = Membership.objects.get(user=cast.analyst).pk
    for page in ("/a/nord/team/", f"/a/nord/team/{member}/", "/a/nord/activity/", "/a/nord/"):
        assert "Projet Secret" not in browser.get(page).content.decode(), page


def test_an_unassigned_analysts_page_of_a_former_assignment(cast: Cast, signed_in: SignIn) -> None:
    browser = signed_in(cast.analyst)
    services.assign(Membership.objects.get(user=cast.analyst), [], owners(cast), actor(cast.owner))
    assert browser.get("/c/lumen/").status_code == 404
    assert "Lumen" not in browser.get("/a/nord/team/").content.decode()


def test_a_person_who_leaves_takes_their_agency_token_for_clients_along_and_the_page_says_how_many(cast: Cast) -> None:
    second_owner(cast)
    made(cast.client, cast.owner)
    assert tokens.count_by(cast.owner, cast.agency) == 1


def test_a_look_alike_invitation_makes_no_second_account(cast: Cast) -> None:
    """Long s and Kelvin: PostgreSQL and Python fold them differently."""
    mine = permissions_of(frozenset({Role.OWNER}), cast.client)
    invitation = invitations.invite("\u017ftranger@people.example", Role.VIEWER, cast.client, mine, actor(cast.owner), language="en")
    answer = nobody().get("/join/" + invitations.link(invitation).rsplit("/join/", 1)[1])
    assert answer.status_code == 200
    signs_in(cast.stranger).post("/join/" + invitations.link(invitation).rsplit("/join/", 1)[1])
    assert not Membership.objects.filter(user=cast.stranger, client=cast.client).exists()


def test_a_members_older_invitation_gives_clients_with_a_line(cast: Cast) -> None:
    """Invited by a second address, which the person then makes their own."""
    invitation = invitations.invite(
        "new@x.example", Role.ANALYST, cast.agency, owners(cast), actor(cast.owner), language="en", clients=[cast.client]
    )
    person = User.objects.create_user("old@x.example", PASSWORD)
    services.add_member(person, Role.ANALYST, agency=cast.agency)
    before = AuditEvent.objects.count()
    person.email = "new@x.example"
    person.save()
    invitations.accept(invitation, person, actor(person))
    assert Membership.objects.get(user=person).clients.exists()
    assert AuditEvent.objects.count() > before


def test_a_manager_does_not_undo_an_admins_invitation_by_inviting_again(cast: Cast) -> None:
    """`withdraw` and `resend` refuse them; `invite` overwrites the row, role, link and all."""
    invitation = invitations.invite(
        "boss@lumen.example",
        Role.ADMIN,
        cast.client,
        permissions_of(frozenset({Role.OWNER}), cast.client),
        actor(cast.owner),
        language="en",
    )
    token = invitations.link(invitation).rsplit("/join/", 1)[1].strip("/")
    managers = permissions_of(frozenset({Role.MANAGER}), cast.client)
    with pytest.raises(PermissionDenied):
        invitations.withdraw(invitation, managers, actor(cast.analyst))
    with pytest.raises((PermissionDenied, ValidationError)):
        invitations.invite("boss@lumen.example", Role.VIEWER, cast.client, managers, actor(cast.analyst), language="en")
    found = invitations.find(token)
    assert found is not None
    assert found.role == Role.ADMIN


def test_a_company_learns_of_no_other_client_of_its_agency(cast: Cast, signed_in: SignIn) -> None:
    admin = User.objects.create_user("admin@people.example")
    services.add_member(admin, Role.ADMIN, client=cast.client)
    secret = services.create_client("secret", name="Sehr Geheim", currency="EUR", timezone="Europe/Paris", agency=cast.agency)
    membership = Membership.objects.get(user=cast.analyst)
    services.assign(membership, [cast.client, secret], owners(cast), actor(cast.owner))
    browser = signed_in(admin)
    for page in ("/c/lumen/team/", "/c/lumen/activity/", "/c/lumen/activity.csv", "/c/lumen/", "/", "/clients.json", "/profile/"):
        assert "Geheim" not in browser.get(page, follow=True).content.decode()
    manager = User.objects.create_user("manager@people.example")
    services.add_member(manager, Role.MANAGER, agency=cast.agency, client=cast.client)
    for page in ("/a/nord/team/", "/a/nord/", "/c/lumen/team/", "/clients.json"):
        assert "Geheim" not in signed_in(manager).get(page, follow=True).content.decode()


def test_a_session_whose_password_was_just_changed_can_be_ended_from_elsewhere(cast: Cast) -> None:
    thief = signs_in(cast.viewer)
    thief.get("/")
    later = "another long pass phrase"
    thief.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": later, "password2": later})
    here = signs_in(cast.viewer, later)
    here.get("/")
    here.post("/accounts/sessions/")
    assert thief.get("/c/lumen/").status_code == 302


def test_a_session_just_signed_in_is_ended_with_the_others(cast: Cast) -> None:
    thief = signs_in(cast.viewer)
    here = signs_in(cast.viewer)
    here.get("/")
    here.post("/accounts/sessions/")
    assert thief.get("/c/lumen/").status_code == 302
