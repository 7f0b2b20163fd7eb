"""What a client's people read on its pages: any days, against any others, of all of it or a part; and what they take from them."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from decimal import Decimal
from html import unescape
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from accounts.models import Client
from accounts.tenancy import inside
from campaigns.models import Connection
from kpis import formats
from kpis.periods import STANDARD, Calendar, Period
from reports.pages.asked import Preset, asked, neighbours
from reports.pages.catalogue import PAGES
from reports.pages.picker import names
from tests.conftest import Cast, LoadText
from tests.reports.company import OCTOBER, Company

DAYS = "from=2026-10-01&to=2026-10-31"
TABLES = {"channels": "channels", "campaigns": "campaigns", "email": "mailings", "site": "pages", "social": "posts", "funnel": "channels"}


@pytest.fixture
def company(lumen: Client, load_text: LoadText) -> Company:
    company = Company()
    company.load(lumen, load_text)
    return company


def text(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html))).replace("\xa0", " ")


def heading(html: str) -> str:
    [found] = re.findall(r"<h1>(.*?)</h1>\s*(.*?)</p>", html, re.DOTALL)
    return text(" ".join(found)).strip()


def tile(html: str, slug: str) -> str:
    [found] = re.findall(rf'<li class="tile[^"]*" id="kpi-{slug}">.*?</li>', html, re.DOTALL)
    return text(found)


def rows(response: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))


def test_every_page_tells_the_days_it_is_asked_for_and_its_tables_can_be_taken(company: Company, cast: Cast, signed_in: Any) -> None:
    browser = signed_in(cast.viewer)
    for name in PAGES:
        address = "/c/lumen/" if name == "overview" else f"/c/lumen/{name}/"
        html = browser.get(f"{address}?{DAYS}").content.decode()
        assert "October 2026" in heading(html), name
        assert "September 2026" in heading(html), name
        assert html.count('class="tile"') + html.count('class="tile ') >= 3, name
        for link in re.findall(r'<a class="take" href="([^"]+)"', html):
            taken = browser.get(unescape(link))
            assert taken.status_code == 200, link
            assert taken.content.startswith((b"\xef\xbb\xbf", b"PK", b"\x89PNG")), link
        assert (f'id="table-{TABLES[name]}"' in html) if name in TABLES else True, name


def test_what_is_told_is_what_happened(company: Company, cast: Cast, signed_in: Any) -> None:
    browser = signed_in(cast.viewer)
    spend = company.total(company.ads, "spend", OCTOBER)
    leads = sum(1 for row in company.leads if OCTOBER[0].isoformat() <= row["created_at"][:10] <= OCTOBER[1].isoformat())
    html = browser.get(f"/c/lumen/channels/?{DAYS}").content.decode()
    assert formats.money(spend, "EUR", "en") in tile(html, "spend")
    assert re.search(rf"Leads {leads}\b", tile(html, "leads"))
    header, *lines = rows(browser.get(f"/c/lumen/channels/channels.csv?{DAYS}"))
    column = header.index("Ad spend")
    assert lines[-1][0] == "Total"
    assert sum(Decimal(line[column] or 0) for line in lines[:-1]) == Decimal(lines[-1][column]) == spend


def test_a_workbook_holds_the_same_figures_as_numbers_and_says_what_of(company: Company, cast: Cast, signed_in: Any) -> None:
    browser = signed_in(cast.analyst)
    book = openpyxl.load_workbook(io.BytesIO(browser.get(f"/c/lumen/campaigns/campaigns.xlsx?{DAYS}").content))
    sheet = list(book["Figures"].iter_rows(values_only=True))
    lines = rows(browser.get(f"/c/lumen/campaigns/campaigns.csv?{DAYS}"))
    assert [line[0] for line in sheet] == [line[0] or None for line in lines]
    column = lines[0].index("Ad spend")
    assert [Decimal(str(line[column])).quantize(Decimal("0.01")) for line in sheet[1:] if line[column] is not None] == [
        Decimal(line[column]).quantize(Decimal("0.01")) for line in lines[1:] if line[column]
    ]
    about = {line[0]: line[1] for line in book["About"].iter_rows(values_only=True)}
    assert about["Client"] == "Maison Lumen"
    assert about["Period"] == "October 2026"


def test_a_post_is_told_by_its_title_leads_to_itself_and_keeps_its_id(company: Company, cast: Cast, signed_in: Any) -> None:
    browser = signed_in(cast.analyst)
    html = browser.get(f"/c/lumen/social/?{DAYS}").content.decode()
    titled = dict(re.findall(r'<a class="name" href="(https://[^"]+)">([^<]+)</a>', html))
    header, *lines = rows(browser.get(f"/c/lumen/social/posts.csv?{DAYS}"))
    assert header[:3] == ["", "ID", "Web address"]
    posts = {line[1]: (line[0], line[2]) for line in lines if line[1]}
    assert len(posts) == 10
    for post, (name, address) in posts.items():
        number, is_titled = int(re.findall(r"\d+", post)[0]), post.endswith("-1")
        assert name == (f"Look {number} of …" if is_titled else post)
        assert address == (f"https://www.facebook.com/post{number}" if is_titled else "")
        assert titled.get(address, post) == name
        assert is_titled or f'<span class="name">{post}</span>' in html
    assert lines[-1][:3] == ["Total", "", ""]
    book = openpyxl.load_workbook(io.BytesIO(browser.get(f"/c/lumen/social/posts.xlsx?{DAYS}").content))
    assert [line[:3] for line in book["Figures"].iter_rows(values_only=True)] == [
        tuple(cell or None for cell in line[:3]) for line in (header, *lines)
    ]


def test_a_channel_leads_to_its_campaigns_and_a_campaign_to_its_days(company: Company, cast: Cast, signed_in: Any) -> None:
    browser = signed_in(cast.viewer)
    html = browser.get(f"/c/lumen/channels/?{DAYS}").content.decode()
    [to_search] = re.findall(r'<a class="name" href="([^"]+)">Paid search</a>', html)
    campaigns = browser.get(unescape(to_search)).content.decode()
    assert {"Brand", "Shop"} == set(re.findall(r'<a class="name" href="[^"]+">([^<]+)</a>', campaigns))
    [to_brand] = re.findall(r'<a class="name" href="([^"]+)">Brand</a>', campaigns)
    brand = browser.get(unescape(to_brand)).content.decode()
    assert heading(brand).startswith("Brand")
    assert "Day by day" in brand
    query = unescape(to_brand).partition("?")[2]
    header, *lines = rows(browser.get(f"/c/lumen/campaigns/times.csv?{query}"))
    spend = header.index("Ad spend")
    told = company.total(company.ads, "spend", OCTOBER, lambda row: row["campaign"] == "Brand")
    assert sum(Decimal(line[spend] or 0) for line in lines[:-1]) == Decimal(lines[-1][spend]) == told
    assert lines[0][0] > lines[-2][0], "the newest day comes first"


def test_figures_of_a_channel_are_of_it_alone(company: Company, cast: Cast, signed_in: Any) -> None:
    html = signed_in(cast.viewer).get(f"/c/lumen/?{DAYS}&channel=paid_social").content.decode()
    told = company.total(company.ads, "spend", OCTOBER, lambda row: row["channel"] == "paid_social")
    assert formats.money(told, "EUR", "en") in tile(html, "spend")
    assert "1 filter" in text(html)
    assert "so far:" not in text(html), "targets are of the whole company"


def test_campaigns_are_sorted_by_what_is_asked(company: Company, cast: Cast, signed_in: Any) -> None:
    browser = signed_in(cast.viewer)

    def names(query: str) -> list[str]:
        html = browser.get(f"/c/lumen/campaigns/?{DAYS}&{query}").content.decode()
        return re.findall(r'<a class="name" href="[^"]+">([^<]+)</a>', html)

    assert names("sort=name") == sorted(names("sort=name"), key=str.lower)
    assert names("sort=name&desc=true") == names("sort=name")[::-1]
    lines = {line[0]: line for line in rows(browser.get(f"/c/lumen/campaigns/campaigns.csv?{DAYS}"))[1:-1]}
    header = rows(browser.get(f"/c/lumen/campaigns/campaigns.csv?{DAYS}"))[0]
    clicks = [Decimal(lines[name][header.index("Clicks")]) for name in names("sort=clicks&desc=true")]
    assert clicks == sorted(clicks, reverse=True)


def test_what_an_address_cannot_mean_is_told_and_the_usual_is_shown(company: Company, cast: Cast, signed_in: Any) -> None:
    browser = signed_in(cast.viewer)
    for query, name, why in (
        ("period=2026-W54", "period", "There is no period called “2026-W54”."),
        ("period=9999-W52", "period", "There is no period called “9999-W52”."),
        ("period=2300-W02", "period", "Ask for days from"),
        ("from=2026-11-09&to=2026-11-01", "to", "The last day is before the first."),
        ("from=2026-11-09", "to", "Give the first and the last day."),
        ("from=2026-13-01&to=2026-11-01", "from", "Date has wrong format"),
        ("channel=carrier_pigeon", "channel", "is not a valid choice"),
        ("compare=custom", "compare_from", "Say which days to compare with."),
        ("from=1901-01-01&to=2026-11-01", "to", "Ask for at most"),
    ):
        response = browser.get(f"/c/lumen/?{query}")
        assert response.status_code == 400, query
        [shown] = re.findall(r'<div class="errors card" role="alert">.*?</div>', response.content.decode(), re.DOTALL)
        assert name in text(shown), query
        assert why in text(shown), query
        assert 'class="tiles"' in response.content.decode()
        assert browser.get(f"/c/lumen/channels/channels.csv?{query}").status_code == 400
    assert browser.get("/c/lumen/?utm_source=newsletter").status_code == 200
    assert browser.get("/c/lumen/channels/persons.csv").status_code == 404
    assert browser.get("/c/lumen/channels/course-9.png").status_code == 404


def test_pages_without_anything_to_tell_say_what_to_do(lumen: Client, load_text: LoadText, cast: Cast, signed_in: Any) -> None:
    load_text(lumen, "orders", "order_id,ordered_at,amount\nO1,2026-11-09T10:00:00,10\n")
    owner = signed_in(cast.owner)
    html = owner.get("/c/lumen/email/").content.decode()
    assert "No e-mail data yet" in text(html)
    assert "Pas encore de données d'e-mailing" in text(owner.get("/c/lumen/email/", headers={"accept-language": "fr"}).content.decode())
    assert 'href="/c/lumen/connections/new/"' in html
    assert 'href="/c/lumen/connections/new/"' not in signed_in(cast.viewer).get("/c/lumen/email/").content.decode()


def test_a_page_asks_the_database_as_often_for_one_campaign_as_for_all(company: Company, cast: Cast, signed_in: Any) -> None:
    browser = signed_in(cast.viewer)

    def asked_of_the_database(query: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(f"/c/lumen/campaigns/?{query}").status_code == 200
        return len(queries)

    asked_of_the_database(DAYS)
    few = asked_of_the_database("from=2026-10-02&to=2026-10-30&campaign=Brand&campaign=Shop")
    assert asked_of_the_database("from=2026-10-03&to=2026-10-29") <= few


def test_days_that_move_on_end_with_the_last_that_is_over() -> None:
    def days(query: str, today: date, calendar: Calendar = STANDARD) -> tuple[str, str, str, str]:
        found = asked(QueryDict(query), today, calendar)
        assert not found.errors
        return tuple(str(day) for day in (found.period.since, found.period.until, found.previous.since, found.previous.until))  # type: ignore[return-value]

    monday = date(2026, 11, 16)
    assert days("", monday) == ("2026-11-09", "2026-11-15", "2026-11-02", "2026-11-08")
    assert days("", date(2026, 11, 15)) == ("2026-11-02", "2026-11-08", "2026-10-26", "2026-11-01")
    assert days("period=last_28_days", monday) == ("2026-10-19", "2026-11-15", "2026-09-21", "2026-10-18")
    assert days("period=last_month", date(2026, 3, 1)) == ("2026-02-01", "2026-02-28", "2026-01-01", "2026-01-31")
    assert days("period=last_quarter&compare=last_year", monday) == ("2026-07-01", "2026-09-30", "2025-07-01", "2025-09-30")
    assert days("period=last_12_months", monday) == ("2025-11-01", "2026-10-31", "2024-11-01", "2025-10-31")
    assert days("period=this_month", date(2026, 11, 1))[:2] == ("2026-10-01", "2026-10-31")
    assert days("period=this_year", date(2026, 1, 1))[:2] == ("2025-01-01", "2025-12-31")
    assert days("period=2026-W53", date(2027, 2, 1)) == ("2026-12-28", "2027-01-03", "2026-12-21", "2026-12-27")
    assert days("", monday, Calendar(week_start=7))[:2] == ("2026-11-08", "2026-11-14")
    assert days("period=this_year", monday, Calendar(fiscal_start=4))[:2] == ("2026-04-01", "2026-11-15")
    assert days("from=2026-11-01&to=2026-11-10&compare=custom&compare_from=2025-01-01&compare_to=2025-01-05", monday)[2:] == (
        "2025-01-01",
        "2025-01-05",
    )


def test_one_goes_to_the_days_beside_these_and_never_into_what_is_to_come() -> None:
    yesterday = date(2026, 11, 15)
    november, week = Period(date(2026, 11, 1), date(2026, 11, 30)), Period(date(2026, 11, 2), date(2026, 11, 8))
    assert neighbours(november, yesterday, STANDARD) == ({"from": "2026-10-01", "to": "2026-10-31"}, {})
    assert neighbours(week, yesterday, STANDARD)[1] == {"from": "2026-11-09", "to": "2026-11-15"}
    some = Period(date(2026, 11, 3), date(2026, 11, 5))
    assert neighbours(some, yesterday, STANDARD) == ({"from": "2026-10-31", "to": "2026-11-02"}, {"from": "2026-11-06", "to": "2026-11-08"})


def test_every_preset_has_a_name_in_both_languages() -> None:
    with override("en"):
        english = names()
    with override("fr"):
        french = names()
    assert english.keys() == french.keys() == set(Preset)
    assert all(english[preset] != french[preset] for preset in Preset)


def test_what_is_shown_stays_the_same_when_the_address_is_sent_on() -> None:
    days = "from=2026-11-01&to=2026-11-10&compare=custom&compare_from=2025-01-01&compare_to=2025-01-05"
    query = f"{days}&channel=email&campaign=A%26B&label=x&sort=cpl&desc=true"
    first = asked(QueryDict(query), date(2026, 11, 16), STANDARD)
    again = asked(QueryDict(first.query()), date(2026, 11, 16), STANDARD)
    assert again == first
    assert QueryDict(first.figure_query()).getlist("campaign") == ["A&B"]


def test_while_the_first_figures_come_the_page_says_how_far_they_are(lumen: Client, cast: Cast, signed_in: Any) -> None:
    with inside(lumen):
        Connection.objects.create(
            source="google_ads", account="1", name="Lumen Search", currency="EUR", timezone="Europe/Paris", credential_id=1
        )
    html = signed_in(cast.viewer).get("/c/lumen/channels/").content.decode()
    assert "The first figures are on their way" in text(html)
    assert "Lumen Search" in text(html)
    assert "data-live" in html
    assert heading(html.replace("</h1>", "</h1></p>", 1)).startswith("Channels")


def test_a_first_visit_is_light(company: Company, cast: Cast, signed_in: Any) -> None:
    browser = signed_in(cast.owner)
    for page in ("", "channels/", "campaigns/", "customers/"):
        html = browser.get(f"/c/lumen/{page}?{DAYS}", headers={"accept-encoding": "gzip"})
        assert html.headers["Content-Encoding"] == "gzip"
        sent = [b"".join(browser.get(f"/static/{name}", headers={"accept-encoding": "gzip"})) for name in ("app.css", "app.js")]
        assert len(html.content) < 20_000, page
        assert len(html.content) + sum(map(len, sent)) < 60_000, page


def test_the_days_stay_chosen_from_page_to_page(company: Company, cast: Cast, signed_in: Any) -> None:
    browser = signed_in(cast.viewer)
    html = browser.get(f"/c/lumen/?{DAYS}&compare=last_year&channel=email").content.decode()
    assert f"/c/lumen/channels/?{DAYS}&compare=last_year" in [unescape(link) for link in re.findall(r'href="([^"]*)"', html)]
    assert 'href="/c/lumen/reports/"' in html


def test_bars_are_drawn_in_every_language(company: Company, cast: Cast, signed_in: Any) -> None:
    browser = signed_in(cast.viewer)
    browser.post("/language/setlang/", {"language": "fr", "next": "/"})
    for page in ("", "funnel/", "channels/"):
        html = browser.get(f"/c/lumen/{page}?{DAYS}").content.decode()
        assert 'lang="fr"' in html
        assert not re.findall(r'<rect [^>]*(?:width|x)="\d+,\d', html), page
