"""Programs use the API by a token: through the same gate as people, as far as its scope goes, until it ends."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import audit, services, tokens
from accounts.audit import Actor
from accounts.closing import close
from accounts.models import Agency, ApiToken, Client, Membership, Organisation, Role, Scope, User
from accounts.permissions import permissions_of
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
KPIS = "/api/v1/clients/{}/kpis/?from=2026-11-09&to=2026-11-15"


def actor(user: User) -> Actor:
    return Actor(user.email, user)


def made(organisation: Organisation, by: User, scope: Scope = Scope.READ, days: int = 30) -> str:
    return tokens.make(organisation, name="warehouse", scope=scope, days=days, by=actor(by))[1]


def program(secret: str, host: str = "localhost") -> Browser:
    return Browser(SERVER_NAME=host, headers={"authorization": f"Bearer {secret}"})


def test_a_clients_token_reads_that_client_and_no_other(cast: Cast) -> None:
    client = program(made(cast.client, cast.owner))
    assert client.get(KPIS.format("lumen")).status_code == 200
    assert client.get(KPIS.format("autre")).status_code == client.get(KPIS.format("nobody")).status_code == 404
    assert [row["slug"] for row in client.get("/api/v1/clients/").json()] == ["lumen"]


def test_an_agencys_token_reads_all_its_clients_also_those_that_come_later(cast: Cast) -> None:
    client = program(made(cast.agency, cast.owner))
    services.create_client("later", name="Later", currency="EUR", timezone="Europe/Paris", agency=cast.agency)
    assert [row["slug"] for row in client.get("/api/v1/clients/").json()] == ["later", "lumen"]
    assert client.get(KPIS.format("later")).status_code == 200
    assert client.get(KPIS.format("autre")).status_code == 404


def test_a_client_that_leaves_the_agency_leaves_its_tokens_behind(cast: Cast) -> None:
    client = program(made(cast.agency, cast.owner))
    Client.objects.filter(pk=cast.client.pk).update(agency=None)
    assert client.get(KPIS.format("lumen")).status_code == 404
    assert client.get("/api/v1/clients/").json() == []


def test_a_token_opens_no_page(cast: Cast) -> None:
    client = program(made(cast.client, cast.owner, Scope.WRITE))
    assert client.get("/c/lumen/").status_code == 302
    assert client.get("/")["Location"].startswith("/accounts/login/")


def test_a_token_serves_only_where_its_host_does(cast: Cast) -> None:
    """Agency Sud has a host of its own, which serves its clients alone."""
    sud = Agency.objects.get(slug="sud")
    assert program(made(sud, cast.stranger), "reports.sud.example").get(KPIS.format("autre")).status_code == 200
    assert program(made(cast.client, cast.owner), "reports.sud.example").get(KPIS.format("lumen")).status_code == 404


@pytest.mark.parametrize("header", ["Bearer vigie_wrong", "Bearer", "Basic b3duZXI6eA==", "vigie_wrong", "Bearer \u00e9"])
def test_what_is_no_token_is_refused_whatever_is_asked(cast: Cast, header: str, signed_in: object) -> None:
    browser = Browser(SERVER_NAME="localhost", headers={"authorization": header})
    for address in (KPIS.format("lumen"), KPIS.format("nobody"), "/api/v1/clients/"):
        answer = browser.get(address)
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
        assert answer.json() == {"detail": "This token is wrong, expired or revoked."}


def test_a_wrong_token_does_not_fall_back_on_the_browsers_session(cast: Cast) -> None:
    browser = Browser(SERVER_NAME="localhost", headers={"authorization": "Bearer vigie_wrong"})
    browser.force_login(cast.owner, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert browser.get(KPIS.format("lumen")).status_code == 401


def test_a_right_token_does_not_borrow_the_browsers_session(cast: Cast) -> None:
    browser = program(made(Agency.objects.get(slug="sud"), cast.stranger))
    browser.force_login(cast.owner, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert browser.get(KPIS.format("lumen")).status_code == 404


class TestEnding:
    def refused(self, secret: str) -> bool:
        return program(secret).get(KPIS.format("lumen")).status_code == 401

    def test_expired(self, cast: Cast) -> None:
        secret = made(cast.client, cast.owner)
        assert not self.refused(secret)
        ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        assert self.refused(secret)

    def test_revoked_once_and_written_down_once(self, cast: Cast) -> None:
        secret = made(cast.client, cast.owner)
        token = ApiToken.objects.get()
        tokens.revoke(token, actor(cast.owner))
        tokens.revoke(token, actor(cast.owner))
        assert self.refused(secret)
        assert sorted(verbs(cast.client)) == ["client.created", "member.added", "token.made", "token.revoked"]

    def test_its_maker_was_removed_from_the_team(self, cast: Cast) -> None:
        services.add_member(cast.stranger, Role.OWNER, agency=cast.agency)
        secret = made(cast.agency, cast.owner)
        others = made(cast.agency, cast.stranger)
        mine = permissions_of(frozenset({Role.OWNER}), cast.agency)
        services.remove_member(Membership.objects.get(user=cast.owner), mine, actor(cast.stranger))
        assert self.refused(secret)
        assert not self.refused(others)

    def test_its_maker_was_locked_out(self, cast: Cast) -> None:
        secret = made(cast.client, cast.viewer)
        User.objects.filter(pk=cast.viewer.pk).update(is_active=False)
        assert self.refused(secret)

    def test_its_client_closed(self, cast: Cast) -> None:
        secret = made(cast.client, cast.owner)
        close(cast.client, actor(cast.owner))
        assert program(secret).get(KPIS.format("lumen")).status_code == 404
        assert program(secret).get("/api/v1/clients/").json() == []


def verbs(client: Client) -> list[str]:
    return [event.verb for event in audit.events_of(client)]


def test_nothing_that_is_kept_gives_the_token_away(cast: Cast) -> None:
    secret = made(cast.client, cast.owner)
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text FROM accounts_apitoken t UNION ALL SELECT e::text FROM accounts_auditevent e")
        kept = "\n".join(row for (row,) in cursor.fetchall())
    assert secret not in kept
    assert secret.removeprefix(tokens.PREFIX) not in kept
    assert secret[-4:] in kept


def test_the_time_of_use_is_kept_to_the_minute_at_the_cost_of_one_write(cast: Cast) -> None:
    client = program(made(cast.client, cast.owner))
    client.get("/api/v1/clients/")
    assert ApiToken.objects.get().last_used_at is not None
    with CaptureQueriesContext(connection) as queries:
        client.get("/api/v1/clients/")
    assert not [query["sql"] for query in queries if query["sql"].startswith("UPDATE")]


@pytest.mark.parametrize("days", [0, -1, 367])
def test_a_token_must_end_within_a_year(cast: Cast, days: int) -> None:
    with pytest.raises(ValidationError, match="between 1 and 366"):
        made(cast.client, cast.owner, days=days)
    assert not ApiToken.objects.exists()


def test_a_token_must_have_a_name(cast: Cast) -> None:
    with pytest.raises(ValidationError) as refused:
        tokens.make(cast.client, name="  ", scope=Scope.READ, days=30, by=actor(cast.owner))
    assert set(refused.value.message_dict) == {"name"}


def test_the_description_of_the_api_tells_programs_how_to_sign_in(cast: Cast) -> None:
    schema = program(made(cast.client, cast.owner)).get("/api/v1/schema/", headers={"accept": "application/vnd.oai.openapi+json"}).json()
    assert schema["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert {"token": []} in schema["paths"]["/api/v1/clients/{client_slug}/kpis/"]["get"]["security"]
