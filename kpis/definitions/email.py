"""E-mail."""

from __future__ import annotations

from kpis import measures as m
from kpis.definitions.base import Definition, Direction, Unit, gettext_noop

_ = gettext_noop
MONEY, COUNT, FRACTION = Unit.MONEY, Unit.COUNT, Unit.FRACTION
UP, DOWN, NEUTRAL = Direction.UP, Direction.DOWN, Direction.NEUTRAL
DELIVERED = m.EMAIL_SENT - m.HARD_BOUNCES - m.SOFT_BOUNCES

DEFINITIONS = (
    Definition("email_sent", _("E-mails sent"), _("Sent"), _("E-mails by the day of their mailing"), COUNT, NEUTRAL, m.EMAIL_SENT),
    Definition(
        "email_delivered", _("E-mails delivered"), _("Delivered"), _("Sent − hard bounces − soft bounces"), COUNT, NEUTRAL, DELIVERED
    ),
    Definition("delivery_rate", _("Delivery rate"), _("Delivery rate"), _("Delivered / sent"), FRACTION, UP, DELIVERED / m.EMAIL_SENT),
    Definition(
        "inbox_rate", _("Inbox placement rate"), _("Inbox rate"), _("Seed-list messages found in the inbox / seed-list messages sent"),
        FRACTION, UP, m.SEED_INBOX / m.SEED_SENT,
    ),
    Definition("open_rate", _("Open rate"), _("Open rate"), _("Unique opens / delivered"), FRACTION, UP, m.UNIQUE_OPENS / DELIVERED),
    Definition("click_rate", _("Click rate"), _("Click rate"), _("Unique clicks / delivered"), FRACTION, UP, m.UNIQUE_CLICKS / DELIVERED),
    Definition(
        "click_to_open", _("Click-to-open rate"), _("CTOR"), _("Unique clicks / unique opens"), FRACTION, UP,
        m.UNIQUE_CLICKS / m.UNIQUE_OPENS,
    ),
    Definition(
        "unsubscribe_rate", _("Unsubscribe rate"), _("Unsubscribes"), _("Unsubscribes / delivered"), FRACTION, DOWN,
        m.UNSUBSCRIBES / DELIVERED,
    ),
    Definition(
        "list_unsubscribe_rate", _("Unsubscribe rate of the lists"), _("List unsubscribes"),
        _("Unsubscribes / subscribers the evening before the period"), FRACTION, DOWN, m.UNSUBSCRIBES / m.SUBSCRIBERS_BEFORE,
    ),
    Definition(
        "subscribers", _("Subscribers"), _("Subscribers"), _("Subscribers of all mailing lists at the end of the period"), COUNT, UP,
        m.SUBSCRIBERS,
    ),
    Definition(
        "list_growth", _("Growth of the lists"), _("List growth"), _("(Subscribers at the end − the evening before) / the evening before"),
        FRACTION, UP, (m.SUBSCRIBERS - m.SUBSCRIBERS_BEFORE) / m.SUBSCRIBERS_BEFORE,
    ),
    Definition(
        "email_bounce_rate", _("E-mail bounce rate"), _("Bounces"), _("(Hard bounces + soft bounces) / sent"), FRACTION, DOWN,
        (m.HARD_BOUNCES + m.SOFT_BOUNCES) / m.EMAIL_SENT,
    ),
    Definition("complaint_rate", _("Complaint rate"), _("Complaints"), _("Spam complaints / delivered"), FRACTION, DOWN,
               m.COMPLAINTS / DELIVERED),
    Definition(
        "revenue_per_recipient", _("Revenue per recipient"), _("Revenue / recipient"),
        _("Revenue claimed by the e-mail platform / delivered"), MONEY, UP, m.EMAIL_REVENUE / DELIVERED,
    ),
)  # fmt: skip
