"""Whatever is typed into a form or an address, the answer is no error of ours."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client as Browser

from accounts.models import Membership, User
from tests.accounts.test_sign_in import nobody, signs_in
from tests.accounts.test_tokens import KPIS
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Browser]


@pytest.mark.parametrize(
    "address",
    [
        "/c/lumen/activity/?who=%00&kind=%00&before=%00",
        "/c/lumen/activity/?before=999999999999999999",
        "/c/lumen/activity.csv?who=%00",
        "/c/lumen/team/invite/?email=%00&role=%00&client=%00&client=x",
        "/a/nord/team/invite/?email=%00&role=%00&client=%00&client=99999999999999999999999",
        "/c/lumen/team/99999999999999999999999/",
        "/c/lumen/tokens/99999999999999999999999/revoke/",
        "/accounts/sessions/99999999999999999999999/end/",
        "/accounts/confirm-email/%D9%A3/",
        "/accounts/password/reset/key/zzzzzzzzzzzzzzzzzzzz-%00/",
        "/accounts/password/reset/key/1-%00/",
        "/accounts/password/reset/key/zzzzzzzzzzzzz-x/",
        "/accounts/login/?next=/%00",
        "/clients.json?q=%00&page=%00",
        "/c/lumen/imports/?before=%00",
        "/c/lumen/imports/?before=999999999999999999",
        "/c/lumen/imports/99999999999999999999999/",
        "/c/lumen/imports/99999999999999999999999/undo/",
        "/api/v1/clients/lumen/imports/?before=%00",
        "/api/v1/clients/lumen/imports/?before=99999999999999999999999",
        "/api/v1/clients/lumen/imports/99999999999999999999999/",
        KPIS.format("lumen") + "&kpi=%00&by=%00",
    ],
)
def test_in_queries(cast: Cast, signed_in: SignIn, address: str) -> None:
    for browser in (signed_in(cast.owner), nobody()):
        browser.raise_request_exception = False
        assert browser.get(address).status_code < 500


@pytest.mark.parametrize("lang", ["%00", "..%2F..%2Fx", "x" * 3000, "%F0%9F%98%80", "en_%00"])
def test_in_the_language_of_the_apis_description(cast: Cast, signed_in: SignIn, lang: str) -> None:
    browser = signed_in(cast.owner)
    browser.raise_request_exception = False
    assert browser.get(f"/api/v1/schema/?lang={lang}").status_code < 500


@pytest.mark.parametrize(
    "nul",
    [
        "a\0b",
        pytest.param("\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), marks=pytest.mark.long),
        "x" * 5000,
        pytest.param("é" * 300, marks=pytest.mark.long),
        pytest.param("\u202e", marks=pytest.mark.long),
    ],
)
def test_in_every_form(cast: Cast, signed_in: SignIn, nul: str) -> None:
    member = Membership.objects.get(user=cast.viewer).pk
    forms: dict[str, list[str]] = {
        "/accounts/login/": ["login", "password"],
        "/accounts/password/reset/": ["email"],
        "/accounts/reauthenticate/": ["password"],
        "/accounts/2fa/totp/activate/": ["code"],
        "/accounts/password/change/": ["oldpassword", "password1", "password2"],
        "/accounts/email/": ["email", "action_add"],
        "/profile/": ["name", "language"],
        "/language/setlang/": ["language", "next"],
        "/c/lumen/settings/": ["name", "slug", "language"],
        "/c/lumen/settings/close/": ["typed"],
        "/c/lumen/tokens/": ["name", "scope", "days"],
        "/c/lumen/team/invite/": ["email", "role", "language"],
        f"/c/lumen/team/{member}/": ["role", "clients"],
        "/a/nord/team/invite/": ["email", "role", "language", "clients"],
        "/a/nord/clients/new/": ["name", "slug", "currency", "timezone", "language"],
        "/a/nord/settings/": ["name", "primary_colour", "accent_colour", "reply_to"],
    }
    failed: list[tuple[str, dict[str, str]]] = []
    for address, fields in forms.items():
        for browser in (signs_in(cast.owner), nobody()):
            browser.raise_request_exception = False
            wrong = [dict.fromkeys(one, nul) for one in [*([field] for field in fields), fields]]
            failed += [(address, form) for form in wrong if browser.post(address, form).status_code >= 500]
    assert failed == []
