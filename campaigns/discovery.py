"""Platforms by name: "google_ads" is the module `google_ads` of a package and the one class of its kind in it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from importlib import import_module
from pkgutil import iter_modules
from typing import Any


def modules(path: Iterable[str], plumbing: Collection[str]) -> list[str]:
    """The modules of a package but for its plumbing, in alphabetical order."""
    return sorted(module.name for module in iter_modules(path) if module.name not in plumbing)


def only_class(package: str, source: str, kind: type) -> Any:
    """The class of `kind` in the platform's module. Raises `TypeError` unless there is one, which says that it is of this source."""
    module = import_module(f"{package}.{source}")
    own = [item for item in vars(module).values() if isinstance(item, type) and item.__module__ == module.__name__]
    found: list[Any] = [item for item in own if issubclass(item, kind)]
    if len(found) != 1 or found[0].source != source:
        raise TypeError(f"{module.__name__} must define exactly one {kind.__name__}, with source = {source!r}.")
    return found[0]
