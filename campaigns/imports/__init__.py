"""Files into the same records a connector yields. One bad row refuses the whole file."""

from campaigns.imports.faults import Fault, Refusal
from campaigns.imports.load import Handover, Loaded, Preview, Shown, load, preview
from campaigns.imports.mapping import BadMapping, Mapping
from campaigns.imports.proposing import Doubt, Proposal, propose
from campaigns.imports.saved import recalled, remember
from campaigns.imports.templates import template

__all__ = [
    "BadMapping", "Doubt", "Fault", "Handover", "Loaded", "Mapping", "Preview", "Proposal", "Refusal", "Shown", "load", "preview",
    "propose", "recalled", "remember", "template",
]  # fmt: skip
