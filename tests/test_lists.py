"""No page asks the database more for three things than for one, whichever things it lists."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.services import create_client
from accounts.tenancy import inside
from tests.accounts.stage import addresses, one_more, one_of_each
from tests.conftest import Cast, LoadText

pytestmark = pytest.mark.django_db
# Pages on which the things of this test's stage stand one beside the other. A page of the table is either here or below.
LISTS = {
    "activity", "agency_activity", "agency_labels", "agency_overview", "agency_team", "agency_tokens", "agency_webhooks", "annotations",
    "connections", "figure", "find", "imports", "mapping", "mapping_campaigns", "people", "questions", "report_list", "report_notes",
    "report_run", "schedule_recipients", "schedules", "share_links", "suppressions", "team", "tokens", "webhooks",
}  # fmt: skip
# Pages of one thing, forms, and lists whose length the product sets, or which have a test of their own beside what they list
# (figures by channel and campaign, decisions, targets, an operator's troubles).
OTHERS = {
    "agency_client_file", "agency_client_new", "agency_label", "agency_label_remove", "agency_member", "agency_member_remove",
    "agency_settings", "agency_team_invite", "agency_team_leave", "agency_token_revoke", "agency_webhook", "agency_webhook_remove",
    "annotation", "api_docs", "campaigns", "channels", "client_close", "cohorts", "connection", "connection_accounts",
    "connection_disconnect", "connection_new", "customers", "email", "funnel", "glossary", "import_file", "import_undo", "mapping_rules",
    "member", "member_remove", "operations", "overview", "person_apart", "preview_mail", "profile", "question", "question_ask",
    "report_preview", "schedule", "schedule_new", "schedule_remove", "schedule_restore", "set_up", "settings", "settings_choice",
    "settings_choices", "settings_figures", "site", "social", "targets", "team_invite", "token_revoke", "webhook", "webhook_remove",
}  # fmt: skip


def test_no_page_asks_more_for_three_things_than_for_one(cast: Cast, signed_in: Callable[..., Browser], load_text: LoadText) -> None:
    """And every list of the table did list three."""
    User.objects.filter(pk=cast.owner.pk).update(is_staff=True, is_superuser=True)
    browser, ids = signed_in(cast.owner), one_of_each(cast)
    facts(cast, load_text, 0)
    pages = list(html(browser, ids))
    assert {name for name, _address in pages} == LISTS | OTHERS, "name the page among LISTS or OTHERS"
    one = {address: measured(browser, address) for _name, address in pages}
    for number in (1, 2):
        one_more(cast, ids, number)
        facts(cast, load_text, number)
        create_client(f"more{number}", name=f"More {number}", agency=cast.agency, currency="EUR", timezone="Europe/Paris")
    three = {address: measured(browser, address) for _name, address in pages}
    more = {address: (one[address][0], count) for address, (count, _rows) in three.items() if count > one[address][0]}
    assert more == {}
    assert {name for name, address in pages if three[address][1] > one[address][1]} >= LISTS


def facts(cast: Cast, load_text: LoadText, number: int) -> None:
    """An order and a lead of a campaign of their own."""
    day = f"2026-11-{9 + number:02}"
    with inside(cast.client):
        load_text(cast.client, "leads", f"lead_id,created_at,channel,campaign\nL{number},{day}T10:00:00,,Fair {number}\n")
        load_text(cast.client, "orders", f"order_id,ordered_at,amount,customer_id\nO{number},{day}T10:00:00,10,C{number}\n")


def html(browser: Browser, ids: dict[str, int]) -> Iterator[tuple[str, str]]:
    """Names and addresses of the pages of the table."""
    for name, address in addresses(ids):
        answer = browser.get(address)
        list(answer)  # a file is closed when it was read
        if answer["Content-Type"].startswith("text/html"):
            yield name, address


def measured(browser: Browser, address: str) -> tuple[int, int]:
    """How many questions a page that was seen before asks, and how many rows, items and choices it has."""
    browser.get(address)
    with CaptureQueriesContext(connection) as asked:
        answer = browser.get(address)
    assert answer.status_code == 200, address
    # The way back to the public schema is made by the next request, whichever it is.
    count = sum(not query["sql"].startswith("SET search_path") for query in asked.captured_queries)
    return count, len(re.findall(r"<(?:tr|li|article|option|form)\b", answer.content.decode().partition("<main")[2]))
