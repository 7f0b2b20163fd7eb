"""An agency's people see a client's pages as its viewers do: reading only, never more than they may anyway."""

from __future__ import annotations

import re

import pytest
from django.test import Client as Browser

from accounts import audit
from accounts.models import AuditEvent, Client, Membership
from tests.accounts.reading import SignIn, text
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
BEGIN, LEAVE = "/c/lumen/view-as/", "/c/lumen/view-as/leave/"


def navigation(browser: Browser, page: str = "/c/lumen/reports/") -> list[str]:
    nav = browser.get(page).content.decode().split('<nav class="side-nav"')[1].split("</nav>")[0]
    return re.findall(r"<a[^>]*>([^<]*)</a>", nav)


def test_they_see_what_a_viewer_sees_under_a_banner_until_they_leave(cast: Cast, signed_in: SignIn) -> None:
    owner, viewer = signed_in(cast.owner), signed_in(cast.viewer)
    assert "View as client" in text(owner.get("/c/lumen/"))
    assert owner.post(BEGIN)["Location"] == "/c/lumen/"
    page = owner.get("/c/lumen/")
    assert "You see Maison Lumen as its viewers do. Nothing can be changed." in text(page)
    assert navigation(owner) == navigation(viewer)
    assert owner.get("/c/lumen/find.json?q=a").json() == viewer.get("/c/lumen/find.json?q=a").json()
    assert "Set-up" not in text(page)
    for closed in ("connections/", "settings/", "activity/", "team/", "imports/"):
        assert owner.get(f"/c/lumen/{closed}").status_code == viewer.get(f"/c/lumen/{closed}").status_code == 403
    assert owner.post(LEAVE)["Location"] == "/c/lumen/"
    assert "You see Maison Lumen as" not in text(owner.get("/c/lumen/"))
    assert owner.get("/c/lumen/settings/").status_code == 200
    assert [audit.sentence(event) for event in AuditEvent.objects.filter(verb__startswith="client.view").order_by("pk")] == [
        "looked at the pages of Maison Lumen as its viewers see them",
        "went back to their own view of Maison Lumen",
    ]
    # Leaving twice says nothing twice.
    owner.post(LEAVE)
    assert AuditEvent.objects.filter(verb="client.view_left").count() == 1


def test_nothing_is_changed_meanwhile_not_even_what_everybody_may(cast: Cast, signed_in: SignIn) -> None:
    owner = signed_in(cast.owner)
    owner.post(BEGIN)
    for address in ("team/leave/", "settings/", "settings/close/", "view-as/", "set-up/", "team/invite/"):
        assert owner.post(f"/c/lumen/{address}", {"do": "dismiss", "name": "x"}).status_code == 403, address
    assert owner.post("/api/v1/clients/lumen/choices/", {"tax_basis": "gross"}).status_code == 403
    assert owner.get("/api/v1/clients/lumen/choices/").status_code == 403
    assert Membership.objects.filter(user=cast.owner).exists()
    assert Client.objects.get(slug="lumen").closed_at is None


def test_it_holds_for_that_client_and_that_session_only(cast: Cast, signed_in: SignIn) -> None:
    owner = signed_in(cast.owner)
    owner.post(BEGIN)
    assert owner.get("/a/nord/team/").status_code == 200
    assert signed_in(cast.owner).get("/c/lumen/settings/").status_code == 200


def test_it_opens_no_door_to_who_has_none(cast: Cast, signed_in: SignIn) -> None:
    assert signed_in(cast.viewer).post(BEGIN).status_code == 403
    assert signed_in(cast.stranger).post(BEGIN).status_code == 404
    analyst = signed_in(cast.analyst)
    analyst.post(BEGIN)
    Membership.objects.filter(user=cast.analyst).delete()
    assert analyst.get("/c/lumen/").status_code == 404
