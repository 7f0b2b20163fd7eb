"""Pictures that people give us: PNG only, read to the last byte, and written anew with nothing in it but the picture."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST_BYTES = 256 * 1024
LEAST, MOST = 16, 2000  # pixels, either way
# Bit depths that a colour type may have, and its samples per pixel (PNG, third edition, table 8).
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
PALETTE = 3
# First column, first row, step in columns and in rows of the seven passes of an interlaced picture.
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
# Everything else tells about the picture, or about who made it.
KEPT = (b"PLTE", b"tRNS")
FILTERS = 5
OTHERS = ((b"\xff\xd8\xff", "JPEG"), (b"GIF8", "GIF"), (b"RIFF", "WebP"), (b"<svg", "SVG"), (b"<?xml", "SVG"), (b"%PDF", "PDF"))


@dataclass(frozen=True)
class Picture:
    """A PNG of `width` × `height` pixels."""

    content: bytes
    width: int
    height: int
    mime: str = "image/png"


@dataclass(frozen=True)
class _Header:
    width: int
    height: int
    depth: int
    colour: int
    is_interlaced: bool

    def row_bytes(self, width: int) -> int:
        return (width * SAMPLES[self.colour] * self.depth + 7) // 8

    def rows(self) -> Iterator[int]:
        """The bytes of each row, pass by pass, without the one that names its filter."""
        if not self.is_interlaced:
            yield from (self.row_bytes(self.width) for _row in range(self.height))
            return
        for left, top, across, down in PASSES:
            width, height = -(-(self.width - left) // across), -(-(self.height - top) // down)
            if width > 0:
                yield from (self.row_bytes(width) for _row in range(height))


def checked(content: bytes) -> Picture:
    """The picture in `content`. Raises `ValidationError` saying why it is none that can be used."""
    if len(content) > MOST_BYTES:
        raise ValidationError(_("The file has %(size)s KB; at most %(most)s KB can be used.") % _sizes(len(content)))
    if not content.startswith(SIGNATURE):
        raise ValidationError(_not_png(content))
    try:
        parts = _parts(content)
        header = _header(parts[0])
        kept = _kept(parts, header)
        data = _pixels(parts, header)
    except (ValueError, struct.error, zlib.error):
        raise ValidationError(_("The file is damaged: it is not a whole PNG.")) from None
    chunks = [parts[0], *kept, (b"IDAT", zlib.compress(data, 9)), (b"IEND", b"")]
    return Picture(SIGNATURE + b"".join(_chunk(kind, body) for kind, body in chunks), header.width, header.height)


def _sizes(size: int) -> dict[str, int]:
    return {"size": -(-size // 1024), "most": MOST_BYTES // 1024}


def _not_png(content: bytes) -> str:
    start = content[:200].lstrip(b"\xef\xbb\xbf \r\n\t")
    kind = next((name for mark, name in OTHERS if start.startswith(mark)), "")
    if kind:
        return _("The logo must be a PNG file; this one is %(kind)s.") % {"kind": kind}
    return _("The logo must be a PNG file; this one is not.")


def _parts(content: bytes) -> list[tuple[bytes, bytes]]:
    """The chunks, each with a sum that is right, from IHDR to IEND and not a byte more."""
    found, at = [], len(SIGNATURE)
    while at < len(content):
        (length,) = struct.unpack_from(">I", content, at)
        kind, body = content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        (told,) = struct.unpack_from(">I", content, at + 8 + length)
        if told != zlib.crc32(kind + body):
            raise ValueError("a sum is wrong")
        found.append((kind, body))
        at += 12 + length
    kinds = [kind for kind, _body in found]
    if not found or kinds[0] != b"IHDR" or kinds[-1] != b"IEND" or kinds.count(b"IHDR") + kinds.count(b"IEND") != 2:
        raise ValueError("chunks are missing")
    return found


def _header(part: tuple[bytes, bytes]) -> _Header:
    width, height, depth, colour, compression, filtering, interlaced = struct.unpack(">IIBBBBB", part[1])
    if depth not in DEPTHS.get(colour, ()) or compression or filtering or interlaced > 1:
        raise ValueError("no such kind of picture")
    if not (LEAST <= width <= MOST and LEAST <= height <= MOST):
        sizes = {"width": width, "height": height, "least": LEAST, "most": MOST}
        raise ValidationError(_("The picture is %(width)s × %(height)s pixels; each side must have %(least)s to %(most)s.") % sizes)
    return _Header(width, height, depth, colour, bool(interlaced))


def _kept(parts: list[tuple[bytes, bytes]], header: _Header) -> list[tuple[bytes, bytes]]:
    kept = [part for kind in KEPT for part in parts if part[0] == kind]
    kinds = [kind for kind, _body in kept]
    if len(set(kinds)) != len(kinds) or (header.colour == PALETTE) > (b"PLTE" in kinds):
        raise ValueError("no palette, or two")
    if any(len(body) > 768 or (kind == b"PLTE" and len(body) % 3) for kind, body in kept):
        raise ValueError("no palette")
    return kept


def _pixels(parts: list[tuple[bytes, bytes]], header: _Header) -> bytes:
    """The rows, unpacked: exactly as many bytes as the picture has, however many a packed file pretends."""
    rows = list(header.rows())
    size = sum(rows) + len(rows)
    unpacking = zlib.decompressobj()
    data = unpacking.decompress(b"".join(body for kind, body in parts if kind == b"IDAT"), size + 1)
    if len(data) != size or not unpacking.eof:
        raise ValueError("too many pixels, or too few")
    at = 0
    for row in rows:
        if data[at] >= FILTERS:
            raise ValueError("no such filter")
        at += row + 1
    return data


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
