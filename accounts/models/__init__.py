from accounts.models.attempts import OAuthAttempt
from accounts.models.audit import AuditEvent
from accounts.models.keys import ApiToken, Credential, Scope
from accounts.models.organisations import (
    SHORT_NAME_ERRORS,
    Agency,
    Client,
    FormerSlug,
    Logo,
    Organisation,
    Owned,
    agency_of,
    currencies_in_use,
    hex_colour,
    new_pseudonym_key,
    owner_fields,
    validate_currency,
    validate_timezone,
)
from accounts.models.people import AGENCY_ROLES, COMPANY_ROLES, Invitation, Membership, Role, User, new_nonce

__all__ = [
    "AGENCY_ROLES",
    "COMPANY_ROLES",
    "SHORT_NAME_ERRORS",
    "Agency",
    "ApiToken",
    "AuditEvent",
    "Client",
    "Credential",
    "FormerSlug",
    "Invitation",
    "Logo",
    "Membership",
    "OAuthAttempt",
    "Organisation",
    "Owned",
    "Role",
    "Scope",
    "User",
    "agency_of",
    "currencies_in_use",
    "hex_colour",
    "new_nonce",
    "new_pseudonym_key",
    "owner_fields",
    "validate_currency",
    "validate_timezone",
]
