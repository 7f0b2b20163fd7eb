"""A mail server on the loopback interface that keeps every message as a file."""

from __future__ import annotations

import itertools
import logging
import socket
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

LOOPBACK = "127.0.0.1"


class Mailbox:
    """Listens while the block runs; messages are kept in `folder` as `<number>-<recipient>.eml`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._numbers = itertools.count(len(self.messages()) + 1)
        # Every line of every conversation would otherwise reach the terminal.
        logging.getLogger("mail.log").setLevel(logging.WARNING)
        self._controller = Controller(self, hostname=LOOPBACK, port=_free_port(), ready_timeout=10)

    def __enter__(self) -> Mailbox:
        self._controller.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._controller.stop()

    @property
    def port(self) -> int:
        return int(self._controller.port)

    def messages(self) -> list[Path]:
        """The kept messages, oldest first."""
        return sorted(self.folder.glob("*.eml"))

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:
        number = next(self._numbers)
        recipient = "".join(letter if letter.isalnum() or letter in "@.-" else "_" for letter in envelope.rcpt_tos[0])
        (self.folder / f"{number:04d}-{recipient}.eml").write_bytes(envelope.content)
        return "250 kept"


def _free_port() -> int:
    # The controller connects to the port it was given, so 0 will not do.
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
