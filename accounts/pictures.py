"""Pictures that people give us: decoded within bounds, and written anew as a PNG with nothing in it but the picture."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from accounts.drawing import drawn

MOST_BYTES = 2 * 1024 * 1024
# As it comes: a small file may say that it has billions.
MOST_PIXELS = 16_000_000
# As it is kept, in pixels: wide and high enough for print, where it is a fingernail high.
LARGEST = (800, 240)
LEAST = 16
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
_LETTERS = re.compile(rb"<([\w.-]+:)?text[\s/>]")


@dataclass(frozen=True)
class Picture:
    """A PNG of `width` × `height` pixels."""

    content: bytes
    width: int
    height: int
    mime: str = "image/png"


def checked(content: bytes) -> Picture:
    """The picture in `content`, scaled down where it is larger than a logo is shown; the first of several.

    Raises `ValidationError` saying why it is none that can be used.
    """
    if len(content) > MOST_BYTES:
        sizes = {"size": -(-len(content) // 1024), "most": MOST_BYTES // 1024}
        raise ValidationError(_("The file has %(size)s KB; at most %(most)s KB can be used.") % sizes)
    picture = _decoded(_from_svg(content) if _is_svg(content) else content)
    size = {"width": picture.width, "height": picture.height, "least": LEAST}
    picture.thumbnail(LARGEST)
    if min(picture.size) < LEAST:
        raise ValidationError(
            _("The picture is %(width)s × %(height)s pixels; as a logo it would be less than %(least)s wide or high.") % size
        )
    if picture.getbbox() is None:
        raise ValidationError(_("There is nothing to be seen in the picture."))
    # Its colour profile and resolution would be written with it.
    picture.info.clear()
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return Picture(file.getvalue(), picture.width, picture.height)


def _decoded(content: bytes) -> Image.Image:
    """The right way up, each pixel with its colours and how opaque it is."""
    try:
        picture = Image.open(io.BytesIO(content), formats=FORMATS)
        if picture.width * picture.height > MOST_PIXELS:
            raise Image.DecompressionBombError
        ImageOps.exif_transpose(picture, in_place=True)
        return picture.convert("RGBA")
    except UnidentifiedImageError:
        raise ValidationError(_("The logo must be a PNG, JPEG, WebP, GIF or SVG; this file is none of them, or damaged.")) from None
    except Image.DecompressionBombError:
        most = {"most": MOST_PIXELS // 1_000_000}
        raise ValidationError(_("The picture has more than %(most)s million pixels.") % most) from None
    except Exception:  # what decoders raise at a broken file is not told by them
        raise ValidationError(_("The file is damaged: its picture cannot be read to the end.")) from None


def _is_svg(content: bytes) -> bool:
    return content.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<") and b"<svg" in content


def _from_svg(content: bytes) -> bytes:
    # Its typeface is on its author's machine.
    if _LETTERS.search(content):
        raise ValidationError(_("The SVG has letters; save it with its letters as outlines."))
    try:
        return drawn(content, *LARGEST)
    except ValueError:
        raise ValidationError(_("The SVG cannot be drawn: it is damaged, or asks for other files.")) from None
