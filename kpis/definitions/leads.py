"""Leads and what becomes of them."""

from __future__ import annotations

from kpis import measures as m
from kpis.definitions.ads import MARKETING_COST
from kpis.definitions.base import Definition, Direction, Unit, gettext_noop

_ = gettext_noop
MONEY, COUNT, FRACTION, DAYS = Unit.MONEY, Unit.COUNT, Unit.FRACTION, Unit.DAYS
UP, DOWN = Direction.UP, Direction.DOWN

DEFINITIONS = (
    Definition(
        "leads", _("Leads"), _("Leads"), _("Leads by the day they were created"), COUNT, UP, m.LEADS,
        caveats=(
            _("Only the system of record counts; what other sources report is not added."),
            _("Leads without a known channel count in the total, as “unknown”."),
        ),
    ),
    Definition(
        "cpl", _("Media cost per lead"), _("CPL"), _("Ad spend / leads of paid channels"), MONEY, DOWN, m.SPEND / m.PAID_LEADS,
        caveats=(
            _("Ad spend only: fees, tools and salaries are in the full cost per lead."),
            _("Paid channels are paid search, paid social, display and video; other leads are left out."),
        ),
    ),
    Definition(
        "blended_cpl", _("Full cost per lead"), _("Full CPL"), _("All marketing cost / all leads"), MONEY, DOWN, MARKETING_COST / m.LEADS,
        caveats=(
            _("Marketing cost is ad spend and the costs that were entered or imported."),
            _("Leads that cost no ads count too: never compare it with the media cost per lead."),
        ),
    ),
    Definition(
        "mql", _("Marketing-qualified leads"), _("MQL"), _("Leads by the day they first became marketing-qualified"), COUNT, UP, m.MQLS,
        caveats=(
            _("By this company's own rule; companies cannot be compared."),
            _("A lead that qualifies again is not counted twice."),
            _("By a rule on scores a lead counts on the day it was created: no source tells when a score was reached."),
        ),
    ),
    Definition(
        "sql", _("Sales-qualified leads"), _("SQL"), _("Leads by the day they first became sales-qualified"), COUNT, UP, m.SQLS,
        caveats=(
            _("By this company's own rule; companies cannot be compared."),
            _("A lead that qualifies again is not counted twice."),
            _("By a rule on scores a lead counts on the day it was created: no source tells when a score was reached."),
        ),
    ),
    Definition(
        "mql_to_sql", _("MQL to SQL rate"), _("MQL→SQL"), _("MQLs of the period that ever became sales-qualified / MQLs of the period"),
        FRACTION, UP, m.MQLS_TO_SQL / m.MQLS,
        caveats=(
            _("Follows the same leads: what became of the MQLs of this period, whenever that was."),
            _("Recent periods keep rising, for their leads need time."),
        ),
    ),
    Definition(
        "mql_to_sql_period", _("MQL to SQL rate within the period"), _("MQL→SQL (period)"),
        _("SQLs dated in the period / MQLs dated in the period"), FRACTION, UP, m.SQLS / m.MQLS,
        caveats=(
            _("May exceed 100%: the SQLs of a period are partly MQLs of an earlier one."),
            _("Several points apart from the rate that follows the same leads."),
        ),
    ),
    Definition(
        "lead_to_customer", _("Lead to customer rate"), _("Lead→customer"),
        _("Leads of the period that ever became customers / leads of the period"), FRACTION, UP, m.LEADS_TO_CUSTOMER / m.LEADS,
        caveats=(
            _("Recent periods keep rising, for their leads need time."),
        ),
    ),
    Definition(
        "days_to_close", _("Days to close"), _("Days to close"), _("Days from lead to won deal / deals won"), DAYS, DOWN,
        m.DAYS_TO_CLOSE / m.WON,
        caveats=(
            _("A mean of calendar days: a few slow deals raise it."),
            _("Deals still open are not in it."),
            _("A deal won before its lead was recorded counts with negative days."),
        ),
    ),
    Definition(
        "won", _("Deals won"), _("Won"), _("Deals by the day they were won"), COUNT, UP, m.WON,
        caveats=(
            _("Where the system of record tells of no deals, leads marked as won count."),
        ),
    ),
)  # fmt: skip
