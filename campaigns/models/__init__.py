from campaigns.models.ads import AdConversion, AdDay, ConversionAction, PlatformCampaign
from campaigns.models.connections import Connection, DirtyDay, LoadedSpan, Pull
from campaigns.models.email import EmailDay, EmailSend
from campaigns.models.money import Budget, Cost, Order, SubscriptionSpan, SystemOfRecord, Target
from campaigns.models.origins import Campaign, CampaignAlias, ChannelRules, Origin
from campaigns.models.people import Customer, Deal, DirtyPerson, ErasedKey, Lead, Person, PersonKey, PersonMerge, Touch
from campaigns.models.site import LandingDay, Page, PageDay
from campaigns.models.social import AudienceDay, SocialDay, SocialPost
from campaigns.models.uploads import Replaced, SavedMapping, Upload, UploadPart

__all__ = [
    "AdConversion", "AdDay", "AudienceDay", "Budget", "Campaign", "CampaignAlias", "ChannelRules", "Connection", "ConversionAction",
    "Cost", "Customer", "Deal", "DirtyDay", "DirtyPerson", "EmailDay", "EmailSend", "ErasedKey", "LandingDay", "Lead", "LoadedSpan",
    "Order", "Origin", "Page", "PageDay", "Person", "PersonKey", "PersonMerge", "PlatformCampaign", "Pull", "Replaced", "SavedMapping",
    "SocialDay", "SocialPost", "SubscriptionSpan", "SystemOfRecord", "Target", "Touch", "Upload", "UploadPart",
]  # fmt: skip
