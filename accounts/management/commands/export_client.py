from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.audit import OPERATOR
from accounts.management.found import found_client
from accounts.portability.exporting import export


class Command(BaseCommand):
    help = "Write everything of a client to one ZIP: facts, settings, documents as sent. Secrets and people's roles stay."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("client", help="the client's slug")
        parser.add_argument("file", type=Path, help="such as lumen.zip")
        parser.add_argument("--force", action="store_true", help="overwrite the file if there is one")
        parser.add_argument(
            "--with-people-key",
            action="store_true",
            help="for another installation: also the key under which e-mail addresses are hashed, so that later files meet the same people",
        )

    def handle(self, *, client: str, file: Path, force: bool, with_people_key: bool, **options: Any) -> None:
        owner = found_client(client)
        if file.is_dir() or (file.exists() and not force):
            raise CommandError(
                f"There is {file} already." + ("" if file.is_dir() else " Choose another name, or overwrite it with --force.")
            )
        partial = file.with_name(f"{file.name}.partial")
        try:
            partial.unlink(missing_ok=True)
            partial.touch(mode=0o600)  # everything of a client, for its owner's eyes
            with partial.open("wb") as output:
                export(owner, output, OPERATOR, with_people_key=with_people_key, report=self.stdout.write)
            partial.rename(file)
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror}.") from None
        finally:
            partial.unlink(missing_ok=True)
        self.stdout.write(f"Wrote {file}, {file.stat().st_size:,} bytes.")
