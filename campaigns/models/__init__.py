from campaigns.models.ads import AdConversion, AdDay, Campaign, PlatformCampaign
from campaigns.models.connections import Connection, DirtyDay, LoadedSpan, Pull
from campaigns.models.money import Order
from campaigns.models.people import Lead

__all__ = ["AdConversion", "AdDay", "Campaign", "Connection", "DirtyDay", "Lead", "LoadedSpan", "Order", "PlatformCampaign", "Pull"]
