"""People come by invitation: by a mail that really leaves, with a link for one person, once, for a week."""

from __future__ import annotations

import re
from datetime import timedelta
from email.message import EmailMessage

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from accounts import audit, invitations, services
from accounts.access import clients_of
from accounts.audit import OPERATOR
from accounts.closing import close
from accounts.models import Client, Invitation, Membership, Organisation, Role, User
from accounts.permissions import permissions_of
from jobs import worker
from jobs.models import Job
from tests.accounts.test_tokens import actor
from tests.conftest import Cast
from tests.mail_server import MailServer
from tests.threads import PATIENCE, in_thread, until, waiters

NEW = "new@lumen.example"


def invite(
    cast: Cast,
    email: str = NEW,
    role: Role = Role.VIEWER,
    organisation: Organisation | None = None,
    own_role: Role = Role.OWNER,
    **more: list[Client],
) -> Invitation:
    """Invited by the agency's owner, unless said otherwise."""
    organisation = organisation or cast.client
    mine = permissions_of(frozenset({own_role}), organisation)
    return invitations.invite(email, role, organisation, mine, actor(cast.owner), language="fr", **more)


def link_in(message: EmailMessage) -> str:
    text = message.get_body(("plain",))
    assert text is not None
    found = re.search(r"https?://\S+/join/\S+", text.get_content())
    assert found
    return found.group()


def token_of(invitation: Invitation) -> str:
    return invitations.link(invitation).rstrip("/").split("/")[-1]


class TestMail:
    def test_it_reaches_the_person_in_their_language_under_the_agencys_name(self, cast: Cast, mail_server: MailServer) -> None:
        invitation = invite(cast)
        worker.work_off()
        (message,) = mail_server.messages()
        assert message["To"] == NEW
        assert message["From"].startswith("Agence Nord <")
        assert message["Reply-To"] == "bonjour@nord.example"
        assert message["Subject"] == "Votre accès à Maison Lumen · Agence Nord"
        assert invitations.find(link_in(message).rstrip("/").split("/")[-1]) == invitation
        invitation.refresh_from_db()
        assert invitation.sent_at

    def test_its_link_leads_to_the_agencys_own_host(self, cast: Cast, mail_server: MailServer) -> None:
        mine = permissions_of(frozenset({Role.OWNER}), cast.other_client)
        invitations.invite(NEW, Role.VIEWER, cast.other_client, mine, actor(cast.stranger), language="en")
        worker.work_off()
        assert link_in(mail_server.messages()[0]).startswith("http://reports.sud.example:8000/join/")

    def test_a_mail_server_that_is_away_delays_it_and_that_can_be_seen(self, cast: Cast, mail_server: MailServer) -> None:
        mail_server.rcpt = "450 later"
        invitation = invite(cast)
        worker.work_off()
        assert "450" in Job.objects.get(kind=invitations.SEND).error
        mail_server.rcpt = ""
        Job.objects.update(run_at=timezone.now() - timedelta(hours=1))
        worker.work_off()
        invitation.refresh_from_db()
        assert invitation.sent_at
        assert len(mail_server.received) == 1

    def test_a_mail_that_never_left_says_why(self, cast: Cast, mail_server: MailServer) -> None:
        mail_server.rcpt = "550 no such person"
        invitation = invite(cast)
        worker.work_off()
        invitation.refresh_from_db()
        assert invitation.problem == "The mail server said: 550 no such person"
        assert invitation.sent_at is None

    def test_one_withdrawn_before_it_left_does_not_leave(self, cast: Cast, mail_server: MailServer) -> None:
        invitation = invite(cast)
        invitations.withdraw(invitation, permissions_of(frozenset({Role.OWNER}), cast.client), actor(cast.owner))
        worker.work_off()
        assert mail_server.received == []


class TestLink:
    def test_it_makes_a_member_once(self, cast: Cast) -> None:
        invitation = invite(cast, role=Role.ADMIN)
        person = User.objects.create_user(NEW, None)
        invitations.accept(invitation, person, actor(person))
        assert Membership.objects.get(user=person).role == Role.ADMIN
        assert invitations.find(token_of(invitation)) is None
        with pytest.raises(ValidationError, match="used or withdrawn"):
            invitations.accept(invitation, person, actor(person))

    def test_an_agencys_analyst_sees_the_clients_named_and_no_others(self, cast: Cast) -> None:
        invitation = invite(cast, role=Role.ANALYST, organisation=cast.agency, clients=[cast.client])
        person = User.objects.create_user(NEW, None)
        invitations.accept(invitation, person, actor(person))
        assert list(clients_of(person)) == [cast.client]

    def test_asking_again_makes_the_link_sent_before_worthless(self, cast: Cast) -> None:
        old = token_of(invite(cast))
        new = token_of(invite(cast, role=Role.ADMIN))
        assert invitations.find(old) is None
        assert invitations.find(new) is not None
        assert Invitation.objects.get().role == Role.ADMIN

    @pytest.mark.parametrize("end", ["expired", "withdrawn", "closed", "forged"])
    def test_it_ends(self, cast: Cast, end: str) -> None:
        invitation = invite(cast)
        token = token_of(invitation)
        if end == "expired":
            Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        elif end == "withdrawn":
            invitations.withdraw(invitation, permissions_of(frozenset({Role.OWNER}), cast.client), actor(cast.owner))
        elif end == "closed":
            close(cast.client, OPERATOR)
        else:
            token = token[:-2] + ("aa" if token[-2:] != "aa" else "bb")
        assert invitations.find(token) is None

    def test_it_outlives_six_days_and_no_eighth(self, cast: Cast) -> None:
        lifetime = invite(cast).expires_at - timezone.now()
        assert timedelta(days=6, hours=23) < lifetime <= timedelta(days=7)


class TestWhoMayInvite:
    @pytest.mark.parametrize(
        ("own_role", "role", "allowed"),
        [
            (Role.OWNER, Role.ADMIN, True),
            (Role.OWNER, Role.VIEWER, True),
            (Role.ADMIN, Role.ADMIN, True),
            (Role.MANAGER, Role.VIEWER, True),
            (Role.MANAGER, Role.ADMIN, False),  # an admin may close the client, a manager may not
            (Role.ANALYST, Role.VIEWER, False),
            (Role.VIEWER, Role.VIEWER, False),
        ],
    )
    def test_into_a_client_company(self, cast: Cast, own_role: Role, role: Role, allowed: bool) -> None:
        if allowed:
            assert invite(cast, role=role, own_role=own_role).pk
        else:
            with pytest.raises(PermissionDenied):
                invite(cast, role=role, own_role=own_role)
            assert not Job.objects.filter(kind=invitations.SEND).exists()

    @pytest.mark.parametrize("own_role", [Role.MANAGER, Role.ANALYST, Role.ADMIN, Role.VIEWER])
    def test_into_an_agency_only_its_owner_does(self, cast: Cast, own_role: Role) -> None:
        with pytest.raises(PermissionDenied):
            invite(cast, role=Role.ANALYST, organisation=cast.agency, own_role=own_role)
        assert invite(cast, role=Role.OWNER, organisation=cast.agency).pk


class TestWrongWishes:
    def refused(self, cast: Cast, **wish: object) -> dict[str, list[str]]:
        with pytest.raises(ValidationError) as refused:
            invite(cast, **wish)  # type: ignore[arg-type]
        assert not Invitation.objects.exists()
        return refused.value.message_dict

    def test_no_address(self, cast: Cast) -> None:
        assert set(self.refused(cast, email="nobody")) == {"email"}

    def test_a_member_already(self, cast: Cast) -> None:
        assert self.refused(cast, email=cast.viewer.email.upper()) == {"email": ["This person is in the team already."]}

    @pytest.mark.parametrize(("role", "to_agency"), [(Role.OWNER, False), (Role.VIEWER, True)])
    def test_a_role_of_the_other_kind_of_team(self, cast: Cast, role: Role, to_agency: bool) -> None:
        organisation: Organisation = cast.agency if to_agency else cast.client
        assert set(self.refused(cast, role=role, organisation=organisation)) == {"role"}

    def test_a_client_of_another_agency(self, cast: Cast) -> None:
        assert set(self.refused(cast, role=Role.ANALYST, organisation=cast.agency, clients=[cast.other_client])) == {"clients"}


def test_the_record_tells_who_invited_and_who_joined(cast: Cast) -> None:
    invitation = invite(cast)
    person = User.objects.create_user(NEW, None)
    invitations.accept(invitation, person, actor(person))
    told = [(event.actor_label, audit.sentence(event)) for event in audit.events_of(cast.client)[:2]]
    assert told == [(NEW, "joined as Viewer"), (cast.owner.email, f"invited {NEW} as Viewer")]
    assert [event.verb for event in audit.events_of(cast.agency)][:2] == ["member.joined", "member.invited"]


@pytest.mark.parametrize("to_agency", [False, True], ids=["to-a-client", "to-the-agency"])
@pytest.mark.parametrize("removed_first", [True, False], ids=["removed-first", "accepted-first"])
def test_accepted_while_whoever_invited_is_removed_it_is_withdrawn_or_counts(
    own_database: str, cast: Cast, removed_first: bool, to_agency: bool
) -> None:
    """Both at once and neither breaks off, whichever comes to the invitation first."""
    services.add_member(cast.analyst, Role.OWNER, agency=cast.agency)
    invitation = invite(cast, role=Role.ANALYST if to_agency else Role.VIEWER, organisation=cast.agency if to_agency else cast.client)
    person = User.objects.create_user(NEW, None)
    inviter = Membership.objects.get(user=cast.owner)
    owners = permissions_of(frozenset({Role.OWNER}), cast.agency)

    def remove() -> None:
        services.remove_member(inviter, owners, actor(cast.analyst))

    def accept() -> None:
        invitations.accept(invitation, person, actor(person))

    with transaction.atomic():
        Invitation.objects.select_for_update().get()
        first = in_thread(remove if removed_first else accept)
        until(lambda: waiters() == 1)
        second = in_thread(accept if removed_first else remove)
        until(lambda: waiters() == 2)
    assert first.exception(PATIENCE) is None
    if removed_first:
        assert isinstance(second.exception(PATIENCE), ValidationError)
    else:
        assert second.exception(PATIENCE) is None
    invitation.refresh_from_db()
    assert bool(invitation.withdrawn_at) is removed_first
    assert Membership.objects.filter(user=person).exists() is not removed_first
    assert not Membership.objects.filter(user=cast.owner).exists()
