from __future__ import annotations

import secrets
import zoneinfo
from functools import cache
from typing import Any, ClassVar, Union

from babel.core import get_global
from babel.numbers import get_territory_currencies
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from accounts.tenancy.models import Tenant

SHORT_NAME_ERRORS = {
    "invalid": _("Use letters a to z, digits, hyphens and underscores only."),
    "unique": _("This short name is taken."),
}
hex_colour = RegexValidator(r"^#[0-9a-f]{6}$", _("Use a colour such as #1f4e5f."))


def validate_currency(value: str) -> None:
    """A currency of ISO 4217 that some country uses today."""
    if value not in currencies_in_use():
        raise ValidationError(_("“%(code)s” is not a currency in use; give its three letters, such as EUR."), params={"code": value})


@cache
def currencies_in_use() -> frozenset[str]:
    """The codes of every currency that is legal tender somewhere."""
    return frozenset(code for territory in get_global("territory_currencies") for code in get_territory_currencies(territory))


@cache
def time_zones() -> frozenset[str]:
    """By name; read from some six hundred files. What this machine's own clock is set to is none that Postgres knows."""
    return frozenset(zoneinfo.available_timezones()) - {"localtime"}


def validate_timezone(value: str) -> None:
    if value not in time_zones():
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
    # Of mails; used only while the operator allows its domain, see `accounts.brand`.
    sender_name = models.CharField(max_length=100, blank=True, default="", db_default="")
    sender_address = models.EmailField(blank=True, default="", db_default="")
    footer = models.CharField(max_length=300, blank=True, default="", db_default="")
    # The `Logo` it wears, and how large that is: pages ask for no picture to say so.
    logo_digest = models.CharField(max_length=64, blank=True, editable=False, default="", db_default="")
    logo_width = models.PositiveSmallIntegerField(editable=False, default=0, db_default=0)
    logo_height = models.PositiveSmallIntegerField(editable=False, default=0, db_default=0)
    # Of its own people; a client company's are not its to oblige.
    requires_second_factor = models.BooleanField(default=False)
    # Its clients live in many zones; its own pages tell the time of none of them.
    zone: ClassVar = zoneinfo.ZoneInfo("UTC")

    class Meta:
        verbose_name_plural = "agencies"

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        self.host = self.host.lower() if self.host else None


class Logo(models.Model):
    """A picture, found by its content. One that is worn no more is kept: mails that were sent show it."""

    digest = models.CharField(max_length=64, primary_key=True)  # SHA-256, in hexadecimal
    content = models.BinaryField()
    width = models.PositiveSmallIntegerField()
    height = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.digest[:8]} ({self.width} × {self.height})"


class Client(Tenant):
    """A company whose marketing is reported. Its facts and figures live in a schema of their own."""

    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=50, unique=True, error_messages=SHORT_NAME_ERRORS)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, null=True, blank=True, related_name="clients")
    currency = models.CharField(max_length=3, validators=[validate_currency])
    timezone = models.CharField(max_length=50, validators=[validate_timezone])
    language = models.CharField(max_length=2, default="en")
    # Keys the HMAC under which people's e-mail addresses are kept.
    pseudonym_key = models.BinaryField(default=new_pseudonym_key, editable=False)
    # Which migrations the schema has applied, as a digest; see `accounts.tenancy.migrating`.
    schema_state = models.CharField(max_length=64, default="", editable=False)
    created_at = models.DateTimeField(db_default=Now())
    # Since when nothing runs for it; some time after, everything of it is deleted. See `accounts.closing`.
    closed_at = models.DateTimeField(null=True, editable=False, db_index=True)

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.timezone)


class Label(models.Model):
    """An agency's word for some of its clients, by which its people find them. No client company sees it."""

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="labels")
    name = models.CharField(max_length=40)
    clients = models.ManyToManyField(Client, blank=True, related_name="labels")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                "agency", Lower("name"), name="accounts_label_once", violation_error_message=_("There is such a label.")
            )
        ]

    def __str__(self) -> str:
        return self.name


class FormerSlug(models.Model):
    """A name a client had in addresses: it leads to the client's present one, for those who may see the client."""

    slug = models.SlugField(max_length=50, unique=True)
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="former_slugs")

    def __str__(self) -> str:
        return self.slug


# Who has people, tokens and a record of changes.
Organisation = Union[Agency, Client]  # noqa: UP007 - evaluated at run time by the checker's plugin


def agency_of(organisation: Organisation) -> Agency | None:
    """An agency itself; of a client company, the agency that serves it, or None."""
    return organisation if isinstance(organisation, Agency) else organisation.agency


ONE_OWNER = models.Q(agency__isnull=False, client__isnull=True) | models.Q(agency__isnull=True, client__isnull=False)


class Owned(models.Model):
    """Belongs to an agency or to a client company, never to both."""

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, null=True, blank=True)
    client = models.ForeignKey(Client, on_delete=models.CASCADE, null=True, blank=True)

    class Meta:
        abstract = True
        constraints: ClassVar = [models.CheckConstraint(condition=ONE_OWNER, name="%(app_label)s_%(class)s_one_owner")]

    @property
    def organisation(self) -> Organisation:
        owner = self.agency or self.client
        assert owner is not None
        return owner


def owner_fields(organisation: Organisation) -> dict[str, Any]:
    """The field of an owned row that names this organisation, for filters and constructors."""
    return {"agency": organisation} if isinstance(organisation, Agency) else {"client": organisation}
