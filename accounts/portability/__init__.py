"""Everything of a client in one archive, and a client out of one. Each app says in its module `exports` what becomes of its tables."""

from accounts.portability.archive import Reading, Refused, Writing
from accounts.portability.registry import Part, leave_out, register
from accounts.portability.tables import Filed, Table

__all__ = ["Filed", "Part", "Reading", "Refused", "Table", "Writing", "leave_out", "register"]
