from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Agency
from accounts.services import create_client


class Command(BaseCommand):
    help = "Create a client company and its schema."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="short name in addresses, such as maison-lumen")
        parser.add_argument("--name", required=True)
        parser.add_argument("--currency", required=True, help="three letters, such as EUR")
        parser.add_argument("--timezone", required=True, help="such as Europe/Paris")
        parser.add_argument("--language", choices=["en", "fr"], default="en")
        parser.add_argument("--agency", help="slug of the agency that serves it")

    def handle(self, *, slug: str, agency: str | None, **options: Any) -> None:
        owner = Agency.objects.filter(slug=agency).first() if agency else None
        if agency and owner is None:
            raise CommandError(f"There is no agency {agency!r}.")
        fields = {name: options[name] for name in ("name", "currency", "timezone", "language")}
        try:
            client = create_client(slug, agency=owner, **fields)
        except ValidationError as error:
            lines = [f"{field}: {' '.join(texts)}" for field, texts in error.message_dict.items()]
            raise CommandError("\n".join(lines)) from None
        self.stdout.write(f"Created {client.name} ({client.slug}).")
