from kpis.models.choices import Choice
from kpis.models.customers import AcquiredDayTotal, AcquiredRollup, CohortMonth, CustomerDay, CustomerSpan, CustomerState
from kpis.models.rollups import (
    LAYOUT,
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
    "LAYOUT",
    "AcquiredDayTotal", "AcquiredRollup", "AdDayTotal", "AdRollup", "BasisDay", "Choice", "CohortMonth", "CostDayTotal", "CostRollup",
    "CustomerDay", "CustomerSpan", "CustomerState", "DataVersion", "EmailDayTotal", "EmailRollup", "LeadDayTotal", "LeadRollup",
    "LeadState", "OrderDayTotal", "OrderRollup", "PageDayTotal", "SiteDayTotal", "SiteRollup", "SocialDayTotal",
]  # fmt: skip
