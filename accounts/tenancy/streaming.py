"""A response that is made while it is sent: by then the gate has left the client."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Self

from django.db import connection

from accounts.tenancy import visit

if TYPE_CHECKING:
    from accounts.models import Client


class Streamed(Iterator[bytes]):
    """The chunks of a `StreamingHttpResponse`, each made inside `client`; between two of them nothing is held.

    Each chunk is a visit of its own, so that a slow reader keeps no transaction open; what must be of one state is read
    at once, before the first chunk. `RuntimeError` where `chunks` itself holds a transaction open. The server closes it, at
    the end or early, and `chunks` is closed inside `client` too.
    """

    def __init__(self, client: Client, chunks: Iterable[bytes]) -> None:
        self._client = client
        self._chunks = iter(chunks)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        with visit(self._client):
            open_before = len(connection.atomic_blocks)
            chunk = next(self._chunks, None)  # the end must not look like a failure to the visit
            if len(connection.atomic_blocks) != open_before:
                connection.close()
                raise RuntimeError("a streamed response keeps a transaction open between its chunks")
        if chunk is None:
            raise StopIteration
        return chunk

    def close(self) -> None:
        if close := getattr(self._chunks, "close", None):
            with visit(self._client):
                close()
