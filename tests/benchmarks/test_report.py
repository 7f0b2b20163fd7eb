"""The time of a report, from roll-ups to the finished message, step by step, and its PDF against WeasyPrint, in one run.

`python3 manage.py test tests/benchmarks/test_report.py -m benchmark -n 0 -s`; what it takes part with is told in `comparison`.
WeasyPrint prints the same texts and pictures from a plain page of HTML, once with and once without the tags that ours has; both
documents say the same figures, or the test fails. Every report is another one: typst and gettext remember what they have seen.
"""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import font_manrope
import pytest
from pypdf import PdfReader

from accounts import brand
from accounts.models import Client
from campaigns.streams import execute
from jobs import worker
from reports import gather, rendering, scheduling
from reports.cadence import named
from reports.content import Length, Report
from reports.messages import build
from reports.models import Delivery, Schedule
from reports.presentation import Presentation, present
from reports.rendering import marks
from tests.benchmarks import comparison, print_html
from tests.benchmarks.comparison import times
from tests.benchmarks.meter import Spent, spent
from tests.conftest import loader
from tests.reports.company import Company

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db]
NOW = datetime(2026, 11, 22, tzinfo=UTC)
PERIODS: dict[Length, list[str]] = {
    "weekly": [f"2026-W{week}" for week in range(28, 44)],
    "monthly": [f"2026-{month:02}" for month in range(2, 11)],
}
PRINTED = 4  # of each length, by both sides
WEIGHTS = {500: "Medium", 600: "SemiBold", 700: "Bold", 800: "ExtraBold"}
FACES = [("Manrope", weight, str(Path(font_manrope.__file__).parent / "files" / f"Manrope-{name}.ttf")) for weight, name in WEIGHTS.items()]
FACES.append((marks.FAMILY, 500, str(marks.FILE)))
REPORTS_PER_SECOND, TIMES_WEASYPRINT = 10, 7


@pytest.fixture
def company(lumen: Client, tmp_path: Path) -> Client:
    """Maison Lumen with fourteen months of figures of every kind."""
    Company().load(lumen, loader(tmp_path))
    return lumen


def busy(action: Callable[[Any], object], each: list[Any]) -> float:
    """Seconds on processors for one of them, the median; the first is not counted."""
    found = []
    for given in each:
        began = time.process_time()
        action(given)
        found.append(time.process_time() - began)
    return statistics.median(found[1:])


def reports(client: Client, length: Length) -> list[Report]:
    return [gather.report(client, named(key), NOW, length=length, cadence=length) for key in PERIODS[length]]


def delivery(client: Client) -> Delivery:
    """One that was sent, of a report with its PDF."""
    schedule: Schedule = scheduling.create_weekly(client, {"ana@lumen.example": "fr"})
    Schedule.objects.filter(pk=schedule.pk).update(policy=Schedule.Policy.SEND)
    scheduling.open_run(schedule, PERIODS["weekly"][-1])
    worker.work_off()
    return Delivery.objects.select_related("run", "recipient").get(state=Delivery.State.SENT)


@pytest.mark.parametrize("length", ["weekly", "monthly"])
def test_steps_of_a_report(company: Client, length: Length) -> None:
    own_brand, links = brand.of_organisation(company), rendering.Links(*["https://reports.example/"] * 5)
    sent = delivery(company)
    figures = busy(lambda key: gather.report(company, named(key), NOW, length=length, cadence=length), PERIODS[length])
    gathered = reports(company, length)
    presented = [present(report, "fr", own_brand) for report in gathered]
    steps = {
        "words": busy(lambda report: present(report, "en", own_brand), gathered),
        "PDF": busy(rendering.pdf, presented),
        "mail": busy(lambda presentation: rendering.email_parts(presentation, links), presented),
        "MIME": busy(lambda _: build(company, sent).message().as_bytes(), gathered),
    }
    whole, pages = sum(steps.values()), statistics.mean(len(PdfReader(io.BytesIO(rendering.pdf(one))).pages) for one in presented[-3:])
    shares = ", ".join(f"{name} {seconds * 1000:.0f}" for name, seconds in steps.items())
    print(f"\n{length}, {pages:.0f} pages, milliseconds on processors: figures {figures * 1000:.0f}; then {shares}: {whole * 1000:.0f}")
    print(f"  reports per second and core: {1 / (whole + figures):.1f} with figures, {1 / whole:.1f} once they are ready", end="")
    print(f"; goal {REPORTS_PER_SECOND}: {met(1 / whole, REPORTS_PER_SECOND)}" if length == "weekly" else "")


def test_pdf_against_weasyprint(company: Client, tmp_path: Path) -> None:
    if not comparison.is_installed():
        return
    own_brand, backend = brand.of_organisation(company), execute("SELECT pg_backend_pid()")[0][0]
    for length in PERIODS:
        presented = [present(report, "fr", own_brand) for report in reports(company, length)[-PRINTED - 1 :]]
        pages = {}
        for place, presentation in enumerate(presented[1:]):
            pages[str(place)] = str(tmp_path / f"{length}-{place}.html")
            Path(pages[str(place)]).write_text(print_html.page(presentation))
        asked = {"fonts": FACES, "pages": pages, "backend": backend}
        theirs = {way: times(found) for way, found in comparison.run("print_by_weasyprint", asked, tmp_path).items()}
        rendering.pdf(presented[0])
        ours = [spent(partial(rendering.pdf, presentation), backend) for presentation in presented[1:]]
        for place, presentation in enumerate(presented[1:]):
            check_same(presentation, rendering.pdf(presentation), *(tmp_path.glob(f"{length}-{place}.*.pdf")))
        print(f"\n{length}: seconds for {PRINTED} PDFs on the clock / on processors; ours {told(ours)}")
        for way, measured in theirs.items():
            faster = together(measured).busy / together(ours).busy
            print(f"  WeasyPrint, {way}: {told(measured)}: {faster:.1f} × ours; goal {TIMES_WEASYPRINT}: {met(faster, TIMES_WEASYPRINT)}")


def together(measured: list[Spent]) -> Spent:
    return Spent(sum(each.clock for each in measured), sum(each.busy for each in measured))


def told(measured: list[Spent]) -> str:
    whole = together(measured)
    return f"{whole.clock:.2f} / {whole.busy:.2f}"


def met(value: float, goal: float) -> str:
    return "met" if value >= goal else "missed"


def check_same(presentation: Presentation, ours: bytes, *theirs: Path) -> None:
    """Every document has every figure of the tiles and of the channels."""
    assert len(theirs) == 2
    figures = [tile.value for tile in presentation.tiles]
    figures += [cell.text for row in (*presentation.channels.rows, presentation.channels.total) for cell in row.cells if not cell.change]
    for document in (ours, *(path.read_bytes() for path in theirs)):
        text = squeezed("".join(page.extract_text() for page in PdfReader(io.BytesIO(document)).pages))
        assert [figure for figure in figures if squeezed(figure) not in text] == []


def squeezed(text: str) -> str:
    return "".join(text.split())
