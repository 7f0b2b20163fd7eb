"""A second step at sign-in: set up, used, lost, required, and never readable in the database."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from io import StringIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from cryptography.fernet import Fernet
from django.conf import settings
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client as Browser

from accounts import tokens, vault
from accounts.audit import Actor
from accounts.models import AuditEvent, Scope, User
from tests.accounts.test_sign_in import SUD, Outbox, nobody, signs_in, words
from tests.conftest import PASSWORD, Cast

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Browser]
SECRET = generate_totp_secret()


def code(secret: str = SECRET, steps: int = 0) -> str:
    """What the app shows now, or some half minutes later."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps)))


def has_app(user: User) -> User:
    TOTP.activate(user, SECRET)
    return user


def second_step(user: User, given: str, *, host: str = "localhost") -> Browser:
    browser = nobody(host)
    answer = browser.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert answer["Location"] == "/accounts/2fa/authenticate/"
    assert browser.get("/c/lumen/").status_code == 302
    browser.post("/accounts/2fa/authenticate/", {"code": given})
    return browser


def is_in(browser: Browser) -> bool:
    return "_auth_user_id" in browser.session


class TestApp:
    def test_a_wrong_code_turns_nothing_on(self, cast: Cast) -> None:
        browser = signs_in(cast.viewer)
        browser.get("/accounts/2fa/totp/activate/")
        assert "wrong or was used already" in words(browser, "/accounts/2fa/totp/activate/", code="000000")
        assert not Authenticator.objects.exists()

    def test_a_password_alone_no_longer_opens_the_account(self, cast: Cast) -> None:
        assert not is_in(second_step(has_app(cast.viewer), "000000"))
        assert is_in(second_step(cast.viewer, code()))

    def test_a_code_works_once_however_long_it_would_be_good(self, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
        has_app(cast.viewer)
        given = code(steps=1)
        assert is_in(second_step(cast.viewer, given))
        # allauth's own memory of it ends before the code does.
        cache.delete(f"allauth.mfa.totp.used?user={cast.viewer.pk}&code={given}")
        assert not is_in(second_step(cast.viewer, given))

    def test_guessing_codes_is_stopped(self, cast: Cast) -> None:
        browser = nobody()
        browser.post("/accounts/login/", {"login": has_app(cast.viewer).email, "password": PASSWORD})
        for _attempt in range(5):
            browser.post("/accounts/2fa/authenticate/", {"code": "000000"})
        assert "Too many attempts" in words(browser, "/accounts/2fa/authenticate/", code=code())

    @pytest.mark.parametrize(("host", "name"), [("localhost", "Agence Nord"), (SUD, "Agence Sud")])
    def test_shows_the_account_under_the_brand_that_the_person_meets(self, cast: Cast, host: str, name: str) -> None:
        page = signs_in(cast.viewer, host=host).get("/accounts/2fa/totp/activate/")
        assert f"· {name}</title>" in page.content.decode()
        assert parse_qs(urlsplit(page.context["totp_url"]).query)["issuer"] == [name]

    def test_works_on_an_agencys_own_host_where_passkeys_are_not_offered(self, cast: Cast) -> None:
        has_app(cast.stranger)
        assert "passkey" not in words(nobody(SUD), "/accounts/login/")
        assert second_step(cast.stranger, code(), host=SUD).get("/c/autre/").status_code == 200

    def test_what_it_is_computed_from_is_not_readable_in_the_database(self, cast: Cast) -> None:
        seed = RecoveryCodes.activate(has_app(cast.viewer)).get_unused_codes()
        stored = json.dumps(list(Authenticator.objects.values_list("data", flat=True)))
        assert SECRET not in stored
        assert not any(one in stored for one in seed)

    def test_is_removed_after_showing_who_one_is(self, cast: Cast, signed_in: SignIn, mailoutbox: Outbox) -> None:
        has_app(cast.viewer)
        browser = signed_in(cast.viewer)
        assert "Is it you?" in words(browser, "/accounts/2fa/totp/deactivate/", sure="")
        browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
        assert "The authenticator app is removed." in words(browser, "/accounts/2fa/totp/deactivate/", sure="")
        assert not Authenticator.objects.exists()
        assert [mail.subject for mail in mailoutbox] == ["Your authenticator app was removed · Agence Nord"]


class TestLost:
    def test_the_operator_lets_a_person_in_by_password_and_that_is_on_record(self, cast: Cast) -> None:
        RecoveryCodes.activate(has_app(cast.viewer))
        call_command("remove_second_factor", cast.viewer.email, stdout=StringIO())
        assert signs_in(cast.viewer).get("/c/lumen/").status_code == 200
        event = AuditEvent.objects.get(actor=cast.viewer)
        assert (event.verb, event.actor_label) == ("second_factor.removed", "operator")

    def test_an_unknown_person_is_named(self, cast: Cast) -> None:
        with pytest.raises(CommandError, match="Nobody signs in as"):
            call_command("remove_second_factor", "x@people.example")

    def test_a_factor_sealed_under_a_lost_key_opens_nothing(self, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
        has_app(cast.viewer)
        browser = nobody()
        browser.post("/accounts/login/", {"login": cast.viewer.email, "password": PASSWORD})
        monkeypatch.setattr(settings, "CREDENTIAL_KEYS", [Fernet.generate_key()])
        with pytest.raises(vault.Unreadable):
            browser.post("/accounts/2fa/authenticate/", {"code": code()})
        assert not is_in(browser)


class TestRecoveryCodes:
    def test_each_signs_in_once(self, cast: Cast) -> None:
        [first, second, *_others] = RecoveryCodes.activate(has_app(cast.viewer)).get_unused_codes()
        assert is_in(second_step(cast.viewer, first))
        assert not is_in(second_step(cast.viewer, first))
        assert is_in(second_step(cast.viewer, second))
        assert "8 recovery codes left" in words(second_step(cast.viewer, code()), "/profile/")

    def test_can_be_downloaded_and_made_anew(self, cast: Cast) -> None:
        old = RecoveryCodes.activate(has_app(cast.viewer)).get_unused_codes()
        browser = second_step(cast.viewer, code())
        answer = browser.get("/accounts/2fa/recovery-codes/download/")
        assert answer["Content-Disposition"].startswith("attachment")
        assert all(one in answer.content.decode() for one in old)
        assert "no-store" in answer["Cache-Control"]
        page = words(browser, "/accounts/2fa/recovery-codes/generate/", sure="")
        assert not any(one in page for one in old)

    def test_a_page_that_shows_them_is_kept_nowhere(self, cast: Cast) -> None:
        RecoveryCodes.activate(has_app(cast.viewer))
        assert "no-store" in second_step(cast.viewer, code()).get("/accounts/2fa/recovery-codes/")["Cache-Control"]


class TestPasskeys:
    @pytest.mark.parametrize(
        "given", ["", "{}", "[]", "1", "null", '"x"', '{"response": {}}', '{"response": {"userHandle": 1}, "id": "a"}']
    )
    def test_nonsense_is_refused_like_a_wrong_one_and_is_no_error_of_ours(self, cast: Cast, given: str) -> None:
        browser = nobody()
        browser.get("/accounts/passkeys/login/", headers={"accept": "application/json"})
        answer = browser.post("/accounts/passkeys/login/", {"credential": given})
        assert answer["Location"] == "/accounts/login/"
        adding = signs_in(cast.viewer)
        adding.get("/accounts/passkeys/add/")
        assert adding.post("/accounts/passkeys/add/", {"name": "x", "credential": given}).status_code == 200
        assert not Authenticator.objects.exists()

    def test_what_is_asked_of_a_browser_names_nobody(self, cast: Cast) -> None:
        answer = nobody().get("/accounts/passkeys/login/", headers={"accept": "application/json"})
        assert answer.json()["request_options"]["publicKey"]["allowCredentials"] == []


class TestRequired:
    """Agency Nord requires a second step of its people."""

    @pytest.fixture(autouse=True)
    def _required(self, cast: Cast) -> None:
        cast.agency.requires_second_factor = True
        cast.agency.save()

    @pytest.mark.parametrize("page", ["/", "/c/lumen/", "/c/lumen/reports/2026-W46.pdf", "/profile/", "/c/nobody/", "/accounts/email/"])
    def test_every_page_leads_to_setting_one_up_and_says_who_wants_it(self, cast: Cast, page: str) -> None:
        answer = signs_in(cast.owner).get(page, follow=True)
        assert answer.redirect_chain == [("/accounts/2fa/", 302)]
        assert "Agence Nord requires a second step at sign-in." in answer.content.decode()

    def test_the_api_says_so_in_a_sentence(self, cast: Cast) -> None:
        answer = signs_in(cast.analyst).get("/api/v1/clients/lumen/kpis/?from=2026-11-09&to=2026-11-15")
        assert answer.status_code == 403
        assert answer.json()["detail"].startswith("Agence Nord requires a second step at sign-in.")

    def test_a_form_is_not_obeyed_either(self, cast: Cast) -> None:
        signs_in(cast.owner).post("/profile/", {"name": "Somebody", "language": "fr"})
        assert User.objects.get(pk=cast.owner.pk).name == ""

    def test_signing_out_and_the_language_stay_open(self, cast: Cast) -> None:
        browser = signs_in(cast.owner)
        assert browser.get("/healthz").status_code == 200
        assert browser.post("/language/setlang/", {"language": "fr", "next": "/"})["Location"] == "/"
        browser.post("/accounts/logout/")
        assert not is_in(browser)

    def test_whoever_has_one_notices_nothing(self, cast: Cast) -> None:
        assert second_step(has_app(cast.owner), code()).get("/c/lumen/").status_code == 200

    def test_recovery_codes_alone_are_none(self, cast: Cast) -> None:
        RecoveryCodes.activate(cast.owner)
        assert signs_in(cast.owner).get("/c/lumen/").status_code == 302

    def test_a_clients_own_people_and_other_agencies_are_not_obliged(self, cast: Cast) -> None:
        assert signs_in(cast.viewer).get("/c/lumen/").status_code == 200
        assert signs_in(cast.stranger).get("/c/autre/").status_code == 200

    def test_the_last_one_cannot_be_switched_off(self, cast: Cast) -> None:
        browser = second_step(has_app(cast.owner), code())
        page = words(browser, "/accounts/2fa/totp/deactivate/", sure="")
        assert "Agence Nord requires a second step at sign-in, and this is your last one." in page
        assert Authenticator.objects.filter(type="totp").exists()
        Authenticator.objects.create(user=cast.owner, type="webauthn", data={"name": "Key", "credential": {}})
        browser.post("/accounts/2fa/totp/deactivate/")
        key = Authenticator.objects.get(type="webauthn")
        assert "this is your last one" in words(browser, f"/accounts/passkeys/{key.pk}/remove/", sure="")

    def test_programs_and_strangers_cost_no_query(
        self, cast: Cast, django_assert_num_queries: Callable[..., Any], django_assert_max_num_queries: Callable[..., Any]
    ) -> None:
        with django_assert_num_queries(0):
            nobody().get("/accounts/login/")
        _token, secret = tokens.make(cast.agency, name="bi", scope=Scope.READ, days=1, by=Actor(cast.owner.email, cast.owner))
        with django_assert_max_num_queries(4) as queries:
            answer = nobody().get("/api/v1/clients/", headers={"authorization": f"Bearer {secret}"})
        assert answer.status_code == 200
        assert not any("mfa_authenticator" in query["sql"] for query in queries.captured_queries)

    def test_a_person_costs_one(self, cast: Cast, django_assert_max_num_queries: Callable[..., Any]) -> None:
        browser = second_step(has_app(cast.owner), code())
        browser.get("/")
        with django_assert_max_num_queries(40) as queries:
            browser.get("/c/lumen/")
        assert sum("mfa_authenticator" in query["sql"] for query in queries.captured_queries) == 1
