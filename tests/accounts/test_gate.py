"""Nobody sees a client who may not: through the addresses, as each of the cast."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, transaction
from django.test import Client as Browser
from django.urls import URLPattern, URLResolver, get_resolver, resolve

from accounts import tokens
from accounts.audit import Actor
from accounts.models import Client, Membership, Role, Scope, User
from accounts.services import add_member
from accounts.tenancy import inside
from campaigns.models import Connection
from tests.accounts.addresses import AREAS, ROLES, URLS
from tests.accounts.stage import one_of_each
from tests.accounts.test_sign_in import SIGN_IN_URLS
from tests.conftest import Cast, LoadText

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Browser]


def without_randomness(content: bytes) -> bytes:
    """Nonces and CSRF tokens are drawn anew for every page."""
    return re.sub(rb'(nonce|csrfmiddlewaretoken" value)="[^"]*"', b"", content)


@pytest.fixture
def rows(cast: Cast) -> dict[str, int]:
    return one_of_each(cast)


@pytest.fixture
def everyone(cast: Cast, signed_in: SignIn) -> dict[str, Browser]:
    """A browser, or a program, of every role. The tokens are of Maison Lumen."""
    manager, admin = (User.objects.create_user(f"{name}@people.example") for name in ("manager", "admin"))
    add_member(manager, Role.MANAGER, agency=cast.agency, client=cast.client)
    add_member(admin, Role.ADMIN, client=cast.client)
    # Another owner, so that none is the last.
    add_member(User.objects.create_user("second@people.example"), Role.OWNER, agency=cast.agency)
    people = (cast.owner, manager, cast.analyst, admin, cast.viewer, cast.stranger)
    found = {role: signed_in(user) for role, user in zip(ROLES, people, strict=False)}
    found["nobody"] = Browser(SERVER_NAME="localhost")
    for role, scope in (("read token", Scope.READ), ("write token", Scope.WRITE)):
        secret = tokens.make(cast.client, name=role, scope=scope, days=1, by=Actor("owner", cast.owner))[1]
        found[role] = Browser(SERVER_NAME="localhost", headers={"authorization": f"Bearer {secret}"})
    return found


@pytest.mark.parametrize("area", AREAS)
def test_every_address_answers_every_role_and_method_as_stated(area: str, rows: dict[str, int], everyone: dict[str, Browser]) -> None:
    wrong = {}
    for name, method, pattern, expected in AREAS[area]:
        address = pattern.format(**rows)
        assert resolve(urlsplit(address).path).url_name == name
        found = tuple(_answer(everyone[role], method, address) for role in ROLES)
        if found != expected:
            wrong[f"{method} {address}"] = found, expected
    assert wrong == {}


def _answer(browser: Browser, method: str, address: str) -> int:
    """The status, with everything the request did undone."""
    with transaction.atomic():
        answer = browser.generic(method, address, content_type="application/x-www-form-urlencoded")
        list(answer)  # a file is closed when it was read
        transaction.set_rollback(True)
    return answer.status_code


def test_no_address_and_no_method_is_missing_from_the_table() -> None:
    known = {(name, method) for name, method, _address, _expected in URLS}
    unknown = [
        f"{method} {route} ({name})"
        for route, name in named_routes()
        for method in ("GET", "POST")
        if (name, method) not in known and name not in SIGN_IN_URLS and not route.startswith("admin/")
    ]
    assert unknown == []


def named_routes() -> Iterator[tuple[str, str | None]]:
    def walk(patterns: list[Any], prefix: str) -> Iterator[tuple[str, str | None]]:
        for pattern in patterns:
            route = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, route)
            elif isinstance(pattern, URLPattern):
                yield route, pattern.name

    return walk(get_resolver().url_patterns, "")


def test_a_stranger_cannot_tell_a_client_from_none(cast: Cast, signed_in: SignIn) -> None:
    browser = signed_in(cast.stranger)
    for there, nowhere in (("/c/lumen/", "/c/nobody/"), ("/api/v1/clients/lumen/kpis/", "/api/v1/clients/nobody/kpis/")):
        found, missing = browser.get(there), browser.get(nowhere)
        assert found.status_code == missing.status_code == 404
        assert without_randomness(found.content).replace(b"lumen", b"nobody") == without_randomness(missing.content)


def test_somebody_not_signed_in_learns_nothing_either(cast: Cast) -> None:
    browser = Browser(SERVER_NAME="localhost")
    found, missing = browser.get("/c/lumen/"), browser.get("/c/nobody/")
    assert found["Location"].replace("lumen", "nobody") == missing["Location"]


def test_an_analyst_sees_assigned_clients_only(cast: Cast, signed_in: SignIn) -> None:
    Membership.objects.get(user=cast.analyst).clients.clear()
    assert signed_in(cast.analyst).get("/c/lumen/").status_code == 404


def test_an_owner_of_one_agency_is_a_stranger_to_another(cast: Cast, signed_in: SignIn) -> None:
    assert signed_in(cast.owner).get("/c/autre/").status_code == 404
    assert signed_in(cast.stranger).get("/c/autre/").status_code == 200


def test_a_person_who_left_sees_nothing_at_the_next_click(cast: Cast, signed_in: SignIn) -> None:
    browser = signed_in(cast.viewer)
    assert browser.get("/c/lumen/").status_code == 200
    Membership.objects.filter(user=cast.viewer).delete()
    assert browser.get("/c/lumen/").status_code == 404


def test_an_agency_cannot_reach_a_client_that_moved_away(cast: Cast, signed_in: SignIn) -> None:
    Client.objects.filter(slug="lumen").update(agency=None)
    assert signed_in(cast.owner).get("/c/lumen/").status_code == 404
    assert signed_in(cast.viewer).get("/c/lumen/").status_code == 200


def test_the_home_page_lists_only_ones_own_clients(cast: Cast, signed_in: SignIn) -> None:
    add_member(cast.viewer, Role.VIEWER, client=cast.other_client)
    page = signed_in(cast.viewer).get("/").content.decode()
    assert "Maison Lumen" in page
    assert "Autre" in page
    assert signed_in(cast.stranger).get("/")["Location"] == "/a/sud/"


def test_an_unknown_host_is_misdirected_and_an_agencys_own_is_served(cast: Cast) -> None:
    assert Browser(SERVER_NAME="evil.example").get("/").status_code == 421
    assert Browser(SERVER_NAME="reports.sud.example").get("/accounts/login/").status_code == 200


@pytest.mark.parametrize("page", ["/c/lumen/settings/", "/c/lumen/team/{}/"])
def test_a_page_refused_to_a_member_is_a_line_in_the_log_and_no_traceback(
    cast: Cast, signed_in: SignIn, caplog: pytest.LogCaptureFixture, page: str
) -> None:
    """By the gate, and by the page itself: a manager looks after viewers, not after admins."""
    add_member(cast.analyst, Role.MANAGER, agency=cast.agency)
    admin = add_member(User.objects.create_user("admin@people.example"), Role.ADMIN, client=cast.client)
    person = cast.analyst if "team" in page else cast.viewer
    answer = signed_in(person).get(page.format(admin.pk))
    assert (answer.status_code, [template.name for template in answer.templates][:1]) == (403, ["403.html"])
    [line] = [record for record in caplog.records if record.name == "django.request"]
    assert (line.levelname, line.exc_info) == ("WARNING", None)


class TestAgencyHost:
    """Agency Sud has a host of its own. It serves Autre; Maison Lumen is another agency's."""

    def browser(self, user: User) -> Browser:
        browser = Browser(SERVER_NAME="reports.sud.example")
        browser.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return browser

    @pytest.mark.parametrize("page", ["/c/{}/", "/c/{}/reports/", "/api/v1/clients/{}/kpis/?from=2026-11-09&to=2026-11-15"])
    def test_serves_its_own_clients_and_no_others(self, cast: Cast, page: str) -> None:
        add_member(cast.viewer, Role.VIEWER, client=cast.other_client)
        assert self.browser(cast.viewer).get(page.format("autre")).status_code == 200
        assert self.browser(cast.viewer).get(page.format("lumen")).status_code == 404

    def test_lists_its_own_clients_only(self, cast: Cast) -> None:
        add_member(cast.viewer, Role.VIEWER, client=cast.other_client)
        assert self.browser(cast.viewer).get("/")["Location"] == "/c/autre/"

    @pytest.mark.parametrize("page", ["/admin/", "/admin/login/", "/admin/accounts/client/"])
    def test_has_no_admin(self, cast: Cast, page: str) -> None:
        User.objects.filter(pk=cast.owner.pk).update(is_superuser=True)
        assert self.browser(cast.owner).get(page).status_code == 404


def test_an_administrator_cannot_call_money_by_another_currency_or_days_by_another_zone(cast: Cast, signed_in: SignIn) -> None:
    User.objects.filter(pk=cast.owner.pk).update(is_superuser=True)
    change = {"name": "Lumen", "language": "en", "currency": "USD", "timezone": "Asia/Tokyo"}
    change |= {"created_at_0": "2026-11-09", "created_at_1": "10:00:00"}
    assert signed_in(cast.owner).post(f"/admin/accounts/client/{cast.client.pk}/change/", change).status_code == 302
    cast.client.refresh_from_db()
    assert (cast.client.name, cast.client.currency, cast.client.timezone) == ("Maison Lumen", "EUR", "Europe/Paris")


@pytest.mark.parametrize(
    "page",
    [
        "/c/lumen/reports/9999-W52.pdf",
        "/c/lumen/reports/0001-W01.pdf",
    ],
)
def test_a_week_at_the_calendars_end_is_not_found(cast: Cast, signed_in: SignIn, load_text: LoadText, page: str) -> None:
    with inside(cast.client):
        load_text(cast.client, "orders", "order_id,ordered_at,amount\nO1,2026-11-09T10:00:00,10\n")
    assert signed_in(cast.viewer).get(page).status_code == 404


class TestSchemas:
    def test_one_client_never_reads_anothers_rows(self, cast: Cast) -> None:
        with inside(cast.client):
            Connection.objects.create(source="google_ads", account="1", currency="EUR", timezone="Europe/Paris")
        with inside(cast.other_client):
            assert not Connection.objects.exists()

    def test_the_schema_before_is_restored_even_after_an_error(self, cast: Cast) -> None:
        with inside(cast.client):
            with pytest.raises(ZeroDivisionError), inside(cast.other_client):
                raise ZeroDivisionError
            assert connection.tenant == cast.client  # type: ignore[attr-defined]
        assert connection.schema_name == "public"  # type: ignore[attr-defined]

    def test_outside_a_client_its_tables_do_not_exist(self, cast: Cast) -> None:
        with pytest.raises(ProgrammingError, match="campaigns_connection"):
            Connection.objects.exists()

    def test_the_shared_stack_of_with_client_is_refused(self, cast: Cast) -> None:
        with pytest.raises(TypeError, match="inside"):
            cast.client.__enter__()


class TestCreatingClients:
    def create(self, slug: str = "new", **changes: str) -> None:
        options = {"name": "New", "currency": "EUR", "timezone": "Europe/Paris", "language": "fr"} | changes
        call_command("create_client", slug, **options)

    def test_a_new_client_has_its_tables_at_once(self, cast: Cast) -> None:
        self.create(agency="nord")
        client = Client.objects.get(slug="new")
        assert client.schema_name == f"c{client.pk}"
        with inside(client):
            assert not Connection.objects.exists()

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"currency": "euro"}, "currency: "),
            ({"timezone": "Paris"}, "timezone: “Paris” is not a time zone"),
            ({"slug": "lumen"}, "slug: "),
            ({"slug": "a b"}, "slug: "),
            ({"agency": "nobody"}, "There is no agency 'nobody'"),
        ],
    )
    def test_a_wrong_field_is_named_and_nothing_is_made(self, cast: Cast, changes: dict[str, str], reason: str) -> None:
        with pytest.raises(CommandError, match=re.escape(reason)):
            self.create(**changes)
        assert Client.objects.count() == 2
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname ~ '^c[0-9]+$'")
            assert cursor.fetchone() == (2,)
