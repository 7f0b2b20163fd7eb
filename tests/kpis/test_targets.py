"""A person sets what each month should come to, as in a spreadsheet, and every page tells it."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from fractions import Fraction
from functools import partial
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts import audit
from accounts.models import Client
from accounts.tenancy import inside
from campaigns.models import Upload
from campaigns.writer import be_the_only_writer
from jobs import worker
from kpis import choices, pace, typed
from kpis.definitions import Unit
from kpis.periods import Period
from kpis.target_shown import Box
from kpis.targets import Targets
from tests.conftest import Cast, LoadText
from tests.threads import PATIENCE, in_thread, until, waiters

PAGE = "/c/lumen/targets/?year=2026"
TODAY = date(2026, 11, 22)


def leads(month: int, channel: str = "") -> str:
    return f"cell.leads.{channel}.2026-{month:02d}"


def sent(browser: Any, address: str = PAGE, **cells: str) -> Any:
    """The grid as the browser would send it, with these cells typed over."""
    page = browser.get(address)
    form = {"seen": page.context["seen"], "do": "save"}
    form |= {box.name: box.text for box in boxes(page)}
    return browser.post(address, form | {name.replace("__", "."): value for name, value in cells.items()})


def boxes(page: Any) -> list[Box]:
    return [box for rows, _sums in page.context["shown"].blocks for row in rows for box in row.boxes]


def kept(client: Client) -> Targets:
    with inside(client):
        return Targets.load(client, TODAY)


def text(answer: Any) -> str:
    page = re.sub(r"<script.*?</script>|<[^>]+>", " ", answer.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", unescape(page)).strip()


@pytest.mark.django_db
class TestGrid:
    def test_what_is_typed_in_french_or_english_is_what_is_aimed_at(self, cast: Cast, signed_in: Any) -> None:
        browser = signed_in(cast.owner)
        answer = sent(browser, **{leads(1): "1,200", "cell.revenue..2026-01": "€12,345.50", "cell.roi..2026-01": "-2.5 %"})
        assert (answer.status_code, answer["Location"]) == (302, PAGE)
        browser.post("/language/setlang/", {"language": "fr"})
        again = browser.get(PAGE)
        assert 'value="12\xa0345,5"' in again.content.decode()
        assert sent(browser, **{leads(2): "1 234", "cell.revenue..2026-02": "1 234,5 €"}).status_code == 302
        found = kept(cast.client).of
        january, february = date(2026, 1, 1), date(2026, 2, 1)
        assert found["leads", january] == 1200
        assert found["revenue", january] == Fraction("12345.5")
        assert found["roi", january] == Fraction("-0.025")
        assert [found[slug, february] for slug in ("leads", "revenue")] == [Fraction(1234), Fraction("1234.5")]
        assert "5 000" not in text(again)

    def test_nothing_is_saved_where_one_cell_is_wrong_and_each_says_why(self, cast: Cast, signed_in: Any) -> None:
        browser = signed_in(cast.owner)
        answer = sent(browser, **{leads(1): "100", leads(2): "many", leads(3): "1.5", leads(4): "-4", "cell.revenue..2026-01": "9" * 30})
        page = text(answer)
        assert answer.status_code == 422
        for fault in ("Leads · Whole company · February 2026 : This is not a number.", "Only whole numbers", "cannot be negative"):
            assert fault in page
        assert 'value="many"' in answer.content.decode()
        assert 'aria-invalid="true"' in answer.content.decode()
        assert kept(cast.client).of == {}

    def test_what_no_page_of_ours_says_was_seen_is_not_read(self, cast: Cast, signed_in: Any) -> None:
        for number, seen in enumerate(("[" * 50_000, "9" * 9_000, "NaN", '{"cell.leads..2026-01": 1e999}'), start=1):
            assert signed_in(cast.owner).post(PAGE, {"seen": seen, "do": "save", leads(number): "5"}).status_code == 302
        assert len(kept(cast.client).of) == 4

    def test_a_change_of_somebody_else_is_not_written_over_unseen(self, cast: Cast, signed_in: Any) -> None:
        first, second = signed_in(cast.owner), signed_in(cast.owner)
        stale = first.get(PAGE).context["seen"]
        sent(second, **{leads(1): "100", leads(2): "70"})
        untouched = {"seen": stale, "do": "save", leads(1): "", leads(2): "", leads(3): "30"}
        assert first.post(PAGE, untouched).status_code == 302
        assert kept(cast.client).of == {("leads", date(2026, 1, 1)): 100, ("leads", date(2026, 2, 1)): 70, ("leads", date(2026, 3, 1)): 30}
        clash = first.post(PAGE, {"seen": stale, "do": "save", leads(1): "90"})
        assert "Somebody set this to 100 meanwhile" in text(clash)
        assert kept(cast.client).of["leads", date(2026, 1, 1)] == 100
        assert first.post(PAGE, {"seen": clash.context["seen"], "do": "save", leads(1): "90"}).status_code == 302
        assert kept(cast.client).of["leads", date(2026, 1, 1)] == 90

    def test_a_cell_that_a_file_set_is_changed_emptied_and_brought_back(self, cast: Cast, signed_in: Any, load_text: LoadText) -> None:
        told = "month,account,kpi,channel,campaign,value,currency\n2026-01,plan,leads,,,80,\n2026-01,plan,leads,,Brand,9,\n"
        budgets = "month,account,channel,campaign,amount,currency\n2026-01,plan,paid_search,,6000,EUR\n"
        with inside(cast.client):
            load_text(cast.client, "targets", told)
            load_text(cast.client, "budgets", budgets)
        browser = signed_in(cast.owner)
        page = text(browser.get(PAGE))
        assert "1 target of a campaign came by file" in page
        assert kept(cast.client).of_channels == {("spend", "paid_search", date(2026, 1, 1)): 6000}
        sent(browser, **{leads(1): "", "cell.spend.paid_search.2026-01": ""})
        assert (kept(cast.client).of, kept(cast.client).of_channels) == ({}, {})
        newest = browser.get(PAGE).context["newest"]
        assert browser.post(f"/c/lumen/targets/{newest.pk}/undo/?year=2026")["Location"] == PAGE
        assert kept(cast.client).of == {("leads", date(2026, 1, 1)): 80}
        assert kept(cast.client).of_channels == {("spend", "paid_search", date(2026, 1, 1)): 6000}
        assert browser.post(f"/c/lumen/targets/{newest.pk}/undo/").status_code == 302
        assert "Only the last change can be taken back" in text(browser.get(PAGE))
        assert [audit.sentence(event) for event in audit.events_of(cast.client)[:2]] == [
            "undid the import of the file Targets 2026",
            "set targets, “Targets 2026”: 2 values",
        ]

    def test_channels_have_targets_that_are_added_up_beside_the_company_s(self, cast: Cast, signed_in: Any) -> None:
        browser = signed_in(cast.owner)
        opened = f"{PAGE}&open=leads"
        sent(browser, opened, **{leads(1): "100", leads(1, "email"): "30", leads(1, "paid_search"): "60"})
        page = browser.get(PAGE)
        assert "Not what the whole company is to reach" in text(page)
        [sums] = [sums for _rows, sums in page.context["shown"].blocks if sums]
        assert (sums.cells[0][1:], sums.total) == (("90", True), "90")
        found = kept(cast.client)
        assert found.channels("leads") == ["paid_search", "email"]
        assert found.over("leads", Period(date(2026, 1, 1), date(2026, 1, 31)), "email") == 30
        # Half a month, and the pace of a channel.
        assert found.over("leads", Period(date(2026, 1, 1), date(2026, 1, 31)), "display") is None
        assert pace.of("leads", Fraction(20), date(2026, 1, 31), found, "email").target == 30
        assert pace.of("leads", Fraction(20), date(2026, 1, 31), found).target == 100

    def test_last_year_is_taken_over_with_more_or_less_and_shown_before_it_is_saved(
        self, cast: Cast, signed_in: Any, load_text: LoadText
    ) -> None:
        with inside(cast.client):
            load_text(cast.client, "leads", "lead_id,created_at\nL1,2025-03-02\nL2,2025-03-31\n")
            load_text(cast.client, "targets", "month,kpi,value\n2025-01,leads,99\n2025-02,leads,10\n2026-02,leads,7\n2025-01,roi,0.1\n")
            worker.work_off()
        browser = signed_in(cast.owner)
        copy = {"do": "copy", "kpi": "", "basis": "targets", "percent": "10"}
        answer = browser.post(PAGE, copy)
        assert "2 values are proposed below and marked. Nothing is saved" in text(answer)
        shown = {
            box.name: box.text for rows, _sums in answer.context["shown"].blocks for row in rows for box in row.boxes if box.is_proposed
        }
        assert shown == {leads(1): "109", "cell.roi..2026-01": "11"}
        assert ("leads", date(2026, 1, 1)) not in kept(cast.client).of
        again = browser.post(PAGE, copy | {"kpi": "leads", "percent": "-50", "over_set": "on"})
        assert again.context["proposed"] == 2
        form = {"seen": again.context["seen"], "do": "save"}
        form |= {box.name: box.text for box in boxes(again)}
        assert browser.post(PAGE, form).status_code == 302
        assert kept(cast.client).of["leads", date(2026, 1, 1)] == 50
        assert kept(cast.client).of["leads", date(2026, 2, 1)] == 5
        of_actuals = browser.post(PAGE, copy | {"basis": "actuals", "kpi": "leads", "percent": "50"})
        proposed = {box.name: box.text for box in boxes(of_actuals)}
        # March had two leads in all, on the days that were loaded: not the whole month.
        assert proposed[leads(3)] in ("3", "")
        wrong = browser.post(PAGE, copy | {"percent": "much"})
        assert (wrong.status_code, "percent" in wrong.context["copy"].errors) == (422, True)

    def test_a_file_goes_out_and_comes_back_or_is_refused_whole(self, cast: Cast, signed_in: Any) -> None:
        browser = signed_in(cast.owner)
        sent(browser, f"{PAGE}&open=leads", **{leads(1): "100", leads(1, "email"): "30", "cell.cpl..2026-01": "12.345"})
        file = browser.get("/c/lumen/targets.csv?year=2026")
        assert list(csv.reader(io.StringIO(file.content.decode("utf-8-sig")))) == [
            ["month", "account", "kpi", "channel", "campaign", "value", "currency"],
            ["2026-01", "", "cpl", "", "", "12.345", "EUR"],
            ["2026-01", "", "leads", "", "", "100", ""],
            ["2026-01", "", "leads", "email", "", "30", ""],
        ]
        before = kept(cast.client)
        changed = file.content.replace(b"100", b"110") + b"2026-02,,leads,,,5,\r\n"
        assert browser.post(PAGE, {"do": "file", "file": SimpleUploadedFile("t.csv", changed)}).status_code == 302
        added = {("leads", date(2026, 1, 1)): Fraction(110), ("leads", date(2026, 2, 1)): Fraction(5)}
        assert kept(cast.client).of == {**before.of, **added}
        refused = browser.post(
            PAGE, {"do": "file", "file": SimpleUploadedFile("t.csv", changed + b"2026-13,,leads,,,9,\r\n2026-03,,joy,,,many,\r\n")}
        )
        assert refused.status_code == 422
        assert [(fault.line, fault.column) for fault, _why in refused.context["faults"]] == [(6, "month"), (7, "kpi"), (7, "value")]
        assert "Nothing of the file is stored" in text(refused)
        assert ("leads", date(2026, 3, 1)) not in kept(cast.client).of

    def test_the_year_is_the_client_s_fiscal_year(self, cast: Cast, signed_in: Any) -> None:
        with inside(cast.client):
            choices.choose(cast.client, "fiscal_start", 7, None, audit.OPERATOR)
        page = signed_in(cast.viewer).get(PAGE)
        assert "July 2026 – June 2027" in text(page)
        assert page.context["shown"].months[0][0] == "Jul"
        assert signed_in(cast.viewer).get("/c/lumen/targets/?year=soon").status_code == 404

    def test_viewers_read_it_and_only_those_in_charge_set_it(self, cast: Cast, signed_in: Any) -> None:
        sent(signed_in(cast.owner), **{leads(1): "100"})
        for person in (cast.viewer, cast.analyst):
            page = signed_in(person).get(PAGE)
            assert "100" in text(page)
            assert '<input name="cell' not in page.content.decode()
            assert signed_in(person).post(PAGE, {leads(1): "1"}).status_code == 403
        assert signed_in(cast.stranger).get(PAGE).status_code == 404
        assert kept(cast.client).of["leads", date(2026, 1, 1)] == 100

    def test_a_program_sets_and_reads_them(self, cast: Cast, signed_in: Any, load_text: LoadText) -> None:
        with inside(cast.client):
            load_text(cast.client, "leads", "lead_id,created_at,channel\nL1,2026-01-01,email\nL2,2026-01-31,email\n")
            worker.work_off()
        browser, address = signed_in(cast.owner), "/api/v1/clients/lumen/targets/"
        wish: list[dict[str, Any]] = [
            {"month": "2026-01", "kpi": "leads", "channel": "email", "value": 2},
            {"month": "2026-01", "kpi": "cpl", "value": "12.50"},
            {"month": "2026-12", "kpi": "spend", "value": 6000},
        ]
        assert browser.patch(address, {"targets": wish}, content_type="application/json").status_code == 204
        answer = browser.get(address, {"year": 2026}).json()
        assert (answer["from"], answer["to"], answer["currency"]) == ("2026-01-01", "2026-12-31", "EUR")
        told = {"month": "2026-01", "kpi": "leads", "channel": "email", "value": "2"}
        assert told.items() <= answer["targets"][1].items()
        assert [one["value"] for one in answer["targets"]] == ["12.5", "2", "6000"]
        wrong = [wish[0] | {"value": None}, wish[1] | {"value": "-1"}, wish[2] | {"kpi": "joy"}]
        refused = browser.patch(address, {"targets": wrong}, content_type="application/json")
        assert (refused.status_code, list(refused.json()["targets"])) == (400, ["1", "2"])
        assert len(browser.get(address, {"year": 2026}).json()["targets"]) == 3
        browser.patch(address, {"targets": wrong[:1]}, content_type="application/json")
        assert [one["kpi"] for one in browser.get(address, {"year": 2026}).json()["targets"]] == ["cpl", "spend"]

    def test_it_asks_as_often_for_three_kpis_as_for_one(self, cast: Cast, signed_in: Any) -> None:
        browser = signed_in(cast.owner)

        def asked() -> int:
            with CaptureQueriesContext(
                connection,
            ) as queries:
                assert browser.get(PAGE).status_code == 200
            return len(queries)

        sent(browser, f"{PAGE}&open=leads", **{leads(1): "1", leads(1, "email"): "1"})
        asked()
        one = asked()
        more = {
            f"cell.{slug}.{channel}.2026-{month:02d}": "5" for slug in ("mql", "sql") for channel in ("", "email") for month in (1, 2, 3)
        }
        sent(browser, f"{PAGE}&open=mql&open=sql", **more)
        assert asked() == one
        with inside(cast.client):
            assert Upload.objects.count() == 2


@pytest.mark.parametrize(
    ("written", "unit", "language", "value"),
    [
        ("1 234,5", Unit.MONEY, "fr", "1234.5"),
        ("1\u202f234,5\xa0€", Unit.MONEY, "fr", "1234.5"),
        ("1.234,50", Unit.MONEY, "fr", "1234.5"),
        ("1,234.50", Unit.MONEY, "fr", "1234.5"),
        ("1,234", Unit.MONEY, "fr", "1.234"),
        ("1,234", Unit.MONEY, "en", "1234"),
        ("1.234.567", Unit.COUNT, "fr", "1234567"),
        ("12,5", Unit.MONEY, "en", "12.5"),
        ("12.5", Unit.MONEY, "fr", "12.5"),
        ("2,5 %", Unit.FRACTION, "fr", "0.025"),
        ("−4.5", Unit.FRACTION, "en", "-0.045"),
        ("3.2x", Unit.MULTIPLE, "en", "3.2"),
        ("2:14", Unit.SECONDS, "en", "134"),
        ("EUR 12", Unit.MONEY, "en", "12"),
    ],
)
def test_a_figure_is_read_as_its_writer_meant_it(written: str, unit: Unit, language: str, value: str) -> None:
    assert Fraction(typed.read(written, unit, "EUR", language) or 0, 10**9) == Fraction(value)


@pytest.mark.parametrize("written", ["1.234", "a", "1,2,3", "--1", "=1+1", "1e5", "٣", "1" * 41, "NaN", "0.0000000001"])
def test_a_figure_that_can_be_read_in_two_ways_or_none_is_not_guessed_at(written: str) -> None:
    with pytest.raises(typed.Unread):
        typed.read(written, Unit.MONEY, "EUR", "fr")


def test_a_change_that_two_take_back_at_once_is_taken_back_once(own_database: str, cast: Cast, signed_in: Any) -> None:
    browsers = [signed_in(cast.owner), signed_in(cast.owner)]
    sent(browsers[0], **{leads(1): "100"})
    undo = f"/c/lumen/targets/{browsers[0].get(PAGE).context['newest'].pk}/undo/"
    with transaction.atomic(), inside(cast.client):
        be_the_only_writer(cast.client)
        answers = [in_thread(partial(browser.post, undo)) for browser in browsers]
        until(lambda: waiters() == 2)
    assert [getattr(answer.result(PATIENCE), "status_code", None) for answer in answers] == [302, 302]
    assert kept(cast.client).of == {}
