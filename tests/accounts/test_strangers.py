"""Nothing tells a stranger that a client or an agency exists: no status, no word, no header, no query more or less."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, reset_queries
from django.http import HttpResponse
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, get_resolver
from django.utils import timezone

from accounts.closing import close
from accounts.models import Agency, ApiToken, Scope, User
from accounts.services import change_client
from tests.accounts.test_tokens import actor, made, program
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Browser]
METHODS = ("get", "head", "post", "put", "patch", "delete", "options")
SAMPLES = {"PeriodKey": "2026-W46", "IntConverter": "1", "UUIDConverter": "0" * 8 + "-0000-4000-8000-" + "0" * 12}


def routes(parameter: str) -> Iterator[str]:
    """Every address that has the parameter, as `…/{}/…`, its other parameters filled."""

    def filled(name: str, converters: dict[str, Any]) -> str:
        return "{}" if name == parameter else SAMPLES.get(type(converters[name]).__name__, "x")

    def walk(patterns: list[Any], prefix: str, converters: dict[str, Any]) -> Iterator[str]:
        for pattern in patterns:
            route, known = prefix + str(pattern.pattern), converters | pattern.pattern.converters
            if not isinstance(pattern, URLPattern):
                yield from walk(pattern.url_patterns, route, known)
            elif parameter in known:
                yield "/" + re.sub(r"<[^>]*?(\w+)>", partial(lambda known, match: filled(match[1], known), known), route)

    return walk(get_resolver().url_patterns, "", {})


def seen(browser: Browser, method: str, address: str, slug: str) -> tuple[int, str, dict[str, str], list[str]]:
    """Everything that comes back and every query, with the name asked for and what is drawn anew left out."""

    def plain(text: str) -> str:
        return re.sub(
            r'(nonce|csrfmiddlewaretoken" value)="[^"]*"|nonce-[\w=+/-]+|\'[\d :.+-]+\'::timestamptz', "", text.replace(slug, "NAME")
        )

    connection.cursor().close()
    with CaptureQueriesContext(connection) as queries:
        answer: HttpResponse = getattr(browser, method)(address.format(slug))
    headers = {name: plain(value) for name, value in answer.items() if name != "Content-Length"}
    return answer.status_code, plain(answer.content.decode()), headers, [plain(query["sql"]) for query in queries]


@pytest.mark.parametrize("parameter", ["client_slug", "agency_slug"])
def test_one_that_exists_and_one_that_does_not_answer_alike_at_every_address_and_method(
    cast: Cast, signed_in: SignIn, parameter: str
) -> None:
    there = "lumen" if parameter == "client_slug" else "nord"
    sud = Agency.objects.get(slug="sud")
    # The first request of a session writes, and that of a token too.
    person, machine = signed_in(cast.stranger), program(made(sud, cast.stranger, Scope.WRITE))
    person.get("/c/autre/")
    machine.get("/api/v1/clients/")
    # Nor does a later one, however long this takes.
    ApiToken.objects.update(last_used_at=timezone.now() + timedelta(hours=1))
    for address in routes(parameter):
        reset_queries()
        for browser in (person, machine, Browser(SERVER_NAME="localhost")):
            for method in METHODS:
                found, missing = (seen(browser, method, address, slug) for slug in (there, "nobody"))
                assert found == missing, f"{method} {address}"
                assert found[0] in {302, 401, 404}, f"{method} {address}"


def test_the_walk_above_sees_addresses_of_pages_and_of_the_api() -> None:
    found = list(routes("client_slug"))
    assert {"/c/{}/", "/c/{}/reports/2026-W46.pdf", "/api/v1/clients/{}/kpis/"} <= set(found)


def test_a_name_that_a_client_had_tells_nothing_either(cast: Cast, signed_in: SignIn) -> None:
    change_client(cast.client, actor(cast.owner), slug="maison")
    browser = signed_in(cast.stranger)
    browser.get("/c/autre/")
    found = [seen(browser, "get", "/c/{}/", slug) for slug in ("lumen", "maison", "nobody")]
    assert found[0] == found[1] == found[2]


def test_a_closed_client_is_none_to_its_viewer_and_to_strangers(cast: Cast, signed_in: SignIn) -> None:
    close(cast.client, actor(cast.owner))
    for user in (cast.viewer, cast.analyst, cast.stranger):
        browser = signed_in(user)
        browser.get("/")
        assert seen(browser, "get", "/c/{}/", "lumen")[0] == 404
