"""A mail server that stalls, hangs up and refuses, and counts what it accepted: a message is the server's once its DATA was taken."""

from __future__ import annotations

import asyncio
import email
import random
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

# How often of a hundred; the rest is taken.
MISDEEDS = {
    "421 at RCPT": 6,
    "450 at RCPT": 8,
    "550 at RCPT": 3,
    "hang up before DATA": 3,
    "421 after DATA": 3,
    "450 after DATA": 5,
    "550 after DATA": 2,
    "stall, then take": 1,
    "take, then hang up": 3,
}


class HostileServer:
    """`accepted`: how often each Message-ID was taken. `done`: how often each misdeed was."""

    def __init__(self, seed: int, stall: float) -> None:
        self.accepted: Counter[str] = Counter()
        self.done: Counter[str] = Counter()
        self.random = random.Random(seed)
        self.stall = stall
        self.port = 0

    async def handle_RCPT(self, server: SMTP, session: Any, envelope: Any, address: str, options: Any) -> str:
        [session.misdeed] = self.random.choices([*MISDEEDS, ""], [*MISDEEDS.values(), 100 - sum(MISDEEDS.values())])
        if session.misdeed:
            self.done[session.misdeed] += 1
        if session.misdeed.endswith("at RCPT"):
            return f"{session.misdeed[:3]} not this one"
        if session.misdeed == "hang up before DATA":
            self._hang_up(server)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:
        if session.misdeed.endswith("after DATA"):
            return f"{session.misdeed[:3]} not this one"
        self.accepted[str(email.message_from_bytes(envelope.content)["Message-ID"]).strip("<>")] += 1
        if session.misdeed == "take, then hang up":
            self._hang_up(server)
        if session.misdeed == "stall, then take":
            await asyncio.sleep(self.stall)
        return "250 kept"

    def _hang_up(self, server: SMTP) -> None:
        transport: Any = server.transport
        transport.abort()


@contextmanager
def hostile_server(seed: int, stall: float) -> Iterator[HostileServer]:
    server = HostileServer(seed, stall)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        server.port = probe.getsockname()[1]
    controller = Controller(server, hostname="127.0.0.1", port=server.port)
    controller.start()
    try:
        yield server
    finally:
        controller.stop()
