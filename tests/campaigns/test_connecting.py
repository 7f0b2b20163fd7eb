"""A person connects accounts: to the platform's consent page and back, then a choice. Through the doors, against the stand-in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from django.test import Client as Browser
from django.utils import timezone

from accounts import attempts, vault
from accounts.models import Agency, AuditEvent, Client, Credential, OAuthAttempt, Role, User
from accounts.services import add_member
from accounts.tenancy import inside
from campaigns.models import AdDay, Connection, LoadedSpan
from campaigns.simulators.google_ads import CUSTOMER, GoogleAdsSimulator
from campaigns.simulators.server import Fault, Simulator
from jobs import worker
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Browser]
BACK = re.compile(r"/c/lumen/connections/returned/(\d+)/")


@pytest.fixture
def simulator(settings: Any) -> Iterator[Simulator]:
    with Simulator() as running:
        settings.PLATFORMS = {"google_ads": running.settings("google_ads")}
        yield running


def leave(browser: Browser, owner: str = "agency", platform: str = "google_ads") -> str:
    """Press "Connect"; the address of the consent page."""
    page = browser.post(f"/c/lumen/connections/new/{platform}/", {"owner": owner})
    assert page.status_code == 200
    return page["Refresh"].removeprefix("0; url=")


def consent(address: str, *, decision: str = "allow", user: str = "atelier-nord") -> str:
    """Press a button of the platform's consent page; where it sends the person, without the host."""
    answer = httpx.post(address, data={"decision": decision, "user": user})
    location = urlsplit(answer.headers["location"])
    return f"{location.path}?{location.query}"


def come_back(browser: Browser, callback: str) -> Any:
    """Follow the way back to the page that asked."""
    stored = Browser(SERVER_NAME="localhost").get(callback)
    assert stored.status_code == 302, stored.content.decode()
    return browser.get(urlsplit(stored["Location"]).path)


def consented(browser: Browser, **choice: Any) -> Credential:
    come_back(browser, consent(leave(browser, choice.pop("owner", "agency")), **choice))
    return Credential.objects.latest("pk")


def connected(browser: Browser, *accounts: str) -> None:
    credential = consented(browser)
    answer = browser.post(f"/c/lumen/connections/consents/{credential.pk}/", {"accounts": accounts})
    assert answer.status_code == 302, answer.content.decode()


def texts(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


class TestTheWayThere:
    def test_leads_to_the_platforms_page_with_pkce_and_back_to_the_one_callback(
        self, cast: Cast, signed_in: SignIn, simulator: Simulator
    ) -> None:
        address = leave(signed_in(cast.owner))
        asked = parse_qs(urlsplit(address).query)
        assert address.startswith(f"{simulator.url}/google_ads/consent?")
        assert asked["redirect_uri"] == ["http://localhost:8000/oauth/callback/"]
        assert asked["code_challenge_method"] == ["S256"]
        assert len(asked["state"][0]) >= 43

    def test_keeps_neither_state_nor_verifier_readable(self, cast: Cast, signed_in: SignIn, simulator: Simulator) -> None:
        asked = parse_qs(urlsplit(leave(signed_in(cast.owner))).query)
        attempt = OAuthAttempt.objects.get()
        assert asked["state"][0] not in {str(value) for value in vars(attempt).values()}
        assert b"verifier" not in bytes(attempt.verifier)
        assert len(vault.unsealed(bytes(attempt.verifier))["verifier"]) >= 43

    def test_is_closed_where_the_installation_has_no_keys(self, cast: Cast, signed_in: SignIn, settings: Any) -> None:
        settings.PLATFORMS = {"google_ads": {"client_id": "", "client_secret": "", "authorize_url": "https://x.example"}}
        browser = signed_in(cast.owner)
        assert "no keys for this platform" in texts(browser.get("/c/lumen/connections/new/"))
        assert "no keys for Google Ads" in texts(browser.post("/c/lumen/connections/new/google_ads/", {"owner": "agency"}, follow=True))
        assert not OAuthAttempt.objects.exists()

    def test_knows_only_platforms_with_a_connector(self, cast: Cast, signed_in: SignIn, simulator: Simulator) -> None:
        assert signed_in(cast.owner).post("/c/lumen/connections/new/myspace/").status_code == 404


class TestTheWayBack:
    def test_ends_at_the_choice_of_accounts_with_the_consent_sealed(self, cast: Cast, signed_in: SignIn, simulator: Simulator) -> None:
        browser = signed_in(cast.owner)
        answer = come_back(browser, consent(leave(browser)))
        credential = Credential.objects.get()
        assert answer["Location"] == f"/c/lumen/connections/consents/{credential.pk}/"
        assert credential.agency == cast.agency
        assert vault.unseal(credential)["refresh_token"] == "simulated-refresh-token-atelier-nord"
        assert credential.label == cast.owner.email
        assert AuditEvent.objects.filter(verb="consent.given", agency=cast.agency).count() == 1

    def test_needs_no_sign_in_for_the_callback_and_tells_it_nothing(self, cast: Cast, signed_in: SignIn, simulator: Simulator) -> None:
        callback = consent(leave(signed_in(cast.owner)))
        stranger = Browser(SERVER_NAME="localhost").get(callback)
        assert stranger.status_code == 302
        assert BACK.search(stranger["Location"])
        assert not Credential.objects.exists()
        assert "code=" not in stranger["Location"]

    def test_returns_to_the_agencys_own_host(self, cast: Cast, simulator: Simulator, signed_in: SignIn) -> None:
        Agency.objects.filter(pk=cast.agency.pk).update(host="reports.nord.example")
        browser = signed_in(cast.owner)
        page = browser.post("/c/lumen/connections/new/google_ads/", {"owner": "agency"}, SERVER_NAME="reports.nord.example")
        callback = consent(page["Refresh"].removeprefix("0; url="))
        assert Browser(SERVER_NAME="reports.nord.example").get(callback).status_code == 404
        stored = Browser(SERVER_NAME="localhost").get(callback)
        assert stored["Location"].startswith("http://reports.nord.example/c/lumen/connections/returned/")
        returned = browser.get(urlsplit(stored["Location"]).path, SERVER_NAME="reports.nord.example")
        assert returned.status_code == 302
        assert Credential.objects.count() == 1

    def test_may_be_reloaded_but_exchanges_once(self, cast: Cast, signed_in: SignIn, simulator: Simulator) -> None:
        browser = signed_in(cast.owner)
        stored = Browser(SERVER_NAME="localhost").get(consent(leave(browser)))
        path = urlsplit(stored["Location"]).path
        assert browser.get(path)["Location"] == browser.get(path)["Location"]
        assert Credential.objects.count() == 1
        attempt = OAuthAttempt.objects.get()
        assert (attempt.code, bytes(attempt.verifier)) == (None, b"")

    def test_a_replayed_callback_is_told(self, cast: Cast, signed_in: SignIn, simulator: Simulator) -> None:
        callback = consent(leave(signed_in(cast.owner)))
        nobody = Browser(SERVER_NAME="localhost")
        nobody.get(callback)
        again = nobody.get(callback)
        assert again.status_code == 400
        assert "used already" in texts(again)

    def test_a_denied_consent_is_told_and_changes_nothing(self, cast: Cast, signed_in: SignIn, simulator: Simulator) -> None:
        browser = signed_in(cast.owner)
        answer = come_back(browser, consent(leave(browser), decision="deny"))
        assert answer.status_code == 400
        assert "permission was not given" in texts(answer)
        assert not Credential.objects.exists()

    def test_an_expired_attempt_is_told_before_and_after_the_callback(self, cast: Cast, signed_in: SignIn, simulator: Simulator) -> None:
        browser = signed_in(cast.owner)
        first, second = consent(leave(browser)), consent(leave(browser))
        nobody = Browser(SERVER_NAME="localhost")
        stored = nobody.get(first)
        OAuthAttempt.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        for answer in (nobody.get(second), browser.get(urlsplit(stored["Location"]).path)):
            assert answer.status_code == 400
            assert "quarter of an hour" in texts(answer)
        assert not Credential.objects.exists()

    def test_somebody_elses_attempt_is_not_finished(self, cast: Cast, signed_in: SignIn, simulator: Simulator) -> None:
        stored = Browser(SERVER_NAME="localhost").get(consent(leave(signed_in(cast.owner))))
        path = urlsplit(stored["Location"]).path
        admin = User.objects.create_user("admin@people.example")
        add_member(admin, Role.ADMIN, client=cast.client)
        assert "Somebody else began this" in texts(signed_in(admin).get(path))
        assert signed_in(cast.stranger).get(path).status_code == 404
        assert signed_in(cast.viewer).get(path).status_code == 403
        assert not Credential.objects.exists()
        assert signed_in(cast.owner).get(path).status_code == 302

    def test_an_attempt_for_one_client_opens_no_other(self, cast: Cast, signed_in: SignIn, simulator: Simulator) -> None:
        add_member(cast.owner, Role.ADMIN, client=cast.other_client)
        browser = signed_in(cast.owner)
        stored = Browser(SERVER_NAME="localhost").get(consent(leave(browser)))
        assert browser.get(urlsplit(stored["Location"]).path.replace("lumen", "autre")).status_code == 404

    @pytest.mark.parametrize("query", ["", "state=%00", "state=never-given&code=x", "state=a&state=b", "code=x", "state=" + "x" * 5000])
    def test_nonsense_is_told(self, cast: Cast, query: str) -> None:
        answer = Browser(SERVER_NAME="localhost").get(f"/oauth/callback/?{query}")
        assert answer.status_code == 400
        assert "belongs to no sign-in" in texts(answer)

    @pytest.mark.parametrize("code", ["", "x" * 5000, "\x00", "wrong"])
    def test_a_code_that_is_none_is_told(self, cast: Cast, signed_in: SignIn, simulator: Simulator, code: str) -> None:
        browser = signed_in(cast.owner)
        state = parse_qs(urlsplit(leave(browser)).query)["state"][0]
        stored = Browser(SERVER_NAME="localhost").get(f"/oauth/callback/?{urlencode({'state': state, 'code': code})}")
        answer = stored if stored.status_code == 400 else browser.get(urlsplit(stored["Location"]).path)
        assert answer.status_code == 400
        assert "was not connected" in texts(answer)
        assert not Credential.objects.exists()

    def test_a_platform_that_is_down_is_told_and_the_answer_is_spent(self, cast: Cast, signed_in: SignIn, simulator: Simulator) -> None:
        browser = signed_in(cast.owner)
        callback = consent(leave(browser))
        simulator.faults += [Fault(status=503, path="/token")] * 2
        answer = come_back(browser, callback)
        assert answer.status_code == 502
        assert "try again in a few minutes" in texts(answer)
        assert not Credential.objects.exists()

    def test_what_was_left_open_is_thrown_away_at_night(self, cast: Cast, signed_in: SignIn, simulator: Simulator) -> None:
        leave(signed_in(cast.owner))
        attempts.forget_expired()
        assert OAuthAttempt.objects.count() == 1
        OAuthAttempt.objects.update(expires_at=timezone.now() - timedelta(days=2))
        attempts.forget_expired()
        assert not OAuthAttempt.objects.exists()


class TestTheChoice:
    def test_shows_every_account_the_consent_reaches_with_what_is_known_here(
        self, cast: Cast, signed_in: SignIn, simulator: Simulator
    ) -> None:
        browser = signed_in(cast.owner)
        page = browser.get(f"/c/lumen/connections/consents/{consented(browser).pk}/")
        shown = texts(page)
        for ledger in simulator.ledgers.values():
            for account in ledger.business.accounts.google_ads:
                assert account.id in shown
        assert "converted at each day" in shown

    def test_connects_what_is_ticked_and_reads_it(self, cast: Cast, signed_in: SignIn, simulator: Simulator) -> None:
        browser = signed_in(cast.owner)
        connected(browser, CUSTOMER)
        with inside(cast.client):
            source = Connection.objects.get()
            assert (source.source, source.account, source.currency, source.timezone) == ("google_ads", CUSTOMER, "EUR", "Europe/Paris")
            assert source.state == Connection.State.ACTIVE
        worker.work_off(cast.client.pk)
        with inside(cast.client):
            days = set(AdDay.objects.values_list("day", flat=True))
            assert len(days) > 300
        assert AuditEvent.objects.get(verb="connection.made").details["account"] == "Maison Lumen"

    def test_of_an_account_the_consent_does_not_reach_is_refused(self, cast: Cast, signed_in: SignIn, simulator: Simulator) -> None:
        browser = signed_in(cast.owner)
        credential = consented(browser, user="maison-lumen")
        answer = browser.post(f"/c/lumen/connections/consents/{credential.pk}/", {"accounts": ["1111111111"]})
        assert answer.status_code == 200
        assert "not one of the available choices" in texts(answer)
        with inside(cast.client):
            assert not Connection.objects.exists()

    def test_an_agencys_consent_serves_its_other_clients_and_its_people_alone(
        self, cast: Cast, signed_in: SignIn, simulator: Simulator
    ) -> None:
        consented(signed_in(cast.owner))
        admin = User.objects.create_user("admin@people.example")
        add_member(admin, Role.ADMIN, client=cast.client)
        path = f"/c/lumen/connections/consents/{Credential.objects.get().pk}/"
        assert signed_in(cast.owner).get(path).status_code == 200
        assert signed_in(admin).get(path).status_code == 404
        assert "Use the permission" in texts(signed_in(cast.owner).get("/c/lumen/connections/new/"))
        assert "Use the permission" not in texts(signed_in(admin).get("/c/lumen/connections/new/"))

    def test_a_company_keeps_its_own_consent_from_other_clients(self, cast: Cast, signed_in: SignIn, simulator: Simulator) -> None:
        browser = signed_in(cast.owner)
        credential = consented(browser, owner="client")
        assert credential.client == cast.client
        other = Client.objects.get(slug="autre")
        Client.objects.filter(pk=other.pk).update(agency=cast.agency)
        assert browser.get(f"/c/autre/connections/consents/{credential.pk}/").status_code == 404

    def test_a_foreign_consent_does_not_exist(self, cast: Cast, signed_in: SignIn, simulator: Simulator) -> None:
        credential = consented(signed_in(cast.owner))
        assert signed_in(cast.stranger).get(f"/c/autre/connections/consents/{credential.pk}/").status_code == 404


class TestFindingAgain:
    def test_an_account_connected_again_is_the_same_one_with_its_history(self, cast: Cast, signed_in: SignIn, simulator: Simulator) -> None:
        browser = signed_in(cast.owner)
        connected(browser, CUSTOMER)
        with inside(cast.client):
            before = Connection.objects.get()
            Connection.objects.update(state=Connection.State.LOST_ACCESS, problem="gone")
        connected(browser, CUSTOMER)
        with inside(cast.client):
            after = Connection.objects.get()
        assert after.pk == before.pk
        assert (after.state, after.problem) == (Connection.State.ACTIVE, "")
        assert after.credential_id != before.credential_id

    def test_an_account_that_files_fed_keeps_their_days_and_is_read_after_them(
        self, cast: Cast, signed_in: SignIn, simulator: Simulator
    ) -> None:
        last = timezone.now().date() - timedelta(days=10)
        with inside(cast.client):
            fed = Connection.objects.create(source="google_ads", account=CUSTOMER, currency="EUR", timezone="Europe/Paris")
            LoadedSpan.objects.create(connection=fed, family="ads", since=last - timedelta(days=90), until=last)
        connected(signed_in(cast.owner), CUSTOMER)
        with inside(cast.client):
            source = Connection.objects.get()
            assert (source.pk, source.files_until) == (fed.pk, last)
        worker.work_off(cast.client.pk)
        with inside(cast.client):
            assert min(AdDay.objects.values_list("day", flat=True)) == last + timedelta(days=1)

    def test_an_account_whose_figures_are_in_another_currency_is_refused(self, cast: Cast, signed_in: SignIn, simulator: Simulator) -> None:
        with inside(cast.client):
            fed = Connection.objects.create(source="google_ads", account=CUSTOMER, currency="USD", timezone="Europe/Paris")
            day = timezone.now().date()
            fed.pulls.create(family="ads", since=day, until=day, state="stored", file_name="x.csv")
        browser = signed_in(cast.owner)
        credential = consented(browser)
        answer = browser.post(f"/c/lumen/connections/consents/{credential.pk}/", {"accounts": [CUSTOMER]})
        assert "is in EUR, but its figures here are in USD" in texts(answer)
        with inside(cast.client):
            assert Connection.objects.get().credential_id is None

    def reconnects(self, browser: Browser, user: str) -> Any:
        with_pk = Connection.objects.values_list("pk", flat=True)
        page = browser.post(f"/c/lumen/connections/{with_pk[0]}/reconnect/")
        stored = Browser(SERVER_NAME="localhost").get(consent(page["Refresh"].removeprefix("0; url="), user=user))
        return browser.get(urlsplit(stored["Location"]).path, follow=True)

    def test_a_withdrawn_consent_that_is_given_anew_heals_every_client_read_with_it(
        self, cast: Cast, signed_in: SignIn, simulator: Simulator
    ) -> None:
        browser = signed_in(cast.owner)
        connected(browser, CUSTOMER)
        credential = Credential.objects.get()
        Client.objects.filter(pk=cast.other_client.pk).update(agency=cast.agency)
        with inside(cast.other_client):
            other = Connection.objects.create(
                source="google_ads", account=CUSTOMER, currency="EUR", timezone="Europe/Paris", credential_id=credential.pk,
                files_until=timezone.now().date() - timedelta(days=5), state=Connection.State.LOST_ACCESS, problem="withdrawn",
            )  # fmt: skip
        simulator.platform(GoogleAdsSimulator).revoke()
        worker.work_off(cast.client.pk)
        with inside(cast.client):
            assert Connection.objects.get().state == Connection.State.LOST_ACCESS
            answer = self.reconnects(browser, "atelier-nord")
        assert "Maison Lumen is connected again" in texts(answer)
        assert Credential.objects.get().pk == credential.pk
        with inside(cast.client):
            assert Connection.objects.get().state == Connection.State.ACTIVE
        worker.work_off(cast.other_client.pk)
        with inside(cast.other_client):
            other.refresh_from_db()
            assert (other.state, other.problem) == (Connection.State.ACTIVE, "")
            assert AdDay.objects.exists()

    def test_a_consent_that_still_works_is_not_replaced_by_somebody_elses(
        self, cast: Cast, signed_in: SignIn, simulator: Simulator
    ) -> None:
        browser = signed_in(cast.owner)
        connected(browser, CUSTOMER)
        first = Credential.objects.get()
        with inside(cast.client):
            self.reconnects(browser, "maison-lumen")
        assert Credential.objects.count() == 2
        assert vault.unseal(first)["refresh_token"].endswith("atelier-nord")
        with inside(cast.client):
            assert Connection.objects.get().credential_id != first.pk

    def test_a_consent_of_somebody_who_does_not_see_the_account_says_so(self, cast: Cast, signed_in: SignIn, simulator: Simulator) -> None:
        browser = signed_in(cast.owner)
        connected(browser, CUSTOMER)
        other = next(slug for slug in simulator.ledgers if slug != "maison-lumen")
        with inside(cast.client):
            before = Connection.objects.get().credential_id
            answer = self.reconnects(browser, other)
        assert "does not reach Maison Lumen" in texts(answer)
        with inside(cast.client):
            assert Connection.objects.get().credential_id == before
