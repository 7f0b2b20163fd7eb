"""Compile message catalogues when their source is newer. Compiled files are not kept in the repository."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from babel.messages import mofile, pofile


def compile_changed(folder: Path) -> None:
    """Compile each `.po` below `folder` whose `.mo` is missing or older. A folder that cannot be written is left alone."""
    for source in folder.glob("*/LC_MESSAGES/*.po"):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        with source.open("rb") as file:
            catalog = pofile.read_po(file, locale=source.parts[-3])
        partial = target.with_suffix(f".{os.getpid()}.part")
        with contextlib.suppress(PermissionError):
            with partial.open("wb") as file:
                mofile.write_mo(file, catalog)
            partial.replace(target)
