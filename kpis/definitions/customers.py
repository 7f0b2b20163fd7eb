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
LIFETIME = m.MONTHS_STAYED / m.CUSTOMERS_LEFT
CLV = m.MONTHLY_REVENUE / m.MONTHLY_CUSTOMERS * LIFETIME
RETENTION = (m.AT_END - m.NEW_AT_END) / m.AT_START

DEFINITIONS = (
    Definition(
        "new_customers", _("New customers"), _("New customers"), _("Customers by the day of their first order or won deal"), COUNT, UP,
        m.NEW_CUSTOMERS,
        caveats=(
            _("First of all that was loaded: customers from before that look new when they come back."),
            _("By the channel that acquired the person, which may differ from that of the order."),
        ),
    ),
    Definition(
        "media_cac", _("Media customer acquisition cost"), _("Media CAC"), _("Ad spend / new customers of paid channels"), MONEY, DOWN,
        m.SPEND / m.PAID_NEW_CUSTOMERS,
        caveats=(
            _("Ad spend only: salaries, tools and fees are in the customer acquisition cost."),
        ),
    ),
    Definition(
        "cac", _("Customer acquisition cost"), _("CAC"), _("Sales and marketing cost / new customers"), MONEY, DOWN, CAC,
        caveats=(
            _("Counts only the costs that were entered or imported, besides ad spend."),
            _("Cost and customers of the same period: where deals take months, what was spent now wins customers later."),
        ),
    ),
    Definition(
        "revenue", _("Revenue"), _("Revenue"), _("Order amounts − refunds by the day they were made"), MONEY, UP, m.REVENUE,
        caveats=(
            _("Only the system of record counts; what other sources report is not added."),
            _("A refund counts on the day it was made, not on that of the order."),
            _("Orders of unknown customers and unknown channels are in it."),
        ),
    ),
    Definition(
        "refunds", _("Refunds"), _("Refunds"), _("Refunds by the day they were made"), MONEY, DOWN, m.REFUNDS,
        caveats=(
            _("Already taken off revenue."),
        ),
    ),
    Definition(
        "orders", _("Orders"), _("Orders"), _("Orders by the day they were placed"), COUNT, UP, m.ORDERS,
        caveats=(
            _("An order that is refunded later still counts."),
        ),
    ),
    Definition(
        "aov", _("Average order value"), _("AOV"), _("Order amounts before refunds / orders"), MONEY, UP, m.ORDER_AMOUNT / m.ORDERS,
        caveats=(
            _("Per order, not per customer or session."),
            _("Before refunds: times orders, it gives more than revenue."),
        ),
    ),
    Definition(
        "customers", _("Active customers"), _("Customers"), _("Distinct customers who ordered or paid in the period"), COUNT, UP,
        m.CUSTOMERS,
        caveats=(
            _("Each counts once: the months of a quarter add up to more than the quarter."),
            _("Orders without a known customer are not in it."),
        ),
    ),
    Definition(
        "arpa", _("Average revenue per account"), _("ARPA"), _("Revenue of known customers / customers active in the period"), MONEY, UP,
        m.KNOWN_REVENUE / m.CUSTOMERS,
        caveats=(
            _("For the whole period asked: a quarter's is not the mean of its months."),
            _("Divided by those who ordered or paid, not by all customers there are."),
        ),
    ),
    Definition(
        "arpa_by_acquisition", _("Average revenue per acquired account"), _("ARPA (acquired)"),
        _("Revenue of the customers whom a channel or campaign acquired / all customers it acquired so far"), MONEY, UP,
        m.KNOWN_REVENUE / m.ACQUIRED_SO_FAR,
        caveats=(
            _("By the channel that acquired the customer, whatever brought the later orders."),
            _("Customers who no longer buy are in the denominator."),
        ),
    ),
    Definition(
        "clv", _("Customer lifetime value, on revenue"), _("CLV"),
        _("Monthly revenue per active customer × months that a customer stays"), MONEY, UP, CLV,
        caveats=(
            _("Supposes that customers go on spending and leaving as they do now; it is an estimate, not a sum."),
            _("A customer is taken to stay 60 months at most, unless you chose for how many."),
            _("Before the cost of the goods: decide by the value on margin."),
        ),
        label=_("Customer lifetime value (revenue)"),
    ),
    Definition(
        "margin_clv", _("Customer lifetime value, on margin"), _("Margin CLV"),
        _("Monthly margin per active customer × months that a customer stays"), MONEY, UP,
        m.MONTHLY_MARGIN / m.MONTHLY_CUSTOMERS * LIFETIME,
        caveats=(
            _("Supposes that customers go on spending and leaving as they do now; it is an estimate, not a sum."),
            _("A customer is taken to stay 60 months at most, unless you chose for how many."),
            _("The margin is that of each order; where orders do not tell it, the chosen share of revenue."),
        ),
        label=_("Customer lifetime value (margin)"),
    ),
    Definition(
        "ltv_to_cac", _("Lifetime value to acquisition cost"), _("LTV:CAC"), _("Customer lifetime value / customer acquisition cost"),
        MULTIPLE, UP, CLV / CAC,
        caveats=(
            _("Value on revenue and full cost; on margin it is lower."),
            _("As good as the costs that were entered: missing ones make it look better."),
        ),
    ),
    Definition(
        "payback_months", _("Months to pay back"), _("Payback"),
        _("First month at which what the customers of the period brought in covers what it cost to acquire them"), MONTHS, DOWN,
        # Known only where the cost is, and what was brought in.
        0 * FULL_COST + m.PAYBACK_MONTHS + 0 * m.BROUGHT,
        caveats=(
            _("On margin where it is known, else on revenue, which pays back too soon."),
            _("No figure as long as the customers of the period have not paid back their cost."),
            _("0 is the month of the acquisition itself."),
        ),
    ),
    Definition(
        "retention_rate", _("Customer retention rate"), _("Retention"),
        _("(Customers at the end − those new among them) / customers at the start"), FRACTION, UP, RETENTION,
        caveats=(
            _("Without a subscription, a customer is who ordered lately: the span that counts as lately decides the rate."),
            _("Who comes and goes within the period is in neither number."),
            _("Counted by orders, it may exceed 100%: former customers come back."),
        ),
    ),
    Definition(
        "churn_rate", _("Customer churn rate"), _("Churn"), _("1 − customer retention rate"), FRACTION, DOWN, 1 - RETENTION,
        caveats=(
            _("Of customers, not of revenue; unsubscribes from e-mail have nothing to do with it."),
            _("A year's churn is less than twelve times a month's."),
        ),
    ),
    Definition(
        "revenue_churn_rate", _("Revenue churn rate"), _("Revenue churn"),
        _("Recurring revenue lost or reduced in the period / recurring revenue at the start"), FRACTION, DOWN,
        m.MRR_LOST / m.MRR_AT_START,
        caveats=(
            _("Subscriptions only; orders paid once are not in it."),
            _("Upgrades of other customers do not make up for it: that is net revenue retention."),
        ),
    ),
    Definition(
        "grr", _("Gross revenue retention"), _("GRR"),
        _("(Recurring revenue at the start − what of it was lost or reduced) / recurring revenue at the start"), FRACTION, UP,
        (m.MRR_AT_START - m.MRR_LOST) / m.MRR_AT_START,
        caveats=(
            _("Subscriptions only; orders paid once are not in it."),
            _("Never above 100%: upgrades do not count."),
        ),
    ),
    Definition(
        "nrr", _("Net revenue retention"), _("NRR"),
        _("Recurring revenue at the end of those who were customers at the start / recurring revenue at the start"), FRACTION, UP,
        m.MRR_KEPT / m.MRR_AT_START,
        caveats=(
            _("Subscriptions only; orders paid once are not in it."),
            _("May exceed 100%: upgrades count, new customers do not."),
        ),
    ),
    Definition(
        "repeat_revenue", _("Repeat-customer revenue"), _("Repeat revenue"),
        _("Revenue in the period of customers whose first order is before it, or as you chose"), MONEY, UP, m.REPEAT_REVENUE,
        caveats=(
            _("Who is new is decided by the period asked, so months do not add up to the quarter."),
            _("Counted so, a second order in the period of the first one is not in it."),
        ),
    ),
    Definition(
        "repeat_revenue_share", _("Share of repeat customers in revenue"), _("Repeat share"),
        _("Repeat-customer revenue / revenue of known customers"), FRACTION, UP, m.REPEAT_REVENUE / m.KNOWN_REVENUE,
        caveats=(
            _("Orders without a known customer are in neither part."),
            _("Falls as the period grows: over a year more customers are new."),
        ),
    ),
)  # fmt: skip
