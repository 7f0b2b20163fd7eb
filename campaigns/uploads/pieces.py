"""A file in pieces: as it comes, as it waits in the database, and as a file again where it is read."""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.utils.translation import gettext as _

from campaigns.models import Upload, UploadPart

PIECE = 2**20
LONGEST_NAME = 255


class TooLarge(Exception):
    """More bytes than `settings.IMPORT_MAX_BYTES`."""


class Gone(Exception):
    """The file itself is not kept any more."""


@contextmanager
def spooled(pieces: Iterable[bytes]) -> Iterator[Path]:
    """The pieces as one file, gone afterwards. Raises `TooLarge`."""
    with _spool_file() as file:
        size = 0
        for piece in pieces:
            size += len(piece)
            if size > settings.IMPORT_MAX_BYTES:
                raise TooLarge
            file.write(piece)
        file.flush()
        yield Path(file.name)


def too_large() -> str:
    return _("This file is larger than %(megabytes)d MB. Split it.") % {"megabytes": settings.IMPORT_MAX_BYTES // 2**20}


def keep(upload: Upload, path: Path) -> None:
    with path.open("rb") as file:
        for number, piece in enumerate(iter(lambda: file.read(PIECE), b"")):
            UploadPart.objects.create(upload=upload, number=number, content=zlib.compress(piece, 1))


@contextmanager
def materialised(upload: Upload) -> Iterator[Path]:
    """The file as it came, on this machine's disk, gone afterwards. Raises `Gone`."""
    with _spool_file() as file:
        number = 0
        # One at a time: behind a transaction pooler an iterator would hold them all.
        while part := UploadPart.objects.filter(upload=upload, number=number).first():
            file.write(zlib.decompress(bytes(part.content)))
            number += 1
        file.flush()
        if file.tell() != upload.size:
            raise Gone
        yield Path(file.name)


def _spool_file() -> IO[bytes]:
    folder = Path(settings.HOME) / "spool"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return tempfile.NamedTemporaryFile("w+b", dir=folder)


def plain_name(name: str) -> str:
    """A file's name as it can be kept and shown, without folders."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return storable("".join(sign for sign in last if sign.isprintable()).strip()[-LONGEST_NAME:]) or "import"


def storable(value: Any) -> Any:
    """Without what Postgres keeps in no text: NUL, and halves of characters."""
    match value:
        case str():
            return value.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
        case list() | tuple():
            return [storable(part) for part in value]
        case dict():
            return {storable(name): storable(part) for name, part in value.items()}
    return value
