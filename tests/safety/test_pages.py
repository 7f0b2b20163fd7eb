"""A page runs and styles by our own files alone, whatever a campaign, a person or a company is called."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client as Browser

from reports.pages.catalogue import PAGES
from tests.accounts.addresses import URLS
from tests.accounts.test_sign_in import SIGN_IN_URLS, nobody, signs_in
from tests.conftest import Cast
from tests.safety.conftest import DAYS, Ill
from tests.safety.markup import Page, policy

pytestmark = pytest.mark.django_db

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}
# Mails in their frames, which have a policy of their own.
FRAMED = ("share_document", "preview_mail", "report_mail")
# Devices that no page of ours asks for.
REFUSED_DEVICES = ("camera", "microphone", "geolocation", "payment", "usb")


def addresses(ids: dict[str, int]) -> list[str]:
    """Every address that is read, with days where figures are."""
    known = [pattern.format(**ids) for name, method, pattern, _answers in URLS if method == "GET" and name not in FRAMED]
    figures = [f"/c/lumen/{'' if name == 'overview' else f'{name}/'}?{DAYS}" for name in PAGES]
    return [*known, *figures, f"/c/lumen/kpis/spend/?{DAYS}&by=campaign&page=1", "/c/lumen/glossary/?q=%3Cxss%3E"]


def is_page(answer: Any) -> bool:
    return str(answer.get("Content-Type", "")).startswith("text/html")


def refused(answer: Any) -> list[str]:
    """What a page's headers and markup leave open."""
    faults = [f"{name}: {answer.get(name)}" for name, value in HEADERS.items() if answer.get(name) != value]
    if answer.get("Referrer-Policy") not in ("same-origin", "no-referrer"):
        faults.append(f"Referrer-Policy: {answer.get('Referrer-Policy')}")
    devices = answer.get("Permissions-Policy", "")
    faults += [f"{device} is not refused" for device in REFUSED_DEVICES if f"{device}=()" not in devices]
    told = policy(answer.get("Content-Security-Policy", ""))
    faults += [f"{name}: {sources}" for name, sources in told.items() if {"'unsafe-inline'", "'unsafe-eval'", "*", "https:"} & set(sources)]
    for name, sources in {"default-src": ["'none'"], "script-src": ["'self'"], "object-src": ["'none'"], "base-uri": ["'none'"],
                          "frame-ancestors": ["'none'"], "form-action": ["'self'"]}.items():  # fmt: skip
        if told.get(name) != sources:
            faults.append(f"{name}: {told.get(name)}")
    page = Page(answer.content.decode())
    nonces = re.findall(r"'nonce-([^']+)'", answer.get("Content-Security-Policy", ""))
    if any(nonce not in nonces for nonce in page.nonces):
        faults.append(f"style without its nonce: {page.nonces}")
    return faults + page.faults


def test_no_page_runs_or_styles_anything_inline_whatever_things_are_called(ill: Ill, owner: Browser) -> None:
    found: dict[str, list[str]] = {}
    pages = 0
    anybody = nobody()
    for browser, looked_at in (
        (owner, addresses(ill.ids)),
        (anybody, [ill.share, ill.unsubscribe, "/accounts/login/", "/accounts/password/reset/", "/no/such/page/"]),
    ):
        for address in looked_at:
            answer = browser.get(address)
            assert answer.status_code < 500, address
            if is_page(answer):
                pages += 1
                if faults := refused(answer):
                    found[address] = faults
    assert found == {}
    assert pages > 70


def test_pages_of_sign_in_run_and_style_nothing_inline_either(cast: Cast) -> None:
    browsers = (signs_in(cast.owner), nobody())
    answers = [browser.get(address) for address, _statuses in SIGN_IN_URLS.values() for browser in browsers]
    found = {answer.request["PATH_INFO"]: refused(answer) for answer in answers if is_page(answer)}
    assert {address: faults for address, faults in found.items() if faults} == {}
    assert len(found) > 20


def test_what_styles_a_page_is_named_anew_for_every_page(cast: Cast) -> None:
    pages = [nobody().get("/accounts/login/") for _again in range(3)]
    nonces = [Page(page.content.decode()).nonces for page in pages]
    assert all(len(of_page) == 1 and len(of_page[0]) >= 16 for of_page in nonces)
    assert len({of_page[0] for of_page in nonces}) == 3


def test_a_report_is_shown_in_a_frame_where_nothing_runs_or_leads_away(ill: Ill, owner: Browser) -> None:
    shown = nobody().get(f"{ill.share}report/")
    previews = [
        pattern.format(**ill.ids) for name, method, pattern, _ in URLS if method == "GET" and name in ("preview_mail", "report_mail")
    ]
    for preview in (owner.get(address) for address in previews):
        closed = {name for name, sources in policy(preview["Content-Security-Policy"]).items() if sources == ["'none'"]}
        assert preview.status_code == 404 or closed >= {"default-src", "script-src", "form-action"}
    told = policy(shown["Content-Security-Policy"])
    closed = {name for name, sources in told.items() if sources == ["'none'"]}
    assert closed >= {"default-src", "script-src", "connect-src", "object-src", "base-uri", "form-action"}
    assert set(told["sandbox"]) == {"allow-popups", "allow-popups-to-escape-sandbox"}
    # A mail brings its own styles, and a base that opens links beside the frame.
    faults = [fault for fault in Page(shown.content.decode()).faults if " style=" not in fault and " bgcolor=" not in fault]
    assert [fault for fault in faults if not fault.startswith(("<base>", "<!--"))] == []
    assert shown["X-Content-Type-Options"] == "nosniff"


def test_files_and_answers_to_programs_are_taken_for_what_they_are(ill: Ill, owner: Browser) -> None:
    for address in (
        f"/c/lumen/channels/channels.csv?{DAYS}",
        f"/c/lumen/channels/channels.xlsx?{DAYS}",
        "/c/lumen/activity.csv",
        "/c/lumen/imports/templates/orders.csv",
        f"/api/v1/clients/lumen/kpis/?{DAYS}",
        "/api/v1/schema/",
        "/clients.json",
        f"{ill.share}pdf/",
    ):
        answer = owner.get(address)
        assert answer.status_code == 200, address
        assert answer["X-Content-Type-Options"] == "nosniff", address
        assert not answer["Content-Type"].startswith("text/html"), address
