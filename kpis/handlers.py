"""Job handlers: thin doors to the logic."""

from accounts.client_jobs import handles_client_job
from accounts.models import Client
from jobs.worker import Run
from kpis import moving, recompute


@handles_client_job(recompute.KIND)
def rebuild_changed_days(run: Run, client: Client) -> None:
    recompute.catch_up(client, run.effect())


@handles_client_job(moving.KIND)
def move_client(run: Run, client: Client) -> None:
    moving.move(client, run.arguments["currency"], run.arguments["timezone"], run.effect())
