"""Names of things, in the active language."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext, pgettext

from campaigns import connections, families
from campaigns.channels import CHANNELS
from campaigns.imports.kinds import DEFAULT_ACCOUNT
from campaigns.records import FILE_SOURCE
from kpis.definitions import Reason
from kpis.words import REASONS
from reports import content
from reports.presentation.parts import State


def subjects() -> dict[str, str]:
    """How a sentence names each KPI; French needs an article and one gender and number throughout."""
    return {
        "spend": pgettext("subject of a sentence", "Ad spend"),
        "impressions": pgettext("subject of a sentence", "The number of impressions"),
        "clicks": pgettext("subject of a sentence", "The number of clicks"),
        "ctr": pgettext("subject of a sentence", "The click-through rate"),
        "cpc": pgettext("subject of a sentence", "The cost per click"),
        "cpm": pgettext("subject of a sentence", "The cost per mille"),
        "leads": pgettext("subject of a sentence", "The number of leads"),
        "cpl": pgettext("subject of a sentence", "The media cost per lead"),
        "revenue": pgettext("subject of a sentence", "Revenue"),
        "orders": pgettext("subject of a sentence", "The number of orders"),
        "aov": pgettext("subject of a sentence", "The average order value"),
        "roas": pgettext("subject of a sentence", "The ROAS claimed by the platforms"),
    }


def reason_text(reason: str | None) -> str:
    """Why a figure is null (`kpis.definitions.Reason`)."""
    return _(REASONS[Reason(reason)]) if reason in REASONS else _("Not known")


def status(state: State) -> str:
    """A data state as one word."""
    match state:
        case "ok":
            return _("Final")
        case "moving":
            return _("Provisional")
        case "incomplete":
            return _("Incomplete")
        case "lost":
            return _("Access lost")


def source_name(state: content.SourceState) -> str:
    """The platform, or what files told; whether its figures came by file, and the account where it tells something."""
    if state.source == FILE_SOURCE:
        name = _("%(kind)s from files") % {"kind": _(families.NAMES[state.family])} if state.family else _("Imported files")
    else:
        name = connections.title(state.source)
        name = _("%(source)s (file)") % {"source": name} if state.kind == "file" else name
    return f"{name} · {state.account}" if state.account not in ("", DEFAULT_ACCOUNT) else name


def channel_name(row: content.Row) -> str:
    """The name of a channel's line."""
    if row.is_rest:
        return _("Other channels")
    return _(CHANNELS[row.key]) if row.key in CHANNELS else row.key


def campaign_name(row: content.Row) -> str:
    """The name of a campaign's line."""
    return _("Other or no campaign") if row.is_rest else row.key


def named(rest: str) -> Callable[[content.Row], str]:
    """Names lines by their title, or what they are called at their source, and the line of all others `rest`."""

    def name(row: content.Row) -> str:
        return rest if row.is_rest else row.title or row.key

    return name


def row_channel(row: content.Row) -> str:
    """The channel a campaign's line names below it; a channel's own line names none."""
    return _(CHANNELS[row.channel]) if row.channel in CHANNELS and row.key != row.channel else ""


def part_name(waterfall: content.Waterfall, key: str) -> str:
    """What a part of a change is called: a channel, or a campaign."""
    return _(CHANNELS[key]) if waterfall.by == "channel" and key in CHANNELS else key


def share_header(main: str | None) -> str:
    """Of what the bars of a table's lines are a part."""
    headers = {"spend": _("share of ad spend"), "leads": _("share of leads"), "revenue": _("share of revenue")}
    return headers[main] if main else ""


def report_title(cadence: str) -> str:
    """What a report of that cadence is called."""
    titles = {
        "": "",  # a page
        "weekly": _("Weekly marketing report"),
        "fortnightly": _("Fortnightly marketing report"),
        "monthly": _("Monthly marketing report"),
        "quarterly": _("Quarterly marketing report"),
    }
    return titles[cadence]


_CADENCES = {
    "weekly": gettext_noop("Weekly report"),
    "fortnightly": gettext_noop("Report every two weeks"),
    "monthly": gettext_noop("Monthly report"),
    "quarterly": gettext_noop("Quarterly report"),
}
_WAITING = {
    "held": gettext_noop("Waits for data"),
    "approval": gettext_noop("Waits for approval"),
    "declined": gettext_noop("Not sent: declined"),
}


def cadence_name(cadence: str) -> str:
    return _(_CADENCES[cadence])


def run_state(state: str, deliveries: Sequence[str], problem: str = "") -> str:
    """What became of a report, of its state, its deliveries' and its problem (`reports.models`)."""
    if state == "due":
        return _("In preparation")
    if state == "failed":
        return _("Failed")
    if state == "skipped":
        return _("Not sent: %(why)s") % {"why": _(problem)} if problem else _("Not sent")
    if state in _WAITING:
        return _(_WAITING[state])
    undelivered = sum(1 for delivery in deliveries if delivery in ("failed", "bounced", "unknown"))
    if undelivered:
        text = ngettext("%(count)d delivery to check", "%(count)d deliveries to check", undelivered)
        return text % {"count": undelivered}
    if any(delivery in ("queued", "sending", "deferred") for delivery in deliveries):
        return _("Being sent")
    return _("Sent") if "sent" in deliveries else _("Ready")
