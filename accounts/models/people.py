from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _

from accounts.models.organisations import Agency, Client, Owned


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person, who signs in by e-mail address."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=100, blank=True)
    language = models.CharField(max_length=2, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now())

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    objects = UserManager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(Lower("email"), name="accounts_user_email_any_case")]

    def __str__(self) -> str:
        return self.email

    def clean(self) -> None:
        super().clean()
        self.email = self.email.lower()

    def get_short_name(self) -> str:
        return self.name or self.email


class Role(models.TextChoices):
    OWNER = "owner", _("Owner")  # agency
    MANAGER = "manager", _("Manager")  # agency, assigned clients
    ANALYST = "analyst", _("Analyst")  # agency, assigned clients, sends nothing
    ADMIN = "admin", _("Admin")  # client company
    VIEWER = "viewer", _("Viewer")  # client company


AGENCY_ROLES = frozenset({Role.OWNER, Role.MANAGER, Role.ANALYST})
COMPANY_ROLES = frozenset({Role.ADMIN, Role.VIEWER})
ROLE_FITS = models.Q(agency__isnull=False, client__isnull=True, role__in=["owner", "manager", "analyst"]) | models.Q(
    agency__isnull=True, client__isnull=False, role__in=["admin", "viewer"]
)


class Membership(Owned):
    """A person's role in one agency or in one client company."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, null=True, blank=True, related_name="memberships")
    client = models.ForeignKey(Client, on_delete=models.CASCADE, null=True, blank=True, related_name="memberships")
    role = models.CharField(max_length=10)
    # Which of the agency's clients a manager or analyst may see; an owner sees all.
    clients = models.ManyToManyField(Client, blank=True, related_name="assigned_memberships")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=ROLE_FITS, name="accounts_membership_role_fits"),
            models.UniqueConstraint(fields=["user", "agency", "client"], nulls_distinct=False, name="accounts_membership_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.role} of {self.organisation}"


def new_nonce() -> str:
    return get_random_string(16)


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def waiting(self) -> InvitationQuerySet:
        """Neither accepted nor withdrawn; some have expired."""
        return self.filter(accepted_at=None, withdrawn_at=None)

    def usable(self) -> InvitationQuerySet:
        """Those whose link can be accepted: not expired, and of no client that is closing."""
        return self.waiting().filter(expires_at__gt=timezone.now(), client__closed_at=None)


class Invitation(Owned):
    """An address asked to take a role. Its link is signed, expires, and works once; see `accounts.invitations`."""

    email = models.EmailField()
    role = models.CharField(max_length=10)
    clients = models.ManyToManyField(Client, blank=True, related_name="+")
    language = models.CharField(max_length=2)
    invited_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    # Part of the link: a new one makes every link sent before worthless.
    nonce = models.CharField(max_length=16, default=new_nonce)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    # Why the mail could not be handed over; empty while it is under way or once it left.
    problem = models.TextField(blank=True)
    accepted_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=ROLE_FITS, name="accounts_invitation_role_fits"),
            models.UniqueConstraint(
                fields=["email", "agency", "client"],
                condition=models.Q(accepted_at__isnull=True, withdrawn_at__isnull=True),
                nulls_distinct=False,
                name="accounts_invitation_one_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email}: {self.role} of {self.organisation}"
