from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models.organisations import Owned
from accounts.models.people import User


class Credential(Owned):
    """What lets us read a platform, encrypted. Owned by an agency or a client; one consent may serve many clients."""

    platform = models.CharField(max_length=40)
    label = models.CharField(max_length=100, blank=True)
    # See `accounts.vault`; never read or written elsewhere.
    sealed = models.BinaryField(editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(Owned.Meta):
        pass

    def __str__(self) -> str:
        return f"{self.platform} {self.label}".strip()


class Scope(models.TextChoices):
    READ = "token:read", _("Read")
    WRITE = "token:write", _("Read and write")


class ApiToken(Owned):
    """Lets a program use the API for a client, or for all clients of an agency. Only a hash is kept; see `accounts.tokens`."""

    name = models.CharField(max_length=100)
    scope = models.CharField(max_length=20)
    # SHA-256 of the token. It has 256 random bits, so a slow hash would protect nothing more.
    digest = models.CharField(max_length=64, unique=True, editable=False)
    # The token's last characters, to tell one from another.
    ending = models.CharField(max_length=4, editable=False)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    # It takes a person's place where one is asked who they are.
    is_authenticated = True
    is_anonymous = False

    class Meta(Owned.Meta):
        constraints: ClassVar = [
            *Owned.Meta.constraints,
            models.CheckConstraint(condition=models.Q(scope__in=["token:read", "token:write"]), name="accounts_apitoken_scope"),
        ]

    def __str__(self) -> str:
        return f"{self.name} …{self.ending}"
