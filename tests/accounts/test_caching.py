"""What somebody saw is kept nowhere for whoever comes next to the same browser or through the same proxy."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client as Browser

from accounts.models import User
from tests.accounts.test_sign_in import nobody, signs_in
from tests.accounts.test_tokens import KPIS, made, program
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Browser]


@pytest.mark.parametrize(
    "page",
    ["/", "/c/lumen/", "/c/lumen/team/", "/c/lumen/activity.csv", "/a/nord/", "/profile/", "/c/nobody/", KPIS.format("lumen")],
)
def test_a_browser_keeps_no_page_file_or_figures(cast: Cast, signed_in: SignIn, page: str) -> None:
    assert "no-store" in signed_in(cast.owner).get(page)["Cache-Control"]
    assert "no-store" in nobody().get(page)["Cache-Control"]


def test_what_a_program_reads_is_kept_for_nobody_else(cast: Cast) -> None:
    for machine in (program(made(cast.client, cast.owner)), program("no such token")):
        answer = machine.get(KPIS.format("lumen"))
        assert "no-store" in answer["Cache-Control"]
        assert "Authorization" in answer["Vary"]


def test_an_answer_that_says_how_long_it_is_kept_is_heard(cast: Cast, signed_in: SignIn) -> None:
    assert "max-age=0" in signed_in(cast.owner).get("/c/lumen/tokens/")["Cache-Control"]


def test_styles_and_scripts_are_kept(cast: Cast) -> None:
    page = nobody().get("/accounts/login/").content.decode()
    style = page.split('rel="stylesheet" href="')[1].split('"')[0]
    answer = nobody().get(style)
    answer.close()
    assert answer.status_code == 200
    assert "no-store" not in answer["Cache-Control"]


def test_signing_out_empties_what_the_browser_kept_before(cast: Cast) -> None:
    browser = signs_in(cast.owner)
    assert not browser.get("/accounts/logout/", secure=True).has_header("Clear-Site-Data")
    assert browser.post("/accounts/logout/", secure=True)["Clear-Site-Data"] == '"cache"'
