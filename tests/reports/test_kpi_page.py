"""Behind every tile is a page: what a figure is, was and should be, over time, by part, and what happened meanwhile."""

from __future__ import annotations

import re
from datetime import date
from html import unescape
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import audit
from accounts.audit import OPERATOR
from accounts.models import Client
from accounts.tenancy import inside
from campaigns.imports import load
from campaigns.imports.kinds import KINDS
from jobs import worker
from kpis.definitions import DEFINITIONS
from kpis.periods import Period
from reports import annotating
from reports.annotating import Wish
from reports.archive.models import Annotation
from tests.conftest import Cast

PAGE = "/c/lumen/kpis/{}/?from=2026-11-09&to=2026-11-15"
ANNOTATIONS = "/c/lumen/annotations/"
API = "/api/v1/clients/lumen/annotations/"
TENTH = date(2026, 11, 10)


def text(answer: Any) -> str:
    page = re.sub(r"<script.*?</script>|<svg.*?</svg>|<[^>]+>", " ", answer.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", unescape(page)).strip()


def wished(**more: Any) -> Wish:
    told: dict[str, Any] = {"text": "New shop", "period": Period(TENTH, TENTH)}
    return Wish(**told | more)


def test_a_figure_s_page_says_what_it_is_was_and_should_be(reported: Client, cast: Cast, signed_in: Any, tmp_path: Any) -> None:
    (tmp_path / "targets.csv").write_text("month,kpi,channel,value\n2026-11,leads,,60\n2026-11,leads,email,30\n")
    with inside(reported):
        load(reported, KINDS["targets"], tmp_path / "targets.csv")
    browser = signed_in(cast.viewer)
    page = browser.get(PAGE.format("leads"))
    read = text(page)
    # Two leads of the week, one the week before; a share of the month's target.
    assert page.context["shown"].value == "2"
    assert "Target 14" in read
    assert "85.7% below, target missed" in read
    assert "Leads over 13 weeks" in read
    assert "complete" in read
    rows = {row.name: (row.value, row.before, row.target and row.target.text) for row in page.context["breakdown"].rows}
    assert rows["E-mail"] == ("1", "0", "7")
    points = {point.name: (point.value, point.before) for point in page.context["trend"].points}
    assert points["W46"][0] == "2"
    assert points["W45"][0] == "1"
    # Of one channel: its own target, and its campaigns.
    part = browser.get(PAGE.format("leads") + "&channel=email&by=campaign")
    assert part.context["shown"].value == "1"
    assert part.context["target"].text == "7"
    assert [row.name for row in part.context["breakdown"].rows] == ["Newsletter"]
    assert "Leads E-mail" in text(part)


def test_the_trend_is_of_days_weeks_or_months_and_held_against_before_or_last_year(reported: Client, cast: Cast, signed_in: Any) -> None:
    browser = signed_in(cast.viewer)
    days = browser.get(PAGE.format("spend") + "&grain=day&points=26").context["trend"]
    assert (len(days.parts), days.title) == (26, "Ad spend over 26 days")
    assert days.points[4].value == "€180.25"
    months = browser.get(PAGE.format("spend") + "&grain=month&compare=last_year").context["trend"]
    assert (len(months.parts), months.before_name) == (13, "A year before")
    # A month that is not over says how far it goes, and is no point of the line.
    assert re.fullmatch(r"€1,01\d on \d+ of 30 days", months.points[0].value)
    assert browser.get(PAGE.format("spend") + "&grain=hour").status_code == 404
    assert browser.get(PAGE.format("spend") + "&points=1000").status_code == 404
    assert browser.get("/c/lumen/kpis/spend/").status_code == 200


def test_every_kind_of_figure_has_a_page_in_every_cut(reported: Client, cast: Cast, signed_in: Any) -> None:
    browser = signed_in(cast.viewer)
    cuts = ("&by=campaign&grain=day", "&by=label&compare=last_year&grain=month", "&channel=paid_search&by=campaign", "&campaign=Brand")
    for slug, more in [*((slug, "") for slug in DEFINITIONS), *(("cpc", cut) for cut in cuts), *(("revenue", cut) for cut in cuts)]:
        answer = browser.get(PAGE.format(slug) + more)
        assert (slug, answer.status_code) == (slug, 200)
        assert "Why it changed" in text(answer)


def test_what_happened_is_marked_on_the_chart_told_beneath_and_in_its_table(reported: Client, cast: Cast, signed_in: Any) -> None:
    owner, viewer = signed_in(cast.owner), signed_in(cast.viewer)
    page = PAGE.format("revenue")
    told = {
        "text": "New <b>shop</b>",
        "since": "2026-11-10",
        "until": "",
        "channel": "",
        "campaign": "",
        "audience": "client",
        "next": page,
    }
    assert owner.post(ANNOTATIONS, told)["Location"] == page
    owner.post(ANNOTATIONS, told | {"text": "Bids raised", "channel": "paid_search", "campaign": "brand ", "audience": "agency"})
    owner.post(ANNOTATIONS, told | {"text": "Newsletter sale", "since": "2026-11-03", "until": "2026-11-14", "channel": "email"})

    def told_on(browser: Any, more: str = "") -> list[str]:
        return [line["annotation"].text for line in browser.get(page + more).context["lines"]]

    assert told_on(owner) == ["Newsletter sale", "New <b>shop</b>", "Bids raised"]
    assert told_on(viewer) == ["Newsletter sale", "New <b>shop</b>"]
    assert told_on(viewer, "&channel=paid_search") == ["New <b>shop</b>"]
    assert told_on(owner, "&campaign=Brand") == ["Newsletter sale", "New <b>shop</b>", "Bids raised"]
    answer = viewer.get(page)
    assert [(mark.number, mark.first, mark.last) for mark in answer.context["chart"].marks] == [(1, 11, 12), (2, 12, 12)]
    assert "<b>shop" not in answer.content.decode()
    assert "1. Newsletter sale 2. New <b>shop</b>" in text(answer)
    assert Annotation.objects.get(text="Bids raised").campaign == "Brand"


def test_an_annotation_is_changed_and_removed_and_refused_by_its_field(reported: Client, cast: Cast, signed_in: Any) -> None:
    owner = signed_in(cast.owner)
    with inside(reported):
        kept = annotating.write(reported, wished(), OPERATOR)
        hidden = annotating.write(reported, wished(text="Secret", is_internal=True), OPERATOR)
    address = f"{ANNOTATIONS}{kept.pk}/"
    wrong = {"text": " ", "since": "2026-11-31", "until": "2026-11-01", "channel": "radio", "campaign": "Nothing", "audience": "all"}
    refused = owner.post(address, wrong)
    assert (refused.status_code, set(refused.context["form"].errors)) == (422, {"text", "since", "channel", "campaign", "audience"})
    backwards = owner.post(address, {"text": "x", "since": "2026-11-10", "until": "2026-11-09", "audience": "client"})
    assert list(backwards.context["form"].errors) == ["until"]
    changed = {
        "text": "New shop, second half",
        "since": "2026-11-10",
        "until": "2026-11-12",
        "audience": "client",
        "next": "https://evil.example/",
    }
    assert owner.post(address, changed)["Location"] == ANNOTATIONS
    viewer = signed_in(cast.viewer)
    assert "New shop, second half" in text(viewer.get(ANNOTATIONS))
    assert "Secret" not in text(viewer.get(ANNOTATIONS))
    assert viewer.get(f"{ANNOTATIONS}{hidden.pk}/").status_code == 404
    assert "<textarea" not in viewer.get(address).content.decode()
    assert owner.post(f"{address}remove/")["Location"] == ANNOTATIONS
    assert not Annotation.objects.filter(pk=kept.pk).exists()
    assert [event.verb for event in audit.events_of(reported)[:3]] == ["annotation.removed", "annotation.changed", "annotation.written"]
    assert "Take it back" in text(owner.get(ANNOTATIONS))
    assert owner.post(f"{ANNOTATIONS}restore/")["Location"] == ANNOTATIONS
    assert "New shop, second half" in text(viewer.get(ANNOTATIONS))
    assert audit.events_of(reported)[0].verb == "annotation.restored"


def test_a_program_writes_changes_and_removes_what_happened(reported: Client, cast: Cast, signed_in: Any) -> None:
    owner, viewer = signed_in(cast.owner), signed_in(cast.viewer)
    told = {"text": "Strike", "from": "2026-11-10", "channel": "display", "is_internal": True}
    written = owner.post(API, told, content_type="application/json")
    assert written.status_code == 201
    assert written.json()["to"] == "2026-11-10"
    assert [one["text"] for one in owner.get(API, {"from": "2026-11-01", "to": "2026-11-30"}).json()] == ["Strike"]
    assert owner.get(API, {"from": "2026-11-11"}).json() == []
    assert viewer.get(API).json() == []
    one = f"{API}{written.json()['id']}/"
    assert owner.put(one, told | {"is_internal": False, "to": "2026-11-12"}, content_type="application/json").status_code == 200
    assert [told["to"] for told in viewer.get(API).json()] == ["2026-11-12"]
    for field, value in (("to", "2026-11-09"), ("channel", "radio"), ("campaign", "Nothing"), ("text", ""), ("from", "1800-01-01")):
        refused = owner.put(one, told | {field: value}, content_type="application/json")
        assert (refused.status_code, list(refused.json())) == (400, [field])
    assert owner.delete(one).status_code == 204
    assert owner.get(API).json() == []


def test_pages_ask_as_often_for_three_things_as_for_one(reported: Client, cast: Cast, signed_in: Any) -> None:
    browser = signed_in(cast.owner)
    pages = (PAGE.format("leads"), ANNOTATIONS)

    def write() -> None:
        with inside(reported):
            annotating.write(reported, wished(), OPERATOR)

    def asked(page: str) -> int:
        browser.get(page)
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(page).status_code == 200
        return len(queries)

    write()
    one = [asked(page) for page in pages]
    write()
    write()
    assert [asked(page) for page in pages] == one
    worker.work_off()


def test_its_days_are_chosen_as_on_every_page_and_what_was_chosen_besides_stays(lumen: Client, cast: Cast, signed_in: Any) -> None:
    browser = signed_in(cast.viewer)
    html = browser.get("/c/lumen/kpis/leads/?from=2026-11-09&to=2026-11-15&grain=day&by=campaign&channel=email").content.decode()
    [earlier] = re.findall(r'rel="prev" data-beside href="\?([^"]+)"', html)
    assert set(unescape(earlier).split("&")) == {"from=2026-11-02", "to=2026-11-08", "grain=day", "by=campaign", "channel=email"}
    form = "from=2026-11-09&to=2026-11-15&compare=last_year&compare_from=2026-11-02&compare_to=2026-11-08"
    assert "compared with 10–16 November 2025" in browser.get(f"/c/lumen/kpis/leads/?{form}").content.decode()
    assert browser.get("/c/lumen/kpis/leads/?period=last_28_days").status_code == 200
    assert browser.get("/c/lumen/kpis/leads/?period=2026-W54").status_code == 404
