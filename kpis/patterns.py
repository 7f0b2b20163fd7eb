"""Patterns of names as people write them: `*` stands for any text, everything else for itself, in any case. No Django here."""

from __future__ import annotations

import re


def like(pattern: str) -> str:
    """The same for ILIKE."""
    return re.sub(r"([\\%_])", r"\\\1", pattern).replace("*", "%")
