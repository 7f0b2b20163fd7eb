"""What a file of a kind looks like: its header and one row that would be imported."""

from __future__ import annotations

import csv
import io

from campaigns.imports.kinds import Kind


def template(kind: Kind) -> str:
    """CSV text in the canonical format."""
    text = io.StringIO()
    names = [column.name for column in kind.canonical]
    csv.writer(text, lineterminator="\r\n").writerows([names, [kind.example[name] for name in names]])
    return text.getvalue()
