"""The file: a ZIP whose manifest gives rows, bytes and SHA-256 of every other entry. What does not fit it is refused by name."""

from __future__ import annotations

import csv
import hashlib
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import IO, Any, TypeVar
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

import msgspec
from django.db import connection

PRODUCT = "vigie"
# Raised when an older version could not read what this one writes.
FORMAT = 1
MANIFEST = "manifest.json"
CHUNK = 1 << 16
# What is read into memory at once: a document, the manifest, a header.
LARGEST_CONTENT = 1 << 26
# Rows that repeat themselves shrink to a hundredth; what unpacks to more than this is made to fill a disk.
MOST_EXPANSION = 250
ALWAYS_ALLOWED = 1 << 22
# Zip's own instant; an archive does not tell when each of its files was written.
NO_DATE = (1980, 1, 1, 0, 0, 0)

T = TypeVar("T")


class Refused(Exception):
    """The archive cannot be restored; the message names the file and the reason."""


class Entry(msgspec.Struct, frozen=True):
    """One file of the archive. `rows` is None for what is not a table."""

    bytes: int
    sha256: str
    rows: int | None = None


class _Head(msgspec.Struct, frozen=True):
    product: str
    format: int


class Manifest(_Head, frozen=True):
    exported_at: datetime
    files: dict[str, Entry]


class Writing:
    """An archive in the making, on a file that need not be seekable."""

    def __init__(self, file: IO[bytes], exported_at: datetime, report: Callable[[str], None]) -> None:
        self._zip = ZipFile(file, "w", ZIP_DEFLATED)
        self._report = report
        self._at = exported_at
        self.files: dict[str, Entry] = {}

    def query(self, name: str, select: str, parameters: Sequence[Any] = ()) -> None:
        """Write the rows of a SELECT as CSV with a header, without ever holding more than one of them."""
        with self._open(name) as entry, connection.cursor() as cursor:
            with cursor.copy(f"COPY ({select}) TO STDOUT WITH (FORMAT csv, HEADER)", parameters or None) as copy:
                for chunk in copy:
                    entry.write(chunk)
            entry.rows = cursor.rowcount

    def content(self, name: str, content: bytes) -> None:
        with self._open(name) as entry:
            entry.write(content)

    def close(self) -> None:
        """Write the manifest; nothing can be added afterwards."""
        manifest = Manifest(PRODUCT, FORMAT, self._at, self.files)
        self._zip.writestr(_info(MANIFEST), msgspec.json.format(msgspec.json.encode(manifest)))
        self._zip.close()

    @contextmanager
    def _open(self, name: str) -> Iterator[_Output]:
        with self._zip.open(_info(name), "w", force_zip64=True) as file:
            output = _Output(file)
            yield output
            output.flush()
        self.files[name] = Entry(output.bytes, output.digest.hexdigest(), output.rows)
        if output.rows is not None:
            self._report(f"{name}: {output.rows} rows")


class _Output:
    """One entry in the making: counts, hashes, and hands on what it is given in large pieces."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._waiting = bytearray()
        self.digest = hashlib.sha256()
        self.bytes = 0
        self.rows: int | None = None

    def write(self, chunk: bytes | memoryview) -> None:
        self._waiting += chunk
        if len(self._waiting) >= CHUNK:
            self.flush()

    def flush(self) -> None:
        self.digest.update(self._waiting)
        self.bytes += len(self._waiting)
        self._file.write(self._waiting)
        self._waiting = bytearray()


class Reading:
    """An archive to restore from. Made only of a file that is whole; raises `Refused` otherwise.

    Every entry is hashed again whenever it is read, for the file may be changed between being verified and being read.
    """

    def __init__(self, file: IO[bytes], report: Callable[[str], None]) -> None:
        self.report = report
        try:
            self._zip = ZipFile(file)
        except (BadZipFile, OSError, ValueError) as error:
            raise Refused(f"This is not a complete archive of a client: {error}.") from None
        self._infos = {info.filename: info for info in self._zip.infolist()}
        size = file.seek(0, 2)
        self.manifest = self._manifest(size)
        self._refuse_others()
        for name in self.manifest.files:
            for _chunk in self.chunks(name):
                pass

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of one entry; raises `Refused` at their end unless they are what was exported."""
        expected = self._expected(name)
        digest = hashlib.sha256()
        for chunk in self._unpacked(name):
            digest.update(chunk)
            yield chunk
        if digest.hexdigest() != expected.sha256:
            raise Refused(f"{name}: not as it was exported (its SHA-256 is not that of {MANIFEST}).")

    def content(self, name: str) -> bytes:
        """One entry whole. Not for tables."""
        if self._expected(name).bytes > LARGEST_CONTENT:
            raise Refused(f"{name}: larger than {LARGEST_CONTENT >> 20} MiB.")
        return b"".join(self.chunks(name))

    def columns(self, name: str) -> list[str]:
        """The header of a table."""
        start = next(self.chunks(name), b"")
        try:
            return next(csv.reader([start.split(b"\n", 1)[0].decode().rstrip("\r")]), [])
        except (UnicodeDecodeError, csv.Error) as error:
            raise Refused(f"{name}, line 1: not a header of CSV: {error}.") from None

    def json(self, name: str, shape: type[T]) -> T:
        return _decoded(name, self.content(name), shape)

    def rows(self, name: str) -> int | None:
        return self._expected(name).rows

    def __contains__(self, name: str) -> bool:
        return name in self.manifest.files

    def _expected(self, name: str) -> Entry:
        if name not in self.manifest.files:
            raise Refused(f"{name}: missing from the archive.")
        return self.manifest.files[name]

    def _manifest(self, size: int) -> Manifest:
        names = [info.filename for info in self._zip.infolist()]
        if MANIFEST not in self._infos:
            raise Refused(f"{MANIFEST}: missing; this is not an archive of a client.")
        if doubled := sorted({name for name in names if names.count(name) > 1} if len(names) != len(self._infos) else ()):
            raise Refused(f"{doubled[0]}: stands twice in the archive.")
        for info in self._zip.infolist():
            _refuse_expansion(info)
        if sum(info.compress_size for info in self._zip.infolist()) > size:
            raise Refused("The entries of this archive overlap: it is made to fill a disk.")
        if self._infos[MANIFEST].file_size > LARGEST_CONTENT:
            raise Refused(f"{MANIFEST}: larger than {LARGEST_CONTENT >> 20} MiB.")
        content = b"".join(self._unpacked(MANIFEST))
        head = _decoded(MANIFEST, content, _Head)
        if head.product != PRODUCT:
            raise Refused(f"{MANIFEST}: an archive of {head.product!r}, not of this service.")
        if head.format > FORMAT:
            raise Refused(
                f"{MANIFEST}: format {head.format}, of a newer version of this service; this one reads up to {FORMAT}. Update first."
            )
        return _decoded(MANIFEST, content, Manifest)

    def _refuse_others(self) -> None:
        if strange := sorted(self._infos.keys() - self.manifest.files.keys() - {MANIFEST}):
            raise Refused(f"{strange[0]}: not in {MANIFEST}; it was added after the export.")
        for name, entry in self.manifest.files.items():
            if name not in self._infos:
                raise Refused(f"{name}: missing from the archive.")
            if (found := self._infos[name].file_size) != entry.bytes:
                raise Refused(f"{name}: not as it was exported ({found} bytes, {entry.bytes} in {MANIFEST}).")

    def _unpacked(self, name: str) -> Iterator[bytes]:
        try:
            with self._zip.open(self._infos[name]) as file:
                while chunk := file.read(CHUNK):
                    yield chunk
        except (BadZipFile, EOFError, OSError, zlib.error, NotImplementedError, RuntimeError) as error:
            raise Refused(f"{name}: damaged, or packed in a way this service does not write: {error}.") from None


def _info(name: str) -> ZipInfo:
    info = ZipInfo(name, NO_DATE)
    info.compress_type = ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    return info


def _refuse_expansion(info: ZipInfo) -> None:
    if info.file_size > max(ALWAYS_ALLOWED, info.compress_size * MOST_EXPANSION):
        raise Refused(f"{info.filename}: unpacks to more than {MOST_EXPANSION} times its size; it is made to fill a disk.")


def _decoded(name: str, content: bytes, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(content, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused(f"{name}: {error}.") from None
    except RecursionError:
        raise Refused(f"{name}: nested too deep.") from None
