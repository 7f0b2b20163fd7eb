"""One table says who may do what; the gate, the pages and this file read it."""

from __future__ import annotations

import ast

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from accounts import access, audit, services
from accounts.models import Membership, Organisation, Role, Scope
from accounts.permissions import PERMISSIONS, may_grant, permissions_of
from tests.accounts.test_audit import source_files
from tests.accounts.test_tokens import actor
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def mine(role: Role, organisation: Organisation) -> frozenset[str]:
    return permissions_of(frozenset({role}), organisation)


def test_a_viewer_sees_and_asks_and_a_reading_program_sees_and_nothing_else(cast: Cast) -> None:
    for role, more in ((Role.VIEWER, {"question.ask", "team.leave"}), (Scope.READ, set())):
        assert permissions_of(frozenset({role}), cast.client) == {"client.view", "report.download"} | more


def test_nobody_outside_an_agency_may_do_anything_to_it(cast: Cast) -> None:
    for role in (Role.ADMIN, Role.VIEWER, Scope.READ, Scope.WRITE):
        assert permissions_of(frozenset({role}), cast.agency) == frozenset()


def test_every_permission_is_held_by_someone_and_asked_for_somewhere() -> None:
    asked = {
        node.value
        for path in source_files()
        if path.name != "permissions.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert [name for name, row in PERMISSIONS.items() if not row.to_client | row.to_agency] == []
    assert [name for name in PERMISSIONS if name not in asked] == []


def test_nobody_grants_more_than_they_have(cast: Cast) -> None:
    for organisation in (cast.agency, cast.client):
        for role in Role:
            for granted in Role:
                if may_grant(mine(role, organisation), granted, organisation):
                    assert mine(granted, organisation) <= mine(role, organisation)


class TestTeam:
    def membership(self, cast: Cast, name: str) -> Membership:
        return Membership.objects.get(user=getattr(cast, name))

    def test_the_last_owner_stays_owner(self, cast: Cast) -> None:
        last, rights = self.membership(cast, "owner"), mine(Role.OWNER, cast.agency)
        with pytest.raises(ValidationError, match="stay in charge"):
            services.change_role(last, Role.ANALYST, rights, actor(cast.owner))
        with pytest.raises(ValidationError, match="stay in charge"):
            services.remove_member(last, rights, actor(cast.owner))
        assert self.membership(cast, "owner").role == Role.OWNER

    def test_an_owner_who_is_locked_out_is_not_in_charge(self, cast: Cast) -> None:
        services.add_member(cast.stranger, Role.OWNER, agency=cast.agency)
        type(cast.stranger).objects.filter(pk=cast.stranger.pk).update(is_active=False)
        with pytest.raises(ValidationError, match="stay in charge"):
            services.remove_member(self.membership(cast, "owner"), mine(Role.OWNER, cast.agency), actor(cast.owner))

    def test_a_company_without_an_agency_keeps_an_admin(self, cast: Cast) -> None:
        services.change_role(self.membership(cast, "viewer"), Role.ADMIN, mine(Role.OWNER, cast.client), actor(cast.owner))
        type(cast.client).objects.filter(pk=cast.client.pk).update(agency=None)
        with pytest.raises(ValidationError, match="stay in charge"):
            services.remove_member(self.membership(cast, "viewer"), mine(Role.ADMIN, cast.client), actor(cast.viewer))

    def test_everyone_may_leave_but_not_remove(self, cast: Cast) -> None:
        analyst, rights = self.membership(cast, "analyst"), mine(Role.ANALYST, cast.agency)
        with pytest.raises(PermissionDenied):
            services.remove_member(self.membership(cast, "owner"), rights, actor(cast.analyst))
        services.remove_member(analyst, rights, actor(cast.analyst))
        assert not Membership.objects.filter(user=cast.analyst).exists()
        assert audit.sentence(audit.events_of(cast.agency)[0]) == "left; was Analyst"

    def test_a_manager_cannot_touch_an_admin_nor_make_one(self, cast: Cast) -> None:
        viewer, rights = self.membership(cast, "viewer"), mine(Role.MANAGER, cast.client)
        with pytest.raises(PermissionDenied):
            services.change_role(viewer, Role.ADMIN, rights, actor(cast.analyst))
        Membership.objects.filter(pk=viewer.pk).update(role=Role.ADMIN)
        viewer.refresh_from_db()
        with pytest.raises(PermissionDenied):
            services.remove_member(viewer, rights, actor(cast.analyst))

    def test_clients_are_assigned_within_the_agency(self, cast: Cast) -> None:
        analyst, rights = self.membership(cast, "analyst"), mine(Role.OWNER, cast.agency)
        with pytest.raises(ValidationError, match="clients of the agency"):
            services.assign(analyst, [cast.client, cast.other_client], rights, actor(cast.owner))
        services.assign(analyst, [], rights, actor(cast.owner))
        assert list(analyst.clients.all()) == []
        assert audit.sentence(audit.events_of(cast.agency)[0]) == f"gave {cast.analyst.email} these clients: –"

    def test_a_role_of_the_other_kind_of_team_is_refused(self, cast: Cast) -> None:
        with pytest.raises(ValidationError):
            services.change_role(self.membership(cast, "analyst"), Role.VIEWER, mine(Role.OWNER, cast.agency), actor(cast.owner))
        assert self.membership(cast, "analyst").role == Role.ANALYST


def test_who_may_is_the_same_asked_of_a_person_and_asked_of_an_organisation(cast: Cast) -> None:
    """Tokens ask the one, changes of a team the other: everybody, every permission, agencies and companies."""
    services.add_member(cast.stranger, Role.MANAGER, agency=cast.agency, client=cast.client)
    services.add_member(cast.analyst, Role.ADMIN, client=cast.other_client)
    type(cast.viewer).objects.filter(pk=cast.viewer.pk).update(is_active=False)
    everybody = list(type(cast.owner).objects.all())
    for organisation in (cast.agency, cast.client, cast.other_client, cast.other_client.agency):
        assert organisation is not None
        for permission in PERMISSIONS:
            may = {person.pk for person in everybody if permission in access.held(person, organisation)}
            assert set(access.holders(organisation, permission).values_list("pk", flat=True)) == may
