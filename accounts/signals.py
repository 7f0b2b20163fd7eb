"""News for the apps above."""

from django.dispatch import Signal

# client: accounts.models.Client, whose schema was brought up to date by migrations.
schema_migrated = Signal()
