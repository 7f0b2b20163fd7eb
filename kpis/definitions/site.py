"""The website."""

from __future__ import annotations

from kpis import measures as m
from kpis.definitions.base import Definition, Direction, Unit, gettext_noop

_ = gettext_noop
COUNT, FRACTION, SECONDS = Unit.COUNT, Unit.FRACTION, Unit.SECONDS
UP, DOWN, NEUTRAL = Direction.UP, Direction.DOWN, Direction.NEUTRAL

DEFINITIONS = (
    Definition(
        "sessions", _("Sessions"), _("Sessions"), _("Sessions by the day they began"), COUNT, NEUTRAL, m.SESSIONS,
        caveats=(
            _("A volume: more is not better in itself."),
            _("Visits, not people: one person may have several."),
        ),
    ),
    Definition(
        "pageviews", _("Page views"), _("Page views"), _("Sum of page views"), COUNT, NEUTRAL, m.PAGEVIEWS,
        caveats=(
            _("A page that is loaded again counts again."),
        ),
    ),
    Definition(
        "bounce_rate", _("Bounce rate"), _("Bounce rate"), _("(Sessions − engaged sessions) / sessions"), FRACTION, DOWN,
        (m.SESSIONS - m.ENGAGED_SESSIONS) / m.SESSIONS,
        caveats=(
            _("As GA4 counts: a session of 10 seconds, with a key event or with two views does not bounce."),
            _("Lower than the classic rate; the two never belong in one series."),
        ),
    ),
    Definition(
        "bounce_rate_classic", _("Bounce rate, classic"), _("Bounce rate (classic)"), _("Single-page sessions / sessions"), FRACTION,
        DOWN, m.BOUNCES / m.SESSIONS,
        caveats=(
            _("Somebody who reads one page for an hour bounces."),
            _("Not GA4's bounce rate, which is lower."),
        ),
    ),
    Definition(
        "engagement_rate", _("Engagement rate"), _("Engagement rate"), _("Engaged sessions / sessions"), FRACTION, UP,
        m.ENGAGED_SESSIONS / m.SESSIONS,
        caveats=(
            _("The other side of GA4's bounce rate: together they make 100%."),
            _("How long a session must last to be engaged is a setting in GA4, 10 seconds unless changed."),
        ),
    ),
    Definition(
        "landing_conversion_rate", _("Landing-page conversion rate"), _("Landing CVR"),
        _("Conversions of sessions that entered on the page / those sessions"), FRACTION, UP, m.SITE_CONVERSIONS / m.SESSIONS,
        caveats=(
            _("Counts for the page of arrival, wherever the conversion happened."),
            _("May exceed 100%: one session can convert several times."),
            _("Tools that divide by visitors, not by sessions, show a higher rate."),
        ),
    ),
    Definition(
        "time_on_page", _("Time on page"), _("Time on page"), _("Seconds on pages / page views whose time is known"), SECONDS, NEUTRAL,
        m.PAGE_SECONDS / m.TIMED_VIEWS,
        caveats=(
            _("GA4 counts the seconds in which the page was in the foreground; classic analytics leave out the last page of a visit."),
            _("The two ways are never added up."),
        ),
    ),
    Definition(
        "session_duration", _("Session duration"), _("Session duration"), _("Seconds of sessions / sessions"), SECONDS, NEUTRAL,
        m.SESSION_SECONDS / m.SESSIONS,
        caveats=(
            _("Of the whole visit, not of one page."),
            _("Longer than GA4's “average engagement time”, which counts the foreground only and divides by users."),
        ),
    ),
    Definition(
        "exit_rate", _("Exit rate"), _("Exit rate"), _("Exits / page views"), FRACTION, DOWN, m.EXITS / m.PAGEVIEWS,
        caveats=(
            _("Not the bounce rate: it counts who leaves from a page, however many came before."),
        ),
    ),
    Definition(
        "site_conversions", _("Site conversions"), _("Site conversions"), _("Conversions recorded by web analytics"), COUNT, UP,
        m.SITE_CONVERSIONS,
        caveats=(
            _("Not those that the ad platforms claim; the two do not match."),
            _("Visitors who refuse tracking are not counted."),
        ),
    ),
)  # fmt: skip
