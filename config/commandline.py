"""Run a command with what it needs: compiled translations, embedded servers, a migrated database."""

from __future__ import annotations

import io
import os
import sys

from config import embedded, removal, translations
from config.bootstrap import ROOT, home

# These never touch a database.
WITHOUT_DATABASE = {"check", "collectstatic", "compilemessages", "help", "makemessages", "startapp", "version", "--help", "-h", "--version"}
WITH_BROKER = {"demo", "celery"}
# These bring the tables themselves, or work on their definition.
WITHOUT_TABLES = {"demo", "migrate", "makemigrations", "showmigrations", "sqlmigrate"}


def run(argv: list[str]) -> int:
    """Run one command line and return its exit status. What a person can mend is said in a sentence, without a traceback."""
    from django.core.exceptions import ImproperlyConfigured
    from django.db import OperationalError

    # Whoever reads a log or a pipe learns the address at once, not when the command ends.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True)
    try:
        return _run(argv)
    except ImproperlyConfigured as error:
        print(f"Settings: {error}", file=sys.stderr)
    except PermissionError as error:
        print(f"{error.filename} cannot be used ({error.strerror}): run this as the user who owns it, or set VIGIE_HOME.", file=sys.stderr)
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None):  # the server answered: this is about what was asked, not about reaching it
            raise
        print(f"The database does not answer: {str(error).strip()}\nCheck DATABASE_URL and that the server runs.", file=sys.stderr)
    return 1


def _run(argv: list[str]) -> int:
    translations.compile_changed(ROOT / "locale")
    command = argv[1] if len(argv) > 1 else "help"
    if command == "test":
        return _test(argv[2:])
    if command == "demo" and "--reset" in argv and not embedded.is_given("DATABASE_URL"):
        removal.reset(home())
    if command in WITHOUT_DATABASE or {"--help", "-h"} & set(argv):
        return _execute(argv)
    with embedded.servers(home(), broker=command in WITH_BROKER):
        if command not in WITHOUT_TABLES:
            _migrate_new_database()
        return _execute(argv)


def _test(arguments: list[str]) -> int:
    import pytest

    os.chdir(ROOT)
    return int(pytest.main(arguments))


def _execute(argv: list[str]) -> int:
    from django.core.management import execute_from_command_line

    execute_from_command_line(argv)
    return 0


def _migrate_new_database() -> None:
    """Give an empty database its tables, so that a first command need not be `migrate`."""
    import django
    from django.core.management import call_command
    from django.db import connection

    django.setup()
    if "django_migrations" not in connection.introspection.table_names():
        print("A new database: creating its tables …", file=sys.stderr)
        call_command("migrate", verbosity=0)
