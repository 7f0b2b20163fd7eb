"""What becomes of each table when a client is exported: written by a part, or left out for a reason."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Protocol

from django.db.models import Model
from django.utils.module_loading import autodiscover_modules

from accounts import belonging
from accounts.models import Client
from accounts.portability.archive import Reading, Writing


class Part(Protocol):
    """Some files of the archive. `models` are the tables they bring back."""

    @property
    def name(self) -> str: ...

    @property
    def models(self) -> Iterable[type[Model]]: ...

    def write(self, archive: Writing, client: Client) -> None:
        """Write the part's files. Inside the client's schema, in the one transaction of the whole export."""

    def read(self, archive: Reading, client: Client) -> None:
        """Fill the tables of a client that has just been made. Raises `Refused`; the transaction is then undone."""


_parts: list[Part] = []
_left_out: dict[type[Model], str] = {}


@cache
def _discover() -> None:
    """Each app says in its module `exports` what becomes of its tables. Few processes ever ask."""
    autodiscover_modules("exports")


def register(*parts: Part) -> None:
    """Parts are written and read in the order they are registered: what others refer to comes first."""
    _parts.extend(parts)


def leave_out(model: type[Model], reason: str) -> None:
    """Rows of this table are not exported, and why."""
    _left_out[model] = reason


def parts() -> tuple[Part, ...]:
    _discover()
    return tuple(_parts)


def undecided() -> list[str]:
    """Tables with rows of clients of which nobody has said what becomes of them, as `app.Model`."""
    decided = {model for part in parts() for model in part.models} | _left_out.keys()
    concerned = [*belonging.models_of_a_schema(), *belonging.public_models()]
    return sorted(model._meta.label for model in concerned if model not in decided)


def decided_twice() -> list[str]:
    """Tables of two parts, or of one that are left out all the same."""
    decided = [model for part in parts() for model in part.models] + list(_left_out)
    return sorted({model._meta.label for model in decided if decided.count(model) > 1})
