"""A team looks after itself: who is in it, who is invited, who leaves."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.core import mail
from django.test import Client as Browser
from django.utils import timezone

from accounts import invitations, services, tokens
from accounts.audit import Actor
from accounts.models import Agency, AuditEvent, Invitation, Membership, Organisation, Role, Scope, User
from accounts.permissions import permissions_of
from accounts.services import add_member
from jobs import worker
from tests.accounts.reading import SignIn, person, queries, text
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
LINK = re.compile(r"http://localhost:8000(/join/[^\s\"]+)")
NEW = "ana@lumen.example"
GOOD = "three words together"


def invited(cast: Cast, email: str = NEW, role: Role = Role.VIEWER, organisation: Organisation | None = None) -> str:
    """The path of the link in the mail that an owner's invitation sends."""
    to = organisation or cast.client
    mine = permissions_of(frozenset({Role.OWNER}), to)
    invitations.invite(email, role, to, mine, Actor(cast.owner.email, cast.owner), language="en")
    return link_in_mail()


def link_in_mail() -> str:
    worker.work_off()
    found = LINK.search(str(mail.outbox[-1].body))
    assert found
    return found.group(1)


def membership(user: User) -> Membership:
    return Membership.objects.get(user=user)


class TestTheTeamPage:
    def test_names_each_member_with_what_they_may_do(self, cast: Cast, signed_in: SignIn) -> None:
        page = text(signed_in(cast.owner).get("/c/lumen/team/"))
        assert "viewer@people.example Viewer Sees the figures, asks about them and downloads the reports; changes nothing." in page

    def test_shows_a_company_which_people_of_its_agency_see_it_and_no_others(self, cast: Cast, signed_in: SignIn) -> None:
        add_member(person("elsewhere"), Role.MANAGER, agency=cast.agency)
        admin = person("admin")
        add_member(admin, Role.ADMIN, client=cast.client)
        page = text(signed_in(admin).get("/c/lumen/team/"))
        assert "owner@people.example" in page
        assert "analyst@people.example" in page
        assert "Elsewhere" not in page

    def test_tells_an_analyst_of_no_client_they_are_not_assigned_to(self, cast: Cast, signed_in: SignIn) -> None:
        secret = services.create_client("secret", name="Secret", currency="EUR", timezone="Europe/Paris", agency=cast.agency)
        add_member(person("manager"), Role.MANAGER, agency=cast.agency, client=secret)
        assert "Secret" in text(signed_in(cast.owner).get("/a/nord/team/"))
        assert "Secret" not in text(signed_in(cast.analyst).get("/a/nord/team/"))

    @pytest.mark.parametrize("address", ["/c/lumen/team/", "/a/nord/team/"])
    def test_asks_the_database_as_often_for_three_as_for_one(self, cast: Cast, signed_in: SignIn, address: str) -> None:
        browser = signed_in(cast.owner)
        invited(cast, "first@lumen.example")
        invited(cast, "first@nord.example", Role.ANALYST, cast.agency)
        before = queries(browser, address)
        for name in ("second", "third"):
            invited(cast, f"{name}@lumen.example")
            invited(cast, f"{name}@nord.example", Role.ANALYST, cast.agency)
            add_member(person(name), Role.ADMIN, client=cast.client)
            add_member(person(f"{name}-nord"), Role.MANAGER, agency=cast.agency, client=cast.client)
        assert queries(browser, address) == before


class TestInviting:
    def test_a_person_is_invited_by_a_mail_and_joins_by_its_link(self, cast: Cast, signed_in: SignIn) -> None:
        wish = {"email": " Ana@Lumen.example", "role": "viewer", "language": "fr"}
        assert signed_in(cast.owner).post("/c/lumen/team/invite/", wish)["Location"] == "/c/lumen/team/"
        link = link_in_mail()
        assert mail.outbox[-1].to == [NEW]
        assert "Votre accès à Maison Lumen" in mail.outbox[-1].body
        assert f"{NEW} Viewer Sent" in text(signed_in(cast.owner).get("/c/lumen/team/"))
        browser = Browser(SERVER_NAME="localhost")
        assert browser.post(link, {"name": "Ana", "password": GOOD})["Location"] == "/c/lumen/"
        assert browser.get("/c/lumen/").status_code == 200

    def test_an_agency_chooses_the_clients_while_inviting(self, cast: Cast, signed_in: SignIn) -> None:
        wish = {"email": NEW, "role": "analyst", "language": "en", "clients": [cast.client.pk]}
        signed_in(cast.owner).post("/a/nord/team/invite/", wish)
        browser = Browser(SERVER_NAME="localhost")
        browser.post(link_in_mail(), {"name": "Ana", "password": GOOD})
        assert browser.get("/c/lumen/").status_code == 200

    def test_nobody_gives_more_than_they_have(self, cast: Cast, signed_in: SignIn) -> None:
        manager = person("manager")
        add_member(manager, Role.MANAGER, agency=cast.agency, client=cast.client)
        page = signed_in(manager).get("/c/lumen/team/invite/").content.decode()
        assert 'value="viewer"' in page
        assert 'value="admin"' not in page
        forged = signed_in(manager).post("/c/lumen/team/invite/", {"email": NEW, "role": "admin", "language": "en"})
        assert forged.status_code == 200
        assert not Invitation.objects.exists()

    def test_another_agencys_client_cannot_be_given_away(self, cast: Cast, signed_in: SignIn) -> None:
        wish = {"email": NEW, "role": "analyst", "language": "en", "clients": [cast.other_client.pk]}
        assert signed_in(cast.owner).post("/a/nord/team/invite/", wish).status_code == 200
        assert not Invitation.objects.exists()

    def test_who_is_in_the_team_is_not_invited_again(self, cast: Cast, signed_in: SignIn) -> None:
        wish = {"email": cast.viewer.email, "role": "viewer", "language": "en"}
        assert "This person is in the team already." in text(signed_in(cast.owner).post("/c/lumen/team/invite/", wish))

    def test_sending_again_makes_the_first_link_worthless(self, cast: Cast, signed_in: SignIn) -> None:
        first = invited(cast)
        signed_in(cast.owner).post(f"/c/lumen/team/invitations/{Invitation.objects.get().pk}/resend/")
        second = link_in_mail()
        browser = Browser(SERVER_NAME="localhost")
        assert browser.get(first).status_code == 410
        assert browser.get(second).status_code == 200

    def test_a_withdrawn_link_opens_nothing_and_one_click_leads_to_inviting_again(self, cast: Cast, signed_in: SignIn) -> None:
        link = invited(cast)
        page = signed_in(cast.owner).post(f"/c/lumen/team/invitations/{Invitation.objects.get().pk}/withdraw/", follow=True)
        assert Browser(SERVER_NAME="localhost").get(link).status_code == 410
        again = re.search(r'href="([^"]+)">Invite again', page.content.decode())
        assert again
        form = signed_in(cast.owner).get(unescape(again.group(1))).content.decode()
        assert f'value="{NEW}"' in form
        assert re.search(r'value="viewer"[^>]*checked', form)

    def test_the_page_says_why_a_mail_could_not_be_delivered(self, cast: Cast, signed_in: SignIn) -> None:
        invited(cast)
        Invitation.objects.update(sent_at=None, problem="The mail server did not take it: no such mailbox")
        page = text(signed_in(cast.owner).get("/c/lumen/team/"))
        assert "Could not be delivered The mail server did not take it: no such mailbox" in page
        Invitation.objects.update(expires_at=timezone.now() - timedelta(days=1))
        assert "Expired" in text(signed_in(cast.owner).get("/c/lumen/team/"))


class TestTheLink:
    def test_looking_uses_nothing_up(self, cast: Cast) -> None:
        link = invited(cast)
        for _ in range(3):
            assert Browser(SERVER_NAME="localhost").get(link).status_code == 200
        assert not User.objects.filter(email=NEW).exists()

    def test_works_once(self, cast: Cast) -> None:
        link = invited(cast)
        Browser(SERVER_NAME="localhost").post(link, {"name": "Ana", "password": GOOD})
        again = Browser(SERVER_NAME="localhost").post(link, {"name": "Eve", "password": GOOD})
        assert again.status_code == 410
        assert User.objects.get(email=NEW).name == "Ana"

    def test_makes_an_account_whose_address_is_verified_and_whose_language_is_known(self, cast: Cast) -> None:
        Browser(SERVER_NAME="localhost").post(invited(cast), {"name": "Ana", "password": GOOD})
        user = User.objects.get(email=NEW)
        assert (user.name, user.language, user.is_staff) == ("Ana", "en", False)
        assert user.emailaddress_set.get(verified=True, primary=True).email == NEW  # type: ignore[attr-defined]
        event = AuditEvent.objects.get(verb="member.joined")
        assert (event.actor, event.actor_label, event.client) == (user, NEW, cast.client)

    @pytest.mark.parametrize("password", ["short", "password123", "", NEW])
    def test_refuses_a_weak_password_and_keeps_the_name(self, cast: Cast, password: str) -> None:
        answer = Browser(SERVER_NAME="localhost").post(invited(cast), {"name": "Ana", "password": password})
        assert answer.status_code == 200
        assert 'value="Ana"' in answer.content.decode()
        assert not User.objects.filter(email=NEW).exists()

    def test_asks_a_known_person_to_sign_in_and_brings_them_back(self, cast: Cast) -> None:
        link = invited(cast, cast.stranger.email)
        browser = Browser(SERVER_NAME="localhost")
        assert f"Sign in as {cast.stranger.email}, then accept." in text(browser.get(link))
        credentials = {"login": cast.stranger.email, "password": "a long enough password", "next": link}
        assert browser.post("/accounts/login/", credentials)["Location"] == link
        assert browser.post(link)["Location"] == "/c/lumen/"
        assert browser.get("/c/lumen/").status_code == 200

    def test_a_known_person_keeps_their_password_whatever_is_sent(self, cast: Cast) -> None:
        link = invited(cast, cast.stranger.email)
        Browser(SERVER_NAME="localhost").post(link, {"name": "Eve", "password": GOOD})
        assert User.objects.get(pk=cast.stranger.pk).check_password("a long enough password")
        assert not Membership.objects.filter(user=cast.stranger, client=cast.client).exists()

    def test_says_so_to_somebody_else_and_gives_them_nothing(self, cast: Cast, signed_in: SignIn) -> None:
        link = invited(cast)
        browser = signed_in(cast.stranger)
        assert "This invitation is for somebody else" in text(browser.get(link))
        browser.post(link)
        assert browser.get("/c/lumen/").status_code == 404
        assert browser.post("/accounts/logout/", {"next": link})["Location"] == link
        assert "Your name" in text(browser.get(link))

    @pytest.mark.parametrize("spoil", ["expired", "withdrawn", "forged", "closed"])
    def test_that_no_longer_works_says_what_to_do(self, cast: Cast, spoil: str) -> None:
        link = invited(cast)
        if spoil == "expired":
            Invitation.objects.update(expires_at=timezone.now())
        elif spoil == "withdrawn":
            Invitation.objects.update(withdrawn_at=timezone.now())
        elif spoil == "closed":
            type(cast.client).objects.filter(pk=cast.client.pk).update(closed_at=timezone.now())
        else:
            link = link.replace("/join/", "/join/x")
        browser = Browser(SERVER_NAME="localhost")
        for answer in (browser.get(link), browser.post(link, {"name": "Ana", "password": GOOD})):
            assert answer.status_code == 410
            assert "ask the person who invited you for a new one" in text(answer)
            assert "Lumen" not in text(answer)

    def test_of_one_agency_opens_nothing_on_anothers_host(self, cast: Cast) -> None:
        link = invited(cast)
        assert Browser(SERVER_NAME="reports.sud.example").get(link).status_code == 410
        assert Browser(SERVER_NAME="localhost").get(link).status_code == 200

    def test_is_not_hammered(self, cast: Cast) -> None:
        link = invited(cast)
        browser = Browser(SERVER_NAME="localhost")
        answers = [browser.post(link, {"name": "Ana", "password": "short"}).status_code for _ in range(21)]
        assert answers == [200] * 20 + [429]


class TestChanging:
    def test_an_owner_changes_role_and_clients_in_one_go(self, cast: Cast, signed_in: SignIn) -> None:
        row = membership(cast.analyst)
        page = signed_in(cast.owner).get(f"/a/nord/team/{row.pk}/").content.decode()
        assert re.search(r'value="analyst"[^>]*checked', page)
        assert re.search(rf'name="clients" value="{cast.client.pk}"[^>]*checked', page)
        signed_in(cast.owner).post(f"/a/nord/team/{row.pk}/", {"role": "manager", "clients": []})
        row.refresh_from_db()
        assert (row.role, list(row.clients.all())) == ("manager", [])
        assert signed_in(cast.analyst).get("/c/lumen/").status_code == 404

    def test_nothing_is_kept_if_one_part_is_refused(self, cast: Cast, signed_in: SignIn) -> None:
        row = membership(cast.analyst)
        answer = signed_in(cast.owner).post(f"/a/nord/team/{row.pk}/", {"role": "manager", "clients": [cast.other_client.pk]})
        assert answer.status_code == 200
        row.refresh_from_db()
        assert row.role == "analyst"

    def test_the_last_one_in_charge_is_told_beside_the_field(self, cast: Cast, signed_in: SignIn) -> None:
        row = membership(cast.owner)
        answer = signed_in(cast.owner).post(f"/a/nord/team/{row.pk}/", {"role": "analyst"})
        assert "Somebody must stay in charge" in answer.content.decode().split("<fieldset")[1].split("</fieldset>")[0]
        assert membership(cast.owner).role == "owner"

    def test_a_manager_does_not_touch_an_admin(self, cast: Cast, signed_in: SignIn) -> None:
        manager, admin = person("manager"), person("admin")
        add_member(manager, Role.MANAGER, agency=cast.agency, client=cast.client)
        row = add_member(admin, Role.ADMIN, client=cast.client)
        browser = signed_in(manager)
        assert f"/c/lumen/team/{row.pk}/" not in browser.get("/c/lumen/team/").content.decode()
        for address in (f"/c/lumen/team/{row.pk}/", f"/c/lumen/team/{row.pk}/remove/"):
            assert browser.post(address, {"role": "viewer"}).status_code == 403
        row.refresh_from_db()
        assert row.role == "admin"


class TestLeaving:
    def test_removing_names_what_is_lost_first(self, cast: Cast, signed_in: SignIn) -> None:
        admin = person("admin")
        row = add_member(admin, Role.ADMIN, client=cast.client)
        for name in ("warehouse", "sheet"):
            tokens.make(cast.client, name=name, scope=Scope.READ, days=30, by=Actor(admin.email, admin))
        page = text(signed_in(cast.owner).get(f"/c/lumen/team/{row.pk}/remove/"))
        assert "Remove Admin?" in page
        assert "2 API tokens they made stop working" in page
        assert Membership.objects.filter(pk=row.pk).exists()

    def test_a_removed_person_is_out_and_can_be_invited_again_at_once(self, cast: Cast, signed_in: SignIn) -> None:
        page = signed_in(cast.owner).post(f"/c/lumen/team/{membership(cast.viewer).pk}/remove/", follow=True)
        assert signed_in(cast.viewer).get("/c/lumen/").status_code == 404
        assert "viewer@people.example no longer has access to Maison Lumen. Invite again" in text(page)
        assert "/c/lumen/team/invite/?email=viewer%40people.example&amp;role=viewer" in page.content.decode()

    def test_one_leaves_by_oneself(self, cast: Cast, signed_in: SignIn) -> None:
        browser = signed_in(cast.viewer)
        assert "Leave Maison Lumen?" in text(browser.get("/c/lumen/team/leave/"))
        assert browser.post("/c/lumen/team/leave/")["Location"] == "/"
        assert browser.get("/c/lumen/").status_code == 404

    def test_the_last_owner_cannot_leave(self, cast: Cast, signed_in: SignIn) -> None:
        answer = signed_in(cast.owner).post("/a/nord/team/leave/")
        assert "Somebody must stay in charge" in text(answer)
        assert signed_in(cast.owner).get("/a/nord/team/").status_code == 200

    def test_agency_people_cannot_leave_a_company_they_only_see(self, cast: Cast, signed_in: SignIn) -> None:
        assert signed_in(cast.owner).get("/c/lumen/team/leave/").status_code == 404


class TestTheProfile:
    def test_lists_where_a_person_belongs_and_leads_out_of_it(self, cast: Cast, signed_in: SignIn) -> None:
        """A viewer does not see the team's page: this is their way to leave."""
        add_member(cast.viewer, Role.ANALYST, agency=Agency.objects.get(slug="sud"))
        page = signed_in(cast.viewer).get("/profile/").content.decode()
        assert page.index("Agence Sud") < page.index("Maison Lumen")
        assert 'href="/c/lumen/team/leave/"' in page
        assert 'href="/a/sud/team/leave/"' in page
        assert "Agence Nord" not in page

    def test_shows_on_an_agencys_host_what_is_of_that_agency(self, cast: Cast) -> None:
        add_member(cast.viewer, Role.VIEWER, client=cast.other_client)
        browser = Browser(SERVER_NAME="reports.sud.example")
        browser.force_login(cast.viewer, backend="allauth.account.auth_backends.AuthenticationBackend")
        page = browser.get("/profile/").content.decode()
        assert "/c/autre/team/leave/" in page
        assert "Maison Lumen" not in page
