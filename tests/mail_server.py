"""A real mail server on the loopback interface that can be told how to behave."""

from __future__ import annotations

import email
import email.policy
import socket
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP


class MailServer:
    """Keeps what it is given. `rcpt` and `data` answer in place of 250; `hang_up` breaks the connection after DATA."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.envelopes: list[list[str]] = []  # whom each was to be brought to
        self.rcpt = self.data = ""
        self.hang_up = False

    async def handle_RCPT(self, server: SMTP, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.rcpt:
            return self.rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:
        if self.data:
            return self.data
        self.received.append(envelope.content)
        self.envelopes.append(list(envelope.rcpt_tos))
        if self.hang_up:
            transport: Any = server.transport
            transport.abort()
        return "250 kept"

    def messages(self) -> list[EmailMessage]:
        return [email.message_from_bytes(raw, policy=email.policy.default) for raw in self.received]


@pytest.fixture
def mail_server(settings: Any) -> Iterator[MailServer]:
    server = MailServer()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 5
    yield server
    controller.stop()
