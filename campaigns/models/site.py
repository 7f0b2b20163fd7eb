from __future__ import annotations

from hashlib import sha256
from typing import ClassVar

from django.db import models

from campaigns.models.facts import Fact, basis, count, millionths, nano
from campaigns.models.origins import Origin


class Page(models.Model):
    """A page of the client's site, as the analytics name it."""

    # SHA-256 of the path, which may be too long for an index.
    key = models.CharField(max_length=64, unique=True)
    path = models.CharField(max_length=2000)

    def __str__(self) -> str:
        return self.path

    @staticmethod
    def key_of(path: str) -> str:
        return sha256(path.encode()).hexdigest()


class LandingDay(Fact):
    """Sessions of one day that entered on one page from one origin. `users` are distinct within the row alone."""

    pk = models.CompositePrimaryKey("connection_id", "day", "page_id", "origin_id")
    page = models.ForeignKey(Page, on_delete=models.PROTECT, db_constraint=False, db_index=False)
    origin = models.ForeignKey(Origin, on_delete=models.PROTECT, db_constraint=False)
    sessions = count()
    engaged_sessions = count()
    bounces = count()
    pageviews = count()
    session_seconds = count()
    engagement_seconds = count()
    conversions_millionths = millionths()
    revenue_nano = nano()
    users = count()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["day"], name="campaigns_landingday_day")]


class PageDay(Fact):
    """One page on one day, however people came to it."""

    pk = models.CompositePrimaryKey("connection_id", "day", "page_id")
    page = models.ForeignKey(Page, on_delete=models.PROTECT, db_constraint=False, db_index=False)
    views = count()
    exits = count()
    seconds = count()
    basis = basis()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["day"], name="campaigns_pageday_day")]
