"""Single mails to one person, in their language and under the brand of whoever writes: sign-in, invitations.

A mail is three templates, `emails/<name>.subject.txt`, `.txt` and `.html`; the last two extend `emails/note.*`.
"""

from __future__ import annotations

import secrets
from email.header import Header
from email.utils import make_msgid, parseaddr
from functools import cache
from typing import Any

import css_inline
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.translation import override

from accounts import colours
from accounts.brand import Brand

ON_ONE_LINE = ("Message-ID", "List-Unsubscribe")


class _OneLine(Header):
    """A header that is never folded: an address in angle brackets stands on the line of its header's name, however long."""

    def encode(self, *arguments: Any, **options: Any) -> str:
        return super().encode(*arguments, **options | {"maxlinelen": 0})


class _Words(Header):
    """A header in words of at most 75 letters (RFC 2047, 2): with the space before them a line has 76, where mail is written in 78."""

    def encode(self, *arguments: Any, **options: Any) -> str:
        return super().encode(*arguments, **options | {"maxlinelen": 76})


class Mail(EmailMultiAlternatives):
    """Its subject begins on the line of the header's name: Django leaves no room there for the name when it folds a long one.

    Nor are addresses that only machines read folded: not all of them put the lines together again.
    """

    # What a mail provider's API takes along and tells back with its reports.
    metadata: dict[str, str]

    def message(self, **options: Any) -> Any:
        message = super().message(**options)  # which refuses what a header cannot carry
        for part in message.walk():
            if part.is_multipart():
                # One that Python chooses is sought in all that is sent, which takes longer than all else.
                part.set_boundary(secrets.token_hex(16))
        message.replace_header("Subject", _Words(str(self.subject), header_name="Subject"))
        for name in ON_ONE_LINE:
            if name in message:
                message.replace_header(name, _OneLine(str(message[name])))
        return message


def send(name: str, to: str, *, language: str, brand: Brand, context: dict[str, object]) -> None:
    """Render mail `name` and hand it to the mail server. `context["url"]` is the button's address, if it has one.

    Raises `OSError` or `smtplib.SMTPException` when the server does not take it.
    """
    build(name, to, language=language, brand=brand, context=context).send()


def build(name: str, to: str, *, language: str, brand: Brand, context: dict[str, object]) -> Mail:
    subject, html, text = parts(name, language=language, brand=brand, context=context)
    message = note(to, subject=subject, body=text, brand=brand)
    message.attach_alternative(html, "text/html")
    return message


def note(to: str, *, subject: str, body: str, brand: Brand) -> Mail:
    """A mail of text to one person, with the head that every mail of ours to one person has."""
    return Mail(
        subject=subject,
        body=body,
        from_email=sender(brand),
        to=[to],
        reply_to=[brand.reply_to] if brand.reply_to else None,
        headers={"Message-ID": make_msgid(domain=_address().rpartition("@")[2]), "Auto-Submitted": "auto-generated"},
    )


def parts(name: str, *, language: str, brand: Brand, context: dict[str, object]) -> tuple[str, str, str]:
    """(subject, html, text) in `language`. Nothing is fetched, and there are no pictures."""
    with override(language):
        subject = one_line(render_to_string(f"emails/{name}.subject.txt", {**context, "brand": brand}))
        whole = {**context, "brand": brand, "language": language, "subject": subject, "colours": colours.in_mail(brand.primary)}
        html, text = (render_to_string(f"emails/{name}.{kind}", whole) for kind in ("html", "txt"))
    return subject, inlined(html), tidy(text)


def sender(brand: Brand) -> str:
    """The `From` header: the brand's own name and address, where it has them and may use them, else its name over the service's address."""
    name = one_line((brand.sender_name or brand.name).replace("\\", "").replace('"', ""))
    return f'"{name}" <{brand.sender_address or _address()}>'


def one_line(text: str) -> str:
    """`text` without line breaks, which a header must not have."""
    return " ".join(text.split())


def tidy(text: str) -> str:
    """One empty line at most in a row, and none at the ends."""
    lines: list[str] = []
    for line in (raw.rstrip() for raw in text.splitlines()):
        if line or (lines and lines[-1]):
            lines.append(line)
    return "\n".join(lines).strip() + "\n"


def inlined(html: str) -> str:
    """`html` with its styles written into the elements, for readers that drop style sheets."""
    return _inliner().inline(html)


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(load_remote_stylesheets=False)


def _address() -> str:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
