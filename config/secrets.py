"""Secrets from the environment, or made once and kept in a private file for an installation on this machine only."""

from __future__ import annotations

import os
import secrets as random
from pathlib import Path

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from config import env


def value(name: str, home: Path, *, may_generate: bool) -> str:
    if env.is_set(name):
        return env.text(name)
    if not may_generate:
        raise ImproperlyConfigured(f"Set {name}, or {name}_FILE to a file that holds it: at least 50 random characters.")
    return _kept(home / "secrets" / name.lower(), random.token_urlsafe(64))


def fernet_keys(name: str, home: Path, *, may_generate: bool) -> list[bytes]:
    """The keys that encrypt platform credentials, newest first, separated by commas."""
    if env.is_set(name):
        keys = [key.strip().encode() for key in env.text(name).split(",") if key.strip()]
    elif may_generate:
        keys = [_kept(home / "secrets" / name.lower(), Fernet.generate_key().decode()).encode()]
    else:
        raise ImproperlyConfigured(f"Set {name} to one or more Fernet keys separated by commas, newest first.")
    if not keys:
        raise ImproperlyConfigured(f"{name} is empty; set it to one or more Fernet keys separated by commas, newest first.")
    for key in keys:
        try:
            Fernet(key)
        except ValueError:
            raise ImproperlyConfigured(f"{name} holds something that is not a Fernet key (32 bytes, base64).") from None
    return keys


def _kept(path: Path, fresh: str) -> str:
    """The file's text; if there is none, write `fresh` there first. Two processes that start at once agree on one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    if not path.exists():
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(fresh)
        try:
            os.link(partial, path)
        except FileExistsError:
            pass
        finally:
            partial.unlink()
    return path.read_text().strip()
