"""Finding one's way among clients: the agency's list, the start page, the switcher."""

from __future__ import annotations

import re

import pytest
from django.test import Client as Browser

from accounts import closing
from accounts.audit import OPERATOR
from accounts.models import Agency, Client, Membership, Role
from accounts.services import add_member
from accounts.tenancy import inside
from campaigns.models import Connection
from tests.accounts.reading import SignIn, asked, person, queries, text
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
NEW = {"name": "Épicerie du Faubourg", "slug": "", "currency": "EUR", "timezone": "Europe/Paris", "language": "fr"}


def rows(agency: Agency | None, *names: str) -> list[Client]:
    """Clients without schemas: rows for lists."""
    common = {"agency": agency, "currency": "EUR", "timezone": "Europe/Paris"}
    start = Client.objects.count()
    made = [Client(name=name, slug=f"row-{start + n}", schema_name=f"none{start + n}", **common) for n, name in enumerate(names)]
    return Client.objects.bulk_create(made)


class TestTheAgencysList:
    def test_shows_each_client_with_its_people(self, cast: Cast, signed_in: SignIn) -> None:
        add_member(person("admin"), Role.ADMIN, client=cast.client)
        assert "Maison Lumen lumen EUR Europe/Paris 2 1" in text(signed_in(cast.owner).get("/a/nord/clients/"))

    def test_shows_an_analyst_the_assigned_ones_only(self, cast: Cast, signed_in: SignIn) -> None:
        rows(cast.agency, "Secret")
        assert "Secret" in text(signed_in(cast.owner).get("/a/nord/clients/"))
        page = text(signed_in(cast.analyst).get("/a/nord/clients/"))
        assert "Maison Lumen" in page
        assert "Secret" not in page

    def test_finds_without_accents_and_without_a_script(self, cast: Cast, signed_in: SignIn) -> None:
        rows(cast.agency, "Épicerie", "Hôtel")
        page = text(signed_in(cast.owner).get("/a/nord/clients/?q=epi"))
        assert "Épicerie" in page
        assert "Hôtel" not in page
        assert "Nothing matches." in text(signed_in(cast.owner).get("/a/nord/clients/?q=zzz"))

    def test_asks_the_database_as_often_for_three_as_for_one(self, cast: Cast, signed_in: SignIn) -> None:
        browser = signed_in(cast.owner)
        before = queries(browser, "/a/nord/clients/")
        for client in rows(cast.agency, "Two", "Three"):
            add_member(person(client.name), Role.VIEWER, client=client)
        assert queries(browser, "/a/nord/clients/") == before


class TestCreating:
    def test_a_new_client_gets_a_short_name_from_its_name_and_opens_at_once(self, cast: Cast, signed_in: SignIn) -> None:
        browser = signed_in(cast.owner)
        assert browser.post("/a/nord/clients/new/", NEW)["Location"] == "/c/epicerie-du-faubourg/"
        assert "No figures yet" in text(browser.get("/c/epicerie-du-faubourg/"))
        client = Client.objects.get(slug="epicerie-du-faubourg")
        assert client.agency == cast.agency
        with inside(client):
            assert not Connection.objects.exists()

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"slug": "lumen"}, "This short name is taken."),
            ({"slug": "a b"}, "Use letters a to z"),
            ({"timezone": "Paris"}, "“Paris” is not a time zone"),
            ({"currency": "DEM"}, "Select a valid choice."),
            ({"name": "***"}, "Choose a short name of letters a to z, digits and hyphens."),
        ],
    )
    def test_a_wrong_field_is_named_and_nothing_is_made(self, cast: Cast, signed_in: SignIn, wrong: dict[str, str], said: str) -> None:
        page = signed_in(cast.owner).post("/a/nord/clients/new/", NEW | wrong)
        assert said in text(page)
        assert Client.objects.count() == 2

    def test_the_form_begins_with_what_the_agencys_latest_client_has(self, cast: Cast, signed_in: SignIn) -> None:
        Client.objects.filter(slug="lumen").update(timezone="Europe/Zurich", currency="CHF")
        page = signed_in(cast.owner).get("/a/nord/clients/new/").content.decode()
        assert 'value="Europe/Zurich"' in page
        assert '<option value="CHF" selected>' in page


class TestTheStartPage:
    def test_has_clients_of_all_ones_agencies_and_companies_and_leads_to_the_agencies(self, cast: Cast, signed_in: SignIn) -> None:
        add_member(cast.owner, Role.VIEWER, client=cast.other_client)
        page = signed_in(cast.owner).get("/")
        assert "Autre Agence Sud" in text(page)
        assert "Maison Lumen Agence Nord" in text(page)
        assert 'href="/a/nord/clients/"' in page.content.decode()
        assert 'href="/a/sud/clients/"' not in page.content.decode()

    def test_finds_by_what_is_typed_in_whatever_accents(self, cast: Cast, signed_in: SignIn) -> None:
        rows(cast.agency, "Épicerie", "Œuvre d’Art")
        browser = signed_in(cast.owner)
        assert "Épicerie" in text(browser.get("/?q=EPICERIE"))
        assert "Œuvre d’Art" in text(browser.get("/?q=art oeu"))
        assert "Maison Lumen" not in text(browser.get("/?q=epicerie"))

    def test_is_light_and_asks_no_more_for_five_hundred_clients(self, cast: Cast, signed_in: SignIn) -> None:
        browser = signed_in(cast.owner)
        rows(cast.agency, "Second")
        before = queries(browser, "/")
        rows(cast.agency, *(f"Client number {number}" for number in range(498)))
        assert queries(browser, "/") == before
        assert len(browser.get("/").content) < 200_000

    def test_asks_nothing_twice(self, cast: Cast, signed_in: SignIn) -> None:
        add_member(cast.owner, Role.VIEWER, client=cast.other_client)
        for client in (cast.client, cast.other_client):
            closing.close(client, OPERATOR)
        browser = signed_in(cast.owner)
        assert "Autre is closed" in text(browser.get("/"))
        assert 'action="/c/lumen/settings/reopen/"' in browser.get("/").content.decode()
        questions = asked(browser, "/")
        assert len(questions) == len(set(questions))


class TestTheSwitcher:
    def names(self, browser: Browser, query: str = "") -> list[str]:
        groups = {group["title"]: group["hits"] for group in browser.get(f"/clients.json?{query}").json()["groups"]}
        return [hit["name"] for hit in groups.get("Clients", [])]

    def test_finds_twenty_at_most_by_name_or_short_name(self, cast: Cast, signed_in: SignIn) -> None:
        rows(cast.agency, *(f"Café {letter}" for letter in "abcdefghijklmnopqrstuvwxyz"))
        browser = signed_in(cast.owner)
        assert self.names(browser, "q=cafe") == [f"Café {letter}" for letter in "abcdefghijklmnopqrst"]
        assert browser.get("/clients.json?q=cafe").json()["groups"][0]["more"] == 6
        assert self.names(browser, "q=LUMEN") == ["Maison Lumen"]

    def test_finds_nothing_one_may_not_see(self, cast: Cast, signed_in: SignIn) -> None:
        rows(cast.agency, "Secret")
        assert self.names(signed_in(cast.owner)) == ["Maison Lumen", "Secret"]
        assert self.names(signed_in(cast.analyst)) == ["Maison Lumen"]
        assert self.names(signed_in(cast.stranger)) == ["Autre"]

    def test_finds_on_an_agencys_host_its_own_only(self, cast: Cast) -> None:
        add_member(cast.stranger, Role.VIEWER, client=cast.client)
        for host, expected in (("localhost", ["Autre", "Maison Lumen"]), ("reports.sud.example", ["Autre"])):
            browser = Browser(SERVER_NAME=host)
            browser.force_login(cast.stranger, backend="allauth.account.auth_backends.AuthenticationBackend")
            assert self.names(browser) == expected

    def test_keeps_agency_people_on_the_page_they_are_on_if_they_may_open_it(self, cast: Cast, signed_in: SignIn) -> None:
        def goes_to(browser: Browser, page: str) -> str:
            return str(browser.get(f"/clients.json?q=lumen&page={page}").json()["groups"][0]["hits"][0]["url"])

        owner, analyst, viewer = signed_in(cast.owner), signed_in(cast.analyst), signed_in(cast.viewer)
        assert goes_to(owner, "report_list") == goes_to(analyst, "report_list") == "/c/lumen/reports/"
        assert goes_to(owner, "member_remove") == "/c/lumen/team/"
        assert goes_to(analyst, "tokens") == "/c/lumen/"
        assert goes_to(viewer, "report_list") == "/c/lumen/"
        assert goes_to(owner, "no_such_page") == "/c/lumen/"

    def test_names_other_clients_only_to_who_may_see_some(self, cast: Cast, signed_in: SignIn) -> None:
        def titles(browser: Browser) -> list[str]:
            return [group["title"] for group in browser.get("/c/lumen/find.json").json()["groups"]]

        assert titles(signed_in(cast.viewer)) == ["Pages"]
        add_member(cast.viewer, Role.VIEWER, client=cast.other_client)
        assert titles(signed_in(cast.viewer)) == ["Clients", "Pages"]


class TestNavigation:
    def entries(self, browser: Browser, page: str) -> list[str]:
        nav = browser.get(page).content.decode().split('<nav class="side-nav"')[1].split("</nav>")[0]
        return re.findall(r"<a[^>]*>([^<]*)</a>", nav)

    def test_offers_what_one_may_open_and_nothing_else(self, cast: Cast, signed_in: SignIn) -> None:
        everything = ["Overview", "Cohorts", "Reports", "Glossary", "Connections", "Imports", "Team", "API tokens", "Activity", "Settings"]
        assert self.entries(signed_in(cast.owner), "/c/lumen/reports/") == [*everything, "Agence Nord"]
        reading = ["Overview", "Cohorts", "Reports", "Glossary", "Connections", "Imports", "Team", "Agence Nord"]
        assert self.entries(signed_in(cast.analyst), "/c/lumen/reports/") == reading
        assert self.entries(signed_in(cast.viewer), "/c/lumen/reports/") == ["Overview", "Cohorts", "Reports", "Glossary"]
        assert self.entries(signed_in(cast.analyst), "/a/nord/clients/") == ["Clients", "Team", "All clients"]

    def test_the_admin_shows_who_belongs_where_and_changes_it_nowhere(self, cast: Cast, signed_in: SignIn) -> None:
        type(cast.owner).objects.filter(pk=cast.owner.pk).update(is_superuser=True)
        browser, row = signed_in(cast.owner), Membership.objects.get(user=cast.viewer)
        assert browser.get("/admin/accounts/membership/").status_code == 200
        assert browser.get("/admin/accounts/auditevent/").status_code == 200
        assert browser.post(f"/admin/accounts/membership/{row.pk}/change/", {"role": "admin"}).status_code == 403
        assert browser.post(f"/admin/accounts/membership/{row.pk}/delete/", {"post": "yes"}).status_code == 403
        assert browser.get("/admin/accounts/auditevent/add/").status_code == 403
