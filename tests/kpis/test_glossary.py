"""Every KPI is explained to whoever sees its figures, in their language, with their own choices."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import date
from typing import Any

import pytest
from django.utils.html import strip_tags
from django.utils.translation import gettext, override

from accounts.audit import OPERATOR
from accounts.models import Client
from accounts.tenancy import inside
from campaigns.models import SystemOfRecord
from jobs import worker
from kpis import choices, decided
from kpis.choices import Choices
from kpis.definitions import CHAPTERS, DEFINITIONS, Direction, Reason, Unit
from kpis.measures import MEASURES
from kpis.words import DIRECTIONS, REASONS, UNITS
from tests.conftest import Cast, LoadText

# What the product promises to compute, by the identity that files, addresses and the API use.
PROMISED = [
    "spend", "impressions", "clicks", "ctr", "cpc", "cpm", "conversions", "cpa", "ad_conversion_rate", "conversion_value", "roas",
    "blended_roas", "media_roi", "roi", "leads", "cpl", "blended_cpl", "mql", "sql", "mql_to_sql", "mql_to_sql_period",
    "lead_to_customer", "days_to_close", "won", "new_customers", "media_cac", "cac", "revenue", "refunds", "orders", "aov", "customers",
    "arpa", "arpa_by_acquisition", "clv", "margin_clv", "ltv_to_cac", "payback_months", "retention_rate", "churn_rate",
    "revenue_churn_rate", "grr", "nrr", "repeat_revenue", "repeat_revenue_share", "sessions", "pageviews", "bounce_rate",
    "bounce_rate_classic", "engagement_rate", "landing_conversion_rate", "time_on_page", "session_duration", "exit_rate",
    "site_conversions", "email_sent", "email_delivered", "delivery_rate", "inbox_rate", "open_rate", "click_rate", "click_to_open",
    "unsubscribe_rate", "list_unsubscribe_rate", "subscribers", "list_growth", "email_bounce_rate", "complaint_rate",
    "revenue_per_recipient", "social_impressions", "social_reach", "followers", "engagements", "likes", "comments", "shares", "saves",
    "messages", "replies", "link_clicks", "engagement_rate_by_reach", "engagement_rate_by_impressions", "engagement_rate_by_followers",
    "video_hours",
]  # fmt: skip
# Names that are one word in both languages, or a symbol of the field.
SAME_IN_FRENCH = {"conversions", "impressions", "leads", "sessions"}


def shown(browser: Any, address: str = "") -> str:
    answer = browser.get(f"/c/lumen/glossary/{address}")
    assert answer.status_code == 200
    return str(answer.content.decode())


def entry(page: str, slug: str) -> str:
    """The words of one KPI's entry."""
    found = re.findall(rf'<article class="entry" id="{slug}".*?</article>', page, re.DOTALL)
    assert len(found) == 1, slug
    return re.sub(r"\s+", " ", strip_tags(re.sub(r"</?(d[ltd]|li|p|h3)\b", r" \g<0>", found[0])))


def slugs(page: str) -> list[str]:
    return re.findall(r'<article class="entry" id="(\w+)"', page)


@pytest.mark.parametrize("slug", PROMISED)
def test_every_promised_kpi_has_name_formula_unit_and_direction_in_both_languages(slug: str) -> None:
    definition = DEFINITIONS[slug]
    assert definition.unit in Unit
    assert definition.direction in Direction
    texts = (definition.name, definition.short, definition.formula, *definition.caveats)
    assert all(texts)
    with override("fr"):
        for text in (definition.name, definition.formula, *definition.caveats):
            assert gettext(text) != text or slug in SAME_IN_FRENCH, text


def test_every_kpi_tells_a_reader_what_to_mind_in_a_few_short_sentences() -> None:
    for definition in DEFINITIONS.values():
        assert 1 <= len(definition.caveats) <= 3, definition.slug
        for caveat in definition.caveats:
            assert len(caveat) <= 130, caveat
            assert caveat.endswith("."), caveat


def test_no_two_kpis_and_no_two_columns_share_a_name() -> None:
    for language in ("en", "fr"):
        with override(language):
            assert len({gettext(definition.name) for definition in DEFINITIONS.values()}) == len(DEFINITIONS)
            assert len({gettext(definition.short) for definition in DEFINITIONS.values()}) == len(DEFINITIONS)


def test_every_reason_unit_direction_and_choice_has_words() -> None:
    assert REASONS.keys() == set(Reason)
    assert UNITS.keys() == set(Unit)
    assert DIRECTIONS.keys() == set(Direction)
    assert decided.DECIDED.keys() | decided.OF_TIME == {field.name for field in fields(Choices)}
    assert {slug for measures, _ in decided.DECIDED.values() for slug in measures} <= MEASURES.keys()


@pytest.mark.django_db
class TestGlossaryPage:
    def test_lists_every_kpi_once_by_chapter(self, cast: Cast, signed_in: Any) -> None:
        page = shown(signed_in(cast.viewer))
        assert slugs(page) == list(DEFINITIONS)
        assert page.count('<section class="chapter"') == len(CHAPTERS)

    def test_explains_a_kpi_in_the_readers_language(self, cast: Cast, signed_in: Any) -> None:
        cpl = entry(shown(signed_in(cast.owner)), "cpl")
        assert "Media cost per lead CPL Money, in EUR ▼Less is better cpl Ad spend / leads of paid channels" in cpl
        assert "Made of ad spend · leads of paid channels" in cpl
        cast.owner.language = "fr"
        cast.owner.save()
        page = shown(signed_in(cast.owner))
        assert slugs(page) == list(DEFINITIONS)
        assert "Coût par lead (média) CPL Montant, en EUR ▼Plus il est bas, mieux c&#x27;est" in entry(page, "cpl")
        assert "Taux d&#x27;attrition" in entry(page, "churn_rate")

    def test_finds_by_name_symbol_or_either_language_without_a_script(self, cast: Cast, signed_in: Any) -> None:
        browser = signed_in(cast.owner)
        assert slugs(shown(browser, "?q=attrition")) == ["churn_rate", "revenue_churn_rate"]
        assert slugs(shown(browser, "?q=PANIER+MOYEN")) == ["aov"]
        assert "aov" in slugs(shown(browser, "?q=aov"))
        nothing = shown(browser, "?q=%3Cb%3Ezzz")
        assert slugs(nothing) == []
        assert "Nothing matches." in nothing
        assert "<b>zzz" not in nothing

    def test_says_whose_word_counts_for_this_client(self, cast: Cast, signed_in: Any) -> None:
        with inside(cast.client):
            SystemOfRecord.objects.create(subject="leads", source="hubspot")
            SystemOfRecord.objects.create(subject="revenue", source="stripe")
        page = shown(signed_in(cast.owner))
        assert "Leads as told by HubSpot" in entry(page, "mql")
        assert "Revenue as told by Stripe" in entry(page, "aov")
        assert "as told by" not in entry(page, "ctr")

    def test_says_which_of_its_choices_a_figure_follows(self, cast: Cast, signed_in: Any) -> None:
        decisions = {
            "engagement_parts": ["likes", "saves"], "tax_basis": "gross", "sales_costs": ["Salaries*"], "activity_window": 180,
            "mql_rule": {"kind": "events", "all": [{"kind": "visit", "times": 10}, {"kind": "download", "asset": "white paper*"}]},
        }  # fmt: skip
        with inside(cast.client):
            choices.choose_all(cast.client, decisions, None, OPERATOR)
            choices.choose(cast.client, "margin", "0.425", date(2026, 3, 1), OPERATOR)
        page = shown(signed_in(cast.owner))
        assert "What counts as an engagement likes, saves" in entry(page, "engagement_rate_by_reach")
        assert "Tax in revenue counted" in entry(page, "revenue")
        assert "Margin 42.5%, from 1 March 2026 on" in entry(page, "margin_clv")
        assert "Costs of sales Salaries*" in entry(page, "cac")
        assert "Rule for marketing-qualified leads 10 × visit + 1 × download “white paper*”" in entry(page, "mql")
        assert "Days without an order after which a customer is lost 180 days" in entry(page, "churn_rate")
        assert "Tax in revenue" not in entry(page, "ctr")

    def test_leads_to_every_figure_of_the_period_at_hand_and_names_of_figures_lead_there(
        self, lumen: Client, load_text: LoadText, cast: Cast, signed_in: Any
    ) -> None:
        columns, row = "date,source,account,campaign,channel,impressions,clicks,spend", "2026-11-10,google_ads,1,Brand,paid_search,100,9,4"
        load_text(lumen, "ads", f"{columns}\n{row}\n")
        worker.work_off()
        page = signed_in(cast.owner).get("/c/lumen/?period=2026-W46").content.decode()
        dated = "from=2026-11-09&amp;to=2026-11-15&amp;compare=previous"
        linked = set(re.findall(r'href="/c/lumen/kpis/(\w+)/\?([^"]+)"', page))
        assert {"revenue", "cpl", "ctr"} <= {slug for slug, _ in linked} <= DEFINITIONS.keys()
        assert {asked for _, asked in linked} == {dated, f"{dated}&amp;by=channel", f"{dated}&amp;by=campaign"}
        browser = signed_in(cast.owner)
        figure = browser.get("/c/lumen/kpis/ctr/?" + dated.replace("&amp;", "&")).content.decode()
        assert "9–15 November 2026 · compared with 2–8 November 2026" in figure
        [glossary] = set(re.findall(r'href="(/c/lumen/glossary/\?[^"]+)#ctr"', figure))
        entries = dict(re.findall(r'href="/c/lumen/kpis/(\w+)/\?([^"]+)"', browser.get(glossary.replace("&amp;", "&")).content.decode()))
        assert (entries.keys(), set(entries.values())) == (DEFINITIONS.keys(), {dated})
        latest = re.findall(r"/kpis/ctr/\?from=([\d-]+)&amp;to=([\d-]+)", browser.get("/c/lumen/glossary/?from=x").content.decode())
        assert [(date.fromisoformat(until) - date.fromisoformat(since)).days for since, until in latest] == [6]


def test_every_choice_is_told_in_the_readers_words() -> None:
    kept = Choices(activity_window=180, lifetime_months=24)
    with override("fr"):
        told = {name: tell(getattr(kept, name)) for name, (_, tell) in decided.DECIDED.items()}
    assert told == {
        "mql_rule": "selon sa source",
        "sql_rule": "selon sa source",
        "tax_basis": "non comptées",
        "margin": "non choisie",
        "sales_costs": "aucun",
        "ignored_costs": "",
        "retention_mode": "par abonnements s'il y en a, sinon par commandes",
        "activity_window": "180 jours",
        "repeat_revenue": "des clients dont la première commande précède la période",
        "lifetime_months": "24 mois",
        "engagement_parts": "mentions J'aime, commentaires, partages",
    }
