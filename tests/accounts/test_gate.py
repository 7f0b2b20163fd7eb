"""Nobody sees a client who may not: through the addresses, as each of the cast."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, transaction
from django.test import Client as Browser
from django.urls import URLPattern, URLResolver, get_resolver, resolve
from django.utils import timezone

from accounts import attempts, tokens, vault
from accounts.audit import Actor
from accounts.models import ApiToken, Client, Invitation, Label, Membership, Role, Scope, User
from accounts.services import add_member, keep_credential
from accounts.tenancy import inside
from campaigns.models import Campaign, CampaignAlias, ChannelRules, Connection, Person, PersonMerge, Pull, Upload
from jobs import queue
from reports import scheduling, sharing
from reports.archive.models import Annotation, Note, Question
from reports.models import Endpoint, Suppression
from reports.preparing import DELIVER
from tests.accounts.addresses import ROLES, URLS
from tests.accounts.test_sign_in import SIGN_IN_URLS
from tests.conftest import Cast, LoadText

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Browser]


def without_randomness(content: bytes) -> bytes:
    """Nonces and CSRF tokens are drawn anew for every page."""
    return re.sub(rb'(nonce|csrfmiddlewaretoken" value)="[^"]*"', b"", content)


@pytest.fixture
def rows(cast: Cast) -> dict[str, int]:
    """An object of each kind: Maison Lumen's, its agency's, Autre's and its agency's."""
    owners: dict[str, dict[str, Any]] = {
        "": {"client": cast.client},
        "agency_": {"agency": cast.agency},
        "foreign_": {"client": cast.other_client},
        "foreign_agency_": {"agency": cast.other_client.agency},
    }
    expires = timezone.now() + timedelta(days=1)
    found: dict[str, int] = {}
    for prefix, owner in owners.items():
        role = Role.ANALYST if "agency" in owner else Role.VIEWER
        person = User.objects.create_user(f"{prefix}member@people.example")
        found[f"{prefix}member"] = add_member(person, role, **owner).pk
        waiting = {"role": role, "language": "en", "expires_at": expires, "email": f"{prefix}waiting@people.example"}
        found[f"{prefix}invitation"] = Invitation.objects.create(**waiting, **owner).pk
        token = {"name": "t", "scope": Scope.READ, "digest": prefix, "ending": "last", "created_by": person, "expires_at": expires}
        found[f"{prefix}credential"] = keep_credential("google_ads", {}, **owner).pk
        if "client" in owner:
            found |= connected(owner["client"], person, prefix)
            found |= reported(owner["client"], prefix)
        if "agency" in owner:
            found[f"{prefix}label"] = Label.objects.create(name="Retail", **owner).pk
        found[f"{prefix}endpoint"] = Endpoint.objects.create(url="https://a.example", sealed=vault.seal({"secret": "s"}), **owner).pk
        found[f"{prefix}token"] = ApiToken.objects.create(**token, **owner).pk
    stored = {"kind": "orders", "file_name": "orders.csv", "size": 1, "state": Upload.State.STORED, "made_by": "owner@people.example"}
    with inside(cast.client):
        found["upload"] = Upload.objects.create(**stored).pk
        found["annotation"] = Annotation.objects.create(text="New shop.", since=date(2026, 11, 10), until=date(2026, 11, 10), author="x").pk
        asked = {"kpi": "leads", "since": date(2026, 11, 9), "until": date(2026, 11, 15), "currency": "EUR", "asker": "x"}
        found["question"] = Question.objects.create(**asked, text="Why?").pk
        found["note"] = Note.objects.create(kind=Note.Kind.DONE, period="2026-W46", text="Shopping is on.").pk
    with inside(cast.other_client):
        # Ids are counted in each client: this one stands for none of Maison Lumen.
        found["foreign_upload"] = Upload.objects.create(pk=found["upload"] + 1, **stored).pk
    return found


def reported(client: Client, prefix: str) -> dict[str, int]:
    """A weekly report that is due, its copy that waits, a link to it, and an address that is spared."""
    schedule = scheduling.create_weekly(client, {"ana@lumen.example": "fr"})
    run = scheduling.open_run(schedule, "2026-W20")
    recipient = schedule.recipients.get()
    delivery = run.deliveries.create(recipient=recipient, language="fr")
    queue.enqueue(DELIVER, client_id=client.pk, key=str(delivery.pk), arguments={"delivery_id": delivery.pk})
    rows: dict[str, Any] = {"schedule": schedule, "run": run, "recipient": recipient, "delivery": delivery}
    rows["share_link"] = sharing.make(client, run, "en", Actor("owner"))
    rows["suppression"] = Suppression.objects.create(client=client, email="cem@lumen.example", reason=Suppression.Reason.COMPLAINT)
    return {f"{prefix}{name}": row.pk for name, row in rows.items()}


def connected(client: Client, user: User, prefix: str) -> dict[str, int]:
    """An account with a doubtful answer, and an attempt to connect another. Autre's have ids that Maison Lumen has none of."""
    attempt = attempts.begin(user, client, "google_ads", "http://localhost", for_agency=False).attempt
    day = timezone.now().date()
    with inside(client):
        numbers = {"pk": 900} if prefix else {}
        account = {"source": "google_ads", "account": prefix, "currency": "EUR", "timezone": "Europe/Paris", "credential_id": 1}
        source = Connection.objects.create(**account, **numbers)
        pull = Pull.objects.create(connection=source, family="ads", since=day, until=day, state=Pull.State.SUSPECT, **numbers)
        rules = ChannelRules.objects.create(made_by="owner", **numbers)
        campaign = Campaign.objects.create(name="Brand", key="brand")
        alias = CampaignAlias.objects.create(kind=CampaignAlias.Kind.NAME, key="b", campaign=campaign, **numbers)
        merge = PersonMerge.objects.create(kept=Person.objects.create(), dissolved=Person.objects.create(), **numbers)
    rows = {"attempt": attempt, "connection": source, "pull": pull, "rules": rules, "alias": alias, "merge": merge}
    return {f"{prefix}{name}": row.pk for name, row in rows.items()}


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


@pytest.mark.parametrize("name", dict.fromkeys(name for name, *_ in URLS))
def test_every_address_answers_every_role_and_method_as_stated(name: str, rows: dict[str, int], everyone: dict[str, Browser]) -> None:
    for route, method, pattern, expected in URLS:
        if route == name:
            address = pattern.format(**rows)
            assert resolve(urlsplit(address).path).url_name == name
            found = {role: _answer(everyone[role], method, address) for role in ROLES}
            assert (method, address, found) == (method, address, dict(zip(ROLES, expected, strict=True)))


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
