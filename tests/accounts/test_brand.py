"""An agency's name, logo, colours and sender, wherever its people and clients meet it."""

from __future__ import annotations

import contextlib
import io
import random
import re
import socket
import struct
import zlib
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo

from accounts import brand, colours, mails
from accounts.models import Agency, AuditEvent
from accounts.pictures import checked
from tests.accounts.reading import SignIn, text
from tests.accounts.test_settings_pages import NORD
from tests.conftest import Cast

SECRET = "made by somebody at home"
WHOLE = {"sender_name": "Nord Reports", "sender_address": "rapports@nord.example", "footer": "Agence Nord\r\n1 rue du Port, Lille"}
RED = (255, 0, 0, 255)
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 50">{}</svg>'
HALF_RED = '<rect width="100" height="50" fill="red"/>'


def image(width: int = 40, height: int = 20, kind: str = "PNG", mode: str = "RGB", **saved: Any) -> bytes:
    """A picture that is red all over."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), "red").convert(mode).save(file, kind, **saved)
    return file.getvalue()


def png(width: int = 40, height: int = 20) -> bytes:
    """One that names its author."""
    told = PngInfo()
    told.add_text("Author", SECRET)
    return image(width, height, pnginfo=told)


def photograph() -> bytes:
    """Taken with the camera on its side, by somebody, somewhere; blue above, red below."""
    taken = Image.new("RGB", (300, 200), "red")
    taken.paste("blue", (0, 0, 150, 200))
    told = Image.Exif()
    told[ExifTags.Base.Orientation], told[ExifTags.Base.Artist] = 6, SECRET
    file = io.BytesIO()
    taken.save(file, "JPEG", exif=told, dpi=(300, 300), comment=SECRET)
    return file.getvalue()


def film() -> bytes:
    """Red first, then blue."""
    file = io.BytesIO()
    Image.new("RGB", (40, 20), "red").save(file, "GIF", save_all=True, append_images=[Image.new("RGB", (40, 20), "blue")])
    return file.getvalue()


def pretended(width: int, height: int) -> bytes:
    """A PNG of some bytes that says that it is that large."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return image()[:12] + header + struct.pack(">I", zlib.crc32(header)) + image()[33:]


def upload(content: bytes, name: str = "logo.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "image/png")


def seen(content: bytes) -> Image.Image:
    """What a reader sees, from a PNG that holds nothing else."""
    chunks, at = [], 8
    while at < len(content):
        chunks.append(content[at + 4 : at + 8])
        at += 12 + int.from_bytes(content[at : at + 4])
    assert set(chunks) == {b"IHDR", b"IDAT", b"IEND"}
    return Image.open(io.BytesIO(content))


def pixel(content: bytes, across: int, down: int) -> tuple[int, ...]:
    """Red, green, blue, and how opaque it is."""
    found = seen(content).getpixel((across, down))
    assert isinstance(found, tuple)
    return found


class TestPictures:
    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
    def test_a_picture_of_any_usual_kind_is_kept_as_a_png(self, kind: str) -> None:
        found = checked(image(kind=kind))
        assert (found.width, found.height, found.mime) == (40, 20, "image/png")
        assert seen(found.content).size == (40, 20)
        red, green, blue, opaque = pixel(found.content, 20, 10)
        assert red > 250
        assert max(green, blue) < 5
        assert opaque == 255
        assert checked(found.content) == found

    def test_pictures_as_they_come_from_print_and_from_scanners_are_read(self) -> None:
        for content in (image(kind="JPEG", mode="CMYK"), image(mode="P"), image(mode="RGBA", kind="WEBP", lossless=True)):
            assert pixel(checked(content).content, 20, 10)[0] > 250
        for content in (image(mode="L"), image(mode="1"), image(mode="LA")):
            assert pixel(checked(content).content, 20, 10)[3] == 255

    def test_a_photograph_stands_upright_and_tells_nothing_about_its_author(self) -> None:
        found = checked(photograph())
        assert (found.width, found.height) == (160, 240)
        assert pixel(found.content, 80, 40)[2] > 250
        assert pixel(found.content, 80, 200)[0] > 250
        for content in (photograph(), png()):
            assert SECRET.encode() in content
            assert SECRET.encode() not in checked(content).content

    def test_of_a_film_the_first_picture_is_kept(self) -> None:
        assert pixel(checked(film()).content, 20, 10) == RED

    def test_what_is_clear_stays_clear(self) -> None:
        file = io.BytesIO()
        drawn = Image.new("RGBA", (100, 50))
        drawn.paste("red", (0, 0, 50, 50))
        drawn.save(file, "PNG")
        found = checked(file.getvalue()).content
        assert (pixel(found, 25, 25), pixel(found, 75, 25)) == (RED, (0, 0, 0, 0))

    @pytest.mark.parametrize(
        ("size", "kept"), [((1600, 480), (800, 240)), ((4000, 400), (800, 80)), ((16, 2000), None), ((300, 3000), (24, 240))]
    )
    def test_a_large_picture_is_scaled_down(self, size: tuple[int, int], kept: tuple[int, int] | None) -> None:
        if kept is None:
            with pytest.raises(ValidationError, match="16 × 2000 pixels; as a logo it would be less than 16 wide or high"):
                checked(image(*size))
        else:
            found = checked(image(*size))
            assert seen(found.content).size == (found.width, found.height) == kept

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"hello", "this file is none of them"),
            (b"%PDF-1.7", "this file is none of them"),
            (image(kind="TIFF"), "this file is none of them"),
            (b"", "this file is none of them"),
            (b"x" * (2 * 1024 * 1024 + 1), "at most 2048 KB"),
            (image(8, 8), "8 × 8 pixels; as a logo it would be less than 16"),
            (pretended(4001, 4000), "more than 16 million pixels"),
            (pretended(100_000, 100_000), "more than 16 million pixels"),
            (pretended(2000, 2000), "damaged"),
            (image()[:-30], "damaged"),
            (photograph()[:-200], "damaged"),
            (film()[:40], "damaged"),
            (image(kind="WEBP")[:-10], "damaged"),
        ],
    )
    def test_what_cannot_be_used_is_refused_with_the_reason(self, content: bytes, reason: str) -> None:
        with pytest.raises(ValidationError, match=reason):
            checked(content)

    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
    def test_a_broken_file_is_refused_or_read_but_never_an_accident(self, kind: str) -> None:
        whole, chance = image(kind=kind), random.Random(7)
        for at in chance.choices(range(len(whole)), k=120):
            broken = bytearray(whole)
            broken[at] ^= 1 << chance.randrange(8)
            with contextlib.suppress(ValidationError):
                seen(checked(bytes(broken)).content)


class TestDrawings:
    def test_an_svg_is_kept_as_the_picture_of_it(self) -> None:
        found = checked(b'<?xml version="1.0"?>' + SVG.format(f"<script>alert(1)</script><title>{SECRET}</title>{HALF_RED}").encode())
        assert (found.width, found.height, found.mime) == (800, 200, "image/png")
        assert (pixel(found.content, 200, 100), pixel(found.content, 600, 100)) == (RED, (0, 0, 0, 0))
        assert not re.search(rb"svg|script|somebody", found.content)

    @pytest.mark.parametrize(
        ("svg", "reason"),
        [
            (SVG.format('<text x="9" y="9">Nord</text>'), "save it with its letters as outlines"),
            (SVG.format(""), "nothing to be seen"),
            (SVG.format(HALF_RED)[:-3], "cannot be drawn"),
            (SVG.format("<g>" * 200_000), "cannot be drawn"),
            (SVG.format('<image href="https://tracker.example/a.png" width="9" height="9"/>'), "asks for other files"),
            (SVG.format(f'<image href="file://{__file__}" width="9" height="9"/>'), "asks for other files"),
            (SVG.format('<image href="../../../../../../etc/passwd" width="9" height="9"/>'), "asks for other files"),
            (f'<!DOCTYPE svg [<!ENTITY a SYSTEM "file://{__file__}">]>{SVG.format("<title>&a;</title>")}', "cannot be drawn"),
        ],
    )
    def test_one_that_cannot_be_drawn_or_asks_for_more_is_refused(self, svg: str, reason: str) -> None:
        with pytest.raises(ValidationError, match=reason):
            checked(svg.encode())

    def test_nothing_is_fetched_for_it(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as tracker:
            at = "http://{}:{}".format(*tracker.getsockname())
            more = (
                f'<style>@import url("{at}/style"); rect {{ fill: url("{at}/fill") }}</style><script href="{at}/script"/>'
                f'<a href="{at}/link">{HALF_RED}</a><foreignObject><img src="{at}/page"/></foreignObject>'
            )
            assert seen(checked(SVG.format(f"{more}{HALF_RED}").encode()).content).size == (800, 200)
            tracker.setblocking(False)
            with pytest.raises(BlockingIOError):
                tracker.accept()


BRANDS = ["#ffffff", "#000000", "#777777", "#808080", "#7f7f7f", "#ffff00", "#00ff00", "#0000ff", "#ff0000"] + [
    f"#{random.Random(seed).randrange(1 << 24):06x}" for seed in range(200)
]


def test_every_text_can_be_read_whatever_the_brands_colours() -> None:
    readable = colours.READABLE
    for at, primary in enumerate(BRANDS):
        page, mail, paper = colours.on_page(primary), colours.in_mail(primary), colours.in_print(primary, BRANDS[at - 1])
        pairs = {
            "side bar": (page["side"], "#ffffff"),
            "page at hand in the side bar": (colours.mixed(page["side"], "#ffffff", 0.17), "#ffffff"),
            "dimmed in the side bar": (page["side"], colours.mixed("#ffffff", page["side"], 0.2)),
            "side bar by night": (colours.mixed(page["side_dark"], "#ffffff", 0.17), "#ffffff"),
            "link on the page": (page["link"], "#f4f6f8"),
            "link on a card": (page["link"], "#ffffff"),
            "button": (page["link"], "#ffffff"),
            "link by night": (page["link_dark"], "#0f1318"),
            "link on a card by night": (page["link_dark"], "#171d24"),
            "link on a raised ground by night": (page["link_dark"], "#1f2730"),
            "button by night": (page["link_dark"], "#12181f"),
            "mail's header and button": (mail["primary"], mail["on_primary"]),
            "mail's header by night": (mail["header_dark"], mail["on_header_dark"]),
            "mail's button by night": (mail["button_dark"], mail["on_button_dark"]),
            "mail's links": (mail["text"], colours.PAPER),
            "mail's links by night": (mail["text_dark"], colours.NIGHT),
            "report's cover": (paper["primary"], paper["on_primary"]),
            "report's headings": (paper["heading"], colours.PAPER),
        }
        assert {name: pair for name, pair in pairs.items() if colours.contrast(*pair) < readable} == {}, primary


@pytest.mark.django_db
class TestSettings:
    def test_a_logo_is_shown_on_every_page_and_served_for_ever(self, cast: Cast, signed_in: SignIn) -> None:
        browser = signed_in(cast.owner)
        assert browser.post("/a/nord/settings/", NORD | WHOLE | {"logo": upload(png())}).status_code == 302
        worn = brand.of_agency(Agency.objects.get(slug="nord"))
        shown = f'<img class="logo" src="{worn.logo_path}" alt="Agence Nord" width="40" height="20">'
        for page in ("/a/nord/settings/", "/c/lumen/"):
            assert shown in browser.get(page).content.decode()
        answer = Browser(SERVER_NAME="localhost").get(worn.logo_path)
        picture = brand.picture(worn)
        assert picture is not None
        assert answer.content == picture.content == checked(png()).content
        assert answer.headers["Content-Type"] == "image/png"
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert not answer.cookies
        assert worn.logo_url == f"http://localhost:8000{worn.logo_path}"
        assert Browser(SERVER_NAME="reports.sud.example").get(worn.logo_path).status_code == 404

    def test_a_logo_is_taken_off_again_and_old_mails_still_show_it(self, cast: Cast, signed_in: SignIn) -> None:
        browser = signed_in(cast.owner)
        browser.post("/a/nord/settings/", NORD | {"logo": upload(png())})
        worn = brand.of_agency(Agency.objects.get(slug="nord"))
        browser.post("/a/nord/settings/", NORD | {"remove_logo": "on"})
        bare = brand.of_agency(Agency.objects.get(slug="nord"))
        assert (bare.logo, bare.logo_path, brand.picture(bare)) == ("", "", None)
        assert "<img" not in browser.get("/c/lumen/").content.decode().split("</header>")[0]
        assert browser.get(worn.logo_path).status_code == 200
        changes = [event.details["changes"][0] for event in AuditEvent.objects.filter(verb="agency.changed").order_by("pk")]
        assert [(change["field"], change["before"], change["after"]) for change in changes] == [
            ("logo", "", "40 × 20"),
            ("logo", "40 × 20", ""),
        ]

    def test_what_is_no_picture_is_said_beside_the_field_and_changes_nothing(self, cast: Cast, signed_in: SignIn) -> None:
        browser = signed_in(cast.owner)
        answer = browser.post("/a/nord/settings/", NORD | {"name": "Nord", "logo": upload(b"<svg", "logo.svg")})
        assert "Logo The SVG cannot be drawn: it is damaged, or asks for other files." in " ".join(text(answer).split())
        answer = browser.post("/a/nord/settings/", NORD | {"sender_address": "nobody", "footer": "x" * 301})
        assert "Enter a valid email address." in text(answer)
        assert "at most 300 characters" in text(answer)
        assert Agency.objects.get(slug="nord").name == "Agence Nord"

    def test_the_address_is_used_only_once_the_operator_allows_its_domain(self, cast: Cast, signed_in: SignIn, settings: Any) -> None:
        answer = signed_in(cast.owner).post("/a/nord/settings/", NORD | WHOLE | {"reply_to": ""}, follow=True)
        assert "rapports@nord.example is not used to send yet: ask whoever runs this service to allow nord.example." in text(answer)
        agency = Agency.objects.get(slug="nord")
        assert agency.footer == "Agence Nord\n1 rue du Port, Lille"
        waiting = brand.of_agency(agency)
        assert (mails.sender(waiting), waiting.reply_to) == ('"Nord Reports" <reports@localhost>', "rapports@nord.example")
        settings.SENDER_DOMAINS = {"sud": frozenset({"nord.example"}), "nord": frozenset({"mail.nord.example"})}
        assert mails.sender(brand.of_agency(agency)) == '"Nord Reports" <reports@localhost>'
        settings.SENDER_DOMAINS = {"nord": frozenset({"nord.example"})}
        assert mails.sender(brand.of_agency(agency)) == '"Nord Reports" <rapports@nord.example>'
