from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError
from django.db import models, transaction

from accounts import vault
from accounts.models import Credential, OAuthAttempt
from reports.models import Endpoint

# By field, what is sealed; of a field of JSON, in which of its texts.
PLACES: tuple[tuple[type[models.Model], str, tuple[str, ...]], ...] = (
    (Credential, "sealed", ()),
    (OAuthAttempt, "verifier", ()),
    (OAuthAttempt, "code", ()),
    (Authenticator, "data", ("secret", "seed")),
    (Endpoint, "sealed", ()),
)


class Command(BaseCommand):
    help = "Encrypt every kept secret under the newest of CREDENTIAL_KEYS, so that the others can go."

    def handle(self, **options: Any) -> None:
        told = [(name, is_read) for place in PLACES for name, is_read in _renewed(*place)]
        self.stdout.write(f"Secrets under the newest key now: {sum(is_read for _, is_read in told)}.")
        if lost := [name for name, is_read in told if not is_read]:
            raise CommandError(f"No key of CREDENTIAL_KEYS reads {', '.join(lost)}: keep the old keys, or have these made anew.")


def _renewed(model: type[models.Model], field: str, texts: tuple[str, ...]) -> Iterator[tuple[str, bool]]:
    """Each row that holds a secret, by its name, and whether it could be read."""
    for pk in model._default_manager.order_by("pk").values_list("pk", flat=True):
        # Whoever renews a platform's token holds the row, too.
        with transaction.atomic():
            row = model._default_manager.select_for_update().filter(pk=pk).first()
            kept = getattr(row, field, None)
            if not kept or (texts and not any(text in kept for text in texts)):
                continue
            try:
                model._default_manager.filter(pk=pk).update(**{field: _again(kept, texts)})
            except vault.Unreadable:
                yield f"{model._meta.verbose_name} {pk}", False
            else:
                yield f"{model._meta.verbose_name} {pk}", True


def _again(kept: Any, texts: tuple[str, ...]) -> Any:
    if not texts:
        return vault.renewed(bytes(kept))
    return kept | {text: vault.renewed(kept[text].encode()).decode() for text in texts if text in kept}
