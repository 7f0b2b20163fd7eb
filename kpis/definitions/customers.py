"""Revenue, and customers over time."""

from __future__ import annotations

from kpis import measures as m
from kpis.definitions.ads import MARKETING_COST
from kpis.definitions.base import Definition, Direction, Unit, gettext_noop

_ = gettext_noop
MONEY, COUNT, FRACTION, MULTIPLE, MONTHS = Unit.MONEY, Unit.COUNT, Unit.FRACTION, Unit.MULTIPLE, Unit.MONTHS
UP, DOWN = Direction.UP, Direction.DOWN
FULL_COST = MARKETING_COST + m.SALES_COST
CAC = FULL_COST / m.NEW_CUSTOMERS
CLV = m.MONTHLY_REVENUE / m.MONTHLY_CUSTOMERS * m.LIFETIME_MONTHS
RETENTION = (m.AT_END - m.NEW_AT_END) / m.AT_START

DEFINITIONS = (
    Definition(
        "new_customers", _("New customers"), _("New customers"), _("Customers by the day of their first order or won deal"), COUNT, UP,
        m.NEW_CUSTOMERS,
    ),
    Definition(
        "media_cac", _("Media cost per new customer"), _("Media CAC"), _("Ad spend / new customers of paid channels"), MONEY, DOWN,
        m.SPEND / m.PAID_NEW_CUSTOMERS,
    ),
    Definition(
        "cac", _("Customer acquisition cost"), _("CAC"), _("Sales and marketing cost / new customers"), MONEY, DOWN, CAC
    ),
    Definition(
        "revenue", _("Revenue"), _("Revenue"), _("Order amounts − refunds by the day they were made"), MONEY, UP, m.REVENUE
    ),
    Definition("refunds", _("Refunds"), _("Refunds"), _("Refunds by the day they were made"), MONEY, DOWN, m.REFUNDS),
    Definition("orders", _("Orders"), _("Orders"), _("Orders by the day they were placed"), COUNT, UP, m.ORDERS),
    Definition(
        "aov", _("Average order value"), _("AOV"), _("Order amounts before refunds / orders"), MONEY, UP, m.ORDER_AMOUNT / m.ORDERS
    ),
    Definition(
        "customers", _("Active customers"), _("Customers"), _("Distinct customers who ordered or paid in the period"), COUNT, UP,
        m.CUSTOMERS,
    ),
    Definition(
        "arpa", _("Average revenue per account"), _("ARPA"), _("Revenue of known customers / customers active in the period"), MONEY, UP,
        m.KNOWN_REVENUE / m.CUSTOMERS,
    ),
    Definition(
        "arpa_by_acquisition", _("Average revenue per acquired account"), _("ARPA (acquired)"),
        _("Revenue of the customers whom a channel or campaign acquired / all customers it acquired so far"), MONEY, UP,
        m.KNOWN_REVENUE / m.ACQUIRED_SO_FAR,
    ),
    Definition(
        "clv", _("Customer lifetime value, on revenue"), _("CLV"),
        _("Monthly revenue per active customer × months that a customer stays"), MONEY, UP, CLV,
    ),
    Definition(
        "margin_clv", _("Customer lifetime value, on margin"), _("Margin CLV"),
        _("Monthly margin per active customer × months that a customer stays"), MONEY, UP,
        m.MONTHLY_MARGIN / m.MONTHLY_CUSTOMERS * m.LIFETIME_MONTHS,
    ),
    Definition(
        "ltv_to_cac", _("Lifetime value to acquisition cost"), _("LTV:CAC"), _("Customer lifetime value / customer acquisition cost"),
        MULTIPLE, UP, CLV / CAC,
    ),
    Definition(
        "payback_months", _("Months to pay back"), _("Payback"),
        _("First month at which what the customers of the period brought in covers what it cost to acquire them"), MONTHS, DOWN,
        m.PAYBACK_MONTHS,
    ),
    Definition(
        "retention_rate", _("Customer retention rate"), _("Retention"),
        _("(Customers at the end − those new among them) / customers at the start"), FRACTION, UP, RETENTION,
    ),
    Definition(
        "churn_rate", _("Customer churn rate"), _("Churn"), _("1 − customer retention rate"), FRACTION, DOWN, 1 - RETENTION
    ),
    Definition(
        "revenue_churn_rate", _("Revenue churn rate"), _("Revenue churn"),
        _("Recurring revenue lost or reduced in the period / recurring revenue at the start"), FRACTION, DOWN, m.MRR_LOST / m.MRR_AT_START,
    ),
    Definition(
        "grr", _("Gross revenue retention"), _("GRR"),
        _("(Recurring revenue at the start − what of it was lost or reduced) / recurring revenue at the start"), FRACTION, UP,
        (m.MRR_AT_START - m.MRR_LOST) / m.MRR_AT_START,
    ),
    Definition(
        "nrr", _("Net revenue retention"), _("NRR"),
        _("Recurring revenue at the end of those who were customers at the start / recurring revenue at the start"), FRACTION, UP,
        m.MRR_KEPT / m.MRR_AT_START,
    ),
    Definition(
        "repeat_revenue", _("Revenue of recurring customers"), _("Repeat revenue"),
        _("Revenue in the period of customers whose first order is before it"), MONEY, UP, m.REPEAT_REVENUE,
    ),
    Definition(
        "repeat_revenue_share", _("Share of recurring customers in revenue"), _("Repeat share"),
        _("Revenue of recurring customers / revenue of known customers"), FRACTION, UP, m.REPEAT_REVENUE / m.KNOWN_REVENUE,
    ),
)  # fmt: skip
