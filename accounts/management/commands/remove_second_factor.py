from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts import audit
from accounts.models import User


class Command(BaseCommand):
    help = "Let a person who lost their second factor and their recovery codes sign in by password. Be sure that it is them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *, email: str, **options: Any) -> None:
        user = User.objects.filter(email=email.lower()).first()
        if user is None:
            raise CommandError(f"Nobody signs in as {email!r}.")
        with transaction.atomic():
            removed, _rows = Authenticator.objects.filter(user_id=user.pk).delete()
            if removed:
                audit.record("second_factor.removed", audit.Actor(audit.OPERATOR.label, user))
        self.stdout.write(f"{email} signs in by password alone." if removed else f"{email} has no second factor.")
