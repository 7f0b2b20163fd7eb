"""What an address, a header or a file name may not do."""

from __future__ import annotations

import csv
import io
import re
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

import openpyxl
import pytest
from django.conf import settings
from django.test import Client as Browser
from openpyxl.cell.cell import TYPE_FORMULA

from accounts.models import Client
from accounts.spreadsheets import FORMULA as BEGINS_A_FORMULA
from accounts.tenancy import inside
from campaigns.models.origins import Campaign
from reports.pages.catalogue import PAGES
from tests.accounts.test_sign_in import nobody, signs_in
from tests.conftest import PASSWORD, Cast
from tests.safety.conftest import CAMPAIGNS, DAYS, Ill

pytestmark = pytest.mark.django_db
ELSEWHERE = ("https://evil.example/", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)",
             "https:evil.example", "http://a@evil.example/", " //evil.example", "\t//evil.example", "%2f%2fevil.example")  # fmt: skip
NUMBER = re.compile(r"-?\d+(\.\d+)?(E-?\d+)?")


class TestAFileForASpreadsheet:
    """A campaign, a page or a post may be called like a formula."""

    def links(self, owner: Browser) -> list[str]:
        found = []
        for name in PAGES:
            html = owner.get(f"/c/lumen/{'' if name == 'overview' else f'{name}/'}?{DAYS}").content.decode()
            found += [unescape(link) for link in re.findall(r'<a class="take" href="([^"]+)"', html)]
        assert {link.partition("?")[0].rpartition(".")[2] for link in found} == {"csv", "xlsx", "png"}
        api = [f"/api/v1/clients/lumen/kpis/?{DAYS}&by={by}&format=csv" for by in ("campaign", "label")]
        rows = [f"/api/v1/clients/lumen/kpis/spend/explain/?{DAYS}&format=csv", "/c/lumen/activity.csv"]
        return [*found, *api, *rows]

    def test_holds_no_formula(self, ill: Ill, owner: Browser) -> None:
        formulas: list[tuple[str, str]] = []
        seen: set[str] = set()
        for link in self.links(owner):
            answer: Any = owner.get(link)
            content = b"".join(answer) if answer.streaming else answer.content
            assert answer.status_code == 200, (link, content[:300])
            for cell in self.cells(content):
                seen.add(cell)
                if BEGINS_A_FORMULA.search(cell) and not NUMBER.fullmatch(cell):
                    formulas.append((link, cell))
        assert formulas == []
        assert {f"'{name}" for name in CAMPAIGNS[1:4]} <= seen

    def test_are_made_of_names_that_no_workbook_holds(self, ill: Ill, owner: Browser) -> None:
        """Signs that XML cannot have: pasted from a terminal, or told by a platform."""
        Client.objects.update(name="Lumen\x0b\x1b[1m")
        with inside(ill.client):
            Campaign.objects.filter(name=CAMPAIGNS[0]).update(name="Brand\x01")
        for kind in ("csv", "xlsx"):
            answer = owner.get(f"/c/lumen/campaigns/campaigns.{kind}?{DAYS}")
            assert answer.status_code == 200
            assert any("Brand" in cell for cell in self.cells(answer.content))
        pictures = [link for link in self.links(owner) if ".png" in link]
        assert {owner.get(link).status_code for link in pictures} == {200}

    def cells(self, content: bytes) -> list[str]:
        if content.startswith(b"PK"):
            book = openpyxl.load_workbook(io.BytesIO(content))
            cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
            assert not [cell.value for cell in cells if cell.data_type == TYPE_FORMULA]
            return [cell.value for cell in cells if isinstance(cell.value, str)]
        if content.startswith(b"\x89PNG"):
            return []
        return [cell for row in csv.reader(io.StringIO(content.decode("utf-8-sig"))) for cell in row]


class TestNames:
    def test_of_clients_are_plain_words_so_that_file_names_are(self, cast: Cast, signed_in: Any) -> None:
        form, browser = (
            {"name": "X", "currency": "EUR", "timezone": "Europe/Paris", "language": "en", "week_start": "monday"},
            signed_in(cast.owner),
        )
        for slug in ('a"; filename="x.exe', "a\r\nX: y", "../x", "é", "a b", "%0d%0a", "a/b"):
            answer: Any = browser.post("/a/nord/clients/new/", form | {"slug": slug})
            assert (answer.status_code, list(answer.context["form"].errors)) == (200, ["slug"])

    def test_of_files_lead_to_nothing_but_files(self, ill: Ill, owner: Browser) -> None:
        paths = ("channels/..%2f..%2fsettings.csv", "channels/../../settings.csv", "..%2fchannels/channels.csv",
                 "channels/channels.csv%00.png", "channels/__class__.csv", "channels/client_name.csv", "channels/change-0.png",
                 "channels/change--1.png", "channels/change-x.png", "reports/..%2f..%2f.pdf", "reports/1/..%2ffr.html",
                 "imports/templates/..%2forders.csv")  # fmt: skip
        assert {path: owner.get(f"/c/lumen/{path}").status_code for path in paths} == dict.fromkeys(paths, 404)

    def test_of_static_files_lead_nowhere_else(self, cast: Cast) -> None:
        paths = ("..%2fapp.css", "%2e%2e/%2e%2e/config/settings.py", "../../config/settings.py", "//etc/passwd", "app.css%00")
        assert {nobody().get(f"/static/{path}").status_code for path in paths} <= {400, 404}


class TestLeadingElsewhere:
    def test_no_address_of_ours_leads_to_another_site(self, cast: Cast, signed_in: Any) -> None:
        browser = signed_in(cast.owner)
        led = [(place, address) for place in ELSEWHERE for address in self.led(cast, browser, place)]
        assert [(place, address) for place, address in led if _origin(address) != "http://localhost"] == []
        assert len(led) > 50

    def led(self, cast: Cast, browser: Browser, place: str) -> list[str]:
        """Where each address that leads somewhere leads to, when asked to lead there."""
        credentials = {"login": cast.owner.email, "password": PASSWORD}
        answers = [
            nobody().post(f"/accounts/login/?next={place}", credentials | {"next": place}),
            browser.get("/accounts/login/", {"next": place}),
            browser.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": place}),
            browser.post("/language/setlang/", {"language": "fr", "next": place}),
            browser.post("/language/setlang/", {"language": "fr"}, headers={"referer": place}),
            browser.get(f"/c/lumen/{place}"),
            browser.get("/admin/login/", {"next": place}),
            browser.post("/accounts/logout/", {"next": place}),
        ]
        return [answer["Location"] for answer in answers if answer.has_header("Location")]


def _origin(address: str) -> str:
    """Of what a browser makes of an address that a page of ours leads to: it takes a backslash for a slash."""
    told = urlsplit(urljoin("http://localhost/accounts/login/", address.strip().replace("\\", "/")))
    return f"{told.scheme}://{told.netloc}"


class TestHosts:
    @pytest.mark.parametrize(
        "host", ["evil.example", "localhost.evil.example", "localhost:80@evil.example", "evil.example:80", "127.0.0.2", "a b", ""]
    )
    def test_a_strange_host_is_served_nothing(self, cast: Cast, host: str) -> None:
        answer = Browser(SERVER_NAME="localhost").post("/accounts/password/reset/", {"email": cast.viewer.email}, headers={"host": host})
        assert answer.status_code in (400, 421)
        assert b"evil" not in answer.content

    def test_a_forwarded_host_is_not_believed(self, cast: Cast, mailoutbox: list[Any]) -> None:
        strange = {
            "x-forwarded-host": "evil.example",
            "forwarded": "host=evil.example",
            "x-host": "evil.example",
            "x-original-url": "/admin/",
        }
        nobody().post("/accounts/password/reset/", {"email": cast.viewer.email}, headers=strange)
        assert len(mailoutbox) == 1
        assert "evil" not in str(mailoutbox[0].message())


class TestMethods:
    def test_a_method_is_what_it_is(self, cast: Cast, signed_in: Any) -> None:
        """No header and no field makes a POST out of a GET, nor a DELETE out of a POST."""
        browser, headers = (
            signed_in(cast.owner),
            {"x-http-method-override": "POST", "x-method-override": "DELETE", "x-http-method": "DELETE"},
        )
        assert browser.get("/c/lumen/settings/reopen/?_method=POST", headers=headers).status_code == 405
        assert browser.get("/accounts/logout/?_method=POST", headers=headers).status_code == 200
        assert browser.post("/c/lumen/?_method=GET", {"_method": "GET"}, headers={"x-http-method-override": "GET"}).status_code == 405
        for method in ("TRACE", "TRACK", "PROPFIND", "x"):
            assert browser.generic(method, "/c/lumen/team/").status_code in (405, 501), method

    def test_another_site_can_send_nothing_in_a_persons_name(self, cast: Cast) -> None:
        browser = Browser(SERVER_NAME="localhost", enforce_csrf_checks=True)
        browser.force_login(cast.owner, backend="allauth.account.auth_backends.AuthenticationBackend")
        for address in (
            "/c/lumen/settings/",
            "/c/lumen/imports/",
            "/a/nord/clients/new/",
            "/c/lumen/export/",
            "/accounts/logout/",
            "/profile/",
        ):
            assert browser.post(address, {}, headers={"origin": "https://evil.example"}).status_code == 403, address
        for address, of in (("notes/", "application/json"), ("imports/?kind=orders", "text/csv"), ("schedules/", "application/json")):
            answer = browser.post(f"/api/v1/clients/lumen/{address}", data="{}", content_type=of)
            assert answer.status_code == 403, address
            assert "CSRF" in answer.json()["detail"]


class TestCookies:
    def test_of_a_session_are_read_by_no_script_and_sent_by_no_other_site(self, cast: Cast) -> None:
        cookie = signs_in(cast.owner).cookies[settings.SESSION_COOKIE_NAME]
        assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Lax", "/", "")

    def test_change_when_somebody_signs_in(self, cast: Cast) -> None:
        """A session that somebody else planted is not the one that is signed in."""
        browser = nobody()
        browser.get("/language/setlang/")
        session = browser.session
        session["planted"] = "yes"
        session.save()
        before = str(session.session_key)
        browser.cookies[settings.SESSION_COOKIE_NAME] = before
        signs_in(cast.owner, browser=browser)
        assert browser.cookies[settings.SESSION_COOKIE_NAME].value not in ("", before)


def test_a_brand_cannot_write_style(cast: Cast, signed_in: Any) -> None:
    """Its colours stand in the one block of style that a page has."""
    browser, sound = signed_in(cast.owner), {"name": "Nord", "primary_colour": "#1f4e5f", "accent_colour": "#e08e45", "reply_to": ""}
    for field in ("primary_colour", "accent_colour"):
        for colour in ("red;}b{", "#12345g", "#1f4e5f;} body{background:url(//evil.example)", "url(x)", "#1f4e5"):
            answer: Any = browser.post("/a/nord/settings/", sound | {field: colour})
            assert list(answer.context["form"].errors) == [field], colour
