"""Leads and what becomes of them."""

from __future__ import annotations

from kpis import measures as m
from kpis.definitions.ads import MARKETING_COST
from kpis.definitions.base import Definition, Direction, Unit, gettext_noop

_ = gettext_noop
MONEY, COUNT, FRACTION, DAYS = Unit.MONEY, Unit.COUNT, Unit.FRACTION, Unit.DAYS
UP, DOWN = Direction.UP, Direction.DOWN

DEFINITIONS = (
    Definition("leads", _("Leads"), _("Leads"), _("Leads by the day they were created"), COUNT, UP, m.LEADS),
    Definition("cpl", _("Media cost per lead"), _("CPL"), _("Ad spend / leads of paid channels"), MONEY, DOWN, m.SPEND / m.PAID_LEADS),
    Definition(
        "blended_cpl", _("Full cost per lead"), _("Full CPL"), _("All marketing cost / all leads"), MONEY, DOWN, MARKETING_COST / m.LEADS
    ),
    Definition(
        "mql", _("Marketing-qualified leads"), _("MQL"), _("Leads by the day they first became marketing-qualified"), COUNT, UP, m.MQLS
    ),
    Definition("sql", _("Sales-qualified leads"), _("SQL"), _("Leads by the day they first became sales-qualified"), COUNT, UP, m.SQLS),
    Definition(
        "mql_to_sql", _("MQL to SQL rate"), _("MQL→SQL"),
        _("MQLs of the period that ever became sales-qualified / MQLs of the period"), FRACTION, UP, m.MQLS_TO_SQL / m.MQLS,
    ),
    Definition(
        "mql_to_sql_period", _("MQL to SQL rate within the period"), _("MQL→SQL (period)"),
        _("SQLs dated in the period / MQLs dated in the period"), FRACTION, UP, m.SQLS / m.MQLS,
    ),
    Definition(
        "lead_to_customer", _("Lead to customer rate"), _("Lead→customer"),
        _("Leads of the period that ever became customers / leads of the period"), FRACTION, UP, m.LEADS_TO_CUSTOMER / m.LEADS,
    ),
    Definition(
        "days_to_close", _("Days to close"), _("Days to close"), _("Days from lead to won deal / deals won"), DAYS, DOWN,
        m.DAYS_TO_CLOSE / m.WON,
    ),
    Definition("won", _("Deals won"), _("Won"), _("Deals by the day they were won"), COUNT, UP, m.WON),
)  # fmt: skip
