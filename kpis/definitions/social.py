"""Social networks, apart from their ads."""

from __future__ import annotations

from kpis import measures as m
from kpis.definitions.base import Definition, Direction, Unit, gettext_noop

_ = gettext_noop
COUNT, FRACTION, HOURS = Unit.COUNT, Unit.FRACTION, Unit.HOURS
UP, NEUTRAL = Direction.UP, Direction.NEUTRAL

DEFINITIONS = (
    Definition(
        "social_impressions", _("Impressions of posts"), _("Post impressions"), _("Sum of the impressions of posts"), COUNT, NEUTRAL,
        m.SOCIAL_IMPRESSIONS,
    ),
    Definition(
        "social_reach", _("Post reach, added up"), _("Post reach"), _("Sum of the reach of posts and days; not of people"), COUNT, NEUTRAL,
        m.SOCIAL_REACH,
    ),
    Definition(
        "followers", _("Followers"), _("Followers"), _("Followers of all accounts at the end of the period"), COUNT, UP, m.FOLLOWERS
    ),
    Definition("engagements", _("Engagements"), _("Engagements"), _("Sum of the kinds of engagement that count"), COUNT, UP, m.ENGAGEMENTS),
    Definition("likes", _("Likes"), _("Likes"), _("Sum of likes"), COUNT, UP, m.LIKES),
    Definition("comments", _("Comments"), _("Comments"), _("Sum of comments"), COUNT, UP, m.COMMENTS),
    Definition("shares", _("Shares"), _("Shares"), _("Sum of shares"), COUNT, UP, m.SHARES),
    Definition("saves", _("Saves"), _("Saves"), _("Sum of saves"), COUNT, UP, m.SAVES),
    Definition("messages", _("Private messages"), _("Messages"), _("Sum of private messages"), COUNT, UP, m.MESSAGES),
    Definition("replies", _("Replies"), _("Replies"), _("Sum of replies"), COUNT, UP, m.REPLIES),
    Definition("link_clicks", _("Link clicks on posts"), _("Link clicks"), _("Sum of link clicks on posts"), COUNT, UP, m.LINK_CLICKS),
    Definition(
        "engagement_rate_by_reach", _("Engagement rate by reach"), _("Engagement / reach"), _("Engagements / post reach"), FRACTION, UP,
        m.ENGAGEMENTS / m.SOCIAL_REACH,
    ),
    Definition(
        "engagement_rate_by_impressions", _("Engagement rate by impressions"), _("Engagement / impressions"),
        _("Engagements / impressions of posts"), FRACTION, UP, m.ENGAGEMENTS / m.SOCIAL_IMPRESSIONS,
    ),
    Definition(
        "engagement_rate_by_followers", _("Engagement rate by followers"), _("Engagement / followers"), _("Engagements / followers"),
        FRACTION, UP, m.ENGAGEMENTS / m.FOLLOWERS,
    ),
    Definition(
        "video_hours", _("Video watch time"), _("Video hours"), _("Seconds of video watched / 3,600"), HOURS, UP, m.VIDEO_SECONDS / 3600
    ),
)  # fmt: skip
