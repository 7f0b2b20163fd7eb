"""Lifetime figures of posts into figures by day: what was added since the post was last seen counts on the day it is seen.

What a post has when it is first seen counts on the day it was published. A figure that falls takes the difference away
again, so that the days of a post always add up to its lifetime figure; an older snapshot changes nothing.
"""

from __future__ import annotations

from datetime import date

from campaigns.models import Connection
from campaigns.records import SocialPost
from campaigns.spool import Spool
from campaigns.streams import Change, Conflict, execute
from campaigns.tables import SOCIAL_COUNTS


def store(source: Connection, spool: Spool, pull_id: int) -> Change:
    """Store the spool's snapshots of posts; the change that it made to their days."""
    newest: dict[str, SocialPost] = {}
    for position, post in spool.read(SocialPost):
        known = newest.get(post.post_id)
        if known and known.observed_at == post.observed_at and known != post:
            raise Conflict([(position, position, post.post_id)])
        if known is None or known.observed_at < post.observed_at:
            newest[post.post_id] = post
    change = Change()
    for post in newest.values():
        _store(source, post, pull_id, change)
    return change


def _store(source: Connection, post: SocialPost, pull_id: int, change: Change) -> None:
    found = execute(
        f"""SELECT observed_at, {", ".join(SOCIAL_COUNTS)} FROM campaigns_socialpost WHERE connection_id = %s AND external_id = %s""",
        [source.pk, post.post_id],
    )
    said = [getattr(post, column) for column in SOCIAL_COUNTS]
    if found and (found[0][0] >= post.observed_at or list(found[0][1:]) == said):
        return
    before = list(found[0][1:]) if found else [None] * len(SOCIAL_COUNTS)
    day = post.observed_on if found else post.day
    _write_post(source, post, said, pull_id)
    _add(source, day, post, [_difference(now, was) for now, was in zip(said, before, strict=True)], pull_id)
    change.days.add(day)
    if found:
        change.updated += 1
    else:
        change.inserted += 1


def _difference(now: int | None, was: int | None) -> int | None:
    return None if now is None else now - (was or 0)


def _write_post(source: Connection, post: SocialPost, said: list[int | None], pull_id: int) -> None:
    written = ", ".join(f"{column} = excluded.{column}" for column in ("observed_at", "pull_id", *SOCIAL_COUNTS))
    execute(
        f"""INSERT INTO campaigns_socialpost (connection_id, external_id, day, pull_id, observed_at, {", ".join(SOCIAL_COUNTS)})
            VALUES (%s, %s, %s, %s, %s, {", ".join(["%s"] * len(SOCIAL_COUNTS))})
            ON CONFLICT (connection_id, external_id) DO UPDATE SET {written}""",
        [source.pk, post.post_id, post.day, pull_id, post.observed_at, *said],
    )


def _add(source: Connection, day: date, post: SocialPost, differences: list[int | None], pull_id: int) -> None:
    """Two looks on one day add up there."""
    added = ", ".join(f"{column} = coalesce(old.{column} + excluded.{column}, excluded.{column}, old.{column})" for column in SOCIAL_COUNTS)
    execute(
        f"""INSERT INTO campaigns_socialday AS old (connection_id, day, external_id, title, url, pull_id, {", ".join(SOCIAL_COUNTS)})
            VALUES (%s, %s, %s, %s, %s, %s, {", ".join(["%s"] * len(SOCIAL_COUNTS))})
            ON CONFLICT (connection_id, day, external_id)
            DO UPDATE SET {added}, title = excluded.title, url = excluded.url, pull_id = excluded.pull_id""",
        [source.pk, day, post.post_id, post.title, post.url, pull_id, *differences],
    )
