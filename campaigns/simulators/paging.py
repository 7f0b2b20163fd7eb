"""Pages of rows, and the tokens that lead from one to the next."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Sequence
from datetime import date
from typing import Any, TypeVar

T = TypeVar("T")


class InvalidPageTokenError(Exception):
    """A page token that was never given, or belongs to another request."""


def page(rows: Sequence[T], offset: int, size: int, overlap: int) -> Sequence[T]:
    """The rows from `offset` on; every page but the first begins `overlap` rows earlier."""
    start = max(0, offset - overlap) if offset else 0
    return rows[start : start + size]


def length(rows: Sequence[Any], offset: int, overlap: int) -> int:
    """How many rows there seem to be by the time a page is read."""
    return len(rows) + (min(overlap, offset) if offset else 0)


def page_token(offset: int, as_of: date, digest: str) -> str:
    return urlsafe_b64encode(f"{offset} {as_of} {digest}".encode()).decode()


def position(token: str, digest: str) -> tuple[int, date] | None:
    """Where a page starts, and the day whose figures the first page showed: all pages are of one moment."""
    if not token:
        return None
    try:
        offset, as_of, given = urlsafe_b64decode(token).decode().split(" ")
        found = int(offset), date.fromisoformat(as_of)
    except (NotBase64, ValueError):
        raise InvalidPageTokenError("The page token is invalid.") from None
    if given != digest:
        raise InvalidPageTokenError("The page token belongs to another query.")
    return found
