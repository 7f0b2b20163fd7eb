"""News for the apps above. Sent inside the transaction that made it true."""

from django.dispatch import Signal

# client: accounts.models.Client
figures_changed = Signal()
# client: accounts.models.Client, of another currency or zone than before
client_moved = Signal()
# client: accounts.models.Client, whose weeks or fiscal years begin at another time than before
calendar_changed = Signal()
