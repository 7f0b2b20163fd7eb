"""From a cell's canonical text to a value, or `BadCell` with the reason. An empty cell never gets here: it is unknown."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel.core import get_global
from django.utils.encoding import iri_to_uri

from campaigns.channels import CHANNELS
from campaigns.imports.faults import BadCell
from campaigns.imports.reasons import Reason
from campaigns.imports.styles import Shape
from campaigns.kpi_slugs import KPI_SLUGS
from campaigns.records import MILLION, NANO, millionths, nano

LONGEST_TEXT = 255
LONGEST_URL = 2000
LONGEST_TITLE = 200
LONGEST_SOURCE = 40
LONGEST_ACCOUNT = 100
# A million million of anything on one day is a mistake, and sums of such rows would overflow.
LARGEST_COUNT = 10**12
FINEST_MONEY = 9
EARLIEST = date(1970, 1, 2)
LATEST = date(2100, 12, 31)
ORDER_KINDS = ("order", "refund")
TOUCH_KINDS = ("visit", "download", "form", "call", "meeting")
CURRENCIES = frozenset(get_global("all_currencies"))
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MONTH = re.compile(r"\d{4}-\d{2}", re.ASCII)
_WHOLE = re.compile(r"\d{1,19}(\.0+)?", re.ASCII)
_DECIMAL = re.compile(r"-?\d{1,15}(\.\d{1,12})?", re.ASCII)


@dataclass(frozen=True)
class Context:
    """What a cell is read against: the client's zone, this moment, and how e-mail addresses are hidden."""

    zone: ZoneInfo
    now: datetime
    hash_email: Callable[[str], str]

    @property
    def today(self) -> date:
        return self.day_of(self.now)

    def day_of(self, instant: datetime) -> date:
        return instant.astimezone(self.zone).date()


@dataclass(frozen=True)
class CellType:
    """How the cells of a column are read, and what their text looks like.

    `scale`: how many of what is stored make one, of numbers. `adds_up`: whether a sum of the column means anything.
    """

    shape: Shape
    read: Callable[[str, Context], Any]
    scale: int = 1
    adds_up: bool = False


def _bounded(longest: int) -> Callable[[str, Context], str]:
    def read(value: str, context: Context) -> str:
        if len(value) > longest:
            raise BadCell(Reason.TOO_LONG, longest=longest)
        if not value.isprintable():
            raise BadCell(Reason.CONTROL_CHARACTER)
        return value

    return read


_text = _bounded(LONGEST_TEXT)


_url = _bounded(LONGEST_URL)


def _title(value: str, context: Context) -> str:
    """The first line that says something; what is too long for a title is cut."""
    line = next((line for line in value.splitlines() if line.strip()), "")
    plain = " ".join("".join(sign for sign in line if sign.isprintable() or sign.isspace()).split())
    return plain if len(plain) <= LONGEST_TITLE else f"{plain[: LONGEST_TITLE - 1].rstrip()}…"


def _web_address(value: str, context: Context) -> str:
    """As it is sent, in ASCII."""
    try:
        parts = urlsplit(value)
    except ValueError:
        raise BadCell(Reason.NOT_A_WEB_ADDRESS) from None
    if parts.scheme != "https" or not parts.hostname:
        raise BadCell(Reason.NOT_A_WEB_ADDRESS)
    return _url(iri_to_uri(value), context)


def _campaign(value: str, context: Context) -> str:
    # Campaigns meet by their name in lower case, which may be longer.
    _text(value.lower(), context)
    return _text(value, context)


def _day(value: str, context: Context) -> date:
    return _plausible(_calendar_day(value), context)


def _calendar_day(value: str) -> date:
    if not _DAY.fullmatch(value):
        raise BadCell(Reason.NOT_A_DAY)
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise BadCell(Reason.NO_SUCH_DAY) from None


def _plausible(value: date, context: Context) -> date:
    if value < EARLIEST:
        raise BadCell(Reason.TOO_EARLY)
    if value > context.today + timedelta(days=1):
        raise BadCell(Reason.IN_THE_FUTURE)
    return value


def _month(value: str, context: Context) -> date:
    """The month's first day. Plans are for months to come."""
    if not _MONTH.fullmatch(value):
        raise BadCell(Reason.NOT_A_MONTH)
    first = _calendar_day(f"{value}-01")
    if first < EARLIEST:
        raise BadCell(Reason.TOO_EARLY)
    if first > LATEST:
        raise BadCell(Reason.TOO_LATE)
    return first


def _past_month(value: str, context: Context) -> date:
    return _plausible(_month(value, context), context)


def _instant(value: str, context: Context) -> datetime:
    """ISO 8601, in UTC; without an offset it is local to the client."""
    if not _DAY.match(value):
        raise BadCell(Reason.NOT_AN_INSTANT)
    try:
        parsed = datetime.fromisoformat(value)
        local = parsed if parsed.tzinfo else parsed.replace(tzinfo=context.zone)
        absolute = local.astimezone(UTC)
        own_day = context.day_of(absolute)
    except (ValueError, OverflowError):
        raise BadCell(Reason.NOT_AN_INSTANT) from None
    _plausible(own_day, context)
    return absolute


def _count(value: str, context: Context) -> int:
    if value.startswith("-"):
        raise BadCell(Reason.NEGATIVE)
    if not _WHOLE.fullmatch(value):
        raise BadCell(Reason.NOT_WHOLE)
    count = int(value.partition(".")[0])
    if count > LARGEST_COUNT:
        raise BadCell(Reason.TOO_LARGE)
    return count


def _score(value: str, context: Context) -> int:
    parsed = _decimal(value)
    if parsed != parsed.to_integral_value() or abs(parsed) >= 2**31:
        raise BadCell(Reason.NOT_WHOLE)
    return int(parsed)


def _money(value: str, context: Context) -> int:
    """Billionths of a unit; at most nine decimals, never negative."""
    parsed = _decimal(value)
    if parsed < 0:
        raise BadCell(Reason.NEGATIVE_MONEY)
    return _exact(parsed)


def _signed(value: str, context: Context) -> int:
    return _exact(_decimal(value))


def _exact(parsed: Decimal) -> int:
    if -int(parsed.normalize().as_tuple().exponent) > FINEST_MONEY:
        raise BadCell(Reason.TOO_FINE, decimals=FINEST_MONEY)
    try:
        return nano(parsed)
    except OverflowError:
        raise BadCell(Reason.TOO_MUCH) from None


def _conversions(value: str, context: Context) -> int:
    """Millionths: platforms share one conversion between several clicks."""
    parsed = _decimal(value)
    if parsed < 0:
        raise BadCell(Reason.NEGATIVE)
    if parsed > LARGEST_COUNT:
        raise BadCell(Reason.TOO_LARGE)
    return millionths(parsed)


def _decimal(value: str) -> Decimal:
    if not _DECIMAL.fullmatch(value):
        raise BadCell(Reason.NOT_A_NUMBER)
    return Decimal(value)


def _currency(value: str, context: Context) -> str:
    if value not in CURRENCIES:
        raise BadCell(Reason.NOT_A_CURRENCY)
    return value


def _channel(value: str, context: Context) -> str:
    if value not in CHANNELS:
        raise BadCell(Reason.NOT_A_CHANNEL, channels=", ".join(CHANNELS))
    return value


def _one_of(allowed: tuple[str, ...]) -> Callable[[str, Context], str]:
    def read(value: str, context: Context) -> str:
        if value not in allowed:
            raise BadCell(Reason.NOT_ONE_OF, allowed=", ".join(allowed))
        return value

    return read


def _kpi(value: str, context: Context) -> str:
    if value not in KPI_SLUGS:
        raise BadCell(Reason.NOT_A_KPI)
    return value


def _email(value: str, context: Context) -> str:
    """A keyed hash: the address itself is not kept."""
    if value.count("@") != 1 or value != value.strip() or " " in value:
        raise BadCell(Reason.NOT_AN_EMAIL)
    return context.hash_email(value)


TEXT = CellType(Shape.TEXT, _text)
SOURCE = CellType(Shape.TEXT, _bounded(LONGEST_SOURCE))
ACCOUNT = CellType(Shape.TEXT, _bounded(LONGEST_ACCOUNT))
TITLE = CellType(Shape.TEXT, _title)
URL = CellType(Shape.TEXT, _url)
WEB_ADDRESS = CellType(Shape.TEXT, _web_address)
CAMPAIGN = CellType(Shape.TEXT, _campaign)
CHANNEL = CellType(Shape.TEXT, _channel)
CURRENCY = CellType(Shape.TEXT, _currency)
EMAIL = CellType(Shape.TEXT, _email)
KPI = CellType(Shape.TEXT, _kpi)
ORDER_KIND = CellType(Shape.TEXT, _one_of(ORDER_KINDS))
TOUCH_KIND = CellType(Shape.TEXT, _one_of(TOUCH_KINDS))
DAY = CellType(Shape.DAY, _day)
MONTH = CellType(Shape.MONTH, _month)
PAST_MONTH = CellType(Shape.MONTH, _past_month)
INSTANT = CellType(Shape.INSTANT, _instant)
COUNT = CellType(Shape.NUMBER, _count, adds_up=True)
# Of distinct people, or as of a moment.
DISTINCT = CellType(Shape.NUMBER, _count)
SCORE = CellType(Shape.NUMBER, _score)
MONEY = CellType(Shape.NUMBER, _money, NANO, adds_up=True)
SIGNED_MONEY = CellType(Shape.NUMBER, _signed, NANO, adds_up=True)
CONVERSIONS = CellType(Shape.NUMBER, _conversions, MILLION, adds_up=True)
TARGET = CellType(Shape.RATE, _signed, NANO)
