"""A page as a browser takes it, and what in it would run or style beside our own files."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

# Attributes in which an address may stand.
ADDRESSES = ("href", "src", "action", "formaction", "data", "poster", "xlink:href", "background", "ping", "srcdoc")
# Where our scripts come from.
OURS = ("/static/", "/api/v1/docs/")
STYLING = ("style", "bgcolor")


class Page(HTMLParser):
    """`nonces` of its blocks of style; `faults`: what a strict policy would refuse, and what was meant as text and became markup."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.nonces: list[str] = []
        self.faults: list[str] = []
        self.elements = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements += 1
        given = {name: value or "" for name, value in attrs}
        # JSON is read by our scripts, and run by nobody.
        if tag == "script" and not given.get("src", "").startswith(OURS) and given.get("type") != "application/json":
            self.faults.append(f"script {given}")
        if tag == "style":
            self.nonces.append(given.get("nonce", ""))
        if tag in {"xss", "base", "object", "embed", "applet"}:
            self.faults.append(f"<{tag}>")
        for name, value in given.items():
            self._look_at(tag, name, value)

    def _look_at(self, tag: str, name: str, value: str) -> None:
        if name.startswith("on") or name in STYLING:
            self.faults.append(f"<{tag} {name}={value[:60]!r}>")
        if name in ADDRESSES and value.strip().lower().startswith(("javascript:", "vbscript:", "data:text")):
            self.faults.append(f"<{tag} {name}={value[:60]!r}>")
        if name == "data-points":
            self._read(value)

    def _read(self, value: str) -> None:
        try:
            found: Any = json.loads(value)
        except ValueError:
            self.faults.append(f"data-points {value[:60]!r}")
        else:
            self.elements += len(found)

    def handle_comment(self, data: str) -> None:
        self.faults.append(f"<!--{data[:60]}")


def policy(header: str) -> dict[str, list[str]]:
    """The directives of a Content-Security-Policy with their sources."""
    parts = (part.split() for part in header.split(";") if part.strip())
    return {name: sources for name, *sources in parts}
