"""A report in one language, ready to be shown: every figure as text. Page, PDF and e-mail use only this."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts import moments
from accounts.brand import picture
from reports import content
from reports.charts import palette
from reports.failing import attempt
from reports.presentation import (
    charting,
    correcting,
    data_state,
    figures,
    funnel,
    lines,
    moves,
    pacing,
    rankings,
    rates,
    retention,
    scorecard,
    sentences,
    tables,
    waterfalls,
    words,
)
from reports.presentation.edition import Edition
from reports.presentation.parts import Presentation, Row, Table
from reports.presentation.tables import dash_notes
from reports.presentation.words import reason_text

if TYPE_CHECKING:
    from accounts.brand import Brand

__all__ = ["Presentation", "Row", "Table", "dash_notes", "present", "reason_text"]


def present(report: content.Report, language: str, brand: Brand) -> Presentation:
    """`report` in `language` ("en" or "fr") under `brand`. The only place where figures become text.

    Raises `reports.failing.Failed` for the section that cannot be told.
    """
    with override(language):
        return _presentation(Edition(report, language), brand)


def _presentation(edition: Edition, brand: Brand) -> Presentation:
    report, language = edition.report, edition.language
    # A page has courses and layers of its own.
    is_page = bool(report.grain)
    return Presentation(
        language=language,
        client_slug=report.client_slug,
        client_name=report.client_name,
        brand_name=brand.name,
        brand_primary=brand.primary,
        brand_accent=brand.accent,
        palette=palette(brand.primary, brand.accent),
        week=report.period,
        title=words.report_title(report.cadence),
        subject=sentences.subject(edition),
        period=edition.period.heading,
        comparison=sentences.comparison(edition),
        verdict=sentences.verdict(edition),
        good=sentences.notable(edition, "good"),
        watch=sentences.notable(edition, "bad"),
        comparable=any(figures.change(edition, figure) for figure in edition.headlines.values()),
        threshold=sentences.threshold(edition),
        provisional=sentences.provisional(edition),
        tiles=attempt("tiles", figures.tiles, edition),
        trend=None if is_page else charting.trend(edition),
        leads=None if is_page else charting.leads(edition),
        channels=attempt("channels", tables.channels, edition),
        campaigns=attempt("campaigns", tables.campaigns, edition),
        data_state=data_state.line(edition),
        data_tone=data_state.tone(edition),
        sources=attempt("sources", data_state.sources, edition),
        explanations=figures.explanations(edition),
        rounding=_("Figures are rounded for display; totals and ratios are computed from exact amounts."),
        generated=_("Generated on %(moment)s") % {"moment": moments.instant(report.generated_at, edition.zone, language)},
        generated_on=moments.day(report.generated_at.astimezone(edition.zone).date(), language),
        generated_timestamp=int(report.generated_at.timestamp()),
        brand_logo=_logo(brand),
        brand_logo_url=brand.logo_url,
        brand_footer=brand.footer,
        banner=data_state.banner(edition),
        moves=attempt("contributions", moves.moves, edition),
        ranking=attempt("ranking", rankings.ranking, edition),
        lines=lines.lines(edition),
        month=attempt("pace", pacing.month, edition),
        notes=report.notes,
        corrections=correcting.corrections(edition),
        length=report.length,
        snapshot=report.snapshot,
        scorecard=scorecard.scorecard(edition),
        waterfalls=attempt("contributions", waterfalls.waterfalls, edition),
        money=tables.money(edition),
        funnel=attempt("funnel", funnel.funnel, edition),
        mailings=attempt("mailings", tables.mailings, edition),
        pages=attempt("pages", tables.pages, edition),
        posts=attempt("posts", tables.posts, edition),
        retention=attempt("retention", retention.triangle, edition),
        customers=scorecard.customers(edition),
        rates=rates.rates(edition),
        courses=attempt("courses", charting.courses, edition),
        layers=attempt("by_channel", charting.layers, edition),
        times=attempt("times", tables.times, edition),
    )


def _logo(brand: Brand) -> str:
    """The logo as SVG text, which every surface can hold; "" where there is none."""
    found = picture(brand) if brand.logo else None
    if found is None:
        return ""
    content = base64.b64encode(found.content).decode()
    size = f'width="{found.width}" height="{found.height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}><image {size} href="data:image/png;base64,{content}"/></svg>'
