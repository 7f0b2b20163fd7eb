"""Colours of a brand made readable, whatever the brand: `#rrggbb` in, `#rrggbb` out."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from functools import lru_cache

PAPER, NIGHT = "#ffffff", "#171d24"
READABLE, VISIBLE = 4.5, 3.0  # contrast ratios: text, and shapes that carry meaning (WCAG 2.2, 1.4.3 and 1.4.11)


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb`, 0 to 1."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in channels(colour))]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def mixed(colour: str, towards: str, share: float) -> str:
    """`colour` with `share` (0 to 1) of `towards` in it."""
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in zip(channels(colour), channels(towards), strict=True))


@lru_cache(maxsize=1024)
def legible(colour: str, background: str = PAPER, ratio: float = READABLE) -> str:
    """`colour`, darkened or lightened in its own hue only as far as it must to reach `ratio` on `background`."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*(part / 255 for part in channels(colour)))
    end = 0.0 if luminance(background) > 0.18 else 1.0
    for step in range(101):
        level = lightness + (end - lightness) * step / 100
        candidate = _hex(colorsys.hls_to_rgb(hue, level, saturation))
        if contrast(candidate, background) >= ratio:
            return candidate
    return _hex((end, end, end))


def on(background: str) -> str:
    """The text colour for a filled area: white or near-black, whichever reads better; black where neither does."""
    best = max("#ffffff", "#12181f", key=lambda colour: contrast(colour, background))
    return best if contrast(best, background) >= READABLE else "#000000"


def _hex(parts: Sequence[float]) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in parts)


def channels(colour: str) -> list[int]:
    """Red, green and blue of `#rrggbb`, 0 to 255."""
    return [int(colour[start : start + 2], 16) for start in (1, 3, 5)]


def in_mail(primary: str) -> dict[str, str]:
    """The brand's colour and what can be read on it, for a white and for a dark mail."""
    header_dark, button_dark = mixed(primary, NIGHT, 0.35), legible(primary, NIGHT, READABLE)
    return {
        "primary": primary,
        "on_primary": on(primary),
        "text": legible(primary, PAPER),
        "text_dark": legible(primary, NIGHT),
        "bar": legible(primary, PAPER, VISIBLE),
        "bar_dark": legible(primary, NIGHT, VISIBLE + 1),
        "header_dark": header_dark,
        "on_header_dark": on(header_dark),
        "button_dark": button_dark,
        "on_button_dark": on(button_dark),
    }


# The grounds of pages, as config/static/app.css has them: of cards and fields, by day and by night.
PAGE, RAISED_NIGHT = "#f4f6f8", "#1f2730"
# White on the side bar is dimmed in places, and lies on a lightened ground where the page at hand is named.
SIDE, LINK_NIGHT = 9.0, 7.5


def on_page(primary: str) -> dict[str, str]:
    """What a page paints in the brand's colour: the side bar's ground, and links, which are also the ground of buttons."""
    return {
        "side": legible(primary, "#ffffff", SIDE),
        "side_dark": mixed(primary, "#0b0f13", 0.9),
        "link": legible(primary, PAGE),
        "link_dark": legible(primary, RAISED_NIGHT, LINK_NIGHT),
    }


def in_print(primary: str, accent: str) -> dict[str, str]:
    """Of a cover and of white pages: the cover's ground and text, a line on it, headings on white."""
    return {"primary": primary, "on_primary": on(primary), "heading": legible(primary), "accent": legible(accent, primary, 2.0)}
