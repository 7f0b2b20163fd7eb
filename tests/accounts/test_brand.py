"""An agency's name, logo, colours and sender, wherever its people and clients meet it."""

from __future__ import annotations

import random
import struct
import zlib
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser

from accounts import brand, colours, mails
from accounts.models import Agency, AuditEvent
from accounts.pictures import SIGNATURE, checked
from tests.accounts.reading import SignIn, text
from tests.accounts.test_settings_pages import NORD
from tests.conftest import Cast

SECRET = b"made by somebody at home"
WHOLE = {"sender_name": "Nord Reports", "sender_address": "rapports@nord.example", "footer": "Agence Nord\r\n1 rue du Port, Lille"}


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int = 40, height: int = 20, *, rows: int | None = None, interlaced: bool = False, more: bytes = b"") -> bytes:
    """A red picture that names its author."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, int(interlaced))
    data = (b"\0" + b"\xff\0\0" * width) * (height if rows is None else rows)
    body = chunk(b"IHDR", header) + chunk(b"tEXt", b"Author\0" + SECRET) + chunk(b"IDAT", zlib.compress(data))
    return SIGNATURE + body + chunk(b"IEND", b"") + more


def upload(content: bytes, name: str = "logo.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "image/png")


class TestPictures:
    def test_a_picture_is_kept_without_what_it_tells_about_its_author(self) -> None:
        found = checked(png())
        assert (found.width, found.height, found.mime) == (40, 20, "image/png")
        assert SECRET not in found.content
        assert checked(found.content) == found

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"\xff\xd8\xff\xe0" + b"x" * 50, "this one is JPEG"),
            (b"<svg onload='alert(1)'/>", "this one is SVG"),
            (b"hello", "this one is not"),
            (b"x" * (256 * 1024 + 1), "at most 256 KB"),
            (png(8, 8), "8 × 8 pixels; each side must have 16 to 2000"),
            (png(4000, 16, rows=0), "4000 × 16 pixels"),
            (png()[:-20], "damaged"),
            (png().replace(b"IDAT", b"IDAX"), "damaged"),
            (png(rows=19), "damaged"),
            (png(rows=21), "damaged"),
            (png(1000, 1000, rows=50_000), "damaged"),  # unpacks to 150 MB
            (png(more=b"<script>alert(1)</script>"), "damaged"),
            (png().replace(b"\x08\x02\0\0\0", b"\x03\x02\0\0\0"), "damaged"),
        ],
    )
    def test_what_cannot_be_used_is_refused_with_the_reason(self, content: bytes, reason: str) -> None:
        with pytest.raises(ValidationError, match=reason):
            checked(content)

    def test_any_byte_that_changes_is_noticed_or_changes_no_more_than_the_picture(self) -> None:
        whole, chance = png(), random.Random(7)
        for at in chance.sample(range(len(whole)), 120):
            broken = bytearray(whole)
            broken[at] ^= 1 << chance.randrange(8)
            with pytest.raises(ValidationError):
                checked(bytes(broken))


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
        answer = browser.post("/a/nord/settings/", NORD | {"name": "Nord", "logo": upload(b"<svg/>", "logo.svg")})
        assert "Logo The logo must be a PNG file; this one is SVG." in " ".join(text(answer).split())
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
