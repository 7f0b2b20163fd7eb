"""Where an agency's people arrive: who needs them today, and all of their clients in one table."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEvent, Client, Label, Role
from accounts.services import add_member, create_client
from accounts.tenancy import inside
from campaigns.models import Connection
from campaigns.rates.models import ExchangeRate
from campaigns.standings.models import Standing
from jobs import worker
from reports import headlines, scheduling
from reports.models import Delivery, Headline, Run
from tests.accounts.reading import SignIn, person, queries, text
from tests.conftest import Cast, LoadText

pytestmark = pytest.mark.django_db
TUESDAY = datetime(2026, 11, 17, 12, tzinfo=UTC)
HERE = "/a/nord/"


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: TUESDAY)


def orders(amount: int, first: int = 0, days: int = 15) -> str:
    """One each day of this month and the week before it."""
    rows = (f"O{first + number},{date(2026, 10, 26) + timedelta(days=number)}T10:00:00,{amount}" for number in range(days + 6))
    return "order_id,ordered_at,amount\n" + "\n".join(rows) + "\n"


def told() -> None:
    headlines.open_due()
    worker.work_off()


def standing(client: Client, number: int, state: Connection.State = Connection.State.LOST_ACCESS) -> Standing:
    return Standing.objects.create(client=client, connection_id=number, source="google_ads", account="A", state=state, since=TUESDAY)


def needs_of(page: Any) -> list[str]:
    html = page.content.decode()
    return re.findall(r'<a class="button small" href="([^"]+)"', html.split('id="needs"')[1].split("</section>")[0])


def row_names(page: Any) -> list[str]:
    body = page.content.decode().split('<tbody id="client-rows">')[1].split("</tbody>")[0]
    return re.findall(r'<th scope="row"><a href="[^"]+">([^<]+)</a>', body)


def more_clients(cast: Cast, count: int) -> list[Client]:
    """Without schemas: rows of the public tables, each with everything a page may tell of it."""
    common = {"agency": cast.agency, "currency": "EUR", "timezone": "Europe/Paris"}
    start = Client.objects.count()
    made = Client.objects.bulk_create(
        [Client(name=f"Row {n}", slug=f"row-{n}", schema_name=f"none{n}", **common) for n in range(start, start + count)]
    )
    for client in made:
        standing(client, 1)
        kept = Headline.objects.get(client=cast.client)
        kept.pk = client.pk
        kept.save(force_insert=True)
        schedule = client.schedules.create(local_time="08:00", next_run_at=TUESDAY + timedelta(days=6), weekday=1)
        run = schedule.runs.create(period="2026-W46", since=date(2026, 11, 9), until=date(2026, 11, 15), state=Run.State.APPROVAL)
        recipient = schedule.recipients.create(email="x@row.example", language="fr")
        run.deliveries.create(recipient=recipient, language="fr", state=Delivery.State.UNKNOWN)
        Label.objects.get_or_create(agency=cast.agency, name="Retail")[0].clients.add(client)
    return made


class TestWhoNeedsMe:
    def test_nobody_does_when_all_is_well(self, reported: Client, cast: Cast, signed_in: SignIn) -> None:
        told()
        assert "Nobody. Every account is read, every report left, no target is off its pace." in text(signed_in(cast.owner).get(HERE))

    def test_each_line_says_what_and_leads_to_where_it_is_mended_the_most_urgent_first(
        self, reported: Client, cast: Cast, signed_in: SignIn, load_text: LoadText
    ) -> None:
        load_text(reported, "orders", orders(10, first=500))
        load_text(reported, "targets", "month,kpi,value\n2026-11,revenue,30000\n2026-11,leads,2\n")
        source = Connection.objects.create(source="google_ads", account="2", currency="EUR", timezone="Europe/Paris", credential_id=1)
        source.loaded_spans.create(family="email_days", since=date(2026, 10, 1), until=date(2026, 11, 12))
        standing(reported, 7)
        schedule = scheduling.create_weekly(reported, {"ana@lumen.example": "fr"})
        waits = schedule.runs.create(
            period="2026-W46",
            since=date(2026, 11, 9),
            until=date(2026, 11, 15),
            state=Run.State.APPROVAL,
            approve_by=TUESDAY + timedelta(hours=9),
        )
        doubtful = schedule.runs.create(period="2026-W45", since=date(2026, 11, 2), until=date(2026, 11, 8), state=Run.State.READY)
        doubtful.deliveries.create(recipient=schedule.recipients.get(), language="fr", state=Delivery.State.UNKNOWN)
        worker.work_off()
        page = signed_in(cast.owner).get(HERE)
        assert needs_of(page) == [
            "/c/lumen/connections/",
            f"/c/lumen/reports/{doubtful.pk}/",
            f"/c/lumen/reports/{waits.pk}/",
            "/c/lumen/connections/",
            "/c/lumen/targets/",
        ]
        said = text(page)
        assert "Maison Lumen Access to Google Ads · A is lost; nothing new is read. Reconnect" in said
        assert "Weekly report, 2–8 November 2026: it is not known whether 1 copy arrived." in said
        assert "Weekly report, 9–15 November 2026 waits for approval until 17 November 2026, 22:00." in said
        assert "3 days are missing from Google Ads · 2: 13–15 November 2026." in said
        # 30,000 a month is 15,000 by the 15th.
        assert re.search(r"Revenue \d\d\.\d% behind \(€[\d,.]+\), against an even pace", said)
        # Two leads of one that was due: nobody is called for what goes well.
        assert "Leads" not in said.split("missing from")[1].split("even pace")[0]
        assert needs_of(signed_in(cast.owner).get(HERE + "?need=approvals")) == [f"/c/lumen/reports/{waits.pk}/"]

    def test_an_approval_that_is_nearly_overdue_goes_before_all_else(self, reported: Client, cast: Cast, signed_in: SignIn) -> None:
        standing(reported, 1)
        schedule = scheduling.create_weekly(reported, {})
        common = {"since": date(2026, 11, 9), "until": date(2026, 11, 15), "state": Run.State.APPROVAL}
        waits = schedule.runs.create(period="2026-W46", approve_by=TUESDAY + timedelta(hours=1), **common)
        assert needs_of(signed_in(cast.owner).get(HERE))[:2] == [f"/c/lumen/reports/{waits.pk}/", "/c/lumen/connections/"]

    def test_copies_that_a_newer_report_superseded_are_past(self, reported: Client, cast: Cast, signed_in: SignIn) -> None:
        schedule = scheduling.create_weekly(reported, {"ana@lumen.example": "fr"})
        old = schedule.runs.create(period="2026-W45", since=date(2026, 11, 2), until=date(2026, 11, 8), state=Run.State.READY)
        old.deliveries.create(recipient=schedule.recipients.get(), language="fr", state=Delivery.State.FAILED)
        Run.objects.update(created_at=TUESDAY)
        address = f"/c/lumen/reports/{old.pk}/"
        assert address in needs_of(signed_in(cast.owner).get(HERE))
        schedule.runs.create(period="2026-W46", since=date(2026, 11, 9), until=date(2026, 11, 15), state=Run.State.READY)
        assert address not in needs_of(signed_in(cast.owner).get(HERE))

    def test_a_client_that_is_not_assigned_is_neither_listed_nor_needy(self, reported: Client, cast: Cast, signed_in: SignIn) -> None:
        told()
        [other] = more_clients(cast, 1)
        for page in (HERE, HERE + "?need=all", HERE + "?q=row"):
            assert other.name in text(signed_in(cast.owner).get(page))
            assert other.name not in text(signed_in(cast.analyst).get(page))
        assert signed_in(cast.viewer).get(HERE).status_code == 404
        assert signed_in(cast.stranger).get(HERE).status_code == 404


class TestTheTable:
    def test_shows_last_week_against_the_week_before_in_one_currency(
        self, reported: Client, cast: Cast, signed_in: SignIn, load_text: LoadText
    ) -> None:
        dollars = create_client("dollars", name="Dollars", agency=cast.agency, currency="USD", timezone="America/New_York")
        with inside(dollars):
            load_text(dollars, "orders", orders(100))
        ExchangeRate.objects.create(currency="USD", day=date(2026, 11, 13), per_euro=Decimal("1.25"))
        told()
        browser = signed_in(cast.owner)
        euros = text(browser.get(HERE + "?currency=EUR"))
        assert "Dollars €560.00 stable" in euros
        # 1,510.40 of Maison Lumen's with them.
        assert "Total €2,070" in euros
        assert "9–15 November 2026" in euros
        assert "Dollars $700.00 stable" in text(browser.get(HERE + "?currency=USD"))
        # What was chosen is kept for the next visit.
        assert "$700.00" in text(browser.get(HERE))
        assert "without 2 clients" in text(browser.get(HERE + "?currency=JPY"))

    def test_is_ordered_by_what_is_asked_for_and_found_by_name_and_label(self, reported: Client, cast: Cast, signed_in: SignIn) -> None:
        told()
        first, second = more_clients(cast, 2)
        Headline.objects.filter(client=second).update(figures={"week": {}, "month": {}, "trend": {}} | weekly("9000"))
        Headline.objects.filter(client=first).update(figures={"week": {}, "month": {}, "trend": {}} | weekly("10"))
        browser = signed_in(cast.owner)
        assert row_names(browser.get(HERE)) == ["Maison Lumen", first.name, second.name]
        assert row_names(browser.get(HERE + "?sort=-name")) == [second.name, first.name, "Maison Lumen"]
        assert row_names(browser.get(HERE + "?sort=-revenue")) == [second.name, "Maison Lumen", first.name]
        assert row_names(browser.get(HERE + "?sort=revenue")) == [first.name, "Maison Lumen", second.name]
        assert row_names(browser.get(HERE + "?sort=nonsense&page=99&label=x&need=y&currency=zz")) == [
            "Maison Lumen",
            first.name,
            second.name,
        ]
        assert row_names(browser.get(HERE + f"?q={second.name}")) == [second.name]
        label = Label.objects.get()
        assert row_names(browser.get(f"{HERE}?label={label.pk}")) == [first.name, second.name]
        assert "Nothing matches." in text(browser.get(HERE + "?q=zzz"))

    def test_every_order_and_page_of_a_large_agency_can_be_had(self, reported: Client, cast: Cast, signed_in: SignIn) -> None:
        told()
        more_clients(cast, 1)
        Client.objects.bulk_create(
            [
                Client(name=f"C{n:03}", slug=f"c-{n}", schema_name=f"c-{n}", agency=cast.agency, currency="EUR", timezone="UTC")
                for n in range(120)
            ]
        )
        browser = signed_in(cast.owner)
        assert row_names(browser.get(HERE))[0] == "C000"
        assert row_names(browser.get(HERE + "?page=2")) == [*(f"C{n}" for n in range(100, 120)), "Maison Lumen", "Row 2"]
        assert "101 to 122 of 122" in text(browser.get(HERE + "?page=2"))
        links = set(
            re.findall(r'<option value="([^"]+)"', browser.get(HERE).content.decode().split('name="sort"')[1].split("</select>")[0])
        )
        assert len(links) == 14
        assert {browser.get(f"{HERE}?sort={key}").status_code for key in links} == {200}

    def test_asks_as_often_for_three_clients_as_for_one_and_enters_no_schema(self, reported: Client, cast: Cast, signed_in: SignIn) -> None:
        told()
        more_clients(cast, 1)
        browser = signed_in(cast.owner)
        before = queries(browser, HERE + "?currency=USD")
        more_clients(cast, 2)
        assert queries(browser, HERE + "?currency=USD") == before
        with CaptureQueriesContext(connection) as asked:
            browser.get(HERE)
        assert not any("campaigns_" in each["sql"] or "kpis_" in each["sql"] for each in asked.captured_queries)

    def test_reads_in_french(self, reported: Client, cast: Cast, signed_in: SignIn) -> None:
        told()
        more_clients(cast, 1)
        browser = signed_in(cast.owner)
        type(cast.owner).objects.filter(pk=cast.owner.pk).update(language="fr")
        page = text(browser.get(HERE))
        assert "Qui a besoin de moi aujourd'hui" in page
        assert "dernière semaine" in page
        assert "attend une validation" in page


def weekly(revenue: str) -> dict[str, Any]:
    one = {"value": revenue, "reason": None, "previous": "5", "is_provisional": False, "is_incomplete": False}
    every = dict.fromkeys(headlines.SLUGS, one)
    return {"week": every, "month": every, "trend": {slug: [1.0, 2.0] for slug in headlines.SLUGS}}


class TestLabels:
    def test_are_made_given_and_removed_by_owners_and_managers(self, cast: Cast, signed_in: SignIn) -> None:
        browser = signed_in(cast.owner)
        assert browser.post("/a/nord/labels/", {"name": "Retail", "clients": [cast.client.pk]}).status_code == 302
        label = Label.objects.get()
        assert f'<option value="{label.pk}">Retail</option>' in browser.get(HERE).content.decode()
        assert "Maison Lumen Retail" in text(browser.get(HERE))
        assert "There is such a label." in text(browser.post("/a/nord/labels/", {"name": "retail"}))
        browser.post(f"/a/nord/labels/{label.pk}/", {"name": "Shops", "clients": []})
        assert "Shops 0 clients" in text(browser.get("/a/nord/labels/"))
        assert "0 clients have it" in text(browser.get(f"/a/nord/labels/{label.pk}/remove/"))
        browser.post(f"/a/nord/labels/{label.pk}/remove/")
        assert not Label.objects.exists()
        assert list(AuditEvent.objects.filter(verb__startswith="label.").values_list("verb", flat=True).order_by("pk")) == [
            "label.saved",
            "label.saved",
            "label.removed",
        ]

    def test_a_manager_changes_them_on_assigned_clients_only(self, cast: Cast, signed_in: SignIn) -> None:
        manager = person("manager")
        add_member(manager, Role.MANAGER, agency=cast.agency, client=cast.client)
        secret = Client.objects.create(
            name="Secret", slug="secret", schema_name="none", agency=cast.agency, currency="EUR", timezone="Europe/Paris"
        )
        label = Label.objects.create(agency=cast.agency, name="Retail")
        label.clients.set([cast.client, secret])
        browser = signed_in(manager)
        page = text(browser.get(f"/a/nord/labels/{label.pk}/"))
        assert "Maison Lumen" in page
        assert "Secret" not in page
        browser.post(f"/a/nord/labels/{label.pk}/", {"name": "Retail", "clients": []})
        assert list(label.clients.all()) == [secret]
        assert browser.post(f"/a/nord/labels/{label.pk}/", {"name": "Retail", "clients": [secret.pk]}).status_code == 200
