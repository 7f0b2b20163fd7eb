"""Job handlers: thin doors to the logic."""

from __future__ import annotations

from smtplib import SMTPException, SMTPRecipientsRefused

from django.utils import timezone

from accounts import closing, housekeeping, invitations
from accounts.client_jobs import put_aside
from accounts.models import Invitation
from jobs import queue
from jobs.models import Job
from jobs.registry import GiveUp, Later, handles, opens_due_work, when_failed
from jobs.worker import Run

opens_due_work(closing.open_deletions)
opens_due_work(housekeeping.open_nightly)


@handles(closing.DELETE)
def delete_client(run: Run) -> None:
    try:
        closing.delete(run.arguments["client_id"], run.effect())
    except closing.NotClosed:
        return  # reopened while this waited
    queue.forget(run.job)


@handles(housekeeping.KIND)
def tidy(run: Run) -> None:
    housekeeping.tidy()


@handles(invitations.SEND)
def send_invitation(run: Run) -> None:
    """Mail the link. A worker that dies between the mail server's yes and its own note sends it again: the same link, twice."""
    rows = Invitation.objects.waiting().select_related("agency", "client__agency")
    invitation = rows.filter(pk=run.arguments["invitation_id"]).first()
    if invitation is None:
        return  # withdrawn while this waited
    if invitation.client and invitation.client.closed_at:
        put_aside(run)
    try:
        invitations.send(invitation)
    except SMTPRecipientsRefused as refusal:
        code, words = next(iter(refusal.recipients.values()))  # the server may write the address otherwise
        said = f"The mail server said: {code} {words.decode(errors='replace')}"
        raise (GiveUp(said) if code >= 500 else Later(said)) from None
    except (OSError, SMTPException) as error:
        raise Later(f"The mail server did not take it: {error}") from None
    with run.effect():
        Invitation.objects.filter(pk=invitation.pk, nonce=invitation.nonce).update(sent_at=timezone.now(), problem="")


@when_failed(invitations.SEND)
def show_failed_invitation(job: Job, reason: Exception | None) -> None:
    Invitation.objects.filter(pk=job.arguments["invitation_id"], sent_at=None).update(problem=str(reason or "the worker stopped answering"))
