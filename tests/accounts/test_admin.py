"""Django's admin changes nothing behind the back of the record."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client as Browser

from accounts import audit
from accounts.models import Agency, AuditEvent, User
from tests.accounts.test_sign_in import signs_in
from tests.conftest import PASSWORD, Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(cast: Cast) -> Browser:
    return signs_in(User.objects.create_superuser("root@people.example", PASSWORD))


def test_bears_our_name_and_calls_things_by_theirs(root: Browser) -> None:
    page = root.get("/admin/").content.decode()
    assert "<title>Site administration | Vigie</title>" in page
    assert ">Agencies</a>" in page


def test_offers_no_permissions_that_would_mean_nothing(cast: Cast, root: Browser) -> None:
    page = root.get(f"/admin/accounts/user/{cast.owner.pk}/change/").content.decode()
    assert cast.owner.email in page
    assert "Superuser status" in page
    assert "permissions:" not in page.lower()
    assert 'name="groups"' not in page


def test_takes_no_second_factor_away(cast: Cast, root: Browser) -> None:
    factor = Authenticator.objects.create(user=cast.owner, type="totp", data={"secret": "x"})
    assert root.get("/admin/mfa/authenticator/").status_code == 200
    assert root.post(f"/admin/mfa/authenticator/{factor.pk}/delete/", {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [factor.pk], "post": "yes"}
    root.post("/admin/mfa/authenticator/", chosen)
    root.post(f"/admin/accounts/user/{cast.owner.pk}/delete/", {"post": "yes"})
    assert Authenticator.objects.filter(pk=factor.pk).exists()


def test_makes_an_agency_with_a_line_in_its_record(root: Browser) -> None:
    colours = {"primary_colour": "#1f4e5f", "accent_colour": "#e08e45"}
    root.post("/admin/accounts/agency/add/", {"name": "Est", "slug": "est", "host": "", **colours})
    est = Agency.objects.get(slug="est")
    assert (est.name, est.host, est.requires_second_factor) == ("Est", None, False)
    line = AuditEvent.objects.get(agency=est)
    assert (line.actor_label, audit.sentence(line)) == ("root@people.example", "created the agency Est")


def test_gives_an_agency_a_host_with_a_line_in_its_record_and_changes_nothing_else(cast: Cast, root: Browser) -> None:
    Agency.objects.filter(pk=cast.agency.pk).update(requires_second_factor=True)
    given = {"name": "Other", "slug": "other", "primary_colour": "#000000", "reply_to": "x@x.example", "host": "Reports.Nord.example"}
    root.post(f"/admin/accounts/agency/{cast.agency.pk}/change/", given)
    nord = Agency.objects.get(pk=cast.agency.pk)
    assert (nord.name, nord.slug, nord.reply_to, nord.requires_second_factor) == ("Agence Nord", "nord", "bonjour@nord.example", True)
    assert nord.host == "reports.nord.example"
    line = AuditEvent.objects.get(agency=nord, verb="agency.changed")
    assert (line.actor_label, audit.sentence(line)) == ("root@people.example", "changed the agency: Own address: – → reports.nord.example")


def test_a_host_is_one_agencys_however_it_is_written(cast: Cast, root: Browser) -> None:
    page = root.post(f"/admin/accounts/agency/{cast.agency.pk}/change/", {"host": "REPORTS.sud.example"})
    assert "Agency with this Host already exists." in page.content.decode()


def test_deletes_no_agency(root: Browser) -> None:
    est = Agency.objects.create(slug="est", name="Est")
    assert root.post(f"/admin/accounts/agency/{est.pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("kind", ["run", "delivery"])
def test_sends_no_report_by_hand(root: Browser, kind: str) -> None:
    assert root.get(f"/admin/reports/{kind}/").status_code == 200
    assert root.get(f"/admin/reports/{kind}/add/").status_code == 403
