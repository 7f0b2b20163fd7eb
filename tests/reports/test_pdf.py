"""The weekly and the monthly PDF: what they tell, on how many pages, and that they tell nothing else than the presentation."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import Any

import pypdf
import pytest

from accounts.brand import Brand
from accounts.colours import READABLE, contrast
from kpis.definitions import DEFINITIONS
from reports.content import Length, Report
from reports.presentation import Presentation, Row, Table, present
from reports.presentation.scorecard import Scorecard
from reports.rendering import pdf
from reports.rendering.pdf import shades
from tests.reports.sample import all_null, empty, huge, monthly, weekly

BRANDS = {"dark": Brand("Atelier Nord", "#1f4e5f", "#e08e45"), "pale": Brand("Studio Écho", "#f0d67f", "#ffffff")}
SNAPSHOT = "3f9ac41d77e08b5512aa"
PAGES: dict[Length, tuple[int, int]] = {"weekly": (4, 6), "monthly": (8, 12)}
BOOKMARKS: dict[Length, list[str]] = {
    "weekly": [
        "Summary", "What changed, and where", "Trends", "Channels and campaigns", "From lead to customer",
        "E-mail, social networks and site", "Pace and plan", "Definitions and data",
    ],
    "monthly": [
        "Summary", "Pace and plan", "Results", "Money", "Trends", "Channels and campaigns", "From lead to customer",
        "E-mail, social networks and site", "Customers", "Definitions and data",
    ],
}  # fmt: skip


def full(length: Length) -> Report:
    return weekly(snapshot=SNAPSHOT) if length == "weekly" else monthly(snapshot=SNAPSHOT)


@cache
def shown(length: Length, language: str = "en") -> Presentation:
    return present(full(length), language, BRANDS["dark"])


@cache
def document(length: Length, language: str = "en") -> pypdf.PdfReader:
    return printed(shown(length, language))


def printed(presentation: Presentation) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(pdf(presentation)))


def plain(text: str) -> str:
    """Without spaces, for lines are broken anywhere."""
    return re.sub(r"\s", "", text)


def text(reader: pypdf.PdfReader) -> str:
    return plain("".join(page.extract_text() for page in reader.pages))


# ------------------------------------------------------------------------------------------------------------ its pages
@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("length", PAGES)
def test_a_full_report_keeps_to_its_length_and_says_on_every_page_what_it_is(length: Length, language: str) -> None:
    presentation, reader = shown(length, language), document(length, language)
    check_archivable_and_accessible(reader, language)
    fewest, most = PAGES[length]
    assert fewest <= len(reader.pages) <= most
    for number, page in enumerate(reader.pages, start=1):
        told = plain(page.extract_text())
        assert all(plain(said) in told for said in (presentation.period, presentation.comparison, presentation.data_state))
        if number > 1:
            counted = f"Page {number} of {len(reader.pages)}" if language == "en" else f"Page {number} sur {len(reader.pages)}"
            assert all(plain(said) in told for said in (counted, presentation.generated, SNAPSHOT[:12], "(Europe/Paris)"))


@pytest.mark.parametrize("length", PAGES)
def test_bookmarks_lead_to_every_chapter(length: Length) -> None:
    assert [str(item.title) for item in document(length).outline if not isinstance(item, list)] == BOOKMARKS[length]


@pytest.mark.parametrize("length", PAGES)
def test_chapters_without_figures_are_a_line_each_and_no_page(length: Length) -> None:
    presentation = present(empty(length), "en", BRANDS["dark"])
    reader = printed(presentation)
    check_archivable_and_accessible(reader, "en")
    assert len(reader.pages) <= 3
    lines = [
        "There is no figure to draw yet.",
        "No figures for this period.",
        "No stage of the way to the customer is known for this period.",
        "No e-mail, post or landing page has figures for this period.",
        "No plan was written, and no month is under way.",
        "No figure of an earlier report has changed since.",
        "No amount was converted.",
    ]
    more = {
        "weekly": ["There is no change to take apart yet."],
        "monthly": [
            "No figure is known yet.",
            "Costs and returns are not known for this period and the one before.",
            "Nothing is known of customers who came back, nor of what they are worth.",
        ],
    }
    told = text(reader)
    assert [line for line in (*lines, *more[length]) if plain(line) not in told] == []


@pytest.mark.parametrize("brand", BRANDS)
@pytest.mark.parametrize("length", PAGES)
def test_reports_without_a_figure_and_reports_of_huge_figures_can_be_printed(length: Length, brand: str) -> None:
    unknown, large = (printed(present(report, "fr", BRANDS[brand])) for report in (all_null(length), huge(length)))
    assert len(unknown.pages) <= PAGES[length][1] <= len(large.pages)
    for reader in (unknown, large):
        check_archivable_and_accessible(reader, "fr")


# ---------------------------------------------------------------------------------------------------------- its figures
@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("length", PAGES)
def test_every_figure_of_every_chapter_is_printed_as_the_presentation_has_it(length: Length, language: str) -> None:
    told = text(document(length, language))
    figures = list(printed_texts(shown(length, language)))
    assert len(figures) > 200
    assert [said for said in figures if plain(said) not in told] == []


def printed_texts(presentation: Presentation) -> Iterator[str]:
    """What must be found in the PDF, chapter by chapter."""
    yield from (presentation.verdict, *presentation.good, *presentation.watch)
    yield from _headline_texts(presentation)
    for table in _tables(presentation):
        yield from (table.title, *(column.header for column in table.columns), table.provisional)
        yield from (said for row in (*table.rows, table.total) for said in _row_texts(row))
    yield from _way_texts(presentation)
    yield from (said for rate in presentation.rates for said in (rate.text, rate.day))
    yield from (said for kpi in presentation.explanations for said in (kpi.name, kpi.formula))
    yield from (said for source in presentation.sources for said in (source.name, source.text, source.status))


def _tables(presentation: Presentation) -> list[Table]:
    """A short report tells e-mails, posts and pages in a line each."""
    listed = [presentation.money, presentation.mailings, presentation.pages, presentation.posts]
    told = [presentation.channels, presentation.campaigns, *(listed if presentation.length == "monthly" else ())]
    return [table for table in told if table]


def _headline_texts(presentation: Presentation) -> Iterator[str]:
    for tile in presentation.tiles:
        yield from (tile.label, tile.value, tile.previous)
    for card in (presentation.scorecard, presentation.customers):
        yield from _card_texts(card) if card else ()
    for chart in presentation.waterfalls:
        yield from (chart.title, chart.previous, chart.value, chart.change, *(step.label for step in chart.steps))


def _way_texts(presentation: Presentation) -> Iterator[str]:
    """Funnel, ranking and triangle."""
    assert presentation.funnel
    assert presentation.ranking
    for stage in presentation.funnel.stages:
        yield from (stage.name, stage.value, stage.previous)
    for row in (*presentation.ranking.best, *presentation.ranking.worst):
        yield from _row_texts(row)
    for cohort in presentation.retention.cohorts if presentation.retention else ():
        yield from (cohort.name, cohort.size, *(share.text for share in cohort.shares if share))


def _card_texts(card: Scorecard) -> Iterator[str]:
    for score in card.scores:
        yield from (score.name, score.value, score.provisional, score.previous.text, score.last_year.text if card.has_last_year else "")
        if score.target:
            yield from (score.target.text, score.target.distance, score.target.verdict)
        if score.previous.change:
            yield from (score.previous.change.text, score.previous.change.word)


def _row_texts(row: Row) -> Iterator[str]:
    yield from (row.name, row.channel, *(cell.text for cell in row.cells))
    for cell in row.cells:
        if cell.target:
            yield from (cell.target.text, cell.target.distance)


@pytest.mark.parametrize(
    "report", [weekly(), monthly(), huge("weekly"), huge("monthly")], ids=["weekly", "monthly", "huge", "huge-monthly"]
)
def test_lines_of_every_table_add_up_and_the_parts_of_a_change_lead_from_old_to_new(report: Report) -> None:
    for table in (report.money, report.mailings, report.pages, report.posts):
        for slug in table.slugs if table else ():
            if table and DEFINITIONS[slug].is_additive:
                parts = sum((row.figures[slug].value or Decimal(0) for row in table.rows), Decimal(0))
                assert parts == table.total.figures[slug].value, slug
    for waterfall, chart in zip(report.contributions, present(report, "en", BRANDS["dark"]).waterfalls, strict=True):
        assert waterfall.previous + sum(part.amount for part in waterfall.parts) == waterfall.value
        ends = [0.0, *(step.end for step in chart.steps)]
        assert [step.start for step in chart.steps] == ends[:-1]
        assert ends[-1] == pytest.approx(float(waterfall.value - waterfall.previous))


def test_a_post_leads_to_itself() -> None:
    posts = shown("monthly").posts
    assert posts
    marks = [mark.get_object() for page in document("monthly").pages for mark in page.get("/Annots", ())]
    links = {str(mark["/A"]["/URI"]) for mark in marks if "/URI" in mark.get("/A", {})}
    assert {row.url for row in posts.rows if row.url} <= links


# ------------------------------------------------------------------------------------------------- read, not only looked at
@pytest.mark.parametrize("length", PAGES)
def test_every_chart_has_a_text_in_its_place_that_tells_all_its_parts(length: Length) -> None:
    presentation = shown(length)
    told = [str(element["/Alt"]) for element in structure(document(length)) if "/Alt" in element]
    charts = [presentation.trend, presentation.leads]
    assert all(any(chart.title in alternative for alternative in told) for chart in charts if chart)
    for waterfall in presentation.waterfalls:
        [alternative] = [each for each in told if waterfall.title in each]
        assert all(f"{step.name} {step.label}" in alternative for step in waterfall.steps)


@pytest.mark.parametrize("length", PAGES)
def test_tables_are_tagged_with_heads_and_cells(length: Length) -> None:
    kinds = [str(element.get("/S")) for element in structure(document(length))]
    assert kinds.count("/Table") >= {"weekly": 6, "monthly": 13}[length]
    assert kinds.count("/TH") >= kinds.count("/Table") * 3
    assert kinds.count("/TD") > kinds.count("/TH")


def check_archivable_and_accessible(reader: pypdf.PdfReader, language: str) -> None:
    """What PDF/A-2a and PDF/UA-1 ask of a document's structure and a program can see."""
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == language
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert [intent.get_object()["/S"] for intent in root["/OutputIntents"]] == ["/GTS_PDFA1"]
    assert all(mark in root["/Metadata"].get_data() for mark in (b"pdfuaid:part>1<", b"pdfaid:part>2<", b"pdfaid:conformance>A<"))
    assert root["/StructTreeRoot"]["/K"]
    tags = structure(reader)
    assert [tag for tag in tags if tag["/S"] == "/Figure" and not str(tag.get("/Alt", "")).strip()] == []
    kinds = [str(tag["/S"]) for tag in tags]
    assert (kinds.count("/Document"), kinds.count("/Title")) == (1, 1)
    assert kinds.count("/H1") >= len(BOOKMARKS["weekly"])
    assert kinds.count("/THead") == kinds.count("/TBody") == kinds.count("/Table")
    # The order of reading is that of the tags, and every letter comes with its typeface.
    assert all(str(page["/Tabs"]) == "/S" and "/StructParents" in page for page in reader.pages)
    fonts = [found for found in objects(reader) if found.get("/Type") == "/FontDescriptor"]
    assert fonts
    assert all({"/FontFile", "/FontFile2", "/FontFile3"} & font.keys() for font in fonts)


def objects(reader: pypdf.PdfReader) -> Iterator[Any]:
    for number in range(1, int(str(reader.trailer["/Size"]))):
        found = reader.get_object(number)
        if isinstance(found, dict):
            yield found


def structure(reader: pypdf.PdfReader) -> list[Any]:
    return [found for found in objects(reader) if found.get("/Type") == "/StructElem"]


@pytest.mark.parametrize("primary", ["#1f4e5f", "#f0d67f", "#ffffff", "#000000", "#7f7f7f"])
def test_every_shade_of_the_triangle_can_be_read_whatever_the_brand(primary: str) -> None:
    assert min(contrast(shade["fill"], shade["text"]) for shade in shades(primary)) >= READABLE
