"""Who changed what, for those in charge to read."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime
from html import unescape

import pytest

from accounts import audit, services
from accounts.audit import KINDS, SENTENCES, Actor
from accounts.models import AuditEvent, User
from tests.accounts.reading import SignIn, queries, text
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def renamed(cast: Cast, name: str, by: User | None = None) -> None:
    who = by or cast.owner
    services.change_client(cast.client, Actor(who.email, who, "203.0.113.7"), name=name)


def test_every_kind_of_line_can_be_looked_for() -> None:
    nouns = {noun for _name, found in KINDS.values() for noun in found}
    assert {verb.partition(".")[0] for verb in SENTENCES} == nouns


def test_says_who_what_when_and_from_where_in_the_clients_zone(cast: Cast, signed_in: SignIn) -> None:
    renamed(cast, "Lumen & Cie")
    AuditEvent.objects.filter(verb="client.changed").update(at=datetime(2026, 7, 1, 22, 30, tzinfo=UTC))
    line = "owner@people.example changed the client: Name: Maison Lumen → Lumen & Cie"
    assert f"{line} 2 July 2026, 00:30 203.0.113.7" in text(signed_in(cast.owner).get("/c/lumen/activity/"))
    assert f"{line} Lumen & Cie 1 July 2026, 22:30 203.0.113.7" in text(signed_in(cast.owner).get("/a/nord/activity/"))


def test_narrows_to_a_person_and_a_kind(cast: Cast, signed_in: SignIn) -> None:
    renamed(cast, "By the owner")
    renamed(cast, "By the analyst", cast.analyst)
    browser = signed_in(cast.owner)
    page = text(browser.get("/c/lumen/activity/?who=analyst@people.example"))
    assert "By the analyst" in page
    assert "→ By the owner" not in page
    assert "→ By the owner" not in text(browser.get("/c/lumen/activity/?kind=team"))
    assert "gave viewer@people.example the role Viewer" in text(browser.get("/c/lumen/activity/?kind=team&who=operator"))
    assert "→ By the owner" in text(browser.get("/c/lumen/activity/?kind=nonsense&who=nobody&before=x"))


def test_narrows_to_days_as_the_organisation_counts_them(cast: Cast, signed_in: SignIn) -> None:
    """Half past ten in the evening in Greenwich is the next day in Paris."""
    renamed(cast, "Of the second of July")
    AuditEvent.objects.filter(verb="client.changed").update(at=datetime(2026, 7, 1, 22, 30, tzinfo=UTC))
    browser = signed_in(cast.owner)
    for days, is_there in (("since=2026-07-02&until=2026-07-02", True), ("until=2026-07-01", False), ("since=2026-07-03", False)):
        assert ("→ Of the second of July" in text(browser.get(f"/c/lumen/activity/?{days}"))) == is_there
        assert ("→ Of the second of July" in browser.get(f"/c/lumen/activity.csv?{days}").content.decode()) == is_there
    assert "→ Of the second of July" in text(browser.get("/a/nord/activity/?since=2026-07-01&until=2026-07-01"))
    assert "→ Of the second of July" in text(browser.get("/c/lumen/activity/?since=nonsense&until=9999-12-31"))


def test_older_lines_follow_page_by_page_none_missing_and_none_twice(cast: Cast, signed_in: SignIn) -> None:
    browser = signed_in(cast.owner)
    for number in range(audit.PAGE * 2):
        renamed(cast, f"Name {number:03}.")
    address, seen = "/c/lumen/activity/?kind=clients", []
    for _page in range(4):
        page = browser.get(address).content.decode()
        seen += re.findall(r"→ (Name \d+)\.", page)
        renamed(cast, "Newcomer")  # a line that comes in meanwhile moves nothing
        older = re.search(r'rel="next" href="([^"]+)"', page)
        if not older:
            break
        address = "/c/lumen/activity/" + unescape(older.group(1))
    assert seen == [f"Name {number:03}" for number in reversed(range(audit.PAGE * 2))]


def test_the_file_has_the_same_lines_and_no_formula(cast: Cast, signed_in: SignIn) -> None:
    renamed(cast, "Été")
    audit.record("client.changed", Actor("=cmd|' /C calc'!A0"), organisation=cast.client, changes=["-"])
    answer = signed_in(cast.owner).get("/c/lumen/activity.csv?kind=clients")
    assert answer["Content-Disposition"] == 'attachment; filename="lumen-activity.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["Who"] for row in rows] == ["'=cmd|' /C calc'!A0", "owner@people.example", "The operator"]
    assert rows[1]["What"] == "changed the client: Name: Maison Lumen → Été"
    assert rows[1]["IP address"] == "203.0.113.7"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0[12]:00", rows[1]["When"])


@pytest.mark.parametrize("name", ["Lumen;=A1", "Lumen; +A1", 'Lumen;"=A1"', "Lumen\n@A1", "Lumen, x;-A1", "\t=A1", "Lumen;\t=A1"])
def test_a_french_spreadsheet_finds_no_formula_in_the_file(cast: Cast, signed_in: SignIn, name: str) -> None:
    """Excel in French parts a file at semicolons."""
    audit.record("client.changed", Actor(name), organisation=cast.client, changes=[name])
    text = signed_in(cast.owner).get("/c/lumen/activity.csv?kind=clients").content.decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(text), delimiter=";") for cell in row]
    assert "A1" in text
    assert not [cell for cell in cells if cell.lstrip()[:1] in {*"=+-@"}]


def test_names_with_signs_inside_stay_as_they_are(cast: Cast, signed_in: SignIn) -> None:
    renamed(cast, "Lumen; Saint-Malo = 2 + 2 @ home")
    assert "→ Lumen; Saint-Malo = 2 + 2 @ home" in signed_in(cast.owner).get("/c/lumen/activity.csv").content.decode()


def test_shows_nothing_of_another_client_or_agency(cast: Cast, signed_in: SignIn) -> None:
    services.change_client(cast.other_client, Actor("stranger", cast.stranger), name="Autre Secret")
    owner, stranger = signed_in(cast.owner), signed_in(cast.stranger)
    for page in ("activity/", "activity.csv"):
        assert "Autre Secret" in stranger.get(f"/a/sud/{page}").content.decode()
        for place in ("/c/lumen/", "/a/nord/"):
            assert "Autre Secret" not in owner.get(f"{place}{page}").content.decode()


def test_asks_the_database_as_often_for_three_as_for_one(cast: Cast, signed_in: SignIn) -> None:
    browser = signed_in(cast.owner)
    before = {address: queries(browser, address) for address in ("/c/lumen/activity/", "/a/nord/activity/", "/a/nord/activity.csv")}
    for name in ("A", "B", "C"):
        renamed(cast, name)
    assert {address: queries(browser, address) for address in before} == before
