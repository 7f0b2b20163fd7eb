"""Requests to addresses that people give: only to the public internet, whatever a name resolves to."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPException
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from ssl import SSLContext
from threading import Event, Timer
from urllib.parse import SplitResult, urlsplit

import httpx
from django.conf import settings
from django.utils.translation import gettext_noop as _

# Seconds until a connection is made, and from then until the whole head of the answer is there.
CONNECT, ANSWER = 5.0, 15.0
# All others of the sixth version lead nowhere, or into somebody's house.
UNICAST = IPv6Network("2000::/3")
# Ways to write an address of the fourth version within the sixth: what they lead to is decided elsewhere.
TRANSLATED = (IPv6Network("2002::/16"), IPv6Network("2001::/32"))
Address = IPv4Address | IPv6Address


class Refused(Exception):
    """The address is none that may be asked; the message, a msgid, tells a person why."""


class Unanswered(Exception):
    """Nobody answered; the message, a msgid, tells why."""


@dataclass(frozen=True)
class Answer:
    """`retry_after`: seconds that it asks us to wait, or None."""

    status: int
    retry_after: float | None = None

    @property
    def is_taken(self) -> bool:
        return 200 <= self.status < 300


def check(url: str) -> SplitResult:
    """The parts of an address of the form that may be asked; what its name means is looked up when it is. Raises `Refused`."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise Refused(_("This is not a web address.")) from None
    if not host or not url.isascii() or any(sign.isspace() or sign == "\\" for sign in url):
        raise Refused(_("This is not a web address."))
    if parts.scheme != "https" and not (parts.scheme == "http" and settings.WEBHOOKS_TO_LOOPBACK and host == "127.0.0.1"):
        raise Refused(_("The address must begin with https://."))
    if parts.username is not None or parts.password is not None:
        raise Refused(_("The address must not contain a name or a password."))
    if parts.fragment:
        raise Refused(_("The address must not contain a part after “#”."))
    if (literal := _literal(host)) and not _is_public(literal):
        raise Refused(_("This address is not on the public internet."))
    if host.rstrip(".").lower() == "localhost":
        raise Refused(_("This address is not on the public internet."))
    return parts


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Send `body` to the very address that was found public, following no redirection. Raises `Refused` and `Unanswered`.

    Only the status and the headers of the answer are read.
    """
    parts = check(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = _resolved(host, port)
    try:
        with _connected(found, port, host if parts.scheme == "https" else "") as channel:
            connection = HTTPConnection(host, port)
            connection.sock = channel
            path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
            connection.request("POST", path, body, {**headers, "Host": parts.netloc})
            response = connection.getresponse()
            return Answer(response.status, _seconds(response.getheader("Retry-After", "")))
    except TimeoutError:
        raise Unanswered(_("No answer in time.")) from None
    except (OSError, HTTPException):
        raise Unanswered(_("No connection could be made, or its certificate is not valid.")) from None


@contextmanager
def _connected(address: Address, port: int, name: str) -> Iterator[socket.socket]:
    """A channel to an address, to be trusted as `name` if one is given. Raises `TimeoutError`, whatever has trickled in by then."""
    with socket.create_connection((str(address), port), CONNECT) as bare:
        bare.settimeout(ANSWER)
        with _trusted().wrap_socket(bare, server_hostname=name) if name else bare as channel:
            is_late = Event()
            cut = Timer(ANSWER, _cut, [channel, is_late])
            cut.start()
            try:
                yield channel
            finally:
                cut.cancel()
                if is_late.is_set():
                    raise TimeoutError


def _cut(channel: socket.socket, is_late: Event) -> None:
    is_late.set()
    with suppress(OSError):  # it is closed by now
        channel.shutdown(socket.SHUT_RDWR)


def _resolved(host: str, port: int) -> Address:
    """One address of a name all of whose addresses are public: of a name that has others too, none is asked."""
    try:
        told = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unanswered(_("The name of the server is not known.")) from None
    addresses = [ip_address(str(address[0]).partition("%")[0]) for *_kind, address in told]
    if not all(_is_public(address) for address in addresses):
        raise Refused(_("This address is not on the public internet."))
    return addresses[0]


def _is_public(address: Address) -> bool:
    if settings.WEBHOOKS_TO_LOOPBACK and address == IPv4Address("127.0.0.1"):
        return True
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return _is_public(address.ipv4_mapped)
        if address not in UNICAST or any(address in network for network in TRANSLATED):
            return False
    return address.is_global and not address.is_multicast


def _literal(host: str) -> Address | None:
    """The address that a host is written as, also in the ways that only a resolver still reads, such as 0x7f.1."""
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return None


def _seconds(value: str) -> float | None:
    return float(value) if value.isascii() and value.isdigit() and len(value) < 7 else None


@cache
def _trusted() -> SSLContext:
    return httpx.create_ssl_context()
