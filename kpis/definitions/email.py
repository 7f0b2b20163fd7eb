"""E-mail."""

from __future__ import annotations

from kpis import measures as m
from kpis.definitions.base import Definition, Direction, Unit, gettext_noop

_ = gettext_noop
MONEY, COUNT, FRACTION = Unit.MONEY, Unit.COUNT, Unit.FRACTION
UP, DOWN, NEUTRAL = Direction.UP, Direction.DOWN, Direction.NEUTRAL
DELIVERED = m.EMAIL_SENT - m.HARD_BOUNCES - m.SOFT_BOUNCES

DEFINITIONS = (
    Definition(
        "email_sent", _("E-mails sent"), _("E-mails sent"), _("E-mails by the day of their mailing"), COUNT, NEUTRAL, m.EMAIL_SENT,
        caveats=(
            _("Contacts that the platform held back, such as unsubscribed ones, are not in it."),
        ),
    ),
    Definition(
        "email_delivered", _("E-mails delivered"), _("Delivered"), _("Sent − hard bounces − soft bounces"), COUNT, NEUTRAL, DELIVERED,
        caveats=(
            _("Accepted by the recipient's server, perhaps into the spam folder."),
        ),
    ),
    Definition(
        "delivery_rate", _("Delivery rate"), _("Delivery rate"), _("Delivered / sent"), FRACTION, UP, DELIVERED / m.EMAIL_SENT,
        caveats=(
            _("Accepted by the recipient's server, perhaps into the spam folder."),
        ),
    ),
    Definition(
        "inbox_rate", _("Inbox placement rate"), _("Inbox rate"), _("Seed-list messages found in the inbox / seed-list messages sent"),
        FRACTION, UP, m.SEED_INBOX / m.SEED_SENT,
        caveats=(
            _("Known from seed tests only: without one there is no figure, and the delivery rate does not stand in for it."),
            _("Of messages sent, not of those delivered."),
        ),
    ),
    Definition(
        "open_rate", _("Open rate"), _("Open rate"), _("Unique opens / delivered"), FRACTION, UP, m.UNIQUE_OPENS / DELIVERED,
        caveats=(
            _("Apple Mail opens messages by itself, which raises it; mailings with and without such opens are never mixed."),
            _("Some tools divide by sent and show a lower rate."),
            _("Unique within each mailing: over several, the same person counts several times."),
        ),
    ),
    Definition(
        "click_rate", _("Click rate"), _("Click rate"), _("Unique clicks / delivered"), FRACTION, UP, m.UNIQUE_CLICKS / DELIVERED,
        caveats=(
            _("HubSpot's “click-through rate” divides by opens; that is the click-to-open rate here."),
            _("Security filters that follow every link may raise it."),
        ),
    ),
    Definition(
        "click_to_open", _("Click-to-open rate"), _("CTOR"), _("Unique clicks / unique opens"), FRACTION, UP,
        m.UNIQUE_CLICKS / m.UNIQUE_OPENS,
        caveats=(
            _("Apple Mail opens messages by itself, which lowers it."),
        ),
    ),
    Definition(
        "unsubscribe_rate", _("Unsubscribe rate"), _("Unsubscribe rate"), _("Unsubscribes / delivered"), FRACTION, DOWN,
        m.UNSUBSCRIBES / DELIVERED,
        caveats=(
            _("Per e-mail delivered; the rate of the lists divides by subscribers."),
            _("Some tools divide by sent and show a lower rate."),
        ),
    ),
    Definition(
        "list_unsubscribe_rate", _("Unsubscribe rate of the lists"), _("List unsubscribe rate"),
        _("Unsubscribes / subscribers the evening before the period"), FRACTION, DOWN, m.UNSUBSCRIBES / m.SUBSCRIBERS_BEFORE,
        caveats=(
            _("Grows with the length of the period and with the number of mailings."),
        ),
    ),
    Definition(
        "subscribers", _("Subscribers"), _("Subscribers"), _("Subscribers of all mailing lists at the end of the period"), COUNT, UP,
        m.SUBSCRIBERS,
        caveats=(
            _("Who is on two lists counts twice."),
            _("A list of which nothing was heard for over 31 days is left out."),
        ),
    ),
    Definition(
        "list_growth", _("Growth of the lists"), _("List growth"),
        _("(Subscribers at the end − the evening before) / the evening before"), FRACTION, UP,
        (m.SUBSCRIBERS - m.SUBSCRIBERS_BEFORE) / m.SUBSCRIBERS_BEFORE,
        caveats=(
            _("Net: those who joined less those who left or were removed."),
            _("A list that is new to the figures counts as growth."),
        ),
    ),
    Definition(
        "email_bounce_rate", _("E-mail bounce rate"), _("E-mail bounces"), _("(Hard bounces + soft bounces) / sent"), FRACTION, DOWN,
        (m.HARD_BOUNCES + m.SOFT_BOUNCES) / m.EMAIL_SENT,
        caveats=(
            _("Messages that came back; the bounce rate of the website is something else."),
        ),
    ),
    Definition(
        "complaint_rate", _("Complaint rate"), _("Complaint rate"), _("Spam complaints / delivered"), FRACTION, DOWN,
        m.COMPLAINTS / DELIVERED,
        caveats=(
            _("Only the complaints that mailbox providers pass on: the true rate is higher."),
        ),
    ),
    Definition(
        "revenue_per_recipient", _("Revenue per recipient"), _("Revenue / recipient"),
        _("Revenue claimed by the e-mail platform / delivered"), MONEY, UP, m.EMAIL_REVENUE / DELIVERED,
        caveats=(
            _("As the e-mail platform attributes it to itself; ads may claim the same orders."),
        ),
    ),
)  # fmt: skip
