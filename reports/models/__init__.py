from reports.models.agency import SetUp
from reports.models.endpoints import Endpoint, EndpointCall
from reports.models.headlines import Headline
from reports.models.ledger import Delivery, Run, Suppression
from reports.models.schedules import Recipient, Schedule, new_token
from reports.models.sharing import ShareLink, ShareView

__all__ = [
    "Delivery",
    "Endpoint",
    "EndpointCall",
    "Headline",
    "Recipient",
    "Run",
    "Schedule",
    "SetUp",
    "ShareLink",
    "ShareView",
    "Suppression",
    "new_token",
]
