"""Parameters of the API as options of a command."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from django.core.management.base import CommandError, CommandParser

from kpis.serializers import AskedSerializer

Asked = TypeVar("Asked", bound=AskedSerializer)


def option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def add_days(parser: CommandParser) -> None:
    for name in ("from", "to"):
        parser.add_argument(option(name), required=True, metavar="YYYY-MM-DD")


def add_options(parser: CommandParser, asked: AskedSerializer, single: Iterable[str], several: Iterable[str]) -> None:
    """Parameters of `asked` by the same names; of `several`, several values may be given."""
    helps = {name: str(field.help_text or "") for name, field in asked.fields.items()}
    for name in single:
        parser.add_argument(option(name), help=helps[name])
    for name in several:
        parser.add_argument(option(name), action="append", help=f"{helps[name]} May be given more than once.")


def add_forms(parser: CommandParser, of_json: str, of_csv: str) -> None:
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help=of_json)
    form.add_argument("--csv", action="store_true", help=of_csv)


def validated(kind: type[Asked], options: dict[str, Any], names: Iterable[str]) -> Asked:
    """What was asked by the options of these names. Raises `CommandError` with a sentence for each that is at fault."""
    asked = kind(data={name: options[name] for name in names if options[name] is not None})
    if not asked.is_valid():
        raise CommandError(" ".join(_refusals(asked.errors)))
    return asked


def _refusals(errors: dict[str, Any]) -> list[str]:
    """One sentence for each option at fault."""
    found = []
    for name, reasons in errors.items():
        told = [str(reason) for one in reasons.values() for reason in one] if isinstance(reasons, dict) else [str(one) for one in reasons]
        found.append(f"{option(name)}: {' '.join(told)}")
    return found
