"""What reasons, units and directions are called. Texts are translated by whoever shows them."""

from __future__ import annotations

from kpis.definitions import Direction, Reason, Unit, gettext_noop

_ = gettext_noop
REASONS: dict[Reason, str] = {
    Reason.NO_DENOMINATOR: _("Not defined: there is nothing to divide by"),
    Reason.NOT_REPORTED: _("Not reported by the source"),
    Reason.NOT_YET_OBSERVED: _("Not observed yet"),
    Reason.NOT_COMPARABLE: _("Not comparable: a part of the period is not loaded"),
    Reason.NO_EXCHANGE_RATE: _("Not known: a part is in a currency without an exchange rate"),
    Reason.MIXED_BASIS: _("Not known: its parts were counted in different ways"),
    Reason.NO_SEED_TEST: _("Not known: no seed test was imported"),
    Reason.NOT_DIVISIBLE: _("Not known here: its source tells the total alone"),
    Reason.NOT_CHOSEN: _("Not known: a choice of yours is missing, such as the margin"),
    Reason.NEVER: _("Not reached so far"),
}
UNITS: dict[Unit, str] = {
    Unit.MONEY: _("Money, in %(currency)s"),
    Unit.COUNT: _("A count"),
    Unit.FRACTION: _("Percentage"),
    Unit.MULTIPLE: _("A multiple, such as 4.2x"),
    Unit.SECONDS: _("Minutes and seconds"),
    Unit.HOURS: _("Hours"),
    Unit.DAYS: _("Days"),
    Unit.MONTHS: _("Months"),
}
DIRECTIONS: dict[Direction, str] = {
    Direction.UP: _("More is better"),
    Direction.DOWN: _("Less is better"),
    Direction.NEUTRAL: _("A volume: neither good nor bad"),
}
