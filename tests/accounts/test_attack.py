"""Faults found by attack. Each test fails until its fault is mended."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client as Browser
from django.utils import timezone

from accounts import audit, invitations, services, tokens
from accounts.audit import Actor
from accounts.closing import close, reopen
from accounts.models import Agency, ApiToken, AuditEvent, Client, Invitation, Membership, Role, Scope, User
from accounts.permissions import permissions_of
from jobs import queue, worker
from jobs.models import Job
from tests.accounts.test_sign_in import nobody, signs_in, words
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

    def test_two_clients_created_at_once_under_one_name(self, cast: Cast, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
        """The other request commits between this one's check and its INSERT."""
        original = services._refuse_former_slug

        def slower(client: Client) -> None:
            original(client)
            Client.objects.filter(slug="autre").update(slug="twin")

        monkeypatch.setattr(services, "_refuse_former_slug", slower)
        browser = signed_in(cast.owner)
        browser.raise_request_exception = False
        wish = {"name": "Twin", "slug": "twin", "currency": "EUR", "timezone": "Europe/Paris", "language": "en"}
        assert browser.post("/a/nord/clients/new/", wish).status_code < 500

    def test_a_rename_to_a_name_taken_meanwhile(self, cast: Cast, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
        original = services._refuse_former_slug

        def slower(client: Client) -> None:
            original(client)
            Client.objects.filter(slug="autre").update(slug="twin")

        monkeypatch.setattr(services, "_refuse_former_slug", slower)
        browser = signed_in(cast.owner)
        browser.raise_request_exception = False
        assert browser.post("/c/lumen/settings/", {"name": "L", "slug": "twin", "language": "en"}).status_code < 500


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


DEEP = "[" * 100_000
LONG_NUMBER = "1" * 5_000


class TestNonsense:
    @pytest.mark.parametrize("address", ["/u/%00/", "/u/a%00b/", "/join/%00/", "/c/lumen/?week=%00", "/?q=%00", "/?next=%00"])
    def test_in_addresses(self, cast: Cast, signed_in: SignIn, address: str) -> None:
        browser = signed_in(cast.owner)
        browser.raise_request_exception = False
        assert browser.get(address).status_code < 500

    @pytest.mark.parametrize(
        "address",
        [
            "/c/lumen/activity/?who=%00&kind=%00&before=%00",
            "/c/lumen/activity/?before=999999999999999999",
            "/c/lumen/activity.csv?who=%00",
            "/c/lumen/team/invite/?email=%00&role=%00&client=%00&client=x",
            "/a/nord/team/invite/?email=%00&role=%00&client=%00&client=99999999999999999999999",
            "/c/lumen/team/99999999999999999999999/",
            "/c/lumen/tokens/99999999999999999999999/revoke/",
            "/accounts/sessions/99999999999999999999999/end/",
            "/accounts/confirm-email/%D9%A3/",
            "/accounts/password/reset/key/zzzzzzzzzzzzzzzzzzzz-%00/",
            "/accounts/password/reset/key/1-%00/",
            "/accounts/password/reset/key/zzzzzzzzzzzzz-x/",
            "/accounts/login/?next=/%00",
            "/clients.json?q=%00&page=%00",
            KPIS.format("lumen") + "&kpi=%00&by=%00",
        ],
    )
    def test_in_queries(self, cast: Cast, signed_in: SignIn, address: str) -> None:
        for browser in (signed_in(cast.owner), nobody()):
            browser.raise_request_exception = False
            assert browser.get(address).status_code < 500

    @pytest.mark.parametrize("lang", ["%00", "..%2F..%2Fx", "x" * 3000, "%F0%9F%98%80", "en_%00"])
    def test_in_the_language_of_the_apis_description(self, cast: Cast, signed_in: SignIn, lang: str) -> None:
        browser = signed_in(cast.owner)
        browser.raise_request_exception = False
        assert browser.get(f"/api/v1/schema/?lang={lang}").status_code < 500

    @pytest.mark.parametrize("given", [DEEP, LONG_NUMBER, '{"id": "\\u0000", "response": {"userHandle": "AA"}}', '{"id": "\\ud800"}'])
    def test_in_a_passkeys_answer(self, cast: Cast, given: str) -> None:
        browser = nobody()
        browser.raise_request_exception = False
        browser.get("/accounts/passkeys/login/", headers={"accept": "application/json"})
        assert browser.post("/accounts/passkeys/login/", {"credential": given}).status_code < 500

    def test_in_the_sessions_cookie(self, cast: Cast) -> None:
        browser = Browser(SERVER_NAME="localhost", headers={"cookie": f'{settings.SESSION_COOKIE_NAME}="abcdefgh\\000"'})
        browser.raise_request_exception = False
        assert browser.get("/").status_code < 500

    @pytest.mark.parametrize("nul", ["a\0b", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "x" * 5000, "é" * 300, "\u202e"])
    def test_in_every_form(self, cast: Cast, signed_in: SignIn, nul: str) -> None:
        member = Membership.objects.get(user=cast.viewer).pk
        forms: dict[str, list[str]] = {
            "/accounts/login/": ["login", "password"],
            "/accounts/password/reset/": ["email"],
            "/accounts/reauthenticate/": ["password"],
            "/accounts/2fa/totp/activate/": ["code"],
            "/accounts/password/change/": ["oldpassword", "password1", "password2"],
            "/accounts/email/": ["email", "action_add"],
            "/profile/": ["name", "language"],
            "/language/setlang/": ["language", "next"],
            "/c/lumen/settings/": ["name", "slug", "language"],
            "/c/lumen/settings/close/": ["typed"],
            "/c/lumen/tokens/": ["name", "scope", "days"],
            "/c/lumen/team/invite/": ["email", "role", "language"],
            f"/c/lumen/team/{member}/": ["role", "clients"],
            "/a/nord/team/invite/": ["email", "role", "language", "clients"],
            "/a/nord/clients/new/": ["name", "slug", "currency", "timezone", "language"],
            "/a/nord/settings/": ["name", "primary_colour", "accent_colour", "reply_to"],
        }
        failed = []
        for address, fields in forms.items():
            for browser in (signs_in(cast.owner), nobody()):
                browser.raise_request_exception = False
                for one in [*([field] for field in fields), fields]:
                    if browser.post(address, dict.fromkeys(one, nul)).status_code >= 500:
                        failed.append((address, one))
        assert failed == []

    @pytest.mark.parametrize("action", ["action_add", "action_send", "action_remove", "action_primary", "other"])
    def test_in_a_change_of_address(self, cast: Cast, action: str) -> None:
        browser = signs_in(cast.viewer)
        browser.raise_request_exception = False
        for email in ("a\0b@x.example", "x", "a" * 400 + "@x.example", "viewer@people.example"):
            assert browser.post("/accounts/email/", {"email": email, action: ""}).status_code < 500


def test_a_reset_link_goes_to_the_address_on_file_whatever_look_alike_was_typed(cast: Cast, mailoutbox: list[Any]) -> None:
    """The sign of Kelvin is a k in lower case: CVE-2019-19844."""
    User.objects.create_user("kim@people.example", PASSWORD)
    nobody().post("/accounts/password/reset/", {"email": "\u212aim@people.example"})
    for mail in mailoutbox:
        assert "/password/reset/key/" not in mail.body or mail.to == ["kim@people.example"]


@pytest.mark.parametrize("page", ["/", "/c/lumen/", "/c/lumen/team/", "/c/lumen/activity.csv", "/a/nord/clients/", "/profile/"])
def test_the_back_button_shows_nothing_after_signing_out(cast: Cast, page: str) -> None:
    browser = signs_in(cast.owner)
    kept = browser.get(page)["Cache-Control"] if browser.get(page).has_header("Cache-Control") else ""
    left = browser.post("/accounts/logout/")
    assert "no-store" in kept or "cache" in left.headers.get("Clear-Site-Data", "")


def test_figures_by_api_are_not_kept_by_a_browser(cast: Cast, signed_in: SignIn) -> None:
    assert "no-store" in signed_in(cast.owner).get(KPIS.format("lumen")).headers.get("Cache-Control", "")


def test_a_french_spreadsheet_finds_no_formula_in_the_record(cast: Cast, signed_in: SignIn) -> None:
    """Excel in French parts a file at semicolons."""
    browser = signed_in(cast.owner)
    browser.post("/c/lumen/settings/", {"name": "Lumen;=HYPERLINK(A1)", "slug": "lumen", "language": "fr"})
    text = browser.get("/c/lumen/activity.csv").content.decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(text), delimiter=";") for cell in row]
    assert not [cell for cell in cells if cell[:1] in "=+-@" and cell]


class TestOperatorsAdmin:
    def admin(self, cast: Cast) -> Browser:
        root = User.objects.create_superuser("root@people.example", PASSWORD)
        return signs_in(root)

    def test_a_second_factor_taken_away_there_is_on_record_too(self, cast: Cast) -> None:
        from allauth.mfa.models import Authenticator

        factor = Authenticator.objects.create(user=cast.owner, type="totp", data={"secret": "x"})
        self.admin(cast).post(f"/admin/mfa/authenticator/{factor.pk}/delete/", {"post": "yes"})
        assert not Authenticator.objects.filter(pk=factor.pk).exists()
        assert AuditEvent.objects.filter(verb="second_factor.removed").exists()

    def test_an_agencys_rule_changed_there_is_on_record_too(self, cast: Cast) -> None:
        Agency.objects.filter(pk=cast.agency.pk).update(requires_second_factor=True)
        cast.agency.refresh_from_db()
        fields = {
            "name": "Agence Nord",
            "slug": "nord",
            "host": "",
            "primary_colour": "#1f4e5f",
            "accent_colour": "#e08e45",
            "reply_to": "",
        }
        self.admin(cast).post(f"/admin/accounts/agency/{cast.agency.pk}/change/", fields)
        cast.agency.refresh_from_db()
        assert not cast.agency.requires_second_factor
        assert AuditEvent.objects.filter(agency=cast.agency, verb="agency.changed").exists()

    def test_an_agency_without_clients_is_not_deleted_without_a_trace(self, cast: Cast) -> None:
        est = Agency.objects.create(slug="est", name="Est")
        services.add_member(cast.viewer, Role.OWNER, agency=est)
        self.admin(cast).post(f"/admin/accounts/agency/{est.pk}/delete/", {"post": "yes"})
        assert Agency.objects.filter(pk=est.pk).exists() or AuditEvent.objects.filter(verb__startswith="agency").exists()


class TestRecordOfStrangersDays:
    def test_sign_in_of_before_somebody_joined_is_not_the_organisations_to_read(self, cast: Cast) -> None:
        audit.record("password.changed", Actor(cast.stranger.email, cast.stranger, "203.0.113.9"))
        AuditEvent.objects.filter(verb="password.changed").update(at=timezone.now() - timedelta(days=300))
        services.add_member(cast.stranger, Role.VIEWER, client=cast.client)
        assert "password.changed" not in [event.verb for event in audit.events_of(cast.client)]


def test_a_short_name_taken_by_another_organisation_is_not_betrayed(cast: Cast, signed_in: SignIn) -> None:
    assert "already exists" not in words(signed_in(cast.owner), "/c/lumen/settings/", name="L", slug="autre", language="fr")


def forged(cast: Cast, tmp_path: Any, **changes: Any) -> Any:
    """An archive of Maison Lumen whose client.json says something else, with a manifest that fits."""
    from accounts.portability.exporting import export
    from tests.portability.conftest import contents
    from tests.portability.test_refusals import packed

    path = tmp_path / "a.zip"
    with path.open("wb") as file:
        export(cast.client, file, actor(cast.owner))
    files = contents(path)
    raw = changes.pop("raw", None)
    said = json.loads(files["client.json"]) | changes
    files["client.json"] = raw or json.dumps(said).encode()
    return packed(tmp_path / "b.zip", files, forged=True)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "a\0b"},
        {"former_slugs": ["a\0b"]},
        {"language": "zz"},
        {"language": ""},
        {"people_key": "00"},
        {"raw": b'{"name": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"},
        {"people_key": "ab" * 1_000_000},
        {"timezone": "../../etc/passwd"},
    ],
    ids=lambda changes: next(iter(changes)) + str(next(iter(changes.values())))[:8],
)
def test_a_forged_clients_row_is_refused(cast: Cast, tmp_path: Any, changes: dict[str, Any]) -> None:
    from accounts.portability.archive import Refused
    from accounts.portability.restoring import restore

    path = forged(cast, tmp_path, **dict(changes))
    with path.open("rb") as file, pytest.raises(Refused):
        restore(file, audit.OPERATOR, slug="again")


@pytest.mark.parametrize(
    "host", ["localhost.", "", "a" * 300, "localhost:99999999", "a_b", "[::1", "x\0", "é", "localhost@evil.example", "LOCALHOST"]
)
def test_no_host_is_an_error_of_ours(cast: Cast, host: str) -> None:
    browser = Browser(headers={"host": host}, raise_request_exception=False)
    assert browser.get("/healthz").status_code < 500


EVIL = '"><img src=x onerror=alert(1)>{{7*7}}'


def test_no_name_is_markup_on_any_page(cast: Cast, signed_in: SignIn, mailoutbox: list[Any]) -> None:
    Client.objects.filter(pk=cast.client.pk).update(name=EVIL)
    Agency.objects.filter(pk=cast.agency.pk).update(name=EVIL)
    User.objects.filter(pk=cast.owner.pk).update(name=EVIL)
    User.objects.filter(pk=cast.viewer.pk).update(name=EVIL)
    cast.client.refresh_from_db()
    cast.agency.refresh_from_db()
    cast.owner.refresh_from_db()
    tokens.make(cast.client, name=EVIL, scope=Scope.READ, days=3, by=actor(cast.owner))
    member = Membership.objects.get(user=cast.viewer)
    token = ApiToken.objects.get()
    invitation = invitations.invite(
        "z@x.example", Role.ANALYST, cast.agency, owners(cast), actor(cast.owner), language="en", clients=[cast.client]
    )
    worker.work_off()
    services.assign(Membership.objects.get(user=cast.analyst), [], owners(cast), actor(cast.owner))
    services.change_client(cast.client, actor(cast.owner), name=EVIL + "2")
    path = "/join/" + invitations.link(invitation).rsplit("/join/", 1)[1]
    pages = [
        "/?q=%22%3E%3Cimg",
        "/profile/",
        "/c/lumen/",
        "/c/lumen/reports/",
        "/c/lumen/team/",
        f"/c/lumen/team/{member.pk}/",
        f"/c/lumen/team/{member.pk}/remove/",
    ]
    pages += [
        "/c/lumen/team/invite/?email=%22%3E%3Cimg%20src=x&role=%22%3E%3Cimg%20src=x&client=%22%3E%3Cimg%20src=x",
        "/c/lumen/tokens/",
        f"/c/lumen/tokens/{token.pk}/revoke/",
        "/c/lumen/activity/",
        "/c/lumen/settings/",
        "/c/lumen/settings/close/",
    ]
    pages += [
        "/a/nord/clients/?q=%22%3E%3Cimg",
        "/a/nord/team/",
        "/a/nord/team/invite/",
        "/a/nord/activity/?who=%22%3E%3Cimg",
        "/a/nord/settings/",
        "/a/nord/clients/new/",
        path,
        "/accounts/login/?next=%22%3E%3Cimg%20src=x",
    ]
    for browser in (signed_in(cast.owner), nobody()):
        for page in pages:
            assert "<img src=x" not in browser.get(page, follow=True).content.decode(), page
        answer = browser.post("/c/lumen/settings/", {"name": "<img src=x>", "slug": "<img src=x>", "language": "<img src=x>"})
        assert "<img src=x" not in answer.content.decode()
    for mail in mailoutbox:
        assert "<img src=x" not in str(mail.alternatives[0][0])


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
    for page in ("/a/nord/team/", "/a/nord/clients/", "/c/lumen/team/", "/clients.json"):
        assert "Geheim" not in signed_in(manager).get(page, follow=True).content.decode()


def test_health_tells_strangers_no_numbers_of_others(cast: Cast) -> None:
    Client.objects.filter(pk=cast.client.pk).update(schema_state="x")
    assert "1 clients" not in nobody("reports.sud.example").get("/healthz").content.decode()


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
    for page in ("/a/nord/team/", f"/a/nord/team/{member}/", "/a/nord/activity/", "/a/nord/clients/"):
        assert "Projet Secret" not in browser.get(page).content.decode(), page


@pytest.mark.parametrize("page", ["/c/again/", "/c/again/settings/", "/c/again/team/invite/", "/c/again/reports/2026-W45.pdf"])
def test_a_client_restored_in_no_language_can_be_looked_at(cast: Cast, tmp_path: Any, signed_in: SignIn, page: str) -> None:
    from accounts.portability.restoring import restore

    with forged(cast, tmp_path, language="zz").open("rb") as file:
        restore(file, audit.OPERATOR, slug="again", agency=cast.agency)
    browser = signed_in(cast.owner)
    browser.raise_request_exception = False
    assert browser.get(page).status_code < 500


def test_a_report_in_a_forged_language_is_not_what_a_restored_client_fails_by(cast: Cast, tmp_path: Any) -> None:
    from accounts import mails
    from accounts.portability.restoring import restore

    with forged(cast, tmp_path, language="zz").open("rb") as file:
        client = restore(file, audit.OPERATOR, slug="again", agency=cast.agency)
    close(client, actor(cast.owner))
    assert [audit.sentence(event) for event in audit.events_of(client)]
    assert mails


def test_a_thousand_clients_can_be_assigned(cast: Cast, signed_in: SignIn) -> None:
    browser = signed_in(cast.owner)
    member = Membership.objects.get(user=cast.analyst).pk
    given = {"role": "analyst", "clients": [str(cast.client.pk)] * 1001}
    assert browser.post(f"/a/nord/team/{member}/", given).status_code == 302


def test_what_a_program_reads_varies_by_who_asks(cast: Cast) -> None:
    answer = program(made(cast.client, cast.owner)).get(KPIS.format("lumen"))
    assert "authorization" in answer.headers.get("Vary", "").lower() or "no-store" in answer.headers.get("Cache-Control", "")


def test_every_change_needs_a_csrf_token(cast: Cast) -> None:
    browser = Browser(SERVER_NAME="localhost", enforce_csrf_checks=True)
    browser.force_login(cast.owner, backend="allauth.account.auth_backends.AuthenticationBackend")
    for page in (
        "/c/lumen/export/",
        "/c/lumen/settings/close/",
        "/a/nord/settings/",
        "/profile/",
        "/accounts/logout/",
        "/language/setlang/",
        "/accounts/email/",
    ):
        assert browser.post(page, {"typed": "lumen"}).status_code == 403, page


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


def test_two_restorations_at_once_are_told_of_the_name(cast: Cast, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from accounts.portability import restoring

    monkeypatch.setattr(restoring, "_refuse_taken", lambda slug: None)  # the other one commits after this look
    with forged(cast, tmp_path).open("rb") as file, pytest.raises(restoring.SlugTaken):
        restoring.restore(file, audit.OPERATOR, slug="autre")


def test_an_admins_edit_of_a_client_is_on_record(cast: Cast) -> None:
    browser = signs_in(User.objects.create_superuser("root@people.example", PASSWORD))
    browser.post(f"/admin/accounts/client/{cast.client.pk}/change/", {"name": "Renamed", "language": "fr"})
    cast.client.refresh_from_db()
    assert cast.client.name == "Maison Lumen" or AuditEvent.objects.filter(verb="client.changed").exists()


def test_the_last_owner_is_not_locked_out_by_deleting_them_in_the_admin(cast: Cast) -> None:
    browser = signs_in(User.objects.create_superuser("root@people.example", PASSWORD))
    browser.post(f"/admin/accounts/user/{cast.owner.pk}/delete/", {"post": "yes"})
    assert Membership.objects.filter(agency=cast.agency, role=Role.OWNER).exists()
