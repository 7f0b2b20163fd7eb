"""Answers to put in a platform's place."""

from __future__ import annotations

import json
from typing import Any

from campaigns.simulators.server import Fault

JSON = {"Content-Type": "application/json"}


def answer(body: Any, status: int = 200, path: str = "") -> Fault:
    return Fault(status, JSON, json.dumps(body).encode(), path=path)
