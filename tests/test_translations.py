"""Every text a person may read exists in French, and keeps its placeholders."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from babel.messages import pofile
from babel.messages.extract import extract
from django.conf import settings
from django.utils.translation.template import templatize

BASE = Path(settings.BASE_DIR)
APPS = ("accounts", "campaigns", "config", "jobs", "kpis", "reports")
KEYWORDS: dict[str, Any] = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop")),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    "npgettext": ((1, "c"), 2, 3),
}
PLACEHOLDER = re.compile(r"%\((\w+)\)[a-z]")
Key = tuple[str | None, str]


def _sources() -> list[tuple[str, bytes]]:
    modules = [(path, path.read_bytes()) for app in APPS for path in sorted((BASE / app).rglob("*.py"))]
    templates = [
        (path, templatize(path.read_text(), origin=str(path)).encode())
        for path in sorted((BASE / "templates").rglob("*"))
        if path.suffix in {".html", ".txt"}
    ]
    return [(str(path.relative_to(BASE)), code) for path, code in modules + templates]


def texts() -> dict[Key, str]:
    """Every text marked for translation, by context and (singular) text, with the file that first has it."""
    found: dict[Key, str] = {}
    for name, code in _sources():
        for _line, message, _comments, context in extract("python", BytesIO(code), KEYWORDS):
            singular = message if isinstance(message, str) else message[0]
            found.setdefault((context, singular), name)
    return found


@pytest.fixture(scope="module")
def french() -> dict[Key, Any]:
    with (BASE / "locale" / "fr" / "LC_MESSAGES" / "django.po").open("rb") as file:
        catalog = pofile.read_po(file, locale="fr")
    return {(message.context, message.id if isinstance(message.id, str) else message.id[0]): message for message in catalog if message.id}


def translations(message: Any) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


def test_every_text_has_a_french_translation(french: dict[Key, Any]) -> None:
    missing = [
        f"{name}: {key[1]!r}"
        for key, name in texts().items()
        if key not in french or french[key].fuzzy or not all(translations(french[key]))
    ]
    assert not missing, "no French for\n" + "\n".join(missing)


def test_no_translation_is_left_of_a_text_that_is_gone(french: dict[Key, Any]) -> None:
    assert sorted(key[1] for key in french.keys() - texts().keys()) == []


def test_translations_keep_their_placeholders(french: dict[Key, Any]) -> None:
    for message in french.values():
        ids = (message.id,) if isinstance(message.id, str) else message.id
        wanted = set(PLACEHOLDER.findall("".join(ids)))
        for text in translations(message):
            assert set(PLACEHOLDER.findall(text)) == wanted, text


def test_french_has_a_fixed_space_before_high_punctuation(french: dict[Key, Any]) -> None:
    loose = [text for message in french.values() for text in translations(message) if re.search(r" [:;?!»]|« ", text)]
    assert loose == []
