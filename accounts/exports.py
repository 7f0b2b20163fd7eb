"""What becomes of the tables of accounts and jobs when a client is exported. The client's own row is `client.json`."""

from __future__ import annotations

from accounts.models import ApiToken, AuditEvent, Credential, FormerSlug, Invitation, Label, Logo, Membership, OAuthAttempt
from accounts.portability import leave_out
from jobs.models import Heartbeat, Job

leave_out(FormerSlug, "in client.json")
leave_out(Logo, "an agency's, not a client's")
leave_out(Label, "an agency's way of sorting its clients")
leave_out(Label.clients.through, "an agency's way of sorting its clients")
leave_out(Heartbeat, "processes of this installation")
leave_out(Job, "work of this installation; a restored client runs nothing until a person says so")
leave_out(Credential, "a secret, and a consent given to this installation; accounts are connected again")
leave_out(OAuthAttempt, "secrets of a quarter of an hour")
leave_out(ApiToken, "a secret; programs get new ones")
leave_out(Membership, "people and their passwords are the installation's; they are invited again")
leave_out(Membership.clients.through, "as memberships")
leave_out(Invitation, "a secret link, and of a few days")
leave_out(Invitation.clients.through, "as invitations")
leave_out(AuditEvent, "who did what here, from which address, is this installation's record; a restored client begins its own")
