"""From a cell's text to a value, or `BadCell` with the reason. An empty cell never gets here: it is unknown."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from campaigns.channels import CHANNELS
from campaigns.imports.faults import BadCell
from campaigns.records import millionths, nano

LONGEST_TEXT = 255
LONGEST_URL = 2000
LONGEST_SOURCE = 40
LONGEST_ACCOUNT = 100
# A million million of anything on one day is a mistake, and sums of such rows would overflow.
LARGEST_COUNT = 10**12
FINEST_MONEY = 9
EARLIEST = date(1970, 1, 2)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_WHOLE = re.compile(r"\d{1,19}", re.ASCII)
_DECIMAL = re.compile(r"-?\d{1,15}(\.\d{1,12})?", re.ASCII)


@dataclass(frozen=True)
class Context:
    """What a cell is read against: the client's zone and currency, today, and how e-mail addresses are hidden."""

    zone: ZoneInfo
    currency: str
    today: date
    hash_email: Callable[[str], str]


Reader = Callable[[str, Context], Any]


def text(value: str, context: Context) -> str:
    return _bounded(value, LONGEST_TEXT)


def source(value: str, context: Context) -> str:
    return _bounded(value, LONGEST_SOURCE)


def account(value: str, context: Context) -> str:
    return _bounded(value, LONGEST_ACCOUNT)


def campaign(value: str, context: Context) -> str:
    # Campaigns meet by their name in lower case, which may be longer.
    _bounded(value.lower(), LONGEST_TEXT)
    return _bounded(value, LONGEST_TEXT)


def url(value: str, context: Context) -> str:
    return _bounded(value, LONGEST_URL)


def _bounded(value: str, longest: int) -> str:
    if len(value) > longest:
        raise BadCell(f"longer than {longest} characters")
    if not value.isprintable():
        raise BadCell("holds a control character")
    return value


def day(value: str, context: Context) -> date:
    if not _DAY.fullmatch(value):
        raise BadCell("not a day; use YYYY-MM-DD")
    try:
        parsed = date.fromisoformat(value)
    except ValueError:
        raise BadCell("no such day in the calendar") from None
    return _plausible(parsed, context)


def _plausible(value: date, context: Context) -> date:
    if value < EARLIEST:
        raise BadCell("before 1970")
    if value > context.today + timedelta(days=1):
        raise BadCell("more than a day in the future")
    return value


def instant(value: str, context: Context) -> datetime:
    """ISO 8601, in UTC; without an offset it is local to the client."""
    if not _DAY.match(value):
        raise BadCell("not an instant; use ISO 8601 such as 2026-11-09T14:30:00+01:00")
    try:
        parsed = datetime.fromisoformat(value)
        local = parsed if parsed.tzinfo else parsed.replace(tzinfo=context.zone)
        absolute = local.astimezone(UTC)
        own_day = absolute.astimezone(context.zone).date()
    except (ValueError, OverflowError):
        raise BadCell("not an instant; use ISO 8601 such as 2026-11-09T14:30:00+01:00") from None
    _plausible(own_day, context)
    return absolute


def count(value: str, context: Context) -> int:
    if value.startswith("-"):
        raise BadCell("negative")
    if not _WHOLE.fullmatch(value):
        raise BadCell("not a whole number")
    if int(value) > LARGEST_COUNT:
        raise BadCell("too large a number")
    return int(value)


def score(value: str, context: Context) -> int:
    parsed = _decimal(value)
    if parsed != parsed.to_integral_value() or abs(parsed) >= 2**31:
        raise BadCell("not a whole number")
    return int(parsed)


def money(value: str, context: Context) -> int:
    """Billionths of a unit; at most nine decimals, never negative."""
    parsed = _decimal(value)
    if parsed < 0:
        raise BadCell("negative; a refund has kind refund and a positive amount")
    return _exact(parsed)


def margin(value: str, context: Context) -> int:
    return _exact(_decimal(value))


def _exact(parsed: Decimal) -> int:
    if -int(parsed.normalize().as_tuple().exponent) > FINEST_MONEY:
        raise BadCell(f"more than {FINEST_MONEY} decimals")
    try:
        return nano(parsed)
    except OverflowError:
        raise BadCell("too large an amount") from None


def conversions(value: str, context: Context) -> int:
    """Millionths: platforms share one conversion between several clicks."""
    parsed = _decimal(value)
    if parsed < 0:
        raise BadCell("negative")
    if parsed > LARGEST_COUNT:
        raise BadCell("too large a number")
    return millionths(parsed)


def _decimal(value: str) -> Decimal:
    if not _DECIMAL.fullmatch(value):
        raise BadCell("not a number; use digits and a decimal point, such as 1234.56")
    return Decimal(value)


def currency(value: str, context: Context) -> str:
    if value != context.currency:
        raise BadCell(f"not the client's currency, {context.currency}; there is no exchange rate to convert it")
    return value


def channel(value: str, context: Context) -> str:
    if value not in CHANNELS:
        raise BadCell(f"not a channel; use one of {', '.join(CHANNELS)}")
    return value


def order_kind(value: str, context: Context) -> str:
    if value not in {"order", "refund"}:
        raise BadCell("not a kind; use order or refund")
    return value


def email(value: str, context: Context) -> str:
    """A keyed hash: the address itself is not kept."""
    if value.count("@") != 1 or value != value.strip() or " " in value:
        raise BadCell("not an e-mail address")
    return context.hash_email(value)
