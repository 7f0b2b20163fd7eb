"""What the description of the API says of every operation alike: how it refuses."""

from __future__ import annotations

from typing import Any

JSON = "application/json"
DETAIL = {"type": "object", "properties": {"detail": {"type": "string"}}, "required": ["detail"]}
# A field may be a list or hold others, which are refused one by one.
REASONS = {"type": "object", "additionalProperties": {}, "description": "Why, by the name of the field; `detail` where it is none."}
ANYBODY = {"401": "Nobody is known by this token or session."}
OF_AN_ORGANISATION = {
    "403": "You may not do this.",
    "404": "There is no such thing, or none that you may see.",
}
METHODS = ("get", "post", "put", "patch", "delete")


def describe_refusals(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """A hook of drf-spectacular: adds to each operation the refusals that it does not describe itself."""
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    schemas |= {"Detail": schemas.get("Detail", DETAIL), "Reasons": REASONS}
    for path, item in result["paths"].items():
        for method in METHODS:
            if method in item:
                _add(path, item[method])
    return result


def _add(path: str, operation: dict[str, Any]) -> None:
    responses, told = operation["responses"], ANYBODY | (OF_AN_ORGANISATION if "{" in path else {})
    if "requestBody" in operation or any(parameter["in"] == "query" for parameter in operation.get("parameters", ())):
        told = {"400": "A parameter or a field is wrong. Nothing was changed.", **told}
    for status, description in told.items():
        response = responses.setdefault(status, {"description": description})
        name = "Reasons" if status == "400" else "Detail"
        response.setdefault("content", {JSON: {"schema": {"$ref": f"#/components/schemas/{name}"}}})
    if "409" in responses:
        responses["409"].setdefault("content", {JSON: {"schema": {"$ref": "#/components/schemas/Detail"}}})
    operation["responses"] = dict(sorted(responses.items()))
