"""One number everywhere: page, API, CSV, command, PDF, and both parts of the mail say the same of the same week."""

from __future__ import annotations

import csv
import io
import json
import re
from decimal import Decimal
from email.message import EmailMessage
from html import unescape
from typing import Any

import pypdf
import pytest
from django.core.management import call_command

from accounts.models import Client
from jobs import worker
from kpis import formats
from kpis.definitions import DEFINITIONS
from reports import scheduling
from reports.models import Schedule
from tests.conftest import Cast, LoadText
from tests.mail_server import MailServer
from tests.reports.conftest import WEEK

SLUGS = ("revenue", "spend", "roas", "leads", "cpl", "orders")
ASKED: dict[str, Any] = {"from": "2026-11-09", "to": "2026-11-15", "kpi": list(SLUGS)}
# Of single channels for the month, of which the week is 7 in 30 days: (KPI, channel, of the week).
TARGETS = "month,kpi,channel,value\n2026-11,spend,paid_search,1800.60\n2026-11,leads,email,60\n"
AIMS = (("spend", "paid_search", Decimal("420.14")), ("leads", "email", Decimal(14)))
READERS = {"fr": "ana@lumen.example", "en": "bob@lumen.example"}


def flat(text: str) -> str:
    """Without tags, spaces and the marks at which a line may break: a PDF and a mail break lines where they like."""
    without_styles = re.sub(r"<(style|script).*?</\1>", "", text, flags=re.DOTALL)
    return re.sub(r"\s|\u200b", "", unescape(re.sub(r"<[^>]+>", "", without_styles)))


def parts(message: EmailMessage) -> dict[str, str]:
    """The surfaces that one mail holds, and its PDF."""
    found = {}
    for part in message.walk():
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes) and part.get_content_type() == "application/pdf":
            found["pdf"] = flat("".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(payload)).pages))
        elif isinstance(payload, bytes):
            found[part.get_content_type()] = flat(payload.decode())
    return found


@pytest.fixture
def sent(schedule: Schedule, mail_server: MailServer, load_text: LoadText) -> dict[str, dict[str, str]]:
    """By language, what readers were sent."""
    load_text(schedule.client, "targets", TARGETS)
    schedule.policy = Schedule.Policy.SEND
    schedule.save(update_fields=["policy"])
    scheduling.open_run(schedule, WEEK)
    worker.work_off()
    received = {message["To"]: message for message in mail_server.messages()}
    return {language: parts(received[address]) for language, address in READERS.items()}


def of_api(browser: Any) -> dict[str, Decimal]:
    answer = browser.get("/api/v1/clients/lumen/kpis/", ASKED).json()
    return {slug: Decimal(answer["kpis"][slug]["value"]) for slug in SLUGS}


def of_csv(browser: Any) -> dict[str, Decimal]:
    text = browser.get("/api/v1/clients/lumen/kpis/", {**ASKED, "format": "csv"}).content.decode("utf-8-sig")
    return {row["kpi"]: Decimal(row["value"]) for row in csv.DictReader(io.StringIO(text))}


def of_command() -> dict[str, Decimal]:
    out = io.StringIO()
    asked = [argument for slug in SLUGS for argument in ("--kpi", slug)]
    call_command("kpis", "lumen", "--from", ASKED["from"], "--to", ASKED["to"], *asked, "--json", stdout=out)
    return {slug: Decimal(json.loads(out.getvalue())["kpis"][slug]["value"]) for slug in SLUGS}


def test_every_figure_of_a_week_is_the_same_wherever_it_is_read(
    reported: Client, cast: Cast, signed_in: Any, sent: dict[str, dict[str, str]]
) -> None:
    browser = signed_in(cast.viewer)
    figures = of_api(browser)
    assert figures["revenue"] == Decimal("1510.40")
    assert figures["spend"] == Decimal("600.75")
    assert of_csv(browser) == figures
    assert of_command() == figures
    for language, surfaces in sent.items():
        browser.cookies["django_language"] = language
        page = browser.get("/c/lumen/", {"week": WEEK}, headers={"accept-language": language}).content.decode()
        everywhere = {**surfaces, "page": flat(page)}
        assert sorted(everywhere) == ["page", "pdf", "text/html", "text/plain"]
        for slug, value in figures.items():
            told = flat(formats.figure(value, DEFINITIONS[slug].unit, reported.currency, language))
            assert [name for name, text in everywhere.items() if told not in text] == [], (language, slug, told)


def test_a_channels_target_is_the_same_beside_its_figure_wherever_that_is_read(
    reported: Client, cast: Cast, signed_in: Any, sent: dict[str, dict[str, str]]
) -> None:
    browser = signed_in(cast.viewer)
    asked = {**ASKED, "by": "channel"}
    groups = {group["key"]: group["kpis"] for group in browser.get("/api/v1/clients/lumen/kpis/", asked).json()["groups"]}
    text = browser.get("/api/v1/clients/lumen/kpis/", {**asked, "format": "csv"}).content.decode("utf-8-sig")
    lines = {(row["key"], row["kpi"]): row for row in csv.DictReader(io.StringIO(text))}
    days = {name: ASKED[name] for name in ("from", "to")}
    taken = browser.get("/c/lumen/channels/channels.csv", days).content.decode("utf-8-sig")
    columns, *rows = csv.reader(io.StringIO(taken))
    for slug, channel, target in AIMS:
        assert Decimal(groups[channel][slug]["target"]) == Decimal(lines[channel, slug]["target"]) == target
        assert target in [Decimal(row[columns.index(f"{DEFINITIONS[slug].name}, target")] or 0) for row in rows]
        assert groups["display"][slug]["target"] is None
    for language, surfaces in sent.items():
        browser.cookies["django_language"] = language
        page = browser.get("/c/lumen/channels/", days, headers={"accept-language": language}).content.decode()
        word = {"en": "Target", "fr": "Objectif"}[language]
        for slug, _channel, target in AIMS:
            told = flat(f"{word} {formats.figure(target, DEFINITIONS[slug].unit, reported.currency, language)}")
            everywhere = {**surfaces, "page": flat(page)}
            assert [name for name, read in everywhere.items() if told not in read] == [], (language, slug, told)
