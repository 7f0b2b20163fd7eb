from __future__ import annotations

import secrets
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db import transaction

from accounts.management.found import found_agency, found_client
from accounts.models import AGENCY_ROLES, Organisation, Role, User, owner_fields
from accounts.services import add_member


class Command(BaseCommand):
    help = "Give a person a role in a client company or an agency; a new person gets a password, printed once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--role", required=True, choices=[role.value for role in Role])
        parser.add_argument("--client", help="slug of the company, or of the client an agency's manager or analyst is assigned to")
        parser.add_argument("--agency", help="slug of the agency, for its roles")

    def handle(self, *, email: str, role: str, client: str | None, agency: str | None, **options: Any) -> None:
        try:
            validate_email(email)
        except ValidationError:
            raise CommandError(f"{email!r} is not an e-mail address.") from None
        company = found_client(client) if client else None
        firm = found_agency(agency) if agency else None
        if Role(role) in AGENCY_ROLES and firm is None:
            raise CommandError(f"The role {role} is one of an agency: name it with --agency.")
        if Role(role) not in AGENCY_ROLES and (company is None or firm is not None):
            raise CommandError(f"The role {role} is one of a client company: name it with --client alone.")
        password = secrets.token_urlsafe(12)
        with transaction.atomic():
            known = User.objects.filter(email=email.lower()).first()
            before = _role(known, firm if Role(role) in AGENCY_ROLES else company) if known else None
            add_member(known or User.objects.create_user(email, password), Role(role), agency=firm, client=company)
        if before and before != role:
            self.stdout.write(f"{email} was {before} and is {role} now.")
        self.stdout.write(f"{email} may sign in as before." if known else f"{email} may sign in with the password {password}")


def _role(user: User, organisation: Organisation | None) -> str | None:
    assert organisation is not None
    return user.memberships.filter(**owner_fields(organisation)).values_list("role", flat=True).first()
