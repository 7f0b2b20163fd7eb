"""What a company and an agency are called, how they look; how a client ends, and comes back."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator

from accounts import brand_preview, closing
from accounts.audit import Actor
from accounts.models import Agency, Client, Role
from accounts.services import add_member
from tests.accounts.reading import SignIn, person, text
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
LUMEN = {"name": "Maison Lumen", "slug": "lumen", "language": "fr"}
NORD = {"name": "Agence Nord", "primary_colour": "#1f4e5f", "accent_colour": "#e08e45", "reply_to": "bonjour@nord.example"}


class TestClient:
    def test_a_new_short_name_leads_on_and_the_old_one_with_it(self, cast: Cast, signed_in: SignIn) -> None:
        browser = signed_in(cast.owner)
        assert (
            browser.post("/c/lumen/settings/", LUMEN | {"slug": "lumen-paris", "name": "Lumen"})["Location"] == "/c/lumen-paris/settings/"
        )
        assert browser.get("/c/lumen/reports/")["Location"] == "/c/lumen-paris/reports/"
        assert "Lumen" in text(browser.get("/c/lumen-paris/settings/"))

    def test_a_taken_short_name_is_said_beside_the_field_and_nothing_is_changed(self, cast: Cast, signed_in: SignIn) -> None:
        page = signed_in(cast.owner).post("/c/lumen/settings/", LUMEN | {"slug": "autre", "name": "Changed"})
        assert "This short name is taken." in text(page)
        assert 'href="/c/lumen/team/"' in page.content.decode()
        assert Client.objects.get(slug="lumen").name == "Maison Lumen"

    def test_currency_and_zone_are_shown_and_not_to_be_changed(self, cast: Cast, signed_in: SignIn) -> None:
        browser = signed_in(cast.owner)
        browser.post("/c/lumen/settings/", LUMEN | {"currency": "USD", "timezone": "Asia/Tokyo"})
        assert "Currency EUR Time zone Europe/Paris" in text(browser.get("/c/lumen/settings/"))

    def test_a_manager_changes_names_but_cannot_close(self, cast: Cast, signed_in: SignIn) -> None:
        manager = person("manager")
        add_member(manager, Role.MANAGER, agency=cast.agency, client=cast.client)
        assert "Close this client" in text(signed_in(cast.owner).get("/c/lumen/settings/"))
        assert 'action="/c/lumen/export/"' in signed_in(cast.owner).get("/c/lumen/settings/").content.decode()
        page = signed_in(manager).get("/c/lumen/settings/")
        assert "Close this client" not in text(page)
        assert "/export/" not in page.content.decode()


class TestClosing:
    def test_asks_for_the_short_name(self, cast: Cast, signed_in: SignIn) -> None:
        browser = signed_in(cast.owner)
        assert "No weekly report is sent" in text(browser.get("/c/lumen/settings/close/"))
        assert "This is not the short name. It is “lumen”." in text(browser.post("/c/lumen/settings/close/", {"typed": "autre"}))
        assert browser.get("/c/lumen/").status_code == 200
        assert browser.post("/c/lumen/settings/close/", {"typed": "lumen"})["Location"] == "/"
        assert browser.get("/c/lumen/").status_code == 404

    def test_a_closing_client_is_listed_with_its_last_day_and_comes_back_by_a_button(self, cast: Cast, signed_in: SignIn) -> None:
        closing.close(cast.client, Actor("x"))
        client = Client.objects.get(slug="lumen")
        last = closing.deleted_at(client)
        assert last
        browser = signed_in(cast.owner)
        for page in ("/", "/a/nord/"):
            found = browser.get(page, follow=True)
            assert f"Maison Lumen {last.day} {last:%B %Y} Download the archive" in text(found)
            assert 'action="/c/lumen/export/"' in found.content.decode()
            assert 'action="/c/lumen/settings/reopen/"' in found.content.decode()
        assert browser.post("/c/lumen/settings/reopen/")["Location"] == "/c/lumen/"
        assert browser.get("/c/lumen/").status_code == 200

    def test_its_own_people_are_told_that_it_is_closed_and_whom_to_ask(self, cast: Cast, signed_in: SignIn) -> None:
        closing.close(cast.client, Actor("x"))
        assert "Maison Lumen is closed" in text(signed_in(cast.viewer).get("/"))
        assert "ask Agence Nord to reopen it" in text(signed_in(cast.analyst).get("/"))
        assert "Maison Lumen" not in text(signed_in(cast.stranger).get("/?q="))

    def test_is_shown_to_nobody_who_may_not_reopen(self, cast: Cast, signed_in: SignIn) -> None:
        closing.close(cast.client, Actor("x"))
        for user, status in ((cast.analyst, 403), (cast.viewer, 403), (cast.stranger, 404)):
            browser = signed_in(user)
            assert "reopen/" not in browser.get("/", follow=True).content.decode()
            assert browser.post("/c/lumen/settings/reopen/").status_code == status
        assert "Maison Lumen" not in text(signed_in(cast.analyst).get("/a/nord/"))


class TestAgency:
    def test_takes_a_name_colours_and_a_reply_address(self, cast: Cast, signed_in: SignIn) -> None:
        wish = NORD | {"name": "Nord & Fils", "primary_colour": "#ffee00", "reply_to": ""}
        page = signed_in(cast.owner).post("/a/nord/settings/", wish, follow=True)
        assert "--brand: #ffee00" in page.content.decode()
        agency = Agency.objects.get(slug="nord")
        assert (agency.name, agency.primary_colour, agency.reply_to) == ("Nord & Fils", "#ffee00", "")

    def test_refuses_what_is_no_colour_beside_the_field(self, cast: Cast, signed_in: SignIn) -> None:
        page = signed_in(cast.owner).post("/a/nord/settings/", NORD | {"primary_colour": "red;}"})
        assert "Use a colour such as #1f4e5f." in text(page)
        assert "red;}" not in page.content.decode().split("</style>")[0]
        assert Agency.objects.get(slug="nord").primary_colour == "#1f4e5f"

    def test_cannot_take_an_address_by_itself(self, cast: Cast, signed_in: SignIn) -> None:
        signed_in(cast.owner).post("/a/nord/settings/", NORD | {"host": "reports.sud.example", "slug": "sud"})
        assert Agency.objects.get(slug="nord").host is None

    def test_nobody_obliges_others_to_what_they_do_not_do_themselves(self, cast: Cast, signed_in: SignIn) -> None:
        wish = NORD | {"requires_second_factor": "on"}
        assert "Set up two-step verification for yourself first" in text(signed_in(cast.owner).post("/a/nord/settings/", wish))
        assert not Agency.objects.get(slug="nord").requires_second_factor
        Authenticator.objects.create(user=cast.owner, type=Authenticator.Type.TOTP, data={})
        assert signed_in(cast.owner).post("/a/nord/settings/", wish).status_code == 302
        assert Agency.objects.get(slug="nord").requires_second_factor


class TestBrandPreview:
    PAGE = "/a/nord/settings/"

    def test_shows_what_colours_become_before_anything_is_saved(self, cast: Cast, signed_in: SignIn) -> None:
        browser = signed_in(cast.owner)
        now = browser.get(self.PAGE).content.decode()
        assert now.count('fill="#1f4e5f"') > 2
        looked = browser.post(self.PAGE, NORD | {"name": "Nord & Sud", "primary_colour": "#ffdd00", "footer": "12 rue X", "look": "yes"})
        html = looked.content.decode()
        assert html.count('fill="#ffdd00"') > 2
        assert "Nord &amp; Sud</text>" in html
        assert "12 rue X</text>" in html
        assert "made readable: #" in text(looked)
        assert "as you chose it" in text(looked)
        assert 'value="#ffdd00"' in html
        cast.agency.refresh_from_db()
        assert (cast.agency.name, cast.agency.primary_colour) == ("Agence Nord", "#1f4e5f")

    def test_the_address_that_scripts_ask_answers_the_same_and_survives_nonsense(self, cast: Cast, signed_in: SignIn) -> None:
        browser = signed_in(cast.owner)
        html = browser.get(self.PAGE, {"primary_colour": "#FFDD00", "accent_colour": "red", "name": "<b>"}).content.decode()
        assert html.count('fill="#ffdd00"') > 2
        assert "That is no colour yet" in html
        assert "&lt;b&gt;</text>" in html
        assert 'name="primary_colour" value="#1f4e5f"' in html
        assert signed_in(cast.analyst).get(self.PAGE, {"primary_colour": "#ffdd00"}).status_code == 403

    def test_every_contrast_that_is_shown_can_be_read(self, cast: Cast) -> None:
        for colour in ("#ffdd00", "#000000", "#ffffff", "#808080", "#e08e45"):
            for line in brand_preview.of(cast.agency, {"primary_colour": colour}).contrasts:
                assert float(line.ratio.partition(" ")[0]) >= 4.5, (colour, line)
