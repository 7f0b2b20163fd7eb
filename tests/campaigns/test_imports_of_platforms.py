"""Exports of platforms in English and French are recognised and read as they are; other files as well as can be guessed."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from accounts.models import Client
from campaigns.imports import Doubt, Mapping, load, propose, recalled, remember, template
from campaigns.imports.kinds import KINDS, Values
from campaigns.imports.presets import PRESETS
from campaigns.imports.reasons import Reason
from campaigns.imports.styles import DateStyle
from campaigns.models import Connection, EmailSend, Lead, Order
from tests.campaigns.importing import Save, read, with_account

# Made-up figures under the names and in the styles of real exports.
EXPORTS: dict[str, tuple[str, str, str, str, list[Values], int]] = {
    "Google Ads in French, for Excel": (
        "utf-16", "google_ads", "ads",
        ('Rapport sur les campagnes\n"1 sept. 2026 - 2 sept. 2026"\nJour\tCampagne\tCode de la devise\tCoût\tImpr.\tClics\tConversions\n'
        "2026-09-01\tToitures\tCAD\t12,34\t1\N{NARROW NO-BREAK SPACE}234\t7\t1,00\n"
        "2026-09-02\tTotal Énergie\tCAD\t1\N{NO-BREAK SPACE}020,50\t10 500\t88\t --\n"
        "Total : compte\t --\tCAD\t1 032,84\t11 734\t95\t3,50\n"),
        [
            {"date": date(2026, 9, 1), "campaign": "Toitures", "spend": 12_340_000_000, "impressions": 1234, "clicks": 7,
             "conversions": 1_000_000, "currency": "CAD"},
            {"date": date(2026, 9, 2), "campaign": "Total Énergie", "spend": 1_020_500_000_000, "impressions": 10_500, "clicks": 88,
             "currency": "CAD"},
        ],
        1,
    ),
    "Google Ads in English": (
        "utf-8", "google_ads", "ads",
        ('Campaign report\n"September 1, 2026 - September 30, 2026"\nCampaign,Day,Customer ID,Currency code,Cost,Impr.,Clicks,Conv. value\n'
        'Brand,2026-09-01,877-953-6058,USD,"1,012.34","1,234",7,10.5\n'
        'Total: Account, --,,USD,"1,240.10","98,765",512, --\nTotal: Campaigns, --,,USD,"1,240.10","98,765",512, --\n'),
        [
            {"date": date(2026, 9, 1), "account": "877-953-6058", "campaign": "Brand", "spend": 1_012_340_000_000, "impressions": 1234,
             "clicks": 7, "conversion_value": 10_500_000_000, "currency": "USD"},
        ],
        2,
    ),
    "Meta in French": (
        "cp1252", "meta_ads", "ads",
        ("Jour;Nom du compte;Nom de la campagne;Montant dépensé (USD);Impressions;Clics sur un lien;Achats\r\n"
        '01/08/2026;Maison;Été - Large;"1 234,56";45012;12;3\r\n23/08/2026;Maison;Été - Large;"1 002,00";39887;;\r\n'),
        [
            {"date": date(2026, 8, 1), "account": "Maison", "campaign": "Été - Large", "spend": 1_234_560_000_000, "impressions": 45_012,
             "clicks": 12, "conversions": 3_000_000, "currency": "USD"},
            {"date": date(2026, 8, 23), "account": "Maison", "campaign": "Été - Large", "spend": 1_002_000_000_000, "impressions": 39_887,
             "currency": "USD"},
        ],
        0,
    ),
    "Meta in English, by day without a column of it": (
        "utf-8", "meta_ads", "ads",
        ("Campaign name,Account ID,Amount spent (EUR),Link clicks,Impressions,Reporting starts,Reporting ends\n"
        "Look,42,12.5,3,900,2026-08-01,2026-08-01\n"),
        [
            {"date": date(2026, 8, 1), "account": "42", "campaign": "Look", "spend": 12_500_000_000, "clicks": 3, "impressions": 900,
             "currency": "EUR"},
        ],
        0,
    ),
    "Mailchimp": (
        "utf-8", "mailchimp", "email",
        ("Title,Subject,List,Send Date,Send Weekday,Total Recipients,Successful Deliveries,Soft Bounces,Hard Bounces,Total Bounces,"
        "Times Forwarded,Forwarded Opens,Unique Opens,Open Rate,Total Opens,Unique Clicks,Click Rate,Total Clicks,Unsubscribes,"
        'Abuse Complaints,Unique Id\nNews,Hello,All,"Mar 31, 2014 08:49 pm",Monday,110,108,1,1,2,0,0,30,27.78%,57,7,6.48%,7,0,0,ab12\n'),
        [
            {"sent_at": datetime(2014, 3, 31, 18, 49, tzinfo=UTC), "campaign_id": "ab12", "campaign": "News", "sent": 110,
             "hard_bounces": 1, "soft_bounces": 1, "opens": 57, "unique_opens": 30, "clicks": 7, "unique_clicks": 7, "unsubscribes": 0,
             "spam_complaints": 0},
        ],
        0,
    ),
    "Instagram by day": (
        "utf-8", "instagram", "social",
        ("Post ID,Account ID,Account username,Account name,Description,Duration (sec),Publish time,Permalink,Post type,"
        'Data comment,Date,Views,Reach,Likes,Shares,Follows,Comments,Saves\n178,1784,maison.lumen,Maison Lumen,'
        '"Autumn lamps\nOnly this week!",0,09/13/2026 06:08,https://www.instagram.com/p/178/,IG image,,09/15/2026,"1,250",900,61,8,4,5,\n'),
        [
            {"date": date(2026, 9, 15), "account": "maison.lumen", "post_id": "178", "title": "Autumn lamps",
             "url": "https://www.instagram.com/p/178/", "impressions": 1250, "reach": 900, "likes": 61, "shares": 8, "comments": 5},
        ],
        0,
    ),
    "Facebook by day": (
        "utf-8", "facebook", "social",
        ("Post ID,Page ID,Page name,Title,Description,Duration (sec),Publish time,Permalink,Post type,Date,Views,Reach,Reactions,Comments,"
        "Shares\n"
        "9,61,Maison Lumen,Lamps,,0,09/13/2026 06:08,https://www.facebook.com/reel/9,Reel,09/15/2026,100,90,6,5,8\n"),
        [
            {"date": date(2026, 9, 15), "account": "Maison Lumen", "post_id": "9", "title": "Lamps", "url": "https://www.facebook.com/reel/9",
             "impressions": 100, "reach": 90, "likes": 6, "comments": 5, "shares": 8},
        ],
        0,
    ),
    "Google Analytics in English": (
        "utf-8", "ga4", "web",
        "# ----------------------------------------\n# All Users\n# 20260901-20260930\n# ----------------------------------------\n\n"
        "Date,Landing page + query string,Session source / medium,Sessions,Engaged sessions,Key events,Total revenue\n"
        ",,,15,5,2,12.5,Grand total\n".replace(",Grand total", "").replace(",,,15", "Grand total,,,15")
        + "20260901,/a?x=1,google / cpc,10,5,2,12.5\n20260902,,(direct) / (none),5,0,0,0\n",
        [
            {"date": date(2026, 9, 1), "landing_page": "/a?x=1", "source_medium": "google / cpc", "sessions": 10, "engaged_sessions": 5,
             "conversions": 2_000_000, "revenue": 12_500_000_000},
            {"date": date(2026, 9, 2), "source_medium": "(direct) / (none)", "sessions": 5, "engaged_sessions": 0, "conversions": 0,
             "revenue": 0},
        ],
        1,
    ),
    "Google Analytics in French": (
        "utf-8", "ga4", "web",
        ("Date,Groupe de canaux principal de la session (Groupe de canaux par défaut),Sessions,Sessions avec engagement,Événements clés,"
        "Utilisateurs actifs\n20260501,Organic Search,100,60,5,80\n"),
        [
            {"date": date(2026, 5, 1), "channel_group": "Organic Search", "sessions": 100, "engaged_sessions": 60,
             "conversions": 5_000_000, "users": 80},
        ],
        0,
    ),
    "Google Analytics, pages": (
        "utf-8", "ga4", "pages",
        "Date,Chemin de la page et classe de l’écran,Vues,Utilisateurs actifs\n20260501,/offres,100,60\n",
        [{"date": date(2026, 5, 1), "page": "/offres", "views": 100}],
        0,
    ),
    "HubSpot": (
        "utf-8", "hubspot", "leads",
        ('"Record ID","First Name","Email","Create Date","Original Source","Became a Marketing Qualified Lead Date"\n'
        '"123","Ana","ana@example.com","2026-09-03 10:14","Paid Search",""\n'),
        [
            {"lead_id": "123", "email": "hash of ana@example.com", "created_at": datetime(2026, 9, 3, 8, 14, tzinfo=UTC),
             "channel_group": "Paid Search"},
        ],
        0,
    ),
    "Shopify": (
        "utf-8", "shopify", "orders",
        ("Name,Email,Financial Status,Paid at,Currency,Subtotal,Shipping,Taxes,Total,Created at,Lineitem quantity,Lineitem name,Id\n"
        "#1001,ada@example.com,paid,2026-09-03 10:15:00 -0400,USD,47.00,6.00,3.29,56.29,2026-09-03 10:14:00 -0400,2,Fern,5550000001\n"
        "#1001,ada@example.com,,,,,,,,2026-09-03 10:14:00 -0400,1,Bag,\n"),
        [
            {"order_id": "5550000001", "email": "hash of ada@example.com", "ordered_at": datetime(2026, 9, 3, 14, 14, tzinfo=UTC),
             "amount": 47_000_000_000, "tax": 3_290_000_000, "shipping": 6_000_000_000, "product": "Fern", "currency": "USD"},
        ],
        0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EXPORTS)
class TestExportsOfPlatforms:
    def test_are_recognised_and_read_as_proposed(self, save: Save, name: str) -> None:
        encoding, platform, kind, text, expected, sums = EXPORTS[name]
        path = save(text, encoding)
        proposal = propose(path)
        assert (proposal.preset, proposal.kind) == (platform, kind)
        assert set(proposal.missing) <= {"account"}
        mapping = with_account(proposal.mapping) if proposal.missing else proposal.mapping
        rows, faults, skipped = read(path, kind, mapping)
        assert [str(fault) for fault in faults] == []
        given = {"source": platform} | ({"account": "42"} if proposal.missing else {})
        assert rows == [row | given for row in expected]
        assert skipped == sums

    def test_what_is_proposed_survives_being_kept(self, save: Save, name: str) -> None:
        encoding, _platform, _kind, text, _expected, _sums = EXPORTS[name]
        mapping = propose(save(text, encoding)).mapping
        assert Mapping.from_json(json.loads(json.dumps(mapping.as_json()))) == mapping


def test_every_preset_leads_to_columns_of_its_kind_and_tells_itself_by_its_own() -> None:
    for preset in PRESETS:
        kind = KINDS[preset.kind]
        assert all(kind.column(target) for target in (*preset.columns, *preset.constants)), preset
        own = {name for names in preset.columns.values() for name in names}
        assert all(set(group) & own or preset.platform == "shopify" for group in preset.telltales), preset


class TestProposing:
    def test_a_canonical_file_of_any_kind_is_known_without_doubt(self, save: Save) -> None:
        for name, kind in KINDS.items():
            proposal = propose(save(template(kind)))
            assert (proposal.kind, proposal.confidence, proposal.doubts) == (name, 1.0, [])

    def test_a_table_of_ones_own_is_understood_by_its_words(self, save: Save) -> None:
        path = save("Jour;Plateforme;Compte;Campagne;Dépenses;Clics\n9 nov. 2025;meta_ads;42;Été;(12,50 €);3\n", "cp1252")
        proposal = propose(path)
        assert (proposal.kind, proposal.preset, proposal.missing) == ("ads", "", [])
        assert (proposal.mapping.dates, proposal.mapping.numbers, proposal.mapping.encoding) == ("words", "comma", "cp1252")
        assert proposal.confidence < 0.9

    def test_a_table_is_of_the_kind_that_knows_most_of_it(self, save: Save) -> None:
        path = save("Référence;Client;Date;Montant;Campagne\nC-1;7;9/11/2026;12,50;Noël\n", "cp1252")
        proposal = propose(path)
        assert (proposal.kind, proposal.missing) == ("orders", ["order_id"]), "not customers, without the days and the amounts"

    def test_days_that_can_be_read_in_two_ways_are_a_doubt(self, save: Save) -> None:
        head = "date,source,account,campaign,clicks,spend,note\n"
        assert Doubt.DATES in propose(save(head + "03/04/2026,x,1,A,1,1,\n")).doubts
        assert Doubt.DATES not in propose(save(head + "03/24/2026,x,1,A,1,1,\n")).doubts

    def test_numbers_that_can_be_read_in_two_ways_are_a_doubt(self, save: Save) -> None:
        head = "date,source,account,campaign,spend,note\n"
        assert Doubt.NUMBERS in propose(save(head + '2026-04-03,x,1,A,"1,234",\n')).doubts
        assert Doubt.NUMBERS not in propose(save(head + '2026-04-03,x,1,A,"1,234.50",\n')).doubts

    def test_a_report_without_a_day_is_told_so(self, save: Save) -> None:
        path = save("# All Users\nLanding page + query string,Sessions,Engaged sessions,Key events\n/a,10,5,2\n")
        proposal = propose(path)
        assert (proposal.preset, proposal.missing) == ("ga4", ["date"])
        assert Doubt.NO_DAY in proposal.doubts
        _rows, faults, _ = read(path, "web", proposal.mapping)
        assert [fault.reason for fault in faults] == [Reason.NO_DAY]

    def test_a_report_by_week_is_told_so(self, save: Save) -> None:
        path = save("Week,Campaign,Currency code,Cost,Clicks\n2026-08-31,Spring,CAD,70.00,1\n")
        assert Doubt.SEVERAL_DAYS in propose(path).doubts

    @pytest.mark.parametrize("content", [b"", b"\n\n", b"\x00\x01\x02", b"hello", b"PK\x03\x04 nothing", "ÿþ".encode("utf-16")])
    def test_what_is_no_table_is_no_error(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "odd"
        path.write_bytes(content)
        from campaigns.imports.files import Unreadable

        try:
            assert propose(path).confidence == 0.0
        except Unreadable as problem:
            assert problem.reason is Reason.NOT_A_WORKBOOK  # noqa: PT017


class TestThroughTheDoor:
    def test_exports_are_stored_as_they_are_proposed(self, lumen: Client, save: Save) -> None:
        for name in ("Google Ads in English", "Mailchimp", "HubSpot", "Shopify"):
            encoding, _platform, kind, text, _expected, _sums = EXPORTS[name]
            path = save(text, encoding)
            assert load(lumen, KINDS[kind], path, propose(path).mapping).inserted == 1
        assert Connection.objects.get(source="google_ads").account == "8779536058"
        assert Connection.objects.get(source="google_ads").currency == "USD"
        assert EmailSend.objects.get().origin.channel == "email"
        assert Lead.objects.get().origin.channel == "paid_search"
        assert len(Order.objects.get().email_hash) == 64


class TestNextTime:
    HEAD = "Tag;Kampagne;Klicks;Konto\n"

    def test_a_file_with_the_same_header_is_read_as_a_person_mapped_the_last_one(self, lumen: Client, save: Save) -> None:
        columns = {"Tag": "date", "Kampagne": "campaign", "Klicks": "clicks", "Konto": "account"}
        mapping = Mapping(columns=columns, constants={"source": "x"}, dates=DateStyle.DAY_FIRST, delimiter=";")
        remember("ads", propose(save(self.HEAD + "01.08.2026;A;1;42\n")).header, mapping, "ana@people.example")
        proposal = recalled(propose(save("Bericht\n" + self.HEAD + "02.08.2026;Ä;1;42\n", "cp1252")))
        assert (proposal.kind, proposal.confidence, proposal.missing) == ("ads", 1.0, [])
        assert (proposal.mapping.encoding, proposal.mapping.skip_lines) == ("cp1252", 1)
        assert load(lumen, KINDS["ads"], save("Bericht\n" + self.HEAD + "02.08.2026;Ä;1;42\n", "cp1252"), proposal.mapping).inserted == 1

    def test_another_header_is_another_file(self, lumen: Client, save: Save) -> None:
        remember("ads", ["Tag", "Kampagne"], Mapping(), "ana@people.example")
        proposal = propose(save(self.HEAD + "01.08.2026;A;1;42\n"))
        assert recalled(proposal) == proposal
