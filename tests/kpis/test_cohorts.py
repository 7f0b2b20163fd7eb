"""Cohorts by every door: the API, a file, the command and the page."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Client
from jobs import worker
from kpis.customers import cohorts
from kpis.customers.cohorts import Cohort
from kpis.periods import months_before
from kpis.values import Reason, Value
from tests.conftest import Cast, LoadText

ADDRESS = "/api/v1/clients/lumen/cohorts/"
# The last day loaded is of the month before this one, whatever day it is.
THIS_MONTH = datetime.now(UTC).date().replace(day=1)
MONTHS = [months_before(THIS_MONTH, number) for number in (4, 3, 2, 1)]
ASKED = {"from": MONTHS[0].isoformat(), "to": MONTHS[3].isoformat()}
# Who ordered how much on the fifth of which of these months, won by which channel.
ORDERS = {
    "C1": ("email", {0: 50, 1: 20, 3: 10}), "C2": ("email", {0: 30}), "C3": ("direct", {0: 10, 1: 5, 2: 5}),
    "C4": ("direct", {1: 40, 2: 10}), "C5": ("email", {3: 7}),
}  # fmt: skip


@pytest.fixture
def bought(lumen: Client, load_text: LoadText) -> Client:
    rows = [
        f"{who}{number},{who},{MONTHS[number].replace(day=5)},{amount},{channel}\n"
        for who, (channel, orders) in ORDERS.items()
        for number, amount in orders.items()
    ]
    load_text(lumen, "orders", "order_id,customer_id,ordered_at,amount,channel\n" + "".join(rows))
    worker.work_off()
    return lumen


def command(*options: str) -> str:
    out = io.StringIO()
    call_command("cohorts", "lumen", "--from", ASKED["from"], "--to", ASKED["to"], *options, stdout=out)
    return out.getvalue()


def shares(data: dict[str, Any]) -> list[tuple[str, str, int, list[str | None]]]:
    return [(one["month"], one["key"], one["size"], [cell["value"] for cell in one["cells"]]) for one in data["cohorts"]]


def test_cohorts_are_told_to_programs_in_files_and_at_the_command_line(bought: Client, cast: Cast, signed_in: Any) -> None:
    """The last of the months is loaded up to its fifth alone, and is not over."""
    browser = signed_in(cast.viewer)
    first, second, _third, fourth = (f"{month:%Y-%m}" for month in MONTHS)
    told = browser.get(ADDRESS, ASKED).json()
    two_thirds, third_of = "0.6666666666666666666666666667", "0.3333333333333333333333333333"
    assert shares(told) == [
        (first, "", 3, ["1", two_thirds, third_of]), (second, "", 1, ["1", "1", None]), (fourth, "", 1, [None, None, None]),
    ]  # fmt: skip
    # Three of four were there a month later, for the cohort of the last month has not got so far.
    assert [cell["value"] for cell in told["total"]["cells"]] == ["1", "0.75", third_of]
    assert (told["total"]["size"], told["unit"], told["paging"]["cohorts"]) == (5, "fraction", 3)
    assert {cell["reason"] for cell in told["cohorts"][2]["cells"]} == {"not_yet_observed"}
    assert json.loads(command("--json")) == told
    assert f"{first}  –" in command()
    pages = [browser.get(ADDRESS, ASKED | {"page": page, "page_size": 2}).json() for page in (1, 2, 3)]
    assert [cohort for page in pages for cohort in page["cohorts"]] == told["cohorts"]
    assert all(page["total"] == told["total"] for page in pages)

    by_channel = browser.get(ADDRESS, ASKED | {"by": "channel"}).json()
    assert shares(by_channel)[:2] == [(first, "direct", 1, ["1", "1", "1"]), (first, "email", 2, ["1", "0.5", "0"])]
    assert by_channel["total"] == told["total"]
    money = browser.get(ADDRESS, ASKED | {"shown": "revenue", "channel": "email"}).json()
    assert shares(money)[0] == (first, "", 2, ["40", "50", "50"])
    file = browser.get(ADDRESS, ASKED | {"by": "channel", "format": "csv"})
    assert file["Content-Disposition"].startswith(f'attachment; filename="lumen-cohorts-active-{first}-')
    assert file.content.decode() == command("--by", "channel", "--csv")
    lines = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"))))
    in_total = [Fraction(line["value"]) for line in lines if line["month"] == "total" and line["value"]]
    parts = [line for line in lines if line["month"] != "total" and line["value"] and line["age"] == "1"]
    active = sum(Fraction(line["value"]) * int(line["size"]) for line in parts)
    assert in_total[1] == active / sum(int(line["size"]) for line in parts)

    for wrong, field in (({"by": "week"}, "by"), ({"shown": "profit"}, "shown"), ({"page": "0"}, "page"), ({"to": "1"}, "to")):
        answer = browser.get(ADDRESS, ASKED | wrong)
        assert (answer.status_code, list(answer.json())) == (400, [field])
    with pytest.raises(CommandError, match=r"^--shown"):
        command("--shown", "profit")


def test_the_page_draws_what_can_be_told_and_marks_the_open_month(bought: Client, cast: Cast, signed_in: Any) -> None:
    browser = signed_in(cast.viewer)
    page = browser.get("/c/lumen/cohorts/", headers={"accept-language": "fr"}).content.decode()
    triangle = page[page.index("<tbody>") : page.index("</table>")]
    assert "100,0" not in re.findall(r"<tr>.*?</tr>", triangle)[0]
    assert re.findall(r'<td class="cohort shade-\d">([^<]*)<', triangle) == ["66,7\u202f%", "33,3\u202f%", "100,0\u202f%"]
    assert triangle.count('class="cohort open"') == 1
    assert "Clients acquis" in page
    assert "75,0\u202f%" in triangle
    # Channels add up to the same.
    assert page.count("<tfoot>") == 3
    assert len(set(re.findall(r"<tfoot>.*?(<td>.*?)</tfoot>", page, re.S))) == 1
    link = re.findall(r'href="(/api/[^"]*cohorts[^"]*)"', page)[0].replace("&amp;", "&")
    assert browser.get(link)["Content-Type"] == "text/csv; charset=utf-8"
    money = browser.get("/c/lumen/cohorts/?shown=revenue&channel=email&months=6", headers={"accept-language": "en"}).content.decode()
    assert "€40.00" in money
    assert "By the channel that won them" not in money
    assert "No customer was won" in browser.get("/c/lumen/cohorts/?channel=video", headers={"accept-language": "en"}).content.decode()


def test_one_unknown_cohort_makes_the_total_unknown_and_empty_ones_do_not() -> None:
    known, unknown = Value(Fraction(1, 2)), Value(None, Reason.NOT_REPORTED)
    month = MONTHS[0]
    whole = Cohort(month, "", 4, (known, known, Value(None, Reason.NOT_YET_OBSERVED)))
    assert cohorts.total([whole, Cohort(month, "", 0, (unknown, unknown, unknown))]) == (4, whole.cells)
    assert cohorts.total([whole, Cohort(month, "", 1, (known, unknown, known))]) == (5, (known, unknown, known))
    assert cohorts.total([]) == (0, ())
