"""Finding one's way among clients: the start page, the switcher."""

from __future__ import annotations

import re

import pytest
from django.test import Client as Browser

from accounts import closing
from accounts.audit import OPERATOR
from accounts.models import Agency, Client, Membership, Role
from accounts.services import add_member
from tests.accounts.reading import SignIn, asked, queries, text
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def rows(agency: Agency | None, *names: str) -> list[Client]:
    """Clients without schemas: rows for lists."""
    common = {"agency": agency, "currency": "EUR", "timezone": "Europe/Paris"}
    start = Client.objects.count()
    made = [Client(name=name, slug=f"row-{start + n}", schema_name=f"none{start + n}", **common) for n, name in enumerate(names)]
    return Client.objects.bulk_create(made)


class TestTheStartPage:
    def test_has_clients_of_all_ones_agencies_and_companies_and_leads_to_the_agencies(self, cast: Cast, signed_in: SignIn) -> None:
        add_member(cast.owner, Role.VIEWER, client=cast.other_client)
        page = signed_in(cast.owner).get("/")
        assert "Autre Agence Sud" in text(page)
        assert "Maison Lumen Agence Nord" in text(page)
        assert 'href="/a/nord/"' in page.content.decode()
        assert 'href="/a/sud/"' not in page.content.decode()

    def test_of_an_agencys_people_is_its_overview(self, cast: Cast, signed_in: SignIn) -> None:
        for user in (cast.owner, cast.analyst):
            assert signed_in(user).get("/")["Location"] == "/a/nord/"
        assert signed_in(cast.viewer).get("/")["Location"] == "/c/lumen/"

    def test_finds_by_what_is_typed_in_whatever_accents(self, cast: Cast, signed_in: SignIn) -> None:
        rows(cast.agency, "Épicerie", "Œuvre d’Art")
        browser = signed_in(cast.owner)
        assert "Épicerie" in text(browser.get("/?q=EPICERIE"))
        assert "Œuvre d’Art" in text(browser.get("/?q=art oeu"))
        assert "Maison Lumen" not in text(browser.get("/?q=epicerie"))

    def test_is_light_and_asks_no_more_for_five_hundred_clients(self, cast: Cast, signed_in: SignIn) -> None:
        browser = signed_in(cast.owner)
        rows(cast.agency, "Second")
        before = queries(browser, "/?q=")
        rows(cast.agency, *(f"Client number {number}" for number in range(498)))
        assert queries(browser, "/?q=") == before
        assert len(browser.get("/?q=").content) < 200_000

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

    def parts(self, browser: Browser, page: str) -> list[str]:
        found = browser.get(page).content.decode().split('<nav class="parts"')[1:]
        return re.findall(r"<a[^>]*>([^<]*)</a>", found[0].split("</nav>")[0]) if found else []

    def test_offers_what_one_may_open_and_nothing_else(self, cast: Cast, signed_in: SignIn) -> None:
        figures = ["Overview", "Channels", "Campaigns", "Funnel", "Customers", "E-mail", "Site", "Social networks"]
        reading = [*figures, "Reports", "Targets", "Questions", "Glossary"]
        assert self.entries(signed_in(cast.owner), "/c/lumen/reports/") == [*reading, "Connections", "Settings", "Agence Nord"]
        assert self.entries(signed_in(cast.analyst), "/c/lumen/reports/") == [*reading, "Connections", "Settings", "Agence Nord"]
        assert self.entries(signed_in(cast.viewer), "/c/lumen/reports/") == reading
        assert self.entries(signed_in(cast.analyst), "/a/nord/") == ["Overview", "Settings", "All clients"]

    def test_shows_the_pages_of_one_matter_beside_one_another(self, cast: Cast, signed_in: SignIn) -> None:
        assert self.parts(signed_in(cast.owner), "/c/lumen/team/") == [
            "Names and language", "How figures are made", "Money and days", "Team", "API tokens", "Webhooks", "Activity",
        ]  # fmt: skip
        assert self.parts(signed_in(cast.analyst), "/c/lumen/team/") == ["How figures are made", "Team"]
        assert self.parts(signed_in(cast.analyst), "/c/lumen/imports/") == [
            "Accounts",
            "Imports",
            "Channel rules",
            "Campaign names",
        ]
        assert self.parts(signed_in(cast.viewer), "/c/lumen/targets/") == ["Targets", "Annotations"]
        assert self.parts(signed_in(cast.viewer), "/c/lumen/reports/") == []
        assert self.parts(signed_in(cast.owner), "/a/nord/settings/") == ["Name and brand", "Team", "API tokens", "Webhooks", "Activity"]

    def test_the_admin_shows_who_belongs_where_and_changes_it_nowhere(self, cast: Cast, signed_in: SignIn) -> None:
        type(cast.owner).objects.filter(pk=cast.owner.pk).update(is_superuser=True)
        browser, row = signed_in(cast.owner), Membership.objects.get(user=cast.viewer)
        assert browser.get("/admin/accounts/membership/").status_code == 200
        assert browser.get("/admin/accounts/auditevent/").status_code == 200
        assert browser.post(f"/admin/accounts/membership/{row.pk}/change/", {"role": "admin"}).status_code == 403
        assert browser.post(f"/admin/accounts/membership/{row.pk}/delete/", {"post": "yes"}).status_code == 403
        assert browser.get("/admin/accounts/auditevent/add/").status_code == 403
