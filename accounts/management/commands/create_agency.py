from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.audit import OPERATOR
from accounts.models import Agency
from accounts.services import create_agency


class Command(BaseCommand):
    help = "Create an agency. Then give it an owner: add_person ADDRESS --agency SLUG --role owner."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="short name in addresses, such as atelier-nord")
        parser.add_argument("--name", required=True)
        parser.add_argument("--host", help="the agency's own address, such as reports.atelier-nord.example; its DNS must lead here")

    def handle(self, *, slug: str, name: str, host: str | None, **options: Any) -> None:
        agency = Agency(slug=slug, name=name, host=host)
        try:
            create_agency(agency, OPERATOR)
        except ValidationError as error:
            raise CommandError("\n".join(f"{field}: {' '.join(texts)}" for field, texts in error.message_dict.items())) from None
        self.stdout.write(f"Created {agency.name} ({agency.slug}). Next: add_person ADDRESS --agency {agency.slug} --role owner")
