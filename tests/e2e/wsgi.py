"""The product as it is served, with the passwords of tests."""

from __future__ import annotations

from config.wsgi import application
from tests import passwords

__all__ = ["application", "passwords"]
