"""News for the apps above. Sent inside the transaction that made it true."""

from django.dispatch import Signal

# client: accounts.models.Client; families: set[str]
days_changed = Signal()

# client: accounts.models.Client; source: campaigns.models.Connection; reason: a name of `campaigns.pulls.REASONS`. An account needs
# somebody that did not before.
pull_failed = Signal()
