"""How a person mapped the columns of a file, for the next file with the same header."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

from msgspec import structs

from campaigns.imports.kinds import KINDS
from campaigns.imports.mapping import BadMapping, Mapping
from campaigns.imports.proposing import Proposal
from campaigns.models import SavedMapping


def remember(kind: str, header: Sequence[str], mapping: Mapping, made_by: str) -> None:
    """Keep a mapping; it takes the place of the one for the same kind and header."""
    SavedMapping.objects.update_or_create(kind=kind, header=_key(header), defaults={"mapping": mapping.as_json(), "made_by": made_by})


def recalled(proposal: Proposal) -> Proposal:
    """The proposal as a person mapped such a file before; what depends on the file itself is as it was found in this one."""
    kinds = [proposal.kind] if proposal.kind else list(KINDS)
    saved = SavedMapping.objects.filter(header=_key(proposal.header), kind__in=kinds).order_by("-created_at").first()
    if saved is None:
        return proposal
    try:
        known = Mapping.from_json(saved.mapping)
    except BadMapping:  # of a version that knew other words
        return proposal
    found = proposal.mapping
    mapping = structs.replace(known, encoding=found.encoding, delimiter=found.delimiter, skip_lines=found.skip_lines)
    return replace(proposal, kind=saved.kind, mapping=mapping, confidence=1.0, missing=[], doubts=[])


def _key(header: Sequence[str]) -> str:
    return sha256("\x1f".join(header).encode()).hexdigest()
