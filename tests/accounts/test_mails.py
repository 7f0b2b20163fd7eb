"""Single mails: readable whatever the brand, in both languages, and with headers nobody can forge."""

from __future__ import annotations

import random
import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser

import pytest
from django.core.mail import BadHeaderError

from accounts import colours, mails
from accounts.brand import Brand

_rng = random.Random(2)
BRANDS = ["#000000", "#ffffff", "#ffff00", "#777777", *(f"#{_rng.randrange(1 << 24):06x}" for _ in range(60))]
TO = "ana@lumen.example"
LINK = "https://reports.nord.example/accounts/password/reset/key/1-abc/"


def built(brand: Brand) -> EmailMessage:
    """The message as a reader's program parses it from the wire."""
    message = mails.build("password_reset", TO, language="en", brand=brand, context={"url": LINK, "address": TO})
    return message_from_bytes(message.message().as_bytes(), policy=policy.default)


def test_a_mail_names_the_brand_in_sender_and_text_and_answers_go_to_it() -> None:
    message = built(Brand("Agence Nord", reply_to="bonjour@nord.example"))
    assert message["From"] == "Agence Nord <reports@localhost>"
    assert message["Reply-To"] == "bonjour@nord.example"
    text, html = (part.get_content() for part in message.iter_parts())
    for body in (text, html):
        assert "Agence Nord" in body
        assert LINK in body
    assert len(html) < 30_000


@pytest.mark.parametrize("name", ["Nord", "Nord " * 19 + "Est", "Épicerie du Faubourg Saint-Antoine de la République", "Épicerie " * 11])
def test_a_long_subject_begins_on_its_own_line_and_is_read_as_it_was_written(name: str) -> None:
    """Else some readers show it with a space before it, or not at all."""
    message = mails.build("password_reset", TO, language="fr", brand=Brand(name), context={"url": LINK, "address": TO})
    sent = message.message().as_bytes(linesep="\r\n")
    assert re.search(rb"^Subject: \S", sent, re.MULTILINE)
    assert max(len(line) for line in sent.partition(b"\r\n\r\n")[0].splitlines()) <= 78
    assert message_from_bytes(sent, policy=policy.default)["Subject"] == message.subject


def test_the_product_itself_has_no_reply_address() -> None:
    assert built(Brand())["Reply-To"] is None


def test_a_mail_is_in_the_readers_language() -> None:
    subject, html, text = mails.parts("password_reset", language="fr", brand=Brand(), context={"url": LINK, "address": TO})
    assert subject == "Choisissez un nouveau mot de passe · Vigie"
    assert 'lang="fr"' in html
    assert "pendant une heure" in text


def test_a_name_with_line_breaks_or_quotes_adds_no_header() -> None:
    message = built(Brand('Nord"\r\nBcc: all@people.example\r\n <x@y.example>,'))
    assert message["Bcc"] is None
    assert [address.addr_spec for address in message["From"].addresses] == ["reports@localhost"]
    assert message["To"] == TO


@pytest.mark.parametrize("reply_to", ["a@b.example\nBcc: all@people.example", "a@b.example\r\nX: y"])
def test_a_reply_address_with_a_line_break_is_refused(reply_to: str) -> None:
    with pytest.raises(BadHeaderError):
        built(Brand(reply_to=reply_to))


class Tags(HTMLParser):
    """The elements of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)


def test_a_name_cannot_put_markup_into_a_mail() -> None:
    _, html, text = mails.parts("password_reset", language="en", brand=Brand("<b>N</b> & Co"), context={"url": LINK, "address": TO})
    read = Tags()
    read.feed(html)
    assert "table" in read.found
    assert "b" not in read.found
    assert "<b>N</b> & Co" in text


@pytest.mark.parametrize("brand", BRANDS)
def test_the_button_can_be_read_whatever_the_brand_colour(brand: str) -> None:
    found = colours.in_mail(brand)
    for ground, text in (("primary", "on_primary"), ("header_dark", "on_header_dark"), ("button_dark", "on_button_dark")):
        assert colours.contrast(found[ground], found[text]) >= colours.READABLE
    assert colours.contrast(found["text"], colours.PAPER) >= colours.READABLE
    assert colours.contrast(found["text_dark"], colours.NIGHT) >= colours.READABLE
