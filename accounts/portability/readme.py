"""What each file of an archive is, in English and French, for whoever opens it."""

from __future__ import annotations

from django.template.loader import render_to_string
from django.utils import translation

from accounts.models import Client

README = "README.txt"
LANGUAGES = ("en", "fr")


def readme(client: Client) -> bytes:
    texts = []
    for language in LANGUAGES:
        with translation.override(language):
            texts.append(render_to_string("exports/readme.txt", {"client": client}).strip())
    return ("\n\n\n".join(texts) + "\n").encode()
