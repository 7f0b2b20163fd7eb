"""What becomes of the tables of campaigns when a client is exported, and the files in the formats that are imported."""

from __future__ import annotations

from zoneinfo import available_timezones

from accounts.portability import Table, leave_out, register
from campaigns.channels import CHANNELS
from campaigns.export_files import import_files
from campaigns.models import (
    AdConversion,
    AdDay,
    AudienceDay,
    Budget,
    Campaign,
    CampaignAlias,
    ChannelRules,
    Connection,
    ConversionAction,
    Cost,
    Customer,
    Deal,
    DirtyDay,
    DirtyPerson,
    EmailDay,
    EmailSend,
    ErasedKey,
    LandingDay,
    Lead,
    LoadedSpan,
    Order,
    Origin,
    Page,
    PageDay,
    Person,
    PersonKey,
    PersonMerge,
    PlatformCampaign,
    Pull,
    Replaced,
    SavedMapping,
    SocialDay,
    SocialPost,
    SubscriptionSpan,
    SystemOfRecord,
    Target,
    Touch,
    Upload,
    UploadPart,
)  # fmt: skip
from campaigns.standings import telling
from campaigns.standings.models import Standing
from campaigns.tables import FAMILIES

RECONNECT = "The client was restored from an export: connect this account again."
# A consent that is not there; what is read by API stays apart from what comes from files.
NO_CONSENT = 0
_CHANNEL = ", ".join(f"'{channel}'" for channel in CHANNELS)
_ZONES = ", ".join(f"'{zone}'" for zone in sorted(available_timezones()))
_FAMILIES = ", ".join(f"'{family}'" for family in FAMILIES)
_AT_WORK = f"'{Upload.State.CHECKING}', '{Upload.State.QUEUED}'"
_UPLOAD_STATES = ", ".join(f"'{state}'" for state in Upload.State.values)
_STATES = ", ".join(f"'{state}'" for state in Connection.State.values)


def _of_api(then: str, otherwise: str) -> str:
    return f"CASE WHEN old.credential_id IS NOT NULL THEN {then} ELSE {otherwise} END"


def _one_of(column: str, allowed: str, reason: str) -> tuple[str, str, str]:
    return column, f"old.{column} IN ({allowed})", reason


_known_channel = _one_of("channel", f"'', {_CHANNEL}", "not a channel")
_known_stated = _one_of("stated", f"'', {_CHANNEL}", "not a channel")
register(
    *import_files(),
    Table(
        Connection,
        after=telling.tell_all,
        values={
            "credential_id": _of_api(str(NO_CONSENT), "NULL"),
            "state": _of_api(f"'{Connection.State.LOST_ACCESS}'", "old.state"),
            "problem": _of_api(f"'{RECONNECT}'", "old.problem"),
        },
        checks=[_one_of("timezone", _ZONES, "not a time zone"), _one_of("state", _STATES, "not a state of a connection")],
    ),
    # The file itself stays behind, and with it what it showed to the person it waited for.
    Table(
        Upload,
        values={
            "found": "'{}'",
            "preview": "NULL",
            "state": f"CASE WHEN old.state IN ({_AT_WORK}) THEN '{Upload.State.RECEIVED}' ELSE old.state END",
        },
        checks=[_one_of("state", _UPLOAD_STATES, "not a state of an import")],
    ),
    Table(Pull),
    Table(LoadedSpan),
    Table(Campaign, checks=[_known_channel, ("key", "old.key <> ''", "empty")]),
    Table(CampaignAlias),
    Table(ChannelRules),
    Table(Origin, checks=[_known_channel, _known_stated]),
    Table(Page),
    Table(PlatformCampaign, checks=[_known_channel]),
    Table(ConversionAction),
    Table(AdDay),
    Table(AdConversion),
    Table(EmailSend),
    Table(EmailDay),
    Table(LandingDay),
    Table(PageDay),
    Table(SocialDay),
    Table(SocialPost),
    Table(AudienceDay),
    Table(Person),
    Table(PersonKey),
    Table(PersonMerge),
    Table(ErasedKey),
    Table(Lead),
    Table(Deal),
    Table(Touch),
    Table(Customer),
    Table(Order, checks=[_one_of("kind", "'order', 'refund'", "not a kind of order")]),
    Table(SubscriptionSpan),
    Table(Cost),
    Table(Budget),
    Table(Target),
    Table(SystemOfRecord),
    Table(SavedMapping),
    Table(Replaced),
    Table(DirtyDay, checks=[_one_of("family", _FAMILIES, "not a family of facts")]),
)
leave_out(Standing, "what the client's own connections say, shown again when they are back")
leave_out(UploadPart, "pieces of files that wait for a person: they are stored nowhere yet")
leave_out(DirtyPerson, "marks of people whose figures are to be rebuilt: all are, when the facts are back")
