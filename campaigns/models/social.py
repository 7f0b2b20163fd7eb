from __future__ import annotations

from typing import ClassVar

from django.db import models

from campaigns.models.facts import Fact, count


class SocialCounts(Fact):
    impressions = count()
    reach = count()
    likes = count()
    comments = count()
    shares = count()
    saves = count()
    messages = count()
    replies = count()
    link_clicks = count()
    video_views = count()
    video_seconds = count()

    class Meta:
        abstract = True


class SocialDay(SocialCounts):
    """One post on one day; post "" is the account as a whole. `reach` is of distinct people.

    `title`: what the post was called on that day, or the first line of its text; `url`: where it is. "" where that was not told.
    """

    pk = models.CompositePrimaryKey("connection_id", "day", "external_id")
    external_id = models.CharField(max_length=255, blank=True)
    title = models.CharField(max_length=200, blank=True, db_default="")
    url = models.CharField(max_length=2000, blank=True, db_default="")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["day"], name="campaigns_socialday_day")]


class SocialPost(SocialCounts):
    """A post's lifetime counters when last seen; `day` is the day it was published. Differences become `SocialDay`."""

    pk = models.CompositePrimaryKey("connection_id", "external_id")
    external_id = models.CharField(max_length=255)
    observed_at = models.DateTimeField()


class AudienceDay(Fact):
    """Subscribers of a mailing list, or followers of a social account, at the end of one day."""

    pk = models.CompositePrimaryKey("connection_id", "day", "list_name")
    list_name = models.CharField(max_length=255)
    subscribers = count()
    joined = count()
    left = count()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["day"], name="campaigns_audienceday_day")]
