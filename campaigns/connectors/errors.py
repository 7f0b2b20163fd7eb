"""The ways a platform fails. They are told apart because each is answered differently: ask a person, try again, keep nothing."""

from __future__ import annotations


class LostAccess(Exception):
    """The platform no longer lets us in; only a person can mend it. The message is for that person."""


class Passing(Exception):
    """The platform failed in a way that passes; try again, not before `retry_after` seconds if given."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class UnexpectedAnswer(Exception):
    """The platform answered something its contract does not allow; nothing of it is stored."""


Failure = LostAccess | Passing | UnexpectedAnswer
