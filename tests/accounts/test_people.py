"""The command that lets somebody in."""

from __future__ import annotations

import io
import re

import pytest
from django.core.management import CommandError, call_command
from django.test import Client as Browser

from accounts.access import clients_of
from accounts.models import User
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def add(email: str, **options: str) -> str:
    out = io.StringIO()
    call_command("add_person", email, stdout=out, **options)
    return out.getvalue()


def test_a_new_person_signs_in_with_the_printed_password(cast: Cast) -> None:
    said = add("new@lumen.example", role="viewer", client="lumen")
    password = said.split()[-1]
    browser = Browser(SERVER_NAME="localhost")
    assert browser.post("/accounts/login/", {"login": "New@Lumen.example", "password": password})["Location"] == "/"
    assert browser.get("/c/lumen/").status_code == 200


def test_a_known_person_gets_the_role_and_keeps_the_password(cast: Cast) -> None:
    before = cast.viewer.password
    assert "as before" in add(cast.viewer.email, role="manager", agency="nord", client="lumen")
    user = User.objects.get(pk=cast.viewer.pk)
    assert user.password == before
    found = clients_of(user).get()
    assert sorted(found.roles) == ["manager", "viewer"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("email", "options", "reason"),
    [
        ("nobody", {"role": "viewer", "client": "lumen"}, "'nobody' is not an e-mail address."),
        ("a@b.example", {"role": "viewer"}, "The role viewer is one of a client company: name it with --client alone."),
        ("a@b.example", {"role": "owner", "client": "lumen"}, "The role owner is one of an agency: name it with --agency."),
        ("a@b.example", {"role": "viewer", "client": "nowhere"}, "There is no client 'nowhere'."),
    ],
)
def test_a_wrong_wish_is_refused_with_the_reason_and_nobody_is_made(cast: Cast, email: str, options: dict[str, str], reason: str) -> None:
    with pytest.raises(CommandError, match=re.escape(reason)):
        add(email, **options)
    assert not User.objects.filter(email=email).exists()
