"""An agency's new clients: by a form, or several from a file that is looked at before anything is written; and what is left to set up."""

from __future__ import annotations

import csv
import io
import re
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from django.utils import timezone

from accounts.audit import Actor
from accounts.models import AuditEvent, Client, Invitation, Label
from accounts.tenancy import inside
from campaigns.models import Connection
from jobs.models import Job
from kpis import choices
from reports import scheduling
from reports.agency.creation import NewClient, Refused, create_all
from tests.accounts.reading import SignIn, queries, text
from tests.conftest import Cast, LoadText

pytestmark = pytest.mark.django_db
FORM, FILE, TEMPLATE = "/a/nord/clients/new/", "/a/nord/clients/file/", "/a/nord/clients/template.csv"
NEW = {
    "name": "Épicerie du Faubourg",
    "slug": "",
    "currency": "EUR",
    "timezone": "Europe/Paris",
    "language": "fr",
    "week_start": "monday",
    "contact_email": "",
    "contact_role": "viewer",
}
HEAD = "name,short_name,currency,time_zone,language,week_start,contact_email,contact_role,labels\n"


def upload(browser: Browser, content: str | bytes) -> Any:
    content = content.encode() if isinstance(content, str) else content
    return browser.post(FILE, {"file": SimpleUploadedFile("clients.csv", content, "text/csv")})


def confirm(browser: Browser, page: Any) -> Any:
    """Press the button, with what the page keeps of the file."""
    kept = re.search(r'<textarea name="text" hidden>(.*?)</textarea>', page.content.decode(), re.DOTALL)
    assert kept
    return browser.post(FILE, {"text": unescape(kept.group(1))})


class TestByForm:
    def test_a_new_client_gets_a_short_name_from_its_name_and_opens_at_once(self, cast: Cast, signed_in: SignIn) -> None:
        browser = signed_in(cast.owner)
        assert browser.post(FORM, NEW)["Location"] == "/c/epicerie-du-faubourg/"
        page = text(browser.get("/c/epicerie-du-faubourg/"))
        assert "No figures yet" in page
        assert "Set-up 0 of 6 done" in page
        client = Client.objects.get(slug="epicerie-du-faubourg")
        assert client.agency == cast.agency
        with inside(client):
            assert not Connection.objects.exists()

    def test_its_week_and_its_first_contact_come_with_it(self, cast: Cast, signed_in: SignIn) -> None:
        wish = {"week_start": "sunday", "contact_email": "claire@epicerie.example", "contact_role": "admin"}
        signed_in(cast.owner).post(FORM, NEW | wish)
        client = Client.objects.get(slug="epicerie-du-faubourg")
        with inside(client):
            assert choices.in_force().week_start == "sunday"
        invitation = Invitation.objects.get()
        assert (invitation.email, invitation.role, invitation.client, invitation.language) == (wish["contact_email"], "admin", client, "fr")
        assert Job.objects.filter(kind="accounts.send_invitation").count() == 1
        assert list(AuditEvent.objects.filter(client=client).order_by("pk").values_list("verb", flat=True)) == [
            "client.created",
            "choice.made",
            "member.invited",
        ]

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"slug": "lumen"}, "This short name is taken."),
            ({"slug": "a b"}, "Use letters a to z"),
            ({"timezone": "Paris"}, "“Paris” is not a time zone"),
            ({"timezone": "localtime"}, "“localtime” is not a time zone"),
            ({"currency": "DEM"}, "Select a valid choice."),
            ({"name": "***"}, "Choose a short name of letters a to z, digits and hyphens."),
            ({"contact_email": "claire"}, "Enter a valid email address."),
            ({"contact_email": "claire@x.example", "contact_role": "owner"}, "Select a valid choice."),
            ({"week_start": "friday"}, "Select a valid choice."),
        ],
    )
    def test_a_wrong_field_is_named_and_nothing_is_made(self, cast: Cast, signed_in: SignIn, wrong: dict[str, str], said: str) -> None:
        page = signed_in(cast.owner).post(FORM, NEW | wrong)
        assert said in text(page)
        assert Client.objects.count() == 2

    def test_the_form_begins_with_what_the_agencys_latest_client_has(self, cast: Cast, signed_in: SignIn) -> None:
        Client.objects.filter(slug="lumen").update(timezone="Europe/Zurich", currency="CHF")
        page = signed_in(cast.owner).get(FORM).content.decode()
        assert 'value="Europe/Zurich"' in page
        assert '<option value="CHF" selected>' in page


class TestByFile:
    def test_the_template_is_a_file_that_can_be_sent_back(self, cast: Cast, signed_in: SignIn) -> None:
        browser = signed_in(cast.owner)
        content = browser.get(TEMPLATE).content
        page = upload(browser, content.replace(b"maison-lumen", b"maison-lumiere"))
        assert "Create 1 client" in text(page)

    def test_it_is_shown_first_and_written_only_when_it_is_confirmed(self, cast: Cast, signed_in: SignIn) -> None:
        browser = signed_in(cast.owner)
        lines = (
            'Café Alpha,,EUR,Europe/Paris,fr,sunday,a@alpha.example,admin,Retail|Paris\n"Beta, Inc",beta,usd,America/New_York,,,,,Retail\n'
        )
        page = upload(browser, HEAD + lines)
        assert "Create 2 clients" in text(page)
        assert Client.objects.count() == 2
        assert not Invitation.objects.exists()
        assert confirm(browser, page)["Location"] == "/a/nord/"
        alpha, beta = Client.objects.get(slug="cafe-alpha"), Client.objects.get(slug="beta")
        assert (beta.name, beta.currency, beta.language) == ("Beta, Inc", "USD", "fr")  # as the latest client of the agency
        assert Invitation.objects.get().client == alpha
        assert {label.name: set(label.clients.all()) for label in Label.objects.all()} == {"Retail": {alpha, beta}, "Paris": {alpha}}
        with inside(alpha):
            assert choices.in_force().week_start == "sunday"
        assert "2 clients were created." in text(browser.get("/a/nord/"))

    def test_what_is_wrong_is_told_by_line_and_field_and_nothing_can_be_confirmed(self, cast: Cast, signed_in: SignIn) -> None:
        browser = signed_in(cast.owner)
        lines = (
            "Fine,fine,EUR,Europe/Paris,fr,,,,\n"
            ",nameless,EUR,Europe/Paris,fr,,,,\n"
            "\n"
            "Taken,lumen,EUR,Europe/Paris,de,,,,\n"
            "Twice,fine,DEM,Paris,fr,friday,nobody,owner,\n"
        )
        page = upload(browser, HEAD + lines)
        table = page.content.decode().split('id="faults-title"')[1].split("</table>")[0]
        found = re.findall(r'<th scope="row">(\d+)</th><td><code>([a-z_]+)</code></td><td class="wrap">([^<]+)<', table)
        assert [(line, column) for line, column, _reason in found] == [
            ("3", "name"), ("5", "language"), ("5", "short_name"), ("6", "currency"), ("6", "time_zone"), ("6", "week_start"),
            ("6", "contact_email"), ("6", "contact_role"), ("6", "short_name"),
        ]  # fmt: skip
        assert ("5", "short_name", "This short name is taken.") in found
        assert ("6", "short_name", "Line 2 has the same short name.") in found
        assert 'name="text"' not in page.content.decode()
        # Whoever sends the text all the same is told the same.
        assert "9 things are wrong; nothing was written" in text(browser.post(FILE, {"text": HEAD + lines}))
        assert Client.objects.count() == 2

    def test_all_are_made_or_none(self, cast: Cast, signed_in: SignIn) -> None:
        """Somebody took a short name between the look at the file and its confirmation, or while the clients were being made."""
        browser = signed_in(cast.owner)
        page = upload(browser, HEAD + "Alpha,alpha,EUR,Europe/Paris,fr,,,,\nBeta,beta,EUR,Europe/Paris,fr,,b@beta.example,admin,\n")
        Client.objects.create(name="Beta", slug="beta", schema_name="none", currency="EUR", timezone="UTC")
        assert "short_name This short name is taken." in text(confirm(browser, page))
        wanted = [NewClient("Alpha", "alpha", "EUR", "Europe/Paris", "fr"), NewClient("Beta", "beta", "EUR", "Europe/Paris", "fr")]
        with pytest.raises(Refused, match="taken") as refusal:
            create_all(cast.agency, wanted, Actor("owner", cast.owner))
        assert refusal.value.place == 1
        assert not Client.objects.filter(slug="alpha").exists()
        assert not Invitation.objects.exists()

    def test_whoever_confirms_twice_is_told_that_all_are_there(self, cast: Cast, signed_in: SignIn) -> None:
        browser = signed_in(cast.owner)
        page = upload(browser, HEAD + "Alpha,alpha,EUR,Europe/Paris,fr,,a@alpha.example,admin,\nBeta,beta,EUR,Europe/Paris,fr,,,,\n")
        assert confirm(browser, page)["Location"] == "/a/nord/"
        assert "2 clients were created." in text(browser.get("/a/nord/"))
        assert confirm(browser, page)["Location"] == "/a/nord/"
        assert "there already; none was created twice." in text(browser.get("/a/nord/"))
        assert (Client.objects.count(), Invitation.objects.count()) == (4, 1)
        # Where only some are there, or under another name, it is told by line.
        more = HEAD + "Alpha,alpha,EUR,Europe/Paris,fr,,,,\nGamma,gamma,EUR,Europe/Paris,fr,,,,\n"
        assert "2 short_name This short name is taken." in text(browser.post(FILE, {"text": more}))
        assert "taken" in text(browser.post(FILE, {"text": HEAD + "Other,alpha,EUR,Europe/Paris,fr,,,,\n"}))

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"", "The submitted file is empty."),
            (HEAD.encode(), "There is no client in the file."),
            (b"name,currency\nA,EUR\n", "time_zone This column is missing."),
            (b"name,currency,time_zone,colour\nA,EUR,UTC,red\n", "colour This column is not known here."),
            (b"name,name,currency,time_zone\n", "name This column is there twice."),
            (b'name,currency,time_zone\n"A,EUR,UTC\n', "The quotation marks of this line do not match."),
            (b"name,currency,time_zone\nA,EUR,UTC,more\n", "This line has more cells than the head has columns."),
            (b"\x89PNG\x00\x01", "This is not a text file."),
            (b"x" * 200_000, "The file is larger than 100 KB."),
            (("name,currency,time_zone\n" + "A,EUR,Europe/Paris\n" * 51).encode(), "Give at most 50 at a time."),
            ("name;currency;time_zone\nÉtoile;EUR;Europe/Paris\n".encode("cp1252"), "Create 1 client"),
            ("name\tcurrency\ttime_zone\nÉtoile\tEUR\tEurope/Paris\n".encode("utf-16"), "Create 1 client"),
        ],
    )
    def test_files_of_every_make_are_read_or_refused_in_words(self, cast: Cast, signed_in: SignIn, content: bytes, said: str) -> None:
        assert said in text(upload(signed_in(cast.owner), content))

    def test_the_template_is_shown_to_spreadsheets_as_columns(self, cast: Cast, signed_in: SignIn) -> None:
        rows = list(csv.reader(io.StringIO(signed_in(cast.owner).get(TEMPLATE).content.decode("utf-8-sig"))))
        assert rows[0] == HEAD.strip().split(",")
        assert len(rows) == 2


class TestSetUp:
    def steps(self, browser: Browser, page: str = "/c/lumen/reports/") -> list[tuple[str, bool]]:
        html = browser.get(page).content.decode()
        found = re.findall(r'<li( class="is-done")?><span class="set-up-mark".*?<p>(?:<a href="[^"]*">)?([^<]+)<', html)
        return [(title, bool(done)) for done, title in found]

    def test_each_step_is_done_when_its_data_says_so(self, cast: Cast, signed_in: SignIn, load_text: LoadText) -> None:
        browser, client = signed_in(cast.owner), cast.client
        assert [done for _title, done in self.steps(browser)] == [False] * 6
        with inside(client):
            source = Connection.objects.create(source="google_ads", account="1", currency="EUR", timezone="Europe/Paris", credential_id=1)
            action = source.conversionaction_set.create(action="1", name="Purchase", counts_there=True)
            assert f'href="/c/lumen/connections/{source.pk}/"' in browser.get("/c/lumen/reports/").content.decode()
            action.counts = True
            action.save()
            by = Actor("owner", cast.owner)
            choices.choose(client, "tax_basis", "gross", None, by)
            choices.choose(client, "mql_rule", {"kind": "score", "at_least": 50}, None, by)
            load_text(client, "targets", f"month,kpi,value\n{this_month()},revenue,30000\n")
        assert [done for _title, done in self.steps(browser)] == [True, True, True, True, True, False]
        assert "Set-up 5 of 6 done" in text(browser.get("/c/lumen/reports/"))
        scheduling.create_weekly(client, {"ana@lumen.example": "fr"})
        assert "Set-up" not in text(browser.get("/c/lumen/reports/"))

    def test_a_target_is_no_data_and_a_file_of_figures_is(self, cast: Cast, signed_in: SignIn, load_text: LoadText) -> None:
        browser, client = signed_in(cast.owner), cast.client
        with inside(client):
            load_text(client, "targets", f"month,kpi,value\n{this_month()},revenue,30000\n")
        assert [title for title, done in self.steps(browser) if done] == ["Set this month’s targets"]
        assert "No figures yet" in text(browser.get("/c/lumen/"))
        with inside(client):
            load_text(client, "costs", f"month,name,amount\n{this_month()},Photos,300\n")
        assert [title for title, done in self.steps(browser) if done] == ["Connect its accounts", "Set this month’s targets"]

    def test_a_step_can_be_right_as_it_is_and_the_list_put_away_and_had_back(self, cast: Cast, signed_in: SignIn) -> None:
        browser = signed_in(cast.owner)
        assert browser.post("/c/lumen/set-up/", {"do": "settle tax", "next": "/c/lumen/reports/"})["Location"] == "/c/lumen/reports/"
        assert ("Say whether revenue is with or without tax", True) in self.steps(browser)
        browser.post("/c/lumen/set-up/", {"do": "unsettle tax"})
        assert ("Say whether revenue is with or without tax", False) in self.steps(browser)
        assert browser.post("/c/lumen/set-up/", {"do": "dismiss", "next": "//evil.example/"})["Location"] == "/c/lumen/"
        assert "The set-up list is put away." in text(browser.get("/c/lumen/reports/"))
        assert self.steps(browser) == []
        assert len(self.steps(browser, "/c/lumen/set-up/")) == 6
        browser.post("/c/lumen/set-up/", {"do": "show"})
        assert len(self.steps(browser)) == 6
        for nonsense in ("settle x", "", "settle"):
            assert browser.post("/c/lumen/set-up/", {"do": nonsense}).status_code == 302

    def test_the_company_itself_never_sees_it(self, cast: Cast, signed_in: SignIn) -> None:
        assert self.steps(signed_in(cast.viewer)) == []
        assert signed_in(cast.viewer).get("/c/lumen/set-up/").status_code == 403
        analyst = signed_in(cast.analyst)
        assert len(self.steps(analyst)) == 6
        assert "Right as it is" not in text(analyst.get("/c/lumen/reports/"))
        assert analyst.post("/c/lumen/set-up/", {"do": "dismiss"}).status_code == 403

    def test_it_costs_a_page_one_query(self, cast: Cast, signed_in: SignIn) -> None:
        browser = signed_in(cast.owner)
        with_list = queries(browser, "/c/lumen/reports/")
        assert with_list - queries(signed_in(cast.viewer), "/c/lumen/reports/") <= 3


def this_month() -> str:
    return f"{timezone.now():%Y-%m}"
