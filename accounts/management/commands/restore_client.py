from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.audit import OPERATOR
from accounts.management.found import found_agency
from accounts.portability.archive import Refused
from accounts.portability.restoring import SlugTaken, restore

NEXT = """Nothing runs for it yet. What a person does next:
  - give people their roles:  manage.py add_person ADDRESS --client {slug} --role admin
  - connect the accounts that are read by API again
  - look at the schedules and their recipients, then unpause them: until then nothing is mailed"""


class Command(BaseCommand):
    help = "Create a client from a file that export_client wrote: all of it, or nothing where the file is not whole."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--slug", help="another short name than the archive's")
        parser.add_argument("--agency", help="slug of the agency that serves it")

    def handle(self, *, file: Path, slug: str | None, agency: str | None, **options: Any) -> None:
        firm = found_agency(agency) if agency else None
        try:
            with file.open("rb") as archive:
                client = restore(archive, OPERATOR, slug=slug, agency=firm, report=self.stdout.write)
        except SlugTaken as taken:
            raise CommandError(f"The short name {str(taken)!r} is taken: choose another with --slug.") from None
        except Refused as reason:
            raise CommandError(f"{file.name} is refused, nothing was restored:\n{reason}") from None
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from None
        self.stdout.write(f"Restored {client.name} ({client.slug}); its figures are ready.\n" + NEXT.format(slug=client.slug))
