"""Rows that were read, kept until the figures change.

Kept by the statement, its parameters and the version of all that it reads, in a fixed number of places for each client:
what is asked anew takes the place of something else, so that they neither pile up nor ever give old figures.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable
from typing import Any

import msgspec
from django.core.cache import cache
from django.db import connection, transaction

from kpis.slices import Row

_decoder = msgspec.json.Decoder(list[Row])
# Of one client. Two thousand clients have room in the cache, which everything else shares, before it drops any.
PLACES = 32
# Bytes of one answer, packed: 4 MiB of a client at the most, and mostly a hundredth of that.
LARGEST = 2**17


def rows(asked: object, version: str, read: Callable[[], list[Row]]) -> list[Row]:
    """What `read` gives, or gave when the same was asked under the same version. `asked` is told by its `repr`.

    Kept when the transaction that read it is over: were it undone, its version would come to stand for other figures.
    """
    mark = hashlib.sha256(f"{version}\n{asked!r}".encode()).hexdigest()
    place = f"kpis:{int(hashlib.sha256(repr(asked).encode()).hexdigest()[:8], 16) % PLACES}"
    kept = cache.get(place)
    if kept is not None and kept[0] == mark:
        return _decoder.decode(zlib.decompress(kept[1]))
    read_now = read()
    packed = zlib.compress(msgspec.json.encode(read_now), 1)
    if len(packed) <= LARGEST:
        _keep(place, (mark, packed))
    return read_now


def _keep(place: str, value: tuple[str, bytes]) -> None:
    database: Any = connection
    schema = database.schema_name

    def keep() -> None:
        # The key of a place begins with the schema that is open.
        if database.schema_name == schema:
            cache.set(place, value, None)

    transaction.on_commit(keep, robust=True)
