"""Signing in, and changing how: through the pages, as whoever is at the keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.mail import EmailMultiAlternatives
from django.test import Client as Browser

from accounts.models import AuditEvent, Client, Role, User
from accounts.services import add_member
from tests.conftest import PASSWORD, Cast

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Browser]
Outbox = list[EmailMultiAlternatives]

SUD = "reports.sud.example"
LATER = "another long password"
WRONG = "wrong password"
# Every address of sign-in, with the status of somebody signed in, of nobody, and of somebody signed in on an agency's own host.
SIGN_IN_URLS = {
    "account_login": ("/accounts/login/", (302, 200, 302)),
    "account_logout": ("/accounts/logout/", (200, 302, 200)),
    "account_inactive": ("/accounts/inactive/", (200, 200, 200)),
    "account_signup": ("/accounts/signup/", (404, 404, 404)),
    "account_reauthenticate": ("/accounts/reauthenticate/", (200, 302, 200)),
    "account_email": ("/accounts/email/", (200, 302, 200)),
    "account_confirm_email": ("/accounts/confirm-email/no-such-key/", (200, 200, 200)),
    "account_change_password": ("/accounts/password/change/", (200, 302, 200)),
    "account_set_password": ("/accounts/password/set/", (302, 302, 302)),
    "account_reset_password": ("/accounts/password/reset/", (200, 200, 200)),
    "account_reset_password_done": ("/accounts/password/reset/done/", (200, 200, 200)),
    "account_reset_password_from_key": ("/accounts/password/reset/key/1-abc/", (200, 200, 200)),
    "account_reset_password_from_key_done": ("/accounts/password/reset/key/done/", (200, 200, 200)),
    "mfa_index": ("/accounts/2fa/", (200, 302, 200)),
    "mfa_authenticate": ("/accounts/2fa/authenticate/", (302, 302, 302)),
    "mfa_reauthenticate": ("/accounts/2fa/reauthenticate/", (302, 302, 302)),
    "mfa_activate_totp": ("/accounts/2fa/totp/activate/", (200, 302, 200)),
    "mfa_deactivate_totp": ("/accounts/2fa/totp/deactivate/", (404, 302, 404)),
    "mfa_view_recovery_codes": ("/accounts/2fa/recovery-codes/", (404, 302, 404)),
    "mfa_generate_recovery_codes": ("/accounts/2fa/recovery-codes/generate/", (200, 302, 200)),
    "mfa_download_recovery_codes": ("/accounts/2fa/recovery-codes/download/", (404, 302, 404)),
    "mfa_list_webauthn": ("/accounts/passkeys/", (200, 302, 404)),
    "mfa_add_webauthn": ("/accounts/passkeys/add/", (200, 302, 404)),
    "mfa_login_webauthn": ("/accounts/passkeys/login/", (302, 302, 404)),
    "mfa_reauthenticate_webauthn": ("/accounts/passkeys/reauthenticate/", (302, 302, 404)),
    "mfa_edit_webauthn": ("/accounts/passkeys/1/edit/", (404, 302, 404)),
    "mfa_remove_webauthn": ("/accounts/passkeys/1/remove/", (404, 302, 404)),
    "usersessions_list": ("/accounts/sessions/", (200, 302, 200)),
    "end_session": ("/accounts/sessions/1/end/", (405, 405, 405)),
    "profile": ("/profile/", (200, 302, 200)),
}


def nobody(host: str = "localhost") -> Browser:
    return Browser(SERVER_NAME=host)


def signs_in(user: User, password: str = PASSWORD, *, host: str = "localhost", browser: Browser | None = None) -> Browser:
    """A browser in which the person has just given their password."""
    browser = browser or nobody(host)
    browser.post("/accounts/login/", {"login": user.email, "password": password})
    return browser


def words(browser: Browser, address: str, **data: str) -> str:
    """What the page says, as text."""
    answer = browser.post(address, data, follow=True) if data else browser.get(address, follow=True)
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode().partition("<main")[2]).split()).replace("&#x27;", "'")


def counted(work: Callable[..., object], calls: list[str]) -> Callable[..., object]:
    def counting(*args: object) -> object:
        calls.append(work.__name__)
        return work(*args)

    return counting


def link_in(message: EmailMultiAlternatives) -> str:
    found = re.search(r"https?://\S+", str(message.body))
    assert found
    return found.group()


def path_of(link: str) -> str:
    return "/" + link.split("/", 3)[3]


def test_every_address_answers_as_stated_and_in_our_own_pages(cast: Cast) -> None:
    people = [signs_in(cast.viewer), nobody(), signs_in(cast.viewer, host=SUD)]
    found, foreign = {}, set()
    for name, (address, _expected) in SIGN_IN_URLS.items():
        answers = [browser.get(address) for browser in people]
        found[name] = (address, tuple(answer.status_code for answer in answers))
        used = {str(template.origin.name) for answer in answers for template in answer.templates if template.origin}
        foreign |= {template for template in used if "/allauth/" in template}
    assert found == SIGN_IN_URLS
    assert foreign == set()


def test_an_empty_form_is_no_error_of_ours(cast: Cast) -> None:
    person, found = signs_in(cast.viewer), {}
    for name, (address, _expected) in SIGN_IN_URLS.items():
        if name != "account_logout":
            found[name] = (person.post(address).status_code, nobody().post(address).status_code)
    assert {status for pair in found.values() for status in pair} <= {200, 302, 404, 405}
    changing = {name for name in found if name.startswith(("mfa_", "account_change", "account_email", "usersessions", "end_", "profile"))}
    assert {found[name][1] for name in changing - {"mfa_login_webauthn"}} == {302}


class TestNonsense:
    """Whatever a stranger sends, it is no error of ours."""

    @pytest.mark.parametrize("address", ["/u/%00/", "/u/a%00b/", "/join/%00/", "/?next=%00"])
    def test_in_an_address(self, cast: Cast, address: str) -> None:
        assert nobody().get(address).status_code in {302, 404, 410}

    @pytest.mark.parametrize(
        "given",
        [
            "[" * 100_000,
            "[" * 900 + "]" * 900,
            '{"id": ' * 900 + "1" + "}" * 900,
            "1" * 5_000,
            '{"id": "\\u0000", "response": {"userHandle": "AA"}}',
            '{"id": "\\ud800"}',
        ],
        ids=lambda given: given[:9],
    )
    def test_in_a_passkeys_answer(self, cast: Cast, given: str) -> None:
        browser = nobody()
        browser.get("/accounts/passkeys/login/", headers={"accept": "application/json"})
        assert browser.post("/accounts/passkeys/login/", {"credential": given}).status_code in {200, 302}
        assert "_auth_user_id" not in browser.session
        person = signs_in(cast.viewer)
        person.get("/accounts/passkeys/add/")
        assert person.post("/accounts/passkeys/add/", {"name": "x", "credential": given}).status_code == 200

    @pytest.mark.parametrize("key", ['"abcdefgh\\000"', "x" * 5_000, "ABCDEFGHIJ", "é" * 9])
    def test_in_the_sessions_cookie(self, cast: Cast, key: str) -> None:
        browser = Browser(SERVER_NAME="localhost", headers={"cookie": f"{settings.SESSION_COOKIE_NAME}={key}"})
        assert browser.get("/")["Location"].startswith("/accounts/login/")
        assert browser.get("/accounts/login/").status_code == 200


class TestPassword:
    def test_a_person_signs_in_and_out(self, cast: Cast) -> None:
        browser = signs_in(cast.viewer)
        assert browser.get("/c/lumen/").status_code == 200
        browser.post("/accounts/logout/")
        assert browser.get("/c/lumen/").status_code == 302

    def test_somebody_whose_account_is_closed_is_told_so_only_with_the_right_password(self, cast: Cast) -> None:
        User.objects.filter(pk=cast.viewer.pk).update(is_active=False)
        right = nobody().post("/accounts/login/", {"login": cast.viewer.email, "password": PASSWORD})
        assert right["Location"] == "/accounts/inactive/"
        assert "do not belong together" in words(nobody(), "/accounts/login/", login=cast.viewer.email, password="wrong")

    def test_a_known_and_an_unknown_address_are_refused_alike_and_cost_the_same(self, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
        hashed: list[str] = []
        for work in ("encode", "verify"):
            monkeypatch.setattr(Argon2PasswordHasher, work, counted(getattr(Argon2PasswordHasher, work), hashed))
        unusable = User.objects.create_user("invited@people.example")
        said, cost = set(), []
        for email in (cast.viewer.email, unusable.email, "nobody@people.example"):
            hashed.clear()
            page = nobody().post("/accounts/login/", {"login": email, "password": "wrong password"}).content.decode()
            said.add(re.sub(r'(nonce|value)="[^"]*"', "", page))
            cost.append(len(hashed))
        assert len(said) == 1
        assert cost == [1, 1, 1]

    def test_the_session_is_another_after_signing_in(self, cast: Cast) -> None:
        browser = nobody()
        browser.get("/accounts/2fa/authenticate/")
        session = browser.session
        session["planted"] = True
        session.save()
        planted = str(session.session_key)
        browser.cookies[settings.SESSION_COOKIE_NAME] = planted
        signs_in(cast.viewer, browser=browser)
        assert browser.get("/c/lumen/").status_code == 200
        assert browser.session.session_key != planted
        assert not session.exists(planted)

    @pytest.mark.parametrize("place", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
    def test_nobody_is_led_to_a_foreign_place(self, cast: Cast, place: str) -> None:
        answer = nobody().post("/accounts/login/", {"login": cast.viewer.email, "password": PASSWORD, "next": place})
        assert answer["Location"] == "/"
        assert nobody().get("/accounts/logout/", {"next": place})["Location"] == "/"

    def test_a_person_goes_where_they_were_going(self, cast: Cast) -> None:
        answer = nobody().post("/accounts/login/", {"login": cast.viewer.email, "password": PASSWORD, "next": "/c/lumen/reports/"})
        assert answer["Location"] == "/c/lumen/reports/"

    def test_cookies_belong_to_one_host_and_no_script_reads_the_session(self, cast: Cast) -> None:
        cookie = signs_in(cast.viewer).cookies[settings.SESSION_COOKIE_NAME]
        assert cookie["domain"] == ""
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"

    def test_changing_it_ends_the_other_sessions_and_tells_the_owner(self, cast: Cast, mailoutbox: Outbox) -> None:
        here, elsewhere = signs_in(cast.viewer), signs_in(cast.viewer)
        change = {"oldpassword": PASSWORD, "password1": LATER, "password2": LATER}
        assert "Your password is changed." in words(here, "/accounts/password/change/", **change)
        assert here.get("/c/lumen/").status_code == 200
        assert elsewhere.get("/c/lumen/").status_code == 302
        [mail] = mailoutbox
        assert mail.to == [cast.viewer.email]
        assert mail.subject == "Your password was changed · Agence Nord"
        assert signs_in(cast.viewer, LATER).get("/c/lumen/").status_code == 200

    def test_the_old_one_is_needed_to_change_it(self, cast: Cast) -> None:
        page = words(signs_in(cast.viewer), "/accounts/password/change/", oldpassword="wrong", password1=LATER, password2=LATER)
        assert "not your present password" in page


class TestForgotten:
    def ask(self, email: str, host: str = "localhost") -> str:
        return words(nobody(host), "/accounts/password/reset/", email=email)

    def test_a_link_by_mail_sets_a_new_one_once(self, cast: Cast, mailoutbox: Outbox) -> None:
        self.ask(cast.viewer.email)
        link = link_in(mailoutbox[0])
        assert link.startswith(settings.SITE_URL)
        browser = nobody()
        form = browser.get(path_of(link), follow=True).redirect_chain[-1][0]
        assert "You can now sign in" in words(browser, form, password1=LATER, password2=LATER)
        assert signs_in(cast.viewer, LATER).get("/c/lumen/").status_code == 200
        assert "no longer works" in words(nobody(), path_of(link))
        assert [mail.subject for mail in mailoutbox[1:]] == ["Your password was changed · Agence Nord"]

    def test_nobody_learns_who_has_an_account(self, cast: Cast, mailoutbox: Outbox) -> None:
        assert self.ask(cast.viewer.email) == self.ask("nobody@people.example")
        known, unknown = mailoutbox
        assert (known.to, unknown.to) == ([cast.viewer.email], ["nobody@people.example"])
        assert "There is no account with it" in str(unknown.body)

    def test_the_mail_wears_the_hosts_brand_and_leads_back_there(self, cast: Cast, mailoutbox: Outbox) -> None:
        User.objects.filter(pk=cast.stranger.pk).update(language="fr")
        self.ask(cast.stranger.email, SUD)
        [mail] = mailoutbox
        assert mail.from_email == '"Agence Sud" <reports@localhost>'
        assert mail.subject == "Choisissez un nouveau mot de passe · Agence Sud"
        assert f"://{SUD}" in link_in(mail)
        assert "set-password" in nobody(SUD).get(path_of(link_in(mail)))["Location"]

    def test_a_foreign_host_cannot_have_a_link_made(self, cast: Cast, mailoutbox: Outbox) -> None:
        assert nobody("evil.example").post("/accounts/password/reset/", {"email": cast.viewer.email}).status_code == 421
        nobody().post("/accounts/password/reset/", {"email": cast.viewer.email}, headers={"host": "localhost:6666"})
        assert link_in(mailoutbox[0]).startswith(f"{settings.SITE_URL}/")

    def test_that_the_mail_server_is_away_is_said_alike_to_all(self, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(settings, "EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend")
        monkeypatch.setattr(settings, "EMAIL_PORT", 1)
        page = self.ask(cast.viewer.email)
        assert "The mail could not be sent" in page
        assert page == self.ask("nobody@people.example")


class TestLimits:
    def guess(self, email: str, password: str = WRONG, host: str = "localhost") -> str:
        return words(nobody(host), "/accounts/login/", login=email, password=password)

    @pytest.mark.parametrize("email", ["viewer@people.example", "nobody@people.example"])
    def test_after_five_wrong_passwords_an_address_waits_whatever_the_host(self, cast: Cast, email: str) -> None:
        for host in ("localhost", SUD, "localhost", SUD, "localhost"):
            assert "do not belong together" in self.guess(email, host=host)
        assert "Too many attempts" in self.guess(email, PASSWORD, SUD)

    def test_another_person_is_not_kept_waiting(self, cast: Cast) -> None:
        for _attempt in range(6):
            self.guess(cast.viewer.email)
        assert signs_in(cast.owner).get("/c/lumen/").status_code == 200

    def test_one_sender_cannot_try_many_addresses(self, cast: Cast) -> None:
        for number in range(10):
            self.guess(f"guess{number}@people.example")
        assert "Too many attempts" in self.guess("guess10@people.example")

    def test_reset_links_are_not_sent_without_end(self, cast: Cast, mailoutbox: Outbox) -> None:
        answers = [nobody().post("/accounts/password/reset/", {"email": cast.viewer.email}) for _attempt in range(6)]
        assert [answer.status_code for answer in answers] == [302] * 5 + [429]
        assert len(mailoutbox) == 5
        assert "Too many attempts" in answers[-1].content.decode()

    def test_a_sender_behind_our_proxy_is_counted_by_their_own_address(self, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(settings, "ALLAUTH_TRUSTED_PROXY_COUNT", 1)
        seen = {"x-forwarded-for": "203.0.113.9, 198.51.100.7"}
        nobody().post("/accounts/login/", {"login": cast.viewer.email, "password": PASSWORD}, headers=seen)
        browser = nobody()
        browser.post("/accounts/login/", {"login": cast.viewer.email, "password": PASSWORD}, headers=seen)
        assert "198.51.100.7" in words(browser, "/accounts/sessions/")


class TestAddress:
    NEW = "new@people.example"

    def ask(self, browser: Browser, email: str = NEW) -> str:
        return words(browser, "/accounts/email/", email=email, action_add="")

    def test_it_changes_when_the_link_is_opened_and_the_old_one_is_told(self, cast: Cast, mailoutbox: Outbox) -> None:
        browser = signs_in(cast.viewer)
        assert "A link is on its way to new@people.example" in self.ask(browser)
        [asked] = mailoutbox
        assert asked.to == [self.NEW]
        assert signs_in(cast.viewer).get("/c/lumen/").status_code == 200
        assert nobody().post("/accounts/login/", {"login": self.NEW, "password": PASSWORD}).status_code == 200
        browser.post(path_of(link_in(asked)))
        user = User.objects.get(pk=cast.viewer.pk)
        assert user.email == self.NEW
        [told] = mailoutbox[1:]
        assert told.to == [cast.viewer.email]
        assert "Write at once to the people you work with" in str(told.body)
        assert signs_in(user).get("/c/lumen/").status_code == 200
        assert nobody().post("/accounts/login/", {"login": cast.viewer.email, "password": PASSWORD}).status_code == 200
        event = AuditEvent.objects.get(verb="email.changed")
        assert event.details == {"before": cast.viewer.email, "after": self.NEW}

    def test_an_unconfirmed_address_resets_no_password(self, cast: Cast, mailoutbox: Outbox) -> None:
        self.ask(signs_in(cast.viewer))
        nobody().post("/accounts/password/reset/", {"email": self.NEW})
        assert "There is no account with it" in str(mailoutbox[-1].body)

    def test_somebody_elses_address_is_not_taken_and_not_betrayed(self, cast: Cast, mailoutbox: Outbox) -> None:
        browser = signs_in(cast.viewer)
        free = self.ask(browser).replace(self.NEW, "")
        browser.post("/accounts/email/", {"email": self.NEW, "action_remove": ""}, follow=True)
        assert self.ask(browser, cast.owner.email).replace(cast.owner.email, "") == free
        link = path_of(link_in(mailoutbox[-1]))
        assert "belongs to another account" in words(nobody(), link)
        nobody().post(link)
        assert User.objects.get(pk=cast.viewer.pk).email == cast.viewer.email

    def test_the_change_can_be_given_up(self, cast: Cast, mailoutbox: Outbox) -> None:
        browser = signs_in(cast.viewer)
        self.ask(browser)
        assert "The change is given up" in words(browser, "/accounts/email/", email=self.NEW, action_remove="")
        assert "no longer works" in words(browser, path_of(link_in(mailoutbox[0])))

    def test_a_password_of_long_ago_is_asked_for_again(self, cast: Cast, signed_in: SignIn, mailoutbox: Outbox) -> None:
        browser = signed_in(cast.viewer)
        assert "Is it you?" in self.ask(browser)
        assert mailoutbox == []
        again = browser.post(
            "/accounts/reauthenticate/?next=/accounts/email/", {"password": PASSWORD, "next": "/accounts/email/"}, follow=True
        )
        assert "A link is on its way" in again.content.decode()

    def test_the_person_and_their_confirmed_address_never_disagree(self, cast: Cast) -> None:
        def known() -> list[tuple[str, bool, bool]]:
            return list(EmailAddress.objects.filter(user=cast.viewer).values_list("email", "primary", "verified"))

        assert known() == [(cast.viewer.email, True, True)]
        cast.viewer.email = "renamed@people.example"
        cast.viewer.save()
        assert known() == [("renamed@people.example", True, True)]


class TestSessions:
    def test_a_person_sees_where_they_are_signed_in_and_ends_one(self, cast: Cast) -> None:
        here = signs_in(cast.viewer)
        agent = {"user-agent": "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"}
        elsewhere = nobody()
        elsewhere.post("/accounts/login/", {"login": cast.viewer.email, "password": PASSWORD}, headers=agent)
        page = here.get("/accounts/sessions/").content.decode()
        assert "Firefox on Windows" in page
        [address] = re.findall(r"/accounts/sessions/\d+/end/", page)
        assert "That session is signed out." in words(here, address, confirm="")
        assert elsewhere.get("/c/lumen/").status_code == 302
        assert here.get("/c/lumen/").status_code == 200
        assert AuditEvent.objects.filter(verb="session.ended", actor=cast.viewer).count() == 1

    def test_when_is_told_in_the_zone_of_ones_clients_where_they_share_one(self, cast: Cast) -> None:
        browser = signs_in(cast.viewer)
        browser.get("/accounts/sessions/")
        UserSession.objects.update(last_seen_at=datetime(2026, 11, 16, 6, tzinfo=UTC))
        assert "last seen on 16 November 2026, 07:00 (Europe/Paris)" in words(browser, "/accounts/sessions/")
        Client.objects.filter(pk=cast.other_client.pk).update(timezone="Asia/Tokyo")
        add_member(cast.viewer, Role.VIEWER, client=cast.other_client)
        assert "last seen on 16 November 2026, 06:00 (UTC)" in words(browser, "/accounts/sessions/")

    def test_nobody_ends_somebody_elses(self, cast: Cast) -> None:
        viewer, owner = signs_in(cast.viewer), signs_in(cast.owner)
        owner.get("/accounts/sessions/")
        pk = UserSession.objects.get(user=cast.owner).pk
        assert viewer.post(f"/accounts/sessions/{pk}/end/").status_code == 404
        assert owner.get("/c/lumen/").status_code == 200

    def test_all_others_end_at_once(self, cast: Cast) -> None:
        here, elsewhere = signs_in(cast.viewer), signs_in(cast.viewer)
        assert "Every other session is signed out." in words(here, "/accounts/sessions/", all="")
        assert elsewhere.get("/c/lumen/").status_code == 302
        assert here.get("/c/lumen/").status_code == 200


class TestProfile:
    def test_a_persons_language_wins_over_the_browsers_everywhere(self, cast: Cast) -> None:
        browser = signs_in(cast.viewer)
        assert "Votre profil est enregistré." in words(browser, "/profile/", name="Ana", language="fr")
        page = browser.get("/profile/", headers={"accept-language": "en"}).content.decode()
        assert '<html lang="fr">' in page
        assert "Ana" in page
        assert '<html lang="fr">' in signs_in(cast.viewer).get("/c/lumen/").content.decode()

    def test_switching_the_language_is_remembered_for_the_person(self, cast: Cast) -> None:
        signs_in(cast.viewer).post("/language/setlang/", {"language": "fr", "next": "/"})
        assert User.objects.get(pk=cast.viewer.pk).language == "fr"
        nobody().post("/language/setlang/", {"language": "en", "next": "/"})
        signs_in(cast.viewer).post("/language/setlang/", {"language": "xx", "next": "https://evil.example/"})
        assert User.objects.get(pk=cast.viewer.pk).language == "fr"

    def test_every_page_leads_to_ones_profile(self, cast: Cast) -> None:
        assert 'href="/profile/"' in signs_in(cast.viewer).get("/c/lumen/").content.decode()


class TestAdmin:
    def test_is_entered_by_the_one_sign_in_page(self, cast: Cast) -> None:
        User.objects.filter(pk=cast.owner.pk).update(is_superuser=True, is_staff=True)
        assert nobody().get("/admin/", follow=True).redirect_chain[-1][0] == "/accounts/login/?next=%2Fadmin%2F"
        password = {"username": cast.owner.email, "password": PASSWORD}
        assert nobody().post("/admin/login/", password)["Location"].startswith("/accounts/login/")
        assert signs_in(cast.owner).get("/admin/").status_code == 200
        assert signs_in(cast.viewer).get("/admin/", follow=True).status_code == 403


def test_only_the_default_host_promises_its_subdomains(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"SECURE_HSTS_SECONDS": 60, "SECURE_HSTS_INCLUDE_SUBDOMAINS": True, "SECURE_HSTS_PRELOAD": True}.items():
        monkeypatch.setattr(settings, name, value)
    assert nobody().get("/accounts/login/", secure=True)["Strict-Transport-Security"] == "max-age=60; includeSubDomains; preload"
    assert nobody(SUD).get("/accounts/login/", secure=True)["Strict-Transport-Security"] == "max-age=60"
