"""The consent page of a simulated platform, and the codes that it hands out (RFC 6749, section 4.1; RFC 7636)."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from urllib.parse import parse_qsl, urlencode, urlsplit

from campaigns.simulators import Answer, Request

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><link rel="icon" href="data:,"><title>Simulated {platform}</title>
<style>body{{font:16px/1.5 sans-serif;max-width:30rem;margin:4rem auto;padding:0 1rem}}</style></head>
<body><h1>Simulated {platform}</h1>
<p>Vigie asks to read: {scope}</p>
<form method="post"><fieldset><legend>Sign in as</legend>{users}</fieldset>
<p><button name="decision" value="allow">Allow</button> <button name="decision" value="deny">Deny</button></p></form></body></html>"""
USER = '<p><label><input type="radio" name="user" value="{key}"{checked}> {name}</label></p>'


class InvalidGrantError(Exception):
    """A code that was never given, was used before, or belongs to another request."""


@dataclass(frozen=True)
class _Given:
    user: str
    redirect_uri: str
    challenge: str
    scope: str
    is_offline: bool


class Consent:
    """The page on which one of `users` (name by key) lets the client `client_id` read. Serves GET and POST of the authorize address."""

    def __init__(self, platform: str, client_id: str, users: Mapping[str, str]) -> None:
        self.platform = platform
        self.client_id = client_id
        self.users = users
        self._codes: dict[str, _Given] = {}
        self._count = 0

    def answer(self, request: Request) -> Answer:
        asked = request.query
        fault = self._fault(asked)
        if fault:
            return Answer.html(f"<!doctype html><title>Error</title><h1>Simulated {self.platform}</h1><p>{escape(fault)}</p>", 400)
        if asked.get("response_type") != "code":
            return _back(asked, error="unsupported_response_type")
        if request.method == "GET":
            return Answer.html(self._page(asked))
        form = dict(parse_qsl(request.body.decode()))
        if form.get("decision") != "allow" or form.get("user") not in self.users:
            return _back(asked, error="access_denied")
        return _back(asked, code=self.code(form["user"], asked))

    def code(self, user: str, asked: Mapping[str, str]) -> str:
        """A code good for one exchange, as if `user` had allowed what the authorize request `asked`."""
        self._count += 1
        code = f"simulated-code-{self._count}-" + sha256(f"{self.platform}{self._count}{user}".encode()).hexdigest()[:16]
        self._codes[code] = _Given(
            user,
            asked.get("redirect_uri", ""),
            asked.get("code_challenge", ""),
            asked.get("scope", ""),
            asked.get("access_type") == "offline",
        )
        return code

    def redeem(self, form: Mapping[str, str]) -> tuple[str, bool]:
        """Who consented, and whether to access while away. A code is gone once tried. Raises `InvalidGrantError`."""
        given = self._codes.pop(form.get("code", ""), None)
        if not given:
            raise InvalidGrantError("The code is unknown or was used before.")
        if form.get("redirect_uri", given.redirect_uri) != given.redirect_uri:
            raise InvalidGrantError("The redirect_uri is not that of the authorization request.")
        if given.challenge and challenge(form.get("code_verifier", "")) != given.challenge:
            raise InvalidGrantError("The code_verifier does not match.")
        return given.user, given.is_offline

    def _fault(self, asked: Mapping[str, str]) -> str:
        if asked.get("client_id") != self.client_id:
            return "The client_id is unknown."
        if urlsplit(asked.get("redirect_uri", "")).scheme not in ("http", "https"):
            return "The redirect_uri is missing or not an address."
        if asked.get("code_challenge_method", "S256") != "S256":
            return "Only code_challenge_method S256 is served."
        return ""

    def _page(self, asked: Mapping[str, str]) -> str:
        users = "".join(
            USER.format(key=escape(key), name=escape(name), checked="" if n else " checked")
            for n, (key, name) in enumerate(self.users.items())
        )
        return PAGE.format(platform=escape(self.platform), scope=escape(asked.get("scope", "") or "everything"), users=users)


def challenge(verifier: str) -> str:
    """The S256 code challenge of a verifier."""
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")


def _back(asked: Mapping[str, str], **answer: str) -> Answer:
    """The redirection that carries the answer, with the state as it came."""
    state = {"state": asked["state"]} if "state" in asked else {}
    address = asked["redirect_uri"]
    return Answer.redirect(f"{address}{'&' if '?' in address else '?'}{urlencode(answer | state)}")
