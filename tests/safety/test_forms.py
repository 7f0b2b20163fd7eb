"""Whatever is sent to a page, the answer is no error of ours; what is refused says so beside the field, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from html import escape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote_plus, urlsplit

import pytest
from django.core.exceptions import NON_FIELD_ERRORS
from django.db import connection, transaction
from django.test import Client as Browser
from django.urls import resolve
from hypothesis import strategies as st

from tests.accounts.addresses import URLS
from tests.accounts.test_sign_in import SIGN_IN_URLS, signs_in
from tests.conftest import Cast
from tests.safety.examples import each

pytestmark = pytest.mark.django_db
FORM = "application/x-www-form-urlencoded"
# What a page writes whatever is sent: who looked, how often was tried.
NO_MATTER = ("django_session", "cache", "usersessions_usersession")
LARGE = 2**20
HUGE = "x" * LARGE
ODD = (
    "", " ", "\0", "a\0b", "\ud800", "\u202eabc", "\ufeff", "é" * 300, "\U0001f600" * 70, "-1", "0", "9" * 40, "1e999", "NaN", "٣", "true",
    "[]", "{}", "null", "../../etc/passwd", "=1+1", "<xss>", "'; DROP TABLE x; --", "%00", "\r\nX: y", "9999-12-31", "0001-01-01",
)  # fmt: skip
# Other forms of the same field, and none that any page has.
STRANGERS = ("do", "next", "no_such_field", "kpi\0", "__proto__")
# What addresses of ours take after their question mark.
PARAMETERS = (
    "q", "page", "before", "from", "to", "period", "compare", "compare_from", "compare_to", "channel", "campaign", "label", "sort", "desc",
    "by", "who", "kind", "months", "next", "lang", "format", "email", "role", "client",
)  # fmt: skip
Fields = list[tuple[str, str]]
FEW, MANY = 2, 200


class Names(HTMLParser):
    """The fields of the forms of a page, and for each what it offers."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.offered: dict[str, list[str]] = {}
        self._select = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "select":
            self._select = name
        if tag in ("input", "select", "textarea", "button") and name and name != "csrfmiddlewaretoken":
            self.offered.setdefault(name, []).append(given.get("value", ""))
        if tag == "option" and self._select:
            self.offered[self._select].append(given.get("value", ""))


def encoded(fields: Fields) -> bytes:
    """As a browser sends it, and as none does: a lone surrogate goes as its three bytes."""
    return "&".join("=".join(quote_plus(text.encode("utf-8", "surrogatepass")) for text in field) for field in fields).encode()


@cache
def _counting() -> str:
    """Counts the rows of every table of the client and of all."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE tablename <> ALL(%s)"
            " AND (schemaname = 'public' OR schemaname = (SELECT schema_name FROM accounts_client WHERE slug = 'lumen'))",
            [list(NO_MATTER)],
        )
        tables = cursor.fetchall()
    return " UNION ALL ".join(f'SELECT \'{schema}.{table}\', count(*) FROM "{schema}"."{table}"' for schema, table in tables)


def counted() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(_counting())
        return dict(cursor.fetchall())


def refusals(answer: Any) -> Iterator[tuple[str, str]]:
    """What the forms of a page say is wrong, by field."""
    layers = [layer for context in answer.context or () for layer in getattr(context, "dicts", [context])]
    shown = [value for layer in layers for value in layer.values() if hasattr(value, "is_bound")]
    forms = {id(form): form for found in shown for form in getattr(found, "forms", [found])}
    for form in forms.values():
        if form.is_bound:
            yield from ((name, str(problem)) for name, problems in form.errors.items() for problem in problems)


def posted(browser: Browser, address: str, body: bytes, before: dict[str, int], content_type: str = FORM) -> list[str]:
    """What is wrong with the answer; everything it did is undone."""
    with transaction.atomic():
        answer: Any = browser.generic("POST", address, data=body, content_type=content_type)
        wrong = [f"status {answer.status_code}"] if answer.status_code >= 500 else []
        if answer.streaming:
            list(answer)  # a file is closed when it was read
        elif answer.status_code < 500:
            html = answer.content.decode("utf-8", "replace")
            # To whoever sends JSON, allauth answers so.
            told = list(refusals(answer)) if answer["Content-Type"].startswith("text/html") else []
            if told and 'role="alert"' not in html:
                wrong.append(f"does not say that it refuses {told[:2]}")
            wrong += [f"does not show {name}: {why}" for name, why in told if escape(why) not in html and name != NON_FIELD_ERRORS][:2]
            if (told or answer.status_code >= 400) and (after := counted()) != before:
                wrong.append(f"refused, and wrote {[name for name in after if after[name] != before[name]]}")
        transaction.set_rollback(True)
    return wrong


def of_each_view(known: list[tuple[str, Browser]]) -> list[tuple[str, Browser]]:
    """The first address of each view and browser."""
    return list(
        {(resolve(urlsplit(address).path).view_name, id(browser)): (address, browser) for address, browser in reversed(known)}.values()
    )


@pytest.fixture
def pages(
    request: pytest.FixtureRequest, cast: Cast, everyone: dict[str, Browser], rows: dict[str, int]
) -> dict[str, tuple[Browser, dict[str, list[str]]]]:
    """An address of every view that is sent something, at length every address; by whom, and the fields that it shows."""
    owner, entered = everyone["owner"], signs_in(cast.owner)
    for browser in (owner, entered):
        browser.raise_request_exception = False
    known = [(pattern.format(**rows), owner) for _name, method, pattern, _answers in URLS if method == "POST" and "/api/" not in pattern]
    # A link that leads nowhere has a page of its own, which says so and takes nothing.
    known += [(address, entered) for name, (address, _statuses) in SIGN_IN_URLS.items() if name != "account_reset_password_from_key"]
    nobody = Browser(SERVER_NAME="localhost", raise_request_exception=False)
    known += [(address, nobody) for address in ("/accounts/login/", "/accounts/password/reset/")]
    found = {}
    for address, browser in known if request.node.get_closest_marker("long") else of_each_view(known):
        with transaction.atomic():
            shown = browser.get(address)
            html = b"".join(shown).decode("utf-8", "replace")
            transaction.set_rollback(True)
        found[f"{address} {'' if browser in (owner, entered) else 'nobody'}"] = (browser, Names(html).offered)
    return found


def bodies(offered: dict[str, list[str]]) -> st.SearchStrategy[Fields]:
    """Fields that are missing, repeated, unknown; with what is offered, what is odd, and anything."""
    names = st.sampled_from([*offered, *STRANGERS])
    text = st.one_of(st.sampled_from(ODD), st.text(max_size=60), st.text(st.characters(codec=None), max_size=20))

    def field(name: str) -> st.SearchStrategy[tuple[str, str]]:
        good = offered.get(name) or [""]
        return st.tuples(st.just(name), st.one_of(st.sampled_from(good), text))

    return st.lists(names.flatmap(field), max_size=2 * len(offered) + 2)


def tried(pages: dict[str, tuple[Browser, dict[str, list[str]]]], examples: int) -> dict[str, list[str]]:
    before, found = counted(), {}
    for name, (browser, offered) in pages.items():
        address, wrong = name.split(" ")[0], list[str]()

        def send(fields: Fields, browser: Browser = browser, address: str = address, wrong: list[str] = wrong) -> None:
            wrong += [f"{fault} after {fields!r}"[:400] for fault in posted(browser, address, encoded(fields), before)]

        each(bodies(offered), examples, send)
        if wrong:
            found[name] = wrong[:3]
    return found


def test_every_page_takes_anything(pages: dict[str, tuple[Browser, dict[str, list[str]]]]) -> None:
    assert tried(pages, FEW) == {}


@pytest.mark.long
def test_every_page_takes_anything_at_length(pages: dict[str, tuple[Browser, dict[str, list[str]]]]) -> None:
    assert tried(pages, MANY) == {}


@pytest.mark.parametrize("length", ["", pytest.param("at length", marks=pytest.mark.long)])
def test_every_page_takes_what_is_too_large_or_not_even_a_form(pages: dict[str, tuple[Browser, dict[str, list[str]]]], length: str) -> None:
    before = counted()
    sent: list[tuple[str, Callable[[list[str]], bytes]]] = [
        (FORM, lambda names: encoded([(name, HUGE[: LARGE // max(1, len(names))]) for name in names])),
        (FORM, lambda names: encoded([(name, "\ud800") for name in names for _twice in range(2)])),
        (FORM, lambda _names: b"\xff\xfe%zz%=&&&=;" + b"a=1&" * 6_000),
        ("multipart/form-data; boundary=x", lambda _names: b'--x\r\nContent-Disposition: form-data; name="a\r\n\r\n\xff'),
        ("multipart/form-data", lambda _names: b"--"),
        ("application/json; charset=no-such", lambda _names: b"{"),
    ]
    found = {
        f"{name} {content_type}": wrong
        for name, (browser, offered) in pages.items()
        for content_type, body in sent
        if (wrong := posted(browser, name.split(" ")[0], body(list(offered)), before, content_type))
    }
    assert found == {}


def unanswered(browser: Browser, rows: dict[str, int], odd: tuple[str, ...]) -> list[str]:
    """Addresses that fail when their parameters are odd: all at once, and names that are asked for with sound days."""
    queries = [encoded([(name, text) for name in PARAMETERS]).decode() for text in odd]
    queries += [f"from=2026-11-01&to=2026-11-07&{encoded([(name, text) for name in ('campaign', 'label')]).decode()}" for text in odd]
    paths = dict.fromkeys(urlsplit(pattern.format(**rows)).path for _name, method, pattern, _answers in URLS if method == "GET")
    return [f"{path}?{query}"[:200] for path in paths for query in queries if _status(browser, f"{path}?{query}") >= 500]


def _status(browser: Browser, address: str) -> int:
    answer = browser.get(address)
    list(answer)  # a file is closed when it was read
    return answer.status_code


def test_every_address_takes_any_parameters(everyone: dict[str, Browser], rows: dict[str, int]) -> None:
    """What a person types after the question mark of a page that is only read."""
    everyone["owner"].raise_request_exception = False
    assert unanswered(everyone["owner"], rows, ("\0",)) == []


@pytest.mark.long
def test_every_address_takes_any_parameters_at_length(everyone: dict[str, Browser], rows: dict[str, int]) -> None:
    everyone["owner"].raise_request_exception = False
    assert unanswered(everyone["owner"], rows, ODD) == []
