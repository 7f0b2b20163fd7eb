from __future__ import annotations

import secrets
import zoneinfo
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from accounts.tenancy.models import Tenant

hex_colour = RegexValidator(r"^#[0-9a-f]{6}$", _("Use a colour such as #1f4e5f."))
currency_code = RegexValidator(r"^[A-Z]{3}$", _("Use a currency's three letters, such as EUR."))


def validate_timezone(value: str) -> None:
    if value not in zoneinfo.available_timezones():
        raise ValidationError(_("“%(zone)s” is not a time zone; use one such as Europe/Paris."), params={"zone": value})


def new_pseudonym_key() -> bytes:
    return secrets.token_bytes(32)


class Agency(models.Model):
    """A firm that serves client companies, under its own name and colours."""

    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=50, unique=True)
    host = models.CharField(max_length=253, unique=True, null=True, blank=True)
    primary_colour = models.CharField(max_length=7, default="#1f4e5f", validators=[hex_colour])
    accent_colour = models.CharField(max_length=7, default="#e08e45", validators=[hex_colour])
    reply_to = models.EmailField(blank=True)

    def __str__(self) -> str:
        return self.name


class Client(Tenant):
    """A company whose marketing is reported. Its facts and figures live in a schema of their own."""

    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=50, unique=True)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, null=True, blank=True, related_name="clients")
    currency = models.CharField(max_length=3, validators=[currency_code])
    timezone = models.CharField(max_length=50, validators=[validate_timezone])
    language = models.CharField(max_length=2, default="en")
    # Keys the HMAC under which people's e-mail addresses are kept.
    pseudonym_key = models.BinaryField(default=new_pseudonym_key, editable=False)
    # Which migrations the schema has applied, as a digest; see `accounts.tenancy.migrating`.
    schema_state = models.CharField(max_length=64, default="", editable=False)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.timezone)


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

    def get_short_name(self) -> str:
        return self.name or self.email


class Role(models.TextChoices):
    OWNER = "owner", _("Owner")  # agency
    MANAGER = "manager", _("Manager")  # agency, assigned clients
    ANALYST = "analyst", _("Analyst")  # agency, assigned clients, sends nothing
    ADMIN = "admin", _("Admin")  # client company
    VIEWER = "viewer", _("Viewer")  # client company


AGENCY_ROLES = frozenset({Role.OWNER, Role.MANAGER, Role.ANALYST})


class Membership(models.Model):
    """A person's role in one agency or in one client company."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, null=True, blank=True, related_name="memberships")
    client = models.ForeignKey(Client, on_delete=models.CASCADE, null=True, blank=True, related_name="memberships")
    role = models.CharField(max_length=10)
    # Which of the agency's clients a manager or analyst may see; an owner sees all.
    clients = models.ManyToManyField(Client, blank=True, related_name="assigned_memberships")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(agency__isnull=False, client__isnull=True, role__in=["owner", "manager", "analyst"])
                | models.Q(agency__isnull=True, client__isnull=False, role__in=["admin", "viewer"]),
                name="accounts_membership_role_fits",
            ),
            models.UniqueConstraint(fields=["user", "agency", "client"], nulls_distinct=False, name="accounts_membership_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.role} of {self.agency or self.client}"


class Credential(models.Model):
    """What lets us read a platform, encrypted. Owned by an agency or a client; one consent may serve many clients."""

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, null=True, blank=True)
    client = models.ForeignKey(Client, on_delete=models.CASCADE, null=True, blank=True)
    platform = models.CharField(max_length=40)
    label = models.CharField(max_length=100, blank=True)
    # See `accounts.vault`; never read or written elsewhere.
    sealed = models.BinaryField(editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(agency__isnull=False, client__isnull=True) | models.Q(agency__isnull=True, client__isnull=False),
                name="accounts_credential_one_owner",
            )
        ]

    def __str__(self) -> str:
        return f"{self.platform} {self.label}".strip()
