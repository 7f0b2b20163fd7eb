"""News for the apps above. Sent inside the transaction that made it true."""

from django.dispatch import Signal

# client: accounts.models.Client
figures_changed = Signal()
