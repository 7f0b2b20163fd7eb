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
        caveats=(
            _("Ads have impressions of their own, in the chapter on ads."),
        ),
    ),
    Definition(
        "social_reach", _("Post reach, added up"), _("Post reach"), _("Sum of the reach of posts and days; not of people"), COUNT,
        NEUTRAL, m.SOCIAL_REACH,
        caveats=(
            _("Who sees three posts counts three times: it is more than the number of people reached."),
        ),
    ),
    Definition(
        "followers", _("Followers"), _("Followers"), _("Followers of all accounts at the end of the period"), COUNT, UP, m.FOLLOWERS,
        caveats=(
            _("Who follows two accounts counts twice."),
        ),
    ),
    Definition(
        "engagements", _("Engagements"), _("Engagements"), _("Sum of the kinds of engagement that count"), COUNT, UP, m.ENGAGEMENTS,
        caveats=(
            _("Which kinds count is this company's choice."),
            _("Meta's “post engagement” also counts 3-second views and clicks on photos: it is higher."),
            _("Unknown, and not less, where a network does not report one of the kinds."),
        ),
    ),
    Definition(
        "likes", _("Likes"), _("Likes"), _("Sum of likes"), COUNT, UP, m.LIKES,
        caveats=(
            _("On posts, not on ads."),
        ),
    ),
    Definition(
        "comments", _("Comments"), _("Comments"), _("Sum of comments"), COUNT, UP, m.COMMENTS,
        caveats=(
            _("On posts, not on ads."),
        ),
    ),
    Definition(
        "shares", _("Shares"), _("Shares"), _("Sum of shares"), COUNT, UP, m.SHARES,
        caveats=(
            _("On posts, not on ads."),
        ),
    ),
    Definition(
        "saves", _("Saves"), _("Saves"), _("Sum of saves"), COUNT, UP, m.SAVES,
        caveats=(
            _("Not every network reports them; without all of them there is no total."),
        ),
    ),
    Definition(
        "messages", _("Private messages"), _("Messages"), _("Sum of private messages"), COUNT, UP, m.MESSAGES,
        caveats=(
            _("Not every network reports them; without all of them there is no total."),
        ),
    ),
    Definition(
        "replies", _("Replies"), _("Replies"), _("Sum of replies"), COUNT, UP, m.REPLIES,
        caveats=(
            _("Not every network reports them; without all of them there is no total."),
        ),
    ),
    Definition(
        "link_clicks", _("Link clicks on posts"), _("Link clicks"), _("Sum of link clicks on posts"), COUNT, UP, m.LINK_CLICKS,
        caveats=(
            _("On posts, not on ads."),
        ),
    ),
    Definition(
        "engagement_rate_by_reach", _("Engagement rate by reach"), _("Engagement / reach"), _("Engagements / post reach"), FRACTION, UP,
        m.ENGAGEMENTS / m.SOCIAL_REACH,
        caveats=(
            _("Reach is added up over posts and days, so the rate is lower than one of people."),
            _("Not comparable with the rates by impressions or by followers."),
        ),
    ),
    Definition(
        "engagement_rate_by_impressions", _("Engagement rate by impressions"), _("Engagement / impressions"),
        _("Engagements / impressions of posts"), FRACTION, UP, m.ENGAGEMENTS / m.SOCIAL_IMPRESSIONS,
        caveats=(
            _("Not comparable with the rates by reach or by followers."),
        ),
    ),
    Definition(
        "engagement_rate_by_followers", _("Engagement rate by followers"), _("Engagement / followers"), _("Engagements / followers"),
        FRACTION, UP, m.ENGAGEMENTS / m.FOLLOWERS,
        caveats=(
            _("Grows with the length of the period: compare equal periods only."),
            _("Not comparable with the rates by reach or by impressions."),
        ),
    ),
    Definition(
        "video_hours", _("Video watch time"), _("Video hours"), _("Seconds of video watched / 3,600"), HOURS, UP, m.VIDEO_SECONDS / 3600,
        caveats=(
            _("Time watched, which networks compare well by; views do not, as each counts them from another second."),
        ),
    ),
)  # fmt: skip
