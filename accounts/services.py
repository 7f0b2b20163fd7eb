"""Changes to agencies, clients and who works for them: each in one transaction, with its line in the record."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import access, audit, tokens, vault
from accounts.audit import OPERATOR, Actor
from accounts.models import (
    AGENCY_ROLES,
    Agency,
    Client,
    Credential,
    FormerSlug,
    Invitation,
    Logo,
    Membership,
    Organisation,
    Role,
    User,
    owner_fields,
)
from accounts.permissions import may_grant
from accounts.pictures import Picture
from accounts.sign_in import second_factor
from accounts.tenancy import outside, schemas

CLIENT_FIELDS = ("slug", "name", "language")
AGENCY_FIELDS = (
    "name",
    "host",
    "primary_colour",
    "accent_colour",
    "reply_to",
    "sender_name",
    "sender_address",
    "footer",
    "requires_second_factor",
)


def create_agency(agency: Agency, by: Actor) -> None:
    """Save a new agency. Raises `ValidationError` naming the field at fault."""
    agency.full_clean()
    with transaction.atomic():
        agency.save(force_insert=True)
        audit.record("agency.created", by, organisation=agency, name=agency.name)


def create_client(
    slug: str, *, name: str, currency: str, timezone: str, language: str = "en", agency: Agency | None = None, by: Actor = OPERATOR
) -> Client:
    """Create a client company and its schema in one transaction. Raises `ValidationError` naming the field at fault."""
    client = Client(slug=slug, name=name, currency=currency, timezone=timezone, language=language, agency=agency)
    insert_client(client, "client.created", by)
    return client


def insert_client(client: Client, verb: str, by: Actor) -> None:
    """Save a new client and make its schema, in one transaction; `verb` tells the record how it came. Raises like `create_client`."""
    with outside(), transaction.atomic():
        client.pk = _next_client_id()
        client.schema_name = schemas.name_for(client.pk)
        client.full_clean()
        _refuse_former_slug(client)
        _saved(lambda: client.save(force_insert=True))
        schemas.create(client)
        audit.record(verb, by, organisation=client, client=client.name)


def change_client(client: Client, by: Actor, **fields: str) -> None:
    """Change a client's name, language or slug. Its former slug keeps leading to it. Raises `ValidationError` naming the field."""
    with transaction.atomic():
        present = Client.objects.select_for_update(of=("self",)).get(pk=client.pk)
        changed = _changed(present, CLIENT_FIELDS, fields)
        if "slug" in changed:
            _refuse_former_slug(present)
            FormerSlug.objects.filter(slug=present.slug).delete()
            FormerSlug.objects.create(slug=str(changed["slug"][0]), client=present)
        _saved(lambda: present.save(update_fields=list(changed)))
        if changed:
            audit.record("client.changed", by, organisation=present, changes=_told(changed))
    client.refresh_from_db(fields=list(CLIENT_FIELDS))


def change_agency(agency: Agency, by: Actor, **fields: Any) -> None:
    """Change an agency's name, host, colours, reply address or sign-in rule. Raises `ValidationError` naming the field."""
    with transaction.atomic():
        present = Agency.objects.select_for_update().get(pk=agency.pk)
        changed = _changed(present, AGENCY_FIELDS, fields)
        if by.user and present.requires_second_factor and "requires_second_factor" in changed and not second_factor.has(by.user):
            raise ValidationError({"requires_second_factor": _("Set up two-step verification for yourself first, on your profile.")})
        present.save(update_fields=list(changed))
        if changed:
            audit.record("agency.changed", by, organisation=present, changes=_told(changed))
    agency.refresh_from_db(fields=list(AGENCY_FIELDS))


def wear_logo(agency: Agency, picture: Picture | None, by: Actor) -> None:
    """Give the agency a logo, or none. One that it wore is kept, for mails that were sent show it."""
    digest = hashlib.sha256(picture.content).hexdigest() if picture else ""
    with transaction.atomic():
        present = Agency.objects.select_for_update().get(pk=agency.pk)
        if present.logo_digest == digest:
            return
        if picture:
            sizes = {"width": picture.width, "height": picture.height}
            Logo.objects.get_or_create(digest=digest, defaults={"content": picture.content, **sizes})
        before = _size(present)
        present.logo_digest = digest
        present.logo_width, present.logo_height = (picture.width, picture.height) if picture else (0, 0)
        present.save(update_fields=["logo_digest", "logo_width", "logo_height"])
        audit.record("agency.changed", by, organisation=present, changes=_told({"logo": (before, _size(present))}))
    agency.refresh_from_db(fields=["logo_digest", "logo_width", "logo_height"])


def _size(agency: Agency) -> str:
    return f"{agency.logo_width} × {agency.logo_height}" if agency.logo_digest else ""


def add_member(user: User, role: Role, *, agency: Agency | None = None, client: Client | None = None, by: Actor = OPERATOR) -> Membership:
    """Give a person a role: in `agency` (then `client`, if given, is assigned), else in the company `client`."""
    organisation: Organisation | None = agency if role in AGENCY_ROLES else client
    assert organisation is not None
    with transaction.atomic():
        before = Membership.objects.filter(user=user, **owner_fields(organisation)).values_list("role", flat=True).first()
        membership, _created = Membership.objects.update_or_create(user=user, **owner_fields(organisation), defaults={"role": role})
        if before is None:
            audit.record("member.added", by, organisation=organisation, person=user.email, role=role)
        elif before != role:
            audit.record("member.changed", by, organisation=organisation, person=user.email, before=before, role=role)
        if role in AGENCY_ROLES and client:
            give_clients(membership, [client], by)
    return membership


def give_clients(membership: Membership, clients: Iterable[Client], by: Actor) -> None:
    """Let a member of an agency see these of its clients too, in the caller's transaction."""
    if new := set(clients) - set(membership.clients.all()):
        membership.clients.add(*new)
        _record_clients(membership, new, by)


def check_may_change(membership: Membership, mine: frozenset[str]) -> None:
    """Raises `PermissionDenied` to whoever may not give or take away the member's role."""
    if not may_grant(mine, membership.role, membership.organisation):
        raise PermissionDenied


def change_role(membership: Membership, role: Role, mine: frozenset[str], by: Actor) -> None:
    """Give a member another role of the same organisation.

    `mine` are the permissions of whoever does it. Raises `PermissionDenied` above them, `ValidationError` for the last in charge.
    """
    organisation = membership.organisation
    with transaction.atomic():
        present, mine = _lock(membership), still(mine, by, organisation)
        if not (may_grant(mine, present.role, organisation) and may_grant(mine, role, organisation)):
            raise PermissionDenied
        before = present.role
        if before == role:
            return
        _keep_someone_in_charge(present)
        present.role = role
        present.full_clean(validate_unique=False)
        present.save(update_fields=["role"])
        audit.record("member.changed", by, organisation=organisation, person=present.user.email, before=before, role=role)


def change_member(membership: Membership, role: Role, clients: Iterable[Client] | None, mine: frozenset[str], by: Actor) -> None:
    """Give a member a role and, of an agency, clients, both or neither; None leaves the clients. Raises like `change_role`."""
    with transaction.atomic():
        change_role(membership, role, mine, by)
        if clients is not None:
            assign(membership, clients, mine, by)


def assign(membership: Membership, clients: Iterable[Client], mine: frozenset[str], by: Actor) -> None:
    """Set which clients of their agency a manager or analyst may see. Raises like `change_role`."""
    agency = membership.agency
    if agency is None:
        raise PermissionDenied
    chosen = list(clients)
    if any(client.agency_id != agency.pk for client in chosen):
        raise ValidationError({"clients": _("Choose clients of the agency.")})
    with transaction.atomic():
        present, mine = _lock(membership), still(mine, by, agency)
        if not may_grant(mine, present.role, agency):
            raise PermissionDenied
        if set(membership.clients.all()) != set(chosen):
            membership.clients.set(chosen)
            _record_clients(membership, chosen, by)


def _record_clients(membership: Membership, clients: Iterable[Client], by: Actor) -> None:
    """With their ids, by which a client's name is struck when it is deleted."""
    named = sorted((client.name, client.pk) for client in clients)
    names, ids = [name for name, _pk in named], [pk for _name, pk in named]
    audit.record("member.assigned", by, organisation=membership.organisation, person=membership.user.email, clients=names, client_ids=ids)


def remove_member(membership: Membership, mine: frozenset[str], by: Actor) -> None:
    """End a membership, one's own or another's, and revoke the tokens its holder made there. Raises like `change_role`."""
    organisation = membership.organisation
    leaves = by.user is not None and by.user.pk == membership.user_id
    with transaction.atomic():
        present, mine = _lock(membership), still(mine, by, organisation)
        if not leaves and not may_grant(mine, present.role, organisation):
            raise PermissionDenied
        _keep_someone_in_charge(present)
        tokens.revoke_all_by(present.user, organisation, by)
        _withdraw_invitations(present.user, organisation, by)
        verb = "member.left" if leaves else "member.removed"
        person = {} if leaves else {"person": present.user.email}
        audit.record(verb, by, organisation=organisation, role=present.role, **person)
        present.delete()


def still(mine: frozenset[str], by: Actor, organisation: Organisation) -> frozenset[str]:
    """Of the permissions somebody had when their request came in, those they have now that the organisation is locked."""
    return mine & access.held(by.user, organisation) if by.user else mine


def keep_credential(
    platform: str, secret: dict[str, Any], *, agency: Agency | None = None, client: Client | None = None, label: str = ""
) -> Credential:
    """Store what a platform gave us, encrypted."""
    return Credential.objects.create(platform=platform, label=label, agency=agency, client=client, sealed=vault.seal(secret))


def withdraw_invitation(invitation: Invitation, by: Actor) -> None:
    """Make its link worthless, in the caller's transaction. One that was answered or withdrawn stays as it is."""
    if Invitation.objects.waiting().filter(pk=invitation.pk).update(withdrawn_at=timezone.now()):
        audit.record("invitation.withdrawn", by, organisation=invitation.organisation, person=invitation.email)


def _withdraw_invitations(user: User, organisation: Organisation, by: Actor) -> None:
    """What a person who leaves has asked others, or was asked themselves, no longer opens a door."""
    owned = Q(**owner_fields(organisation))
    if isinstance(organisation, Agency):
        owned |= Q(client__agency=organisation, invited_by=user)
    theirs = Invitation.objects.waiting().filter(owned, Q(invited_by=user) | Q(email=user.email))
    for invitation in theirs.select_related("agency", "client"):
        withdraw_invitation(invitation, by)


def _lock(membership: Membership) -> Membership:
    """The row as it is, with every change of its organisation's team taking turns. Raises `Http404` if it was ended meanwhile."""
    lock_team(membership.organisation)
    return get_object_or_404(Membership.objects.select_related("user", "agency", "client"), pk=membership.pk)


def lock_team(organisation: Organisation) -> None:
    """Until the end of the transaction nobody else changes who is in the organisation, or who is invited.

    Rows that only refer to it, such as a line of the record by whoever holds the lock of its agency, are not kept waiting.
    """
    type(organisation).objects.select_for_update(of=("self",), no_key=True).get(pk=organisation.pk)


def _keep_someone_in_charge(membership: Membership) -> None:
    """An agency keeps an owner; a company that no agency serves keeps an admin."""
    in_charge = Role.OWNER if membership.agency_id else Role.ADMIN
    served = membership.client is not None and membership.client.agency_id is not None
    if membership.role != in_charge or served:
        return
    others = Membership.objects.filter(role=in_charge, **owner_fields(membership.organisation)).exclude(pk=membership.pk)
    if not others.filter(user__is_active=True).exists():
        raise ValidationError({"role": _("Somebody must stay in charge: give this role to another person first.")})


def _changed(row: Agency | Client, allowed: tuple[str, ...], fields: dict[str, Any]) -> dict[str, tuple[object, object]]:
    """Set the fields, check the row, and return those that differ, each with its value before and after."""
    if unknown := fields.keys() - set(allowed):
        raise TypeError(f"not to be changed like this: {', '.join(unknown)}")
    before = {name: getattr(row, name) for name in fields}
    for name, value in fields.items():
        setattr(row, name, value)
    row.full_clean()  # which may write a value otherwise
    return {name: (was, getattr(row, name)) for name, was in before.items() if getattr(row, name) != was}


def _told(changed: dict[str, tuple[object, object]]) -> list[dict[str, object]]:
    return [{"field": name, "before": before, "after": after} for name, (before, after) in changed.items()]


def _saved(save: Callable[[], None]) -> None:
    """Save a client; that somebody took its short name since it was checked is said like any other fault."""
    try:
        with transaction.atomic():
            save()
    except IntegrityError:
        raise ValidationError({"slug": _("This short name is taken.")}) from None


def _refuse_former_slug(client: Client) -> None:
    """A name that leads to one client must not become another's: old links would show the wrong company's address."""
    if FormerSlug.objects.filter(slug=client.slug).exclude(client=client).exists():
        raise ValidationError({"slug": _("This short name is taken.")})


def _next_client_id() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('accounts_client', 'id'))")
        return int(cursor.fetchone()[0])
