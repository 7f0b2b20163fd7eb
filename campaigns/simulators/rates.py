"""Euro reference rates in the shape of the European Central Bank's history file. The rates are invented."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from random import Random

# Units of a currency for one euro, about which the rates wander; some are quoted to fewer digits.
MIDDLES: dict[str, tuple[str, str]] = {
    "USD": ("1.1400", "0.0001"),
    "JPY": ("163.00", "0.01"),
    "CZK": ("24.600", "0.001"),
    "DKK": ("7.4610", "0.0001"),
    "GBP": ("0.85500", "0.00001"),
    "PLN": ("4.2600", "0.0001"),
    "SEK": ("11.0500", "0.0001"),
    "CHF": ("0.9400", "0.0001"),
    "NOK": ("11.6000", "0.0001"),
    "AUD": ("1.7500", "0.0001"),
    "CAD": ("1.5600", "0.0001"),
}
# Currencies that were quoted no more, as some columns of the file are.
ENDED = ("RUB", "HRK")
# Days on which the bank quotes nothing, besides weekends: month and day.
CLOSED = {(1, 1), (5, 1), (12, 25), (12, 26)}
EPOCH = date(2024, 1, 1)
LARGEST_STEP = 0.003
PULL = 0.02


def euro_rates(until: date, since: date = EPOCH, seed: str = "one") -> str:
    """The CSV text for the days `since` to `until`, newest first, business days only. A day's rates do not depend on those bounds."""
    lines = [",".join(["Date", *MIDDLES, *ENDED, ""])]
    day = until
    while day >= max(since, EPOCH):
        if _is_quoted(day):
            quoted = [str(rate(code, day, seed)) for code in MIDDLES]
            lines.append(",".join([day.isoformat(), *quoted, *["N/A"] * len(ENDED), ""]))
        day -= timedelta(days=1)
    return "\n".join(lines) + "\n"


def rate(code: str, day: date, seed: str = "one") -> Decimal:
    """Units of the currency for one euro, of the day itself or the last business day before it; from 2024 on."""
    while not _is_quoted(day) and day > EPOCH:
        day -= timedelta(days=1)
    middle, digits = MIDDLES[code]
    return (Decimal(middle) * Decimal(repr(_distance(code, day.toordinal(), seed)))).quantize(Decimal(digits), ROUND_HALF_UP)


def _distance(code: str, ordinal: int, seed: str) -> float:
    """How far the rate has wandered from its middle, told month by month so that no day needs all the days before it."""
    month = ordinal // 30
    start, end = (_turn(code, place, seed) for place in (month, month + 1))
    along = (ordinal - month * 30) / 30
    return start + (end - start) * along + _step(code, ordinal, seed)


@lru_cache(maxsize=4096)
def _turn(code: str, place: int, seed: str) -> float:
    return 1 + PULL * (2 * Random(f"rate|{seed}|{code}|{place}").random() - 1)


@lru_cache(maxsize=65_536)
def _step(code: str, ordinal: int, seed: str) -> float:
    return LARGEST_STEP * (2 * Random(f"rate|{seed}|{code}|day|{ordinal}").random() - 1)


def _is_quoted(day: date) -> bool:
    return day.weekday() < 5 and (day.month, day.day) not in CLOSED
