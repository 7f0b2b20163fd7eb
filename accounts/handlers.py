"""Job handlers: thin doors to the logic."""

from __future__ import annotations

from accounts import closing
from jobs.registry import handles, opens_due_work
from jobs.worker import Run

opens_due_work(closing.open_deletions)


@handles(closing.DELETE)
def delete_client(run: Run) -> None:
    try:
        closing.delete(run.arguments["client_id"], run.effect())
    except closing.NotClosed:
        return  # reopened while this waited
