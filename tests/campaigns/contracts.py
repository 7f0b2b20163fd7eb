"""Checks of what went over the wire against the platforms' published contracts."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from openapi_core import Config, OpenAPI
from openapi_core.testing import MockRequest, MockResponse
from werkzeug.datastructures import MultiDict

from campaigns.simulators.server import Exchange

# The contracts themselves were checked when they were fetched.
UNCHECKED = Config(spec_validator_cls=None)


class Contract:
    """A published contract, made strict: fields that it does not name are refused, but for the `open_schemas`.

    `source` is the prefix under which the simulator serves the platform.
    """

    def __init__(self, spec: Path, source: str, open_schemas: tuple[str, ...] = ()) -> None:
        published = json.loads(spec.read_text())
        for name in open_schemas:
            published["components"]["schemas"][name]["additionalProperties"] = True
        server = urlsplit(published["servers"][0]["url"])
        self.host = f"{server.scheme}://{server.netloc}"
        self.prefix = f"/{source}"
        self.published = OpenAPI.from_dict(_strict(published), UNCHECKED)

    def check(self, exchange: Exchange, *, is_asked_rightly: bool = True) -> None:
        """Raises where the request, if it is meant to be right, or its answer breaks the contract."""
        parts = urlsplit(exchange.url)
        request = MockRequest(
            self.host,
            exchange.method,
            parts.path.removeprefix(self.prefix),
            args=MultiDict(parse_qsl(parts.query, keep_blank_values=True)),
            headers=dict(exchange.request_headers),
            data=exchange.request_body or None,
        )
        if is_asked_rightly:
            self.published.validate_request(request)
        # The validator reads one kind of JSON; problem documents are another by name only.
        kind = exchange.response_headers["Content-Type"].partition(";")[0].replace("problem+", "")
        answer = MockResponse(exchange.response_body, exchange.status, dict(exchange.response_headers), content_type=kind)
        self.published.validate_response(request, answer)


@cache
def contract_at(spec: Path, source: str, open_schemas: tuple[str, ...] = ()) -> Contract:
    """Read once: compiling a contract takes longer than a test."""
    return Contract(spec, source, open_schemas)


def _strict(part: Any) -> Any:
    if isinstance(part, list):
        return [_strict(item) for item in part]
    if not isinstance(part, dict):
        return part
    if part.get("style") == "deepObject" and part.get("schema", {}).get("type") == "array":
        # The validator reads objects in this style only; arrays come as a repeated `name[]`.
        part = {**part, "name": f"{part['name']}[]", "style": "form"}
    # The sign-in is left out: the validator cannot judge it.
    strict = {name: _strict(item) for name, item in part.items() if name != "security"}
    is_closed = part.get("type") == "object" and isinstance(part.get("properties"), dict) and "additionalProperties" not in part
    return strict | {"additionalProperties": False} if is_closed else strict
