"""The weekly mail: read in a minute on a phone, complete as text, and every figure of it adds up."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache
from html import unescape

import pypdf
import pytest

from accounts.brand import Brand
from accounts.models import Logo
from accounts.pictures import checked
from reports.content import Correction, Corrections, Report, SourceState
from reports.presentation import Presentation, present
from reports.rendering import Links, email_parts, pdf
from tests.accounts.test_brand import png
from tests.reports import sample

BRAND = Brand("Atelier Nord", "#1f4e5f", "#e08e45")
LINKS = Links("https://x.example/r/a", "https://x.example/r/a/pdf", "https://x.example/d", "https://x.example/g", "https://x.example/u")
KINDS: dict[str, Callable[[], Report]] = {
    "weekly": sample.weekly,
    "monthly": sample.monthly,
    "empty": sample.empty,
    "null": sample.all_null,
    "huge": sample.huge,
}
CLIPPED_BY_GMAIL = 102_000


@cache
def shown(kind: str, language: str) -> Presentation:
    return present(KINDS[kind](), language, BRAND)


@cache
def mail(kind: str, language: str) -> tuple[str, str, str]:
    return email_parts(shown(kind, language), LINKS)


def of(report: Report, language: str = "en") -> tuple[Presentation, str, str]:
    """(presentation, words of the HTML part, the text part)."""
    presentation = present(report, language, BRAND)
    _subject, html, text = email_parts(presentation, LINKS)
    return presentation, words(html), text


def words(html: str) -> str:
    body = re.sub(r"<(style|script|title).*?</\1>", "", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).replace("\u202f", "\u00a0").split())


def flat(text: str) -> str:
    return " ".join(text.replace("\u202f", "\u00a0").split())


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("kind", KINDS)
def test_no_mail_is_cut_off_by_gmail_and_none_fetches_anything(kind: str, language: str) -> None:
    _subject, html, _text = mail(kind, language)
    assert len(html.encode()) < CLIPPED_BY_GMAIL
    assert not re.search(r"<(img|link|script|iframe)|url\(", html)


def test_the_verdict_and_the_state_of_the_data_come_before_any_figure() -> None:
    presentation = shown("weekly", "en")
    said = words(mail("weekly", "en")[1])
    places = [said.index(flat(part)) for part in (presentation.verdict, presentation.data_state, presentation.tiles[0].value + " ▲")]
    assert places == sorted(places)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("kind", ["weekly", "monthly", "huge"])
def test_both_parts_of_the_mail_tell_every_figure(kind: str, language: str) -> None:
    presentation = shown(kind, language)
    _subject, html, text = mail(kind, language)
    told = [part for tile in presentation.tiles for part in (tile.label, tile.value, tile.previous, tile.average)]
    told += [tile.target.text for tile in presentation.tiles if tile.target]
    aims = [cell.target for row in presentation.channels.rows for cell in row.cells if cell.target]
    assert aims
    told += [part for aim in aims for part in (aim.text, aim.distance)]
    told += [part for moves in presentation.moves for move in moves.moves for part in (move.name, move.amount)]
    told += [moves.total for moves in presentation.moves]
    told += [item.value for line in presentation.lines for item in line.items]
    assert presentation.month or kind == "monthly"  # whose month is over
    told += [
        part
        for pace in (presentation.month.paces if presentation.month else ())
        for part in (pace.label, pace.value, pace.standing, pace.target, pace.projected)
    ]
    assert presentation.ranking
    told += [cell.text for row in (*presentation.ranking.best, *presentation.ranking.worst) for cell in row.cells]
    told += [*presentation.notes.done, *presentation.notes.next, *presentation.notes.needed]
    assert presentation.corrections
    told += [part for one in presentation.corrections.listed for part in (one.old, one.new)]
    for surface in (words(html), flat(text)):
        assert [part for part in told if flat(part) not in surface] == []


@pytest.mark.parametrize("kind", ["weekly", "monthly", "huge"])
def test_what_moved_a_figure_adds_up_to_its_change(kind: str) -> None:
    report = KINDS[kind]()
    for waterfall in report.contributions:
        assert waterfall.previous + sum(part.amount for part in waterfall.parts) == waterfall.value
    for moves in shown(kind, "en").moves:
        amounts = [Decimal(re.sub(r"[^\d.−]", "", move.amount).replace("−", "-")) for move in moves.moves]
        total = Decimal(re.sub(r"[^\d.−]", "", moves.total).replace("−", "-"))
        assert abs(sum(amounts) - total) <= len(amounts) / Decimal(2)  # each is rounded by itself


def test_a_report_with_a_missing_day_says_so_above_its_figures_and_names_source_and_day() -> None:
    lacking = SourceState("google_ads", "412", "ads", "api", date(2026, 11, 15), date(2026, 11, 15), (date(2026, 11, 12),), False)
    presentation, html, text = of(sample.weekly(sources=(lacking,), has_banner=True))
    assert presentation.banner == "These figures are not complete. Missing: Google Ads · 412 (12 November 2026)."
    for surface in (html, flat(text)):
        assert presentation.banner in surface
        assert surface.index(presentation.banner) < surface.index("Key figures")
    assert not of(sample.settled(sample.weekly(has_banner=True)))[0].banner


def test_corrections_show_the_old_figure_and_the_new_even_where_only_cents_changed() -> None:
    told = Corrections((Correction("2026-W45", "revenue", Decimal("92061.20"), Decimal("92061.40")),), small=2)
    _presentation, html, text = of(replace(sample.weekly(), corrections=told))
    assert "Week 45 of 2026, Revenue: €92,061.20 → €92,061.40" in text
    assert "2 more figures of earlier reports changed by less than 1%." in html


def test_a_month_that_is_close_to_an_even_pace_is_neither_praised_nor_blamed() -> None:
    pace = sample.weekly().pace[0]
    close = replace(pace, value=Decimal(1002), expected=Decimal(1000), target=Decimal(2000))
    presentation, html, _text = of(replace(sample.weekly(), pace=(close,)))
    assert presentation.month
    assert (presentation.month.paces[0].standing, presentation.month.paces[0].tone) == ("on pace", "neutral")
    assert "on pace" in html


def test_a_client_without_figures_gets_a_short_mail_that_says_so() -> None:
    _subject, html, text = mail("empty", "en")
    assert "No figure is known for week 46 yet." in html
    assert "No figure is known for week 46 yet." in text
    assert "what moved it" not in html


def test_the_agencys_logo_and_address_are_on_the_mail_and_the_pdf(db: None) -> None:
    content = checked(png(120, 40)).content
    Logo.objects.create(digest="d" * 64, content=content, width=120, height=40)
    address = "12 rue de l’Exemple\n75000 Paris"
    brand = replace(BRAND, logo="d" * 64, logo_width=120, logo_height=40, origin="https://nord.example", footer=address)
    presentation = present(sample.weekly(), "fr", brand)
    _subject, html, text = email_parts(presentation, LINKS)
    assert f'src="https://nord.example{brand.logo_path}" alt="Atelier Nord"' in html
    assert "12 rue de l’Exemple<br>75000 Paris" in unescape(html)
    assert "75000 Paris" in text
    cover = pypdf.PdfReader(io.BytesIO(pdf(presentation))).pages[0]
    assert len(cover.images) == 1
    assert "12 rue de l’Exemple · 75000 Paris" in cover.extract_text().replace("\xa0", " ")


def test_a_cost_per_lead_above_its_target_is_above_and_not_ahead() -> None:
    pace = replace(sample.weekly().pace[0], slug="cpl", value=Decimal("31.37"), expected=Decimal(26), target=Decimal(26), projected=None)
    for language, standing in (("en", "€5.37 above"), ("fr", "5,37\xa0€ au-dessus")):
        presentation, _html, _text = of(replace(sample.weekly(), pace=(pace,)), language)
        assert presentation.month
        assert (presentation.month.paces[0].standing, presentation.month.paces[0].tone) == (standing, "bad")
