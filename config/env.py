"""Typed readers of the environment. Each refuses nonsense with a sentence that names the variable.

`NAME_FILE` may hold the path of a file with the value (for secrets mounted by an orchestrator).
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

# Parts of a database URL's query that are passed on to Postgres' client library.
DATABASE_OPTIONS = {"sslmode", "sslrootcert", "sslcert", "sslkey", "connect_timeout", "application_name", "target_session_attrs"}


BROKERS = {"memory", "redis", "rediss", "redis+socket", "amqp", "amqps"}


def is_set(name: str) -> bool:
    """Whether the variable, or the file in its place, is given."""
    return name in os.environ or f"{name}_FILE" in os.environ


def text(name: str, default: str | None = None) -> str:
    """The value of `name`, or of the file named by `NAME_FILE`; an unset variable without default is refused."""
    if path := os.environ.get(f"{name}_FILE"):
        try:
            return Path(path).read_text().strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE names {path}, which cannot be read: {error.strerror}.") from None
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(f"Set {name}, or {name}_FILE to a file that holds it.")
    return value


def flag(name: str, default: bool) -> bool:
    value = text(name, "true" if default else "false").strip().lower()
    if value not in {"true", "false", "1", "0", "yes", "no"}:
        raise ImproperlyConfigured(f"{name} is {value!r}; use true or false.")
    return value in {"true", "1", "yes"}


def integer(name: str, default: int, *, minimum: int = 0) -> int:
    value = text(name, str(default))
    if not value.isascii() or not value.isdigit() or int(value) < minimum:
        raise ImproperlyConfigured(f"{name} is {value!r}; use a whole number from {minimum} up.")
    return int(value)


def one_of(name: str, choices: tuple[str, ...]) -> str:
    """One of `choices`, the first by default."""
    value = text(name, choices[0])
    if value not in choices:
        raise ImproperlyConfigured(f"{name} is {value!r}; use {' or '.join(choices)}.")
    return value


def origin(name: str, default: str) -> str:
    """An origin such as `https://reports.example.com`, without path or trailing slash."""
    value = text(name, default).rstrip("/")
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query:
        raise ImproperlyConfigured(f"{name} is {value!r}; use an origin such as https://reports.example.com.")
    return value


def domains(name: str) -> dict[str, frozenset[str]]:
    """Domains by short name, from `atelier-nord:nord.example studio-sud:sud.example`; empty where the variable is not set."""
    found: dict[str, set[str]] = {}
    for pair in text(name, "").split():
        slug, _colon, domain = pair.partition(":")
        if not slug or not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", domain.lower()):
            raise ImproperlyConfigured(f"{name} has {pair!r}; use an agency's short name and a domain, such as atelier-nord:nord.example.")
        found.setdefault(slug, set()).add(domain.lower())
    return {slug: frozenset(allowed) for slug, allowed in found.items()}


def database(name: str) -> dict[str, Any]:
    """Django's database settings from a URL `postgresql://user:password@host:port/name` (or `?host=/socket/folder`)."""
    value = text(name)
    parts = urlsplit(value)
    query = parse_qs(parts.query, keep_blank_values=True)
    host = query.get("host", [parts.hostname or ""])[0]
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise ImproperlyConfigured(f"{name} is not a database URL; use postgresql://user:password@host:port/name.")
    options = {key: values[0] for key, values in query.items() if key != "host"}
    if unknown := options.keys() - DATABASE_OPTIONS:
        raise ImproperlyConfigured(f"{name} has the unknown option {min(unknown)}; use {', '.join(sorted(DATABASE_OPTIONS))}.")
    return {
        "OPTIONS": options,
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
    }


def broker(name: str) -> str:
    """A broker's URL. Without one, nothing that needs a broker can run, and everything else can."""
    value = text(name, "memory://")
    if urlsplit(value).scheme not in BROKERS:
        raise ImproperlyConfigured(f"{name} is not a broker URL; use redis://host:6379/0 or amqp://user:password@host:5672//.")
    return value
