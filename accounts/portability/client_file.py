"""`client.json`: the client's own row."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Field

from accounts import vault
from accounts.models import Client, FormerSlug
from accounts.portability.archive import Reading, Refused, Writing

FILE = "client.json"
# Columns of the client's row that do not travel, and why.
LEFT_OUT = {
    "id": "of the installation",
    "schema_name": "of the installation",
    "schema_state": "of the installation",
    "agency": "of the installation; a restoration names its own",
    "pseudonym_key": "a secret; sealed beside the fields, see `write`",
    "created_at": "the restored client is made when it is restored",
    "closed_at": "a restored client is open",
}
FORMER_SLUGS = "former_slugs"
KEY_BYTES = 32
SEALED_KEY = "people_key_sealed"
PLAIN_KEY = "people_key"


def fields() -> list[Field[Any, Any]]:
    """What of the row travels."""
    return [column for column in Client._meta.local_concrete_fields if column.name not in LEFT_OUT]


def write(archive: Writing, client: Client, *, with_people_key: bool) -> None:
    """The key of people's pseudonyms is sealed under this installation's own: here later files meet the same people again.

    In the clear, for another installation, it goes only when asked for: with it, an address can be tried against the hashes.
    """
    key = bytes(client.pseudonym_key)
    content = {column.name: column.value_from_object(client) for column in fields()}
    content[FORMER_SLUGS] = sorted(client.former_slugs.values_list("slug", flat=True))
    content[SEALED_KEY] = vault.seal({"key": key.hex()}).decode()
    if with_people_key:
        content[PLAIN_KEY] = key.hex()
    archive.content(FILE, json.dumps(content, cls=DjangoJSONEncoder, indent=2, ensure_ascii=False).encode())


def read(archive: Reading) -> tuple[Client, list[str]]:
    """The client, not saved, and the names it had. Raises `Refused`."""
    content = archive.json(FILE, dict[str, Any])
    former = _former_slugs(content)
    key = _key(content)
    client = Client()
    for name, value in content.items():
        _set(client, name, value)
    if key:
        client.pseudonym_key = key
    if client.language not in dict(settings.LANGUAGES):
        raise Refused(f"{FILE}, language: not a language of this service.")
    return client, former


def keep_former_slugs(client: Client, slugs: list[str]) -> None:
    """Old links lead to the client again, unless their name is another's by now."""
    for slug in slugs:
        taken = Client.objects.filter(slug=slug).exists() or FormerSlug.objects.filter(slug=slug).exists()
        if not taken:
            FormerSlug.objects.create(slug=slug, client=client)


def checked(client: Client) -> None:
    """Raise `Refused` for what the client's own rules do not allow."""
    _explaining(lambda: client.full_clean(validate_unique=False, exclude=list(LEFT_OUT)))


def _key(content: dict[str, Any]) -> bytes | None:
    sealed, plain = content.pop(SEALED_KEY, None), content.pop(PLAIN_KEY, None)
    try:
        key = bytes.fromhex(plain or vault.unsealed((sealed or "").encode())["key"])
    except vault.Unreadable:
        return None  # of another installation
    except (AttributeError, KeyError, TypeError, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise Refused(f"{FILE}, {PLAIN_KEY if plain else SEALED_KEY}: not a key of {KEY_BYTES} bytes.")
    return key


def _former_slugs(content: dict[str, Any]) -> list[str]:
    slugs, column = content.pop(FORMER_SLUGS, []), FormerSlug._meta.get_field("slug")
    if not isinstance(slugs, list) or not all(isinstance(slug, str) for slug in slugs):
        raise Refused(f"{FILE}, {FORMER_SLUGS}: not a list of names.")
    try:
        return [column.clean(slug, None) for slug in slugs]
    except ValidationError as error:
        raise Refused(f"{FILE}, {FORMER_SLUGS}: {' '.join(error.messages)}") from None


def _set(client: Client, name: str, value: Any) -> None:
    try:
        column = Client._meta.get_field(name)
    except FieldDoesNotExist:
        raise Refused(f"{FILE}, {name}: unknown to this version of the service. Update first.") from None
    if name in LEFT_OUT or not isinstance(column, Field):
        raise Refused(f"{FILE}, {name}: not to be set by an archive.")
    if isinstance(value, (list, dict)) or "\0" in str(value):
        raise Refused(f"{FILE}, {name}: not a text or a number that the database can hold.")
    try:
        setattr(client, name, column.to_python(value))
    except ValidationError as error:
        raise Refused(f"{FILE}, {name}: {' '.join(error.messages)}") from None


def _explaining(check: Callable[[], object]) -> None:
    try:
        check()
    except ValidationError as error:
        lines = [f"{FILE}, {name}: {' '.join(texts)}" for name, texts in error.message_dict.items()]
        raise Refused("\n".join(lines)) from None
