"""People come by invitation: a signed link, good for some days and for one person, once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from enum import Enum

from django.core import signing
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import access, audit, brand, hosts, mails, moments, services
from accounts.audit import Actor
from accounts.models import (
    AGENCY_ROLES,
    Agency,
    AuditEvent,
    Client,
    Invitation,
    Membership,
    Organisation,
    Role,
    User,
    agency_of,
    new_nonce,
    owner_fields,
)
from accounts.permissions import may_grant
from jobs import queue

LIFETIME = timedelta(days=7)
MOST_MAILS_AN_HOUR = 5
SEND = "accounts.send_invitation"
SALT = "accounts.invitation"


class State(Enum):
    """Of an invitation that waits for an answer."""

    UNDER_WAY = "under_way"
    SENT = "sent"
    UNDELIVERABLE = "undeliverable"
    EXPIRED = "expired"


def invite(
    email: str, role: Role, organisation: Organisation, mine: frozenset[str], by: Actor, *, language: str, clients: Iterable[Client] = ()
) -> Invitation:
    """Ask an address to take a role, and mail it the link. Asked again, an address gets a new link and the old one is worthless.

    `mine` are the permissions of whoever invites; `clients`, of an agency, are assigned to a manager or analyst. Raises
    `PermissionDenied` above those permissions, `ValidationError` naming the field at fault.
    """
    chosen = list(clients)
    email = _checked(email, role, organisation, chosen)
    fields = {"role": role, "language": language, "invited_by": by.user, "nonce": new_nonce(), "expires_at": timezone.now() + LIFETIME}
    with transaction.atomic():
        services.lock_team(organisation)
        mine = services.still(mine, by, organisation)
        before = Invitation.objects.waiting().filter(email=email, **owner_fields(organisation)).first()
        if not may_grant(mine, role, organisation) or (before and not may_grant(mine, before.role, organisation)):
            raise PermissionDenied
        _refuse_flood(email, organisation)
        invitation, _created = Invitation.objects.waiting().update_or_create(
            email=email, **owner_fields(organisation), defaults=fields | {"sent_at": None, "problem": ""}
        )
        invitation.clients.set(chosen)
        queue.enqueue(SEND, client_id=invitation.client_id, key=str(invitation.pk), arguments={"invitation_id": invitation.pk})
        audit.record("member.invited", by, organisation=organisation, person=email, role=role)
    return invitation


def resend(invitation: Invitation, mine: frozenset[str], by: Actor) -> Invitation:
    """Ask the same again, by a new link. Raises like `invite`."""
    organisation = invitation.organisation
    clients = invitation.clients.filter(agency=organisation) if isinstance(organisation, Agency) else ()
    return invite(invitation.email, Role(invitation.role), organisation, mine, by, language=invitation.language, clients=clients)


def withdraw(invitation: Invitation, mine: frozenset[str], by: Actor) -> None:
    """Make the link worthless. Raises `PermissionDenied` to whoever may not give its role."""
    organisation = invitation.organisation
    with transaction.atomic():
        services.lock_team(organisation)
        invitation.refresh_from_db(fields=["role"])
        if not may_grant(services.still(mine, by, organisation), invitation.role, organisation):
            raise PermissionDenied
        services.withdraw_invitation(invitation, by)


def state(invitation: Invitation) -> State:
    if invitation.expires_at <= timezone.now():
        return State.EXPIRED
    if invitation.problem:
        return State.UNDELIVERABLE
    return State.SENT if invitation.sent_at else State.UNDER_WAY


def link(invitation: Invitation) -> str:
    """Where the invited person accepts, on the host of whoever invites."""
    token = signing.dumps([invitation.pk, invitation.nonce], salt=SALT)
    return f"{hosts.origin(agency_of(invitation.organisation))}{reverse('join', args=[token])}"


def find(token: str) -> Invitation | None:
    """The invitation a link stands for, while it can be accepted."""
    try:
        pk, nonce = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    usable = Invitation.objects.usable().select_related("agency", "client__agency", "invited_by")
    found = usable.filter(pk=pk, nonce=nonce).first()
    return found if found and _stands(found) else None


def accept(invitation: Invitation, user: User, by: Actor) -> Membership:
    """Make the person a member, once. Raises `ValidationError` when the link was used or withdrawn meanwhile.

    Who became a member meanwhile keeps the role they have.
    """
    organisation = invitation.organisation
    with transaction.atomic():
        services.lock_team(organisation)
        if not _is_usable_still(invitation):
            raise ValidationError(_("This invitation was used or withdrawn."))
        Invitation.objects.filter(pk=invitation.pk).update(accepted_at=timezone.now())
        membership, created = Membership.objects.get_or_create(user=user, **owner_fields(organisation), defaults={"role": invitation.role})
        if created:
            audit.record("member.joined", by, organisation=organisation, role=invitation.role)
        if isinstance(organisation, Agency):
            services.give_clients(membership, invitation.clients.filter(agency=organisation), by)
    return membership


def _is_usable_still(invitation: Invitation) -> bool:
    """Until the end of the transaction nobody withdraws it, and whoever invited keeps the roles they have now.

    Whoever removes them takes the same rows in the same order, under the lock of another organisation where theirs is the agency.
    """
    usable = Invitation.objects.usable().filter(pk=invitation.pk, nonce=invitation.nonce)
    if not usable.select_for_update(of=("self",), no_key=True).first():
        return False
    list(Membership.objects.select_for_update(no_key=True).filter(user=invitation.invited_by_id).order_by("pk"))
    return _stands(invitation)


def _stands(invitation: Invitation) -> bool:
    """Whether whoever invited may still give the role; what the operator gave stands."""
    inviter = invitation.invited_by
    organisation = invitation.organisation
    return inviter is None or may_grant(access.held(inviter, organisation), invitation.role, organisation)


def _refuse_flood(email: str, organisation: Organisation) -> None:
    """Nobody's mailbox is filled by pressing a button."""
    since = timezone.now() - timedelta(hours=1)
    lines = AuditEvent.objects.filter(verb="member.invited", details__person=email, at__gt=since, **owner_fields(organisation))
    if lines.count() >= MOST_MAILS_AN_HOUR:
        raise ValidationError({"email": _("This address was invited several times just now. Wait an hour before you send another mail.")})


def account_of(invitation: Invitation) -> User | None:
    """Who has the invited address already."""
    return User.objects.filter(email__iexact=invitation.email).first()


def join(invitation: Invitation, name: str, password: str, by: Actor) -> User:
    """Make the invited address an account, verified by the link itself, and a member. Raises like `accept`."""
    try:
        with transaction.atomic():
            user = User.objects.create_user(invitation.email, password, name=name, language=invitation.language)
            accept(invitation, user, replace(by, label=user.email, user=user))
    except IntegrityError:  # the same form sent twice at once
        raise ValidationError(_("This invitation was used or withdrawn.")) from None
    return user


def send(invitation: Invitation) -> None:
    """Hand the mail to the server."""
    organisation = invitation.organisation
    context: dict[str, object] = {
        "address": invitation.email,
        "organisation": organisation,
        "role": Role(invitation.role).label,
        "invited_by": invitation.invited_by,
        "is_agency": isinstance(organisation, Agency),
        "clients": ", ".join(invitation.clients.order_by("name").values_list("name", flat=True)),
        "until": moments.day(invitation.expires_at.date(), invitation.language),
        "url": link(invitation),
    }
    mails.send("invitation", invitation.email, language=invitation.language, brand=brand.of_organisation(organisation), context=context)


def _checked(email: str, role: Role, organisation: Organisation, clients: list[Client]) -> str:
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError as error:
        raise ValidationError({"email": error.messages}) from None
    if (role in AGENCY_ROLES) != isinstance(organisation, Agency):
        raise ValidationError({"role": _("Choose a role of this team.")})
    if any(not isinstance(organisation, Agency) or client.agency_id != organisation.pk for client in clients):
        raise ValidationError({"clients": _("Choose clients of the agency.")})
    if Membership.objects.filter(user__email=email, **owner_fields(organisation)).exists():
        raise ValidationError({"email": _("This person is in the team already.")})
    return email
