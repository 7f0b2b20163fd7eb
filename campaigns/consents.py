"""Consents as they are kept: sealed rows, shared by every process that reads with them, renewed by one at a time."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction

from accounts import vault
from accounts.models import Credential
from campaigns.channels import gettext_noop as _
from campaigns.connectors.base import LostAccess
from campaigns.connectors.oauth import Secret
from campaigns.models import Connection

REMOVED = _("The permission to read this account was removed here. Please reconnect it.")
UNREADABLE = _(
    "This installation can no longer read the stored permission: its key is not in CREDENTIAL_KEYS. Please reconnect the account."
)


class StoredGrant:
    """A consent of a person, kept as a `Credential`. Raises `LostAccess` where there is none, or none that can be read."""

    def __init__(self, credential_id: int) -> None:
        self.credential_id = credential_id
        self._secret = _read(Credential.objects.filter(pk=credential_id).first())

    @classmethod
    def of(cls, source: Connection) -> StoredGrant:
        return cls(source.credential_id or 0)

    @property
    def secret(self) -> Secret:
        """As last seen."""
        return self._secret

    def renewed(self, stale: Secret, renew: Callable[[Secret], Secret]) -> Secret:
        """The secret after `stale`: what another process has kept meanwhile, else what `renew` makes of it, which is then kept.

        The row is locked while `renew` asks the platform: many of them take back a refresh token at its first use, and one that
        is used twice may cost the consent.
        """
        with transaction.atomic():
            credential = Credential.objects.select_for_update().filter(pk=self.credential_id).first()
            self._secret = _read(credential)
            if credential is not None and self._secret == stale:
                self._secret = renew(self._secret)
                credential.sealed = vault.seal(self._secret)
                credential.save(update_fields=["sealed", "updated_at"])
        return self._secret


def _read(credential: Credential | None) -> Secret:
    if credential is None:
        raise LostAccess(REMOVED)
    try:
        return vault.unseal(credential)
    except vault.Unreadable:
        raise LostAccess(UNREADABLE) from None
