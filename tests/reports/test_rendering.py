from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import date
from functools import cache
from html import unescape
from typing import Any

import pypdf
import pytest
from django.http import QueryDict
from django.template.loader import render_to_string
from fontTools.ttLib import TTFont

from accounts.brand import Brand
from kpis.periods import STANDARD
from reports.content import Report, Row
from reports.pages.asked import asked
from reports.pages.blocks import Laid
from reports.pages.catalogue import OVERVIEW
from reports.presentation import Presentation, present
from reports.rendering import Links, email_parts, marks, pdf, typeface
from reports.rendering.pdf import printable
from tests.reports.sample import empty_report, huge_report, sample_report, settled_report

BRAND = Brand("Atelier Nord", "#1f4e5f", "#e08e45")
PALE = Brand("Studio Écho", "#f0d67f", "#ffffff")
HOSTILE = '#import "x" <script>alert(1)</script> $x$ *b* {{ y }} 🎉 名 \u202f\u200d'
UNSUBSCRIBE = "https://reports.example/u/abc/"
LINKS = Links(
    report="https://reports.example/r/abc/",
    pdf="https://reports.example/r/abc/pdf",
    dashboard="https://reports.example/c/maison-lumen/?period=2026-W46",
    definitions="https://reports.example/c/maison-lumen/glossary/",
    unsubscribe=UNSUBSCRIBE,
)
REPORTS = {"sample": sample_report, "empty": empty_report, "huge": huge_report, "settled": settled_report}


@cache
def shown(name: str, language: str = "fr", brand: Brand = BRAND) -> Presentation:
    report = REPORTS[name]()
    course = tuple(tile.trend for tile in report.tiles if tile.figure.slug in ("revenue", "spend"))
    return present(replace(report, courses=(course,), by_channel={"leads": report.leads_by_channel}), language, brand)


@cache
def document(name: str, language: str = "fr", brand: Brand = BRAND) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(pdf(shown(name, language, brand))))


@cache
def mail(name: str, language: str = "fr") -> tuple[str, str, str]:
    return email_parts(shown(name, language), LINKS)


def page(presentation: Presentation) -> str:
    question = asked(QueryDict("period=2026-W46"), date(2026, 11, 17), STANDARD)
    context = {
        "presentation": presentation,
        "page": OVERVIEW,
        "asked": question,
        "blocks": list(Laid(OVERVIEW, question, presentation).blocks()),
        "is_state_known": True,
    }
    return render_to_string("pages/page.html", context)


def plain(text: str) -> str:
    """Text without spaces, for a PDF and a browser break lines where they like."""
    return re.sub(r"\s|\u200b", "", unescape(text))


def words(html: str) -> str:
    without_styles = re.sub(r"<(style|script).*?</\1>", "", html, flags=re.DOTALL)
    return plain(re.sub(r"<[^>]+>", "", without_styles))


def pdf_text(reader: pypdf.PdfReader) -> str:
    return plain("".join(sheet.extract_text() for sheet in reader.pages))


def with_name(report: Report, name: str) -> Report:
    """The report with a client and a first campaign of that name."""
    first, *others = report.campaigns.rows
    renamed = Row(name, first.channel, first.figures)
    return replace(report, client_name=name, campaigns=replace(report.campaigns, rows=(renamed, *others)))


# ------------------------------------------------------------------------------------------------------ the same figures
@pytest.mark.parametrize("language", ["en", "fr"])
def test_page_pdf_and_both_parts_of_the_mail_say_the_same_figures(language: str) -> None:
    presentation = shown("sample", language)
    _subject, html, text = mail("sample", language)
    surfaces = [pdf_text(document("sample", language)), words(html), plain(text), words(page(presentation))]
    for tile in presentation.tiles:
        for said in (tile.label, tile.value, tile.previous, tile.change.text if tile.change else ""):
            assert all(plain(said) in surface for surface in surfaces), said
    for said in (presentation.verdict, presentation.data_state, presentation.comparison):
        assert all(plain(said) in surface for surface in surfaces), said


@pytest.mark.parametrize(("language", "word"), [("en", "provisional"), ("fr", "provisoire")])
def test_every_surface_says_what_is_provisional_and_only_while_it_is(language: str, word: str) -> None:
    def surfaces(name: str) -> list[str]:
        _subject, html, text = mail(name, language)
        return [pdf_text(document(name, language)), words(html), plain(text), words(page(shown(name, language)))]

    presentation = shown("sample", language)
    for said in (f"3.83x{word}" if language == "en" else f"3,83{word}", presentation.provisional, presentation.channels.provisional):
        assert all(plain(said) in surface.replace("3.83x,", "3.83x").replace("3,83,", "3,83") for surface in surfaces("sample")), said
    assert not any(word in surface.lower() for surface in surfaces("settled"))


def test_what_is_provisional_has_no_good_or_bad_colour_on_the_page() -> None:
    tile = re.search(r'<li class="tile is-provisional" id="kpi-roas">.*?</li>', page(shown("sample")), re.DOTALL)
    assert tile
    assert 'class="change neutral"' in tile[0]
    assert "is-provisional" not in page(shown("settled"))


@pytest.mark.parametrize("name", ["sample", "huge"])
def test_every_row_of_every_table_is_in_the_pdf_and_in_the_text_of_the_mail(name: str) -> None:
    presentation = shown(name)
    surfaces = [pdf_text(document(name)), plain(mail(name)[2])]
    for table in (presentation.channels, presentation.campaigns):
        for row in (*table.rows, table.total):
            assert all(plain(row.name) in surface for surface in surfaces)
            assert all(plain(cell.text) in surface for cell in row.cells for surface in surfaces)


# ------------------------------------------------------------------------------------------------------------------- PDF
@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_pdf_is_tagged_and_names_its_language_and_title(language: str) -> None:
    reader = document("sample", language)
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == language
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata is not None
    assert "Maison Lumen" in str(reader.metadata.title)
    declared = root["/Metadata"].get_data().decode()
    assert "<pdfuaid:part>1<" in declared
    assert "<pdfaid:part>2<" in declared
    assert "<pdfaid:conformance>A<" in declared


def test_the_head_of_a_long_table_is_repeated_on_every_page() -> None:
    pages = [sheet.extract_text() for sheet in document("huge").pages]
    assert sum("Campagne" in text and "Impressions" in text and "CPC" in text for text in pages) >= 2


def test_no_page_ends_between_a_name_and_its_figures() -> None:
    pages = [plain(sheet.extract_text()) for sheet in document("huge").pages]
    costly = [row for row in shown("huge").campaigns.rows if row.share]
    assert len(costly) >= 15
    for row in costly:
        assert any(plain(row.name) in text and plain(row.cells[0].text) in text for text in pages), row.name


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("brand", [BRAND, PALE], ids=["dark", "pale"])
def test_every_report_can_be_printed_in_every_brand(name: str, brand: Brand) -> None:
    assert len(document(name, "fr", brand).pages) >= 3


def test_the_same_report_gives_the_same_bytes() -> None:
    assert pdf(shown("sample")) == pdf(shown("sample"))


def test_nothing_of_the_client_before_is_printed() -> None:
    pdf(shown("sample"))
    assert "Newsletter" not in pdf_text(document("empty"))


@pytest.mark.parametrize("language", ["en", "fr"])
def test_names_with_markup_emoji_or_foreign_letters_are_printed_as_text(language: str) -> None:
    presentation = present(with_name(sample_report(), HOSTILE), language, BRAND)
    text = pdf_text(pypdf.PdfReader(io.BytesIO(pdf(presentation))))
    assert plain('#import "x" <script>alert(1)</script> $x$ *b* {{ y }} ?') in text


def test_what_the_typeface_lacks_is_left_out_or_marked() -> None:
    assert printable("Black Friday 🎉 −30 %") == "Black Friday −30 %"
    assert printable("北京") == "??"
    assert printable("🎉") == "?"
    assert printable("1\u202f204 €") == "1\u202f204 €"
    assert printable("ＡＢ") == "AB"


def test_the_gap_between_thousands_can_be_seen() -> None:
    with TTFont(marks.FILE) as font:
        width, _bearing = font["hmtx"][font.getBestCmap()[0x202F]]
        assert width / font["head"].unitsPerEm >= 0.2


def test_the_font_of_our_marks_is_the_one_its_source_describes() -> None:
    assert marks.FILE.read_bytes() == marks.build(), "run reports.rendering.marks.write()"


@pytest.mark.parametrize("weight", typeface.WEIGHTS)
def test_the_typeface_of_print_is_manrope_with_our_marks(weight: int) -> None:
    assert typeface.file(weight).read_bytes() == typeface.build(weight), "run reports.rendering.typeface.write()"


# ------------------------------------------------------------------------------------------------------------------ mail
@pytest.mark.parametrize("name", REPORTS)
def test_a_mail_is_short_enough_not_to_be_clipped(name: str) -> None:
    assert len(mail(name)[1].encode()) < 100_000


def test_a_usual_mail_is_light() -> None:
    assert len(mail("sample")[1].encode()) < 60_000


def test_the_subject_is_one_line_with_week_and_main_figure() -> None:
    subject = mail("sample", "en")[0]
    assert subject == shown("sample", "en").subject
    assert "\n" not in subject


def test_the_mail_fetches_nothing_and_runs_nothing() -> None:
    html = mail("sample")[1]
    assert not re.search(r"<(img|script|link|iframe)\b|url\(|@import", html)


def test_verdict_and_data_state_stand_above_the_figures() -> None:
    html, presentation = words(mail("sample")[1]), shown("sample")
    order = [html.rindex(plain(presentation.verdict)), html.index(plain(presentation.data_state)), html.index(plain("Indicateurs clés"))]
    assert order == sorted(order)


def test_the_mail_has_its_dark_and_its_phone_form() -> None:
    html = mail("sample")[1]
    assert "prefers-color-scheme: dark" in html
    assert "max-width: 600px" in html
    assert 'lang="fr"' in html


def test_both_parts_lead_to_the_dashboard_and_out_of_the_list() -> None:
    _subject, html, text = mail("sample")
    for part in (unescape(html), text):
        for link in (LINKS.report, LINKS.pdf, LINKS.dashboard, LINKS.definitions, LINKS.unsubscribe):
            assert link in part
    assert "Se désinscrire" in html


def test_markup_in_names_stays_text_in_the_mail_and_on_the_page() -> None:
    presentation = present(with_name(sample_report(), HOSTILE), "en", BRAND)
    _subject, html, text = email_parts(presentation, LINKS)
    assert "<script>alert" not in html
    assert "<script>alert" not in page(presentation)
    assert HOSTILE.strip() in text


# ------------------------------------------------------------------------------------------------------------------ page
@pytest.mark.parametrize("name", REPORTS)
def test_the_page_has_no_inline_style_or_script(name: str) -> None:
    html = page(shown(name))
    assert not re.search(r"\sstyle=|\son[a-z]+=", html)
    assert not re.search(r"<script(?![^>]*\ssrc=)", html)


def test_the_page_shows_the_figures_behind_every_chart() -> None:
    presentation = shown("sample")
    html = page(presentation)
    assert presentation.trend is not None
    assert html.count("<details") >= 3
    assert all(label in unescape(html) for series in presentation.trend.series for label in series.labels)
