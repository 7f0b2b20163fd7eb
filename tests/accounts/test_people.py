"""The command that lets somebody in."""

from __future__ import annotations

import io
import re

import pytest
from django.core.management import CommandError, call_command
from django.test import Client as Browser

from accounts import audit
from accounts.access import clients_of
from accounts.models import User
from accounts.services import change_client
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


class TestTheFirstAgency:
    def test_it_is_made_with_an_owner_who_signs_in(self, cast: Cast) -> None:
        call_command("create_agency", "ouest", name="Agence Ouest", host="Reports.Ouest.example", stdout=io.StringIO())
        password = add("chief@ouest.example", role="owner", agency="ouest").split()[-1]
        browser = Browser(SERVER_NAME="reports.ouest.example")
        assert browser.post("/accounts/login/", {"login": "chief@ouest.example", "password": password})["Location"] == "/"
        assert "Agence Ouest" in browser.get("/a/ouest/clients/").content.decode()

    @pytest.mark.parametrize(
        ("slug", "host", "field"), [("nord", None, "slug"), ("a b", None, "slug"), ("new", "reports.sud.example", "host")]
    )
    def test_a_wrong_wish_names_the_field_and_makes_nothing(self, cast: Cast, slug: str, host: str | None, field: str) -> None:
        with pytest.raises(CommandError, match=f"^{field}: "):
            call_command("create_agency", slug, name="x", host=host)

    def test_clients_are_listed_with_what_tells_them_apart(self, cast: Cast) -> None:
        out = io.StringIO()
        call_command("list_clients", stdout=out)
        assert "lumen  Maison Lumen  nord  EUR  Europe/Paris" in out.getvalue().splitlines()


def test_a_changed_role_is_said_and_recorded_as_a_change(cast: Cast) -> None:
    add(cast.owner.email, role="analyst", agency="nord", client="lumen")
    assert "was analyst and is manager now" in add(cast.analyst.email, role="manager", agency="nord")
    assert audit.events_of(cast.agency)[0].verb == "member.changed"


def test_a_client_given_with_a_role_is_on_record_and_given_again_it_is_not(cast: Cast) -> None:
    for _time in range(2):
        add("new@nord.example", role="analyst", agency="nord", client="lumen")
    told = [audit.sentence(event) for event in audit.events_of(cast.agency)[:2]]
    assert told == ["gave new@nord.example these clients: Maison Lumen", "gave new@nord.example the role Analyst"]


def test_a_former_name_is_said_to_be_one(cast: Cast) -> None:
    change_client(cast.client, audit.OPERATOR, slug="maison")
    with pytest.raises(CommandError, match="The client 'lumen' is called 'maison' now"):
        add("a@b.example", role="viewer", client="lumen")
