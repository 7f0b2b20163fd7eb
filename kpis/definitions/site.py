"""The website."""

from __future__ import annotations

from kpis import measures as m
from kpis.definitions.base import Definition, Direction, Unit, gettext_noop

_ = gettext_noop
COUNT, FRACTION, SECONDS = Unit.COUNT, Unit.FRACTION, Unit.SECONDS
UP, DOWN, NEUTRAL = Direction.UP, Direction.DOWN, Direction.NEUTRAL

DEFINITIONS = (
    Definition("sessions", _("Sessions"), _("Sessions"), _("Sessions by the day they began"), COUNT, NEUTRAL, m.SESSIONS),
    Definition("pageviews", _("Page views"), _("Page views"), _("Sum of page views"), COUNT, NEUTRAL, m.PAGEVIEWS),
    Definition(
        "bounce_rate", _("Bounce rate"), _("Bounce rate"), _("(Sessions − engaged sessions) / sessions"), FRACTION, DOWN,
        (m.SESSIONS - m.ENGAGED_SESSIONS) / m.SESSIONS,
    ),
    Definition(
        "bounce_rate_classic", _("Bounce rate, classic"), _("Bounce rate (classic)"), _("Single-page sessions / sessions"), FRACTION, DOWN,
        m.BOUNCES / m.SESSIONS,
    ),
    Definition(
        "engagement_rate", _("Engagement rate"), _("Engagement rate"), _("Engaged sessions / sessions"), FRACTION, UP,
        m.ENGAGED_SESSIONS / m.SESSIONS,
    ),
    Definition(
        "landing_conversion_rate", _("Landing-page conversion rate"), _("Landing CVR"),
        _("Conversions of sessions that entered on the page / those sessions"), FRACTION, UP, m.SITE_CONVERSIONS / m.SESSIONS,
    ),
    Definition(
        "time_on_page", _("Time on page"), _("Time on page"), _("Seconds on pages / page views whose time is known"), SECONDS, NEUTRAL,
        m.PAGE_SECONDS / m.TIMED_VIEWS,
    ),
    Definition(
        "session_duration", _("Session duration"), _("Session duration"), _("Seconds of sessions / sessions"), SECONDS, NEUTRAL,
        m.SESSION_SECONDS / m.SESSIONS,
    ),
    Definition("exit_rate", _("Exit rate"), _("Exit rate"), _("Exits / page views"), FRACTION, DOWN, m.EXITS / m.PAGEVIEWS),
    Definition(
        "site_conversions", _("Site conversions"), _("Site conversions"), _("Conversions recorded by web analytics"), COUNT, UP,
        m.SITE_CONVERSIONS,
    ),
)  # fmt: skip
