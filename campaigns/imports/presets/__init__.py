"""What the exports of platforms look like. One module each, found by being here."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from campaigns.imports.presets.base import Preset

__all__ = ["PRESETS", "Preset"]

PRESETS: tuple[Preset, ...] = tuple(
    preset
    for module in sorted(found.name for found in iter_modules(__path__) if found.name != "base")
    for preset in import_module(f"{__name__}.{module}").PRESETS
)
