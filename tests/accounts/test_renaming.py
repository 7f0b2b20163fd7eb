"""A client may be called otherwise one day; what points to it keeps leading there, for those who may see it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from django.test import Client as Browser

from accounts.models import Client, FormerSlug, User
from accounts.services import change_client, create_client
from tests.accounts.test_tokens import actor, made, program
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Browser]


def rename(cast: Cast, slug: str, client: Client | None = None) -> None:
    change_client(client or cast.client, actor(cast.owner), slug=slug)


def test_old_links_lead_to_the_new_name_with_all_they_ask(cast: Cast, signed_in: SignIn) -> None:
    rename(cast, "maison")
    browser = signed_in(cast.viewer)
    answer = browser.get("/c/lumen/reports/2026-W46.pdf?x=1&y=%C3%A9")
    assert answer["Location"] == "/c/maison/reports/2026-W46.pdf?x=1&y=%C3%A9"
    # Not for good: the client may be renamed back, and a browser would not ask again.
    assert answer.status_code == 307
    assert browser.get("/c/maison/").status_code == 200


def test_a_programs_address_keeps_working(cast: Cast) -> None:
    client = program(made(cast.client, cast.owner))
    rename(cast, "maison")
    address = client.get("/api/v1/clients/lumen/kpis/?from=2026-11-09&to=2026-11-15")["Location"]
    assert address == "/api/v1/clients/maison/kpis/?from=2026-11-09&to=2026-11-15"
    assert client.get(address).status_code == 200


def test_a_stranger_learns_neither_name(cast: Cast, signed_in: SignIn) -> None:
    rename(cast, "maison")
    browser = signed_in(cast.stranger)
    assert browser.get("/c/lumen/").status_code == browser.get("/c/maison/").status_code == browser.get("/c/nobody/").status_code == 404


def test_an_agencys_own_host_does_not_lead_out_of_it(cast: Cast) -> None:
    rename(cast, "maison")
    browser = Browser(SERVER_NAME="reports.sud.example")
    browser.force_login(cast.owner, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert browser.get("/c/lumen/", follow=True).status_code == 404


def test_through_several_names_and_back(cast: Cast, signed_in: SignIn) -> None:
    for name in ("maison", "lumiere", "lumen"):
        rename(cast, name)
    browser = signed_in(cast.viewer)
    assert browser.get("/c/lumen/").status_code == 200
    assert browser.get("/c/maison/")["Location"] == browser.get("/c/lumiere/")["Location"] == "/c/lumen/"
    assert sorted(FormerSlug.objects.values_list("slug", flat=True)) == ["lumiere", "maison"]


def test_nobody_elses_former_name_can_be_taken(cast: Cast) -> None:
    """Links of years ago would show one company the address of another."""
    rename(cast, "maison")
    with pytest.raises(ValidationError) as refused:
        rename(cast, "lumen", cast.other_client)
    assert refused.value.message_dict == {"slug": ["This short name is taken."]}
    with pytest.raises(ValidationError):
        create_client("lumen", name="New", currency="EUR", timezone="Europe/Paris")
    assert cast.other_client.slug == "autre"


@pytest.mark.parametrize("slug", ["autre", "", "a b", "é", "x" * 51])
def test_a_wrong_name_is_refused_by_field_and_changes_nothing(cast: Cast, slug: str) -> None:
    with pytest.raises(ValidationError) as refused:
        rename(cast, slug)
    assert set(refused.value.message_dict) == {"slug"}
    assert Client.objects.filter(slug="lumen").exists()
    assert not FormerSlug.objects.exists()
