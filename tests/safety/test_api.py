"""The API does what its own description says, whatever is sent: no error of ours, and every refusal says of what and why."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import schemathesis
from django.db import transaction
from django.test import Client as Browser
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from tests.conftest import Cast
from tests.safety.examples import each

pytestmark = pytest.mark.django_db
WHO = ("owner", "read token", "write token", "nobody")
CHECKS: list[Any] = [status_code_conformance, content_type_conformance, response_schema_conformance]
# Said of what no description lists: a method or a type that the address does not have.
GENERAL = {405, 406, 415}
# Ids of things that are not there, and that are no ids.
ODD_IDS = (0, 2**31, 2**63, 10**30)
FEW, MANY = 3, 150
# Headers that say who asks or how much is sent.
OUR_OWN = ("content-length", "content-type", "authorization", "cookie")


@dataclass
class Api:
    """The described API, everyone who asks, and what stands behind the ids in addresses."""

    schema: Any
    everyone: dict[str, Browser]
    rows: dict[str, int]

    def operations(self) -> Iterator[Any]:
        for found in self.schema.get_all_operations():
            yield found.ok()

    def cases(self, operation: Any) -> st.SearchStrategy[Any]:
        """Good and bad requests; of things that are there and of others."""
        names = [name for name in re.findall(r"{(\w+)}", operation.path) if name == "client_slug" or self._row(name) in self.rows]

        def of(odd: int | None, mode: GenerationMode) -> st.SearchStrategy[Any]:
            known = {name: odd if odd is not None and name != "client_slug" else self._value(name) for name in names}
            found: st.SearchStrategy[Any] = operation.as_strategy(generation_mode=mode, path_parameters=known)
            return found

        modes = [GenerationMode.POSITIVE] + ([GenerationMode.NEGATIVE] if operation.body or operation.query else [])
        return st.one_of(*(of(None, mode) for mode in modes), *(of(odd, GenerationMode.POSITIVE) for odd in ODD_IDS[: len(names) * 4 - 4]))

    def address(self, operation: Any) -> str:
        """Of things that are there."""
        return re.sub(r"{(\w+)}", lambda name: str(self._value(name[1])), operation.path)

    def _row(self, name: str) -> str:
        return {"link_id": "share_link"}.get(name, name.removesuffix("_id"))

    def _value(self, name: str) -> Any:
        return "lumen" if name == "client_slug" else self.rows[self._row(name)]

    def answer(self, who: str, case: Any) -> Response:
        """What comes back, with everything that was done undone."""
        asked = requests.Request(**_plain(case.as_transport_kwargs(base_url="http://localhost"))).prepare()
        told = urlsplit(asked.url or "")
        headers = {name: _text(value) for name, value in asked.headers.items() if name.lower() not in OUR_OWN}
        # What is read here is not unpacked.
        headers["Accept-Encoding"] = "identity"
        body = asked.body.encode() if isinstance(asked.body, str) else asked.body or b""
        with transaction.atomic():
            answer: Any = self.everyone[who].generic(
                asked.method or "GET",
                told.path,
                data=body,
                content_type=_text(asked.headers.get("Content-Type", "")) or "application/octet-stream",
                query_params=None,
                headers=headers,
                QUERY_STRING=told.query,
            )
            content = b"".join(answer) if answer.streaming else answer.content
            transaction.set_rollback(True)
        named = {name: [value] for name, value in answer.items()}
        return Response(answer.status_code, named, content, asked, elapsed=0.0, verify=False)


def _plain(kwargs: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in kwargs.items() if name in requests.Request("GET", "").__dict__}


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


@pytest.fixture
def api(cast: Cast, everyone: dict[str, Browser], rows: dict[str, int]) -> Api:
    for browser in everyone.values():
        browser.raise_request_exception = False
    answer = everyone["owner"].get("/api/v1/schema/", headers={"accept": "application/vnd.oai.openapi+json"})
    return Api(schemathesis.openapi.from_dict(answer.json()), everyone, rows)


def faults(api: Api, who: str, case: Any) -> list[str]:
    """What is wrong with the answer."""
    answer = api.answer(who, case)
    if answer.status_code in GENERAL:
        return []
    said = answer.content[:300].decode("utf-8", "replace")
    if answer.status_code >= 500:
        return [f"{answer.status_code} {said}"]
    wrong = []
    try:
        case.validate_response(answer, checks=CHECKS)
    except FailureGroup as group:
        wrong += [f"{answer.status_code} {said}: {problem}"[:700] for problem in group.exceptions]
    if answer.status_code >= 400 and not _says_why(answer):
        wrong.append(f"{answer.status_code} says nothing: {said}")
    return wrong


def _says_why(answer: Response) -> bool:
    """Of what, and why: a detail, or the fields with their reasons."""
    try:
        told = answer.json()
    except ValueError:
        return False
    if isinstance(told, list):
        return bool(told)
    return isinstance(told, dict) and bool(told) and all(told.values())


def looked_at(api: Api, examples: int) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for operation in api.operations():
        wrong: list[str] = []

        def ask(drawn: tuple[Any, str], wrong: list[str] = wrong) -> None:
            case, who = drawn
            wrong += [f"{who}: {one}" for one in faults(api, who, case)]

        each(st.tuples(api.cases(operation), st.sampled_from(WHO)), examples, ask)
        if wrong:
            found[f"{operation.method} {operation.path}"] = list(dict.fromkeys(wrong))[:4]
    return found


def test_what_is_nested_without_end_is_no_json(api: Api) -> None:
    """Deeper than Python reads, as a body of any operation that takes one."""
    sent = [
        api.everyone["owner"].generic(operation.method, api.address(operation), b"[" * 100_000, "application/json")
        for operation in api.operations()
        if "application/json" in [body.media_type for body in operation.body]
    ]
    assert len(sent) > 5
    assert {answer.status_code for answer in sent} == {400}


def test_every_operation_answers_as_it_is_described(api: Api) -> None:
    assert looked_at(api, FEW) == {}


@pytest.mark.long
def test_every_operation_answers_as_it_is_described_at_length(api: Api) -> None:
    assert looked_at(api, MANY) == {}
