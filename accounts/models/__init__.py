from accounts.models.audit import AuditEvent
from accounts.models.keys import ApiToken, Credential, Scope
from accounts.models.organisations import (
    Agency,
    Client,
    FormerSlug,
    Organisation,
    Owned,
    currency_code,
    hex_colour,
    new_pseudonym_key,
    owner_fields,
    validate_timezone,
)
from accounts.models.people import AGENCY_ROLES, COMPANY_ROLES, Invitation, Membership, Role, User, new_nonce

__all__ = [
    "AGENCY_ROLES",
    "COMPANY_ROLES",
    "Agency",
    "ApiToken",
    "AuditEvent",
    "Client",
    "Credential",
    "FormerSlug",
    "Invitation",
    "Membership",
    "Organisation",
    "Owned",
    "Role",
    "Scope",
    "User",
    "currency_code",
    "hex_colour",
    "new_nonce",
    "new_pseudonym_key",
    "owner_fields",
    "validate_timezone",
]
