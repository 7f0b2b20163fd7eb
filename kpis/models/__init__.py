from kpis.models.choices import Choice
from kpis.models.rollups import (
    AdDayTotal,
    AdRollup,
    BasisDay,
    CostDayTotal,
    CostRollup,
    DataVersion,
    EmailDayTotal,
    EmailRollup,
    LeadDayTotal,
    LeadRollup,
    OrderDayTotal,
    OrderRollup,
    PageDayTotal,
    SiteDayTotal,
    SiteRollup,
    SocialDayTotal,
)
from kpis.models.states import LeadState

__all__ = [
    "AdDayTotal", "AdRollup", "BasisDay", "Choice", "CostDayTotal", "CostRollup", "DataVersion", "EmailDayTotal", "EmailRollup",
    "LeadDayTotal", "LeadRollup", "LeadState", "OrderDayTotal", "OrderRollup", "PageDayTotal", "SiteDayTotal", "SiteRollup",
    "SocialDayTotal",
]  # fmt: skip
