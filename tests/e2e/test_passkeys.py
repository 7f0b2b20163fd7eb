"""A passkey, in a real browser with a make-believe fingerprint reader."""

from __future__ import annotations

import re

from playwright.sync_api import CDPSession, Page, expect

from tests.conftest import Cast
from tests.e2e.test_journeys import sign_in


def fingerprint_reader(page: Page) -> CDPSession:
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session


def test_a_passkey_is_added_and_signs_in_alone(page: Page, new_site: str, cast: Cast) -> None:
    fingerprint_reader(page)
    sign_in(page, new_site, cast.viewer.email)
    page.wait_for_url(f"{new_site}/c/lumen/")
    page.goto(f"{new_site}/accounts/passkeys/add/")
    page.get_by_role("textbox", name="Name").fill("Work laptop")
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    page.goto(f"{new_site}/accounts/passkeys/")
    expect(page.get_by_text("Work laptop").first).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{new_site}/accounts/login/**")
    page.goto(f"{new_site}/accounts/login/?next=/c/lumen/reports/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{new_site}/c/lumen/reports/")


def test_a_passkey_is_the_second_step_after_a_password_and_shows_that_it_is_oneself(page: Page, new_site: str, cast: Cast) -> None:
    fingerprint_reader(page)
    sign_in(page, new_site, cast.viewer.email)
    page.wait_for_url(f"{new_site}/c/lumen/")
    page.goto(f"{new_site}/accounts/passkeys/add/")
    page.get_by_role("checkbox").uncheck()
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{new_site}/accounts/login/**")
    sign_in(page, f"{new_site}/accounts/login/", cast.viewer.email)
    expect(page.get_by_role("heading", level=1)).to_have_text("Second step")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(f"{new_site}/c/lumen/")
    page.goto(f"{new_site}/accounts/passkeys/reauthenticate/?next=/profile/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(f"{new_site}/profile/")


def test_a_browser_that_gives_none_says_so_and_leaves_the_password(page: Page, new_site: str, cast: Cast) -> None:
    session = fingerprint_reader(page)
    session.send("WebAuthn.disable")
    page.goto(f"{new_site}/accounts/login/")
    page.evaluate("() => { navigator.credentials.get = () => Promise.reject(new DOMException('no', 'NotAllowedError')) }")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_have_text(re.compile("did not work"))
    sign_in(page, f"{new_site}/accounts/login/", cast.viewer.email)
    page.wait_for_url(f"{new_site}/c/lumen/")
