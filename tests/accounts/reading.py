"""How a test reads a page."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from accounts.models import User

SignIn = Callable[[User], Browser]


def text(answer: Any) -> str:
    """What a page says, in one line, without its markup."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def asked(browser: Browser, address: str) -> list[str]:
    """What a page asks the database, once the session is under way."""
    browser.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(address).status_code == 200
    # The way back to the public schema is made by the next request, whichever it is.
    return [query["sql"] for query in captured.captured_queries if not query["sql"].startswith("SET search_path")]


def queries(browser: Browser, address: str) -> int:
    """How many questions that are."""
    return len(asked(browser, address))


def person(name: str) -> User:
    return User.objects.create_user(f"{name}@people.example", name=name.title())
