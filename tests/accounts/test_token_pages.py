"""API tokens on their page: made, shown once, revoked."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone

from accounts import tokens
from accounts.audit import Actor
from accounts.models import ApiToken, Organisation, Role, Scope, User
from accounts.services import add_member
from tests.accounts.reading import SignIn, queries, text
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
WISH = {"name": "Sheets", "scope": "token:read", "days": "30"}


def secret_in(page: Browser | object) -> str:
    found = re.search(r"vigie_[\w-]+", page.content.decode())  # type: ignore[union-attr]
    assert found
    return found.group()


def made(organisation: Organisation, by: User, name: str = "Sheets") -> ApiToken:
    return tokens.make(organisation, name=name, scope=Scope.READ, days=30, by=Actor(by.email, by))[0]


def program(secret: str) -> Browser:
    return Browser(SERVER_NAME="localhost", headers={"authorization": f"Bearer {secret}"})


def test_a_token_is_shown_once_and_opens_what_it_says(cast: Cast, signed_in: SignIn) -> None:
    browser = signed_in(cast.owner)
    answer = browser.post("/c/lumen/tokens/", WISH)
    secret = secret_in(answer)
    assert "no-store" in answer["Cache-Control"]
    assert program(secret).get("/api/v1/clients/").json()[0]["slug"] == "lumen"
    listed = browser.get("/c/lumen/tokens/")
    assert "Sheets" in text(listed)
    assert secret not in listed.content.decode()


def test_the_example_names_the_host_one_is_on(cast: Cast) -> None:
    browser = Browser(SERVER_NAME="reports.sud.example")
    browser.force_login(cast.stranger, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert '"http://reports.sud.example/api/v1/clients/autre/kpis/?from=' in text(browser.post("/c/autre/tokens/", WISH))
    assert '"http://reports.sud.example/api/v1/clients/"' in text(browser.post("/a/sud/tokens/", WISH))


@pytest.mark.parametrize("wrong", [{"name": " "}, {"scope": "owner"}, {"days": "3650"}, {"days": ""}])
def test_a_wrong_wish_makes_no_token(cast: Cast, signed_in: SignIn, wrong: dict[str, str]) -> None:
    assert "Please correct what is marked below." in text(signed_in(cast.owner).post("/c/lumen/tokens/", WISH | wrong))
    assert not ApiToken.objects.exists()


def test_what_no_longer_works_is_folded_away_and_says_why(cast: Cast, signed_in: SignIn) -> None:
    leaver = User.objects.create_user("leaver@people.example")
    add_member(leaver, Role.ADMIN, client=cast.client)
    made(cast.client, cast.owner, "good")
    gone, old, orphan = (made(cast.client, by, name) for name, by in (("gone", cast.owner), ("old", cast.owner), ("orphan", leaver)))
    tokens.revoke(gone, Actor("x"))
    ApiToken.objects.filter(pk=old.pk).update(expires_at=timezone.now() - timedelta(days=1))
    User.objects.filter(pk=leaver.pk).update(is_active=False)
    used, folded = signed_in(cast.owner).get("/c/lumen/tokens/").content.decode().split('<details class="data">')
    assert "good" in used
    for name, why in ((gone.name, "revoked on"), (old.name, "expired on"), (orphan.name, "may no longer make one")):
        assert name in folded
        assert why in folded
        assert f'<th scope="row">{name}' not in used


def test_revoking_asks_first_and_then_works_at_once(cast: Cast, signed_in: SignIn) -> None:
    browser = signed_in(cast.owner)
    secret = secret_in(browser.post("/c/lumen/tokens/", WISH))
    address = f"/c/lumen/tokens/{ApiToken.objects.get().pk}/revoke/"
    assert "Revoke “Sheets”?" in text(browser.get(address))
    assert program(secret).get("/api/v1/clients/").status_code == 200
    assert browser.post(address)["Location"] == "/c/lumen/tokens/"
    assert program(secret).get("/api/v1/clients/").status_code == 401


def test_an_agencys_tokens_are_not_on_its_clients_page(cast: Cast, signed_in: SignIn) -> None:
    made(cast.agency, cast.owner, "Portfolio")
    assert "Portfolio" in text(signed_in(cast.owner).get("/a/nord/tokens/"))
    assert "Portfolio" not in text(signed_in(cast.owner).get("/c/lumen/tokens/"))


def test_the_list_asks_the_database_as_often_for_three_as_for_one(cast: Cast, signed_in: SignIn) -> None:
    browser = signed_in(cast.owner)
    made(cast.client, cast.owner)
    before = queries(browser, "/c/lumen/tokens/")
    made(cast.client, cast.owner)
    made(cast.client, User.objects.create_user("other@people.example"))
    assert queries(browser, "/c/lumen/tokens/") == before
