from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate

from accounts import signals
from accounts.models import Client
from accounts.tenancy import migrating, outside


class Command(migrate.Command):
    help = "Migrate the public tables, then every client's schema."

    def handle(self, *args: Any, **options: Any) -> None:
        with outside():
            super().handle(*args, **options)
        if options["app_label"] or options["plan"] or options["check_unapplied"]:
            return
        failures: list[str] = []

        def report(client: Client, applied: int, error: Exception | None) -> None:
            if error:
                failures.append(client.slug)
                self.stderr.write(self.style.ERROR(f"  {client.slug}: {error}"))
            elif options["verbosity"] > 0 and applied:
                self.stdout.write(f"  {client.slug}: {applied} migrations")
            if applied and not error:
                signals.schema_migrated.send(sender=None, client=client)

        if not migrating.migrate_all(report):
            raise CommandError(f"Not migrated: {', '.join(failures)}. Mend the cause and run migrate again; it resumes.")
