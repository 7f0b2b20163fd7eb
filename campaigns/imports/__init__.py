"""CSV files into the same records a connector yields. One bad row refuses the whole file."""

from campaigns.imports.faults import Fault, Refusal
from campaigns.imports.load import Loaded, load

__all__ = ["Fault", "Loaded", "Refusal", "load"]
