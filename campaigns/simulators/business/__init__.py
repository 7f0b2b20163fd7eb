"""Three invented companies, the truth behind every simulated platform: a `Ledger` tells what each platform shows of one of them."""

from __future__ import annotations

from campaigns.simulators.business.cast import BUSINESSES, FERNHILL, HARBOR, MAISON_LUMEN
from campaigns.simulators.business.figures import AdConversionFigures, AdFigures
from campaigns.simulators.business.ledger import ANCHOR, Ledger
from campaigns.simulators.business.story import Business

# Maison Lumen's, in days before the anchor.
CAMPAIGNS, OPENED, OUTAGE, SHORTAGE = MAISON_LUMEN.campaigns, MAISON_LUMEN.opened, MAISON_LUMEN.outage, MAISON_LUMEN.shortage

__all__ = [
    "ANCHOR",
    "BUSINESSES",
    "CAMPAIGNS",
    "FERNHILL",
    "HARBOR",
    "MAISON_LUMEN",
    "OPENED",
    "OUTAGE",
    "SHORTAGE",
    "AdConversionFigures",
    "AdFigures",
    "Business",
    "Ledger",
]
