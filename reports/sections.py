"""Every section of a report, one entry each: the field of `content.Report`, which lengths tell it, and what gathers it."""

from __future__ import annotations

from reports.content import Length
from reports.gather import campaigns, changes, channels, corrections, headlines, listed, months, parts, rates, remarks, standing
from reports.gather.gathering import Section

WEEKLY: frozenset[Length] = frozenset({"weekly"})
MONTHLY: frozenset[Length] = frozenset({"monthly"})
EVERY = WEEKLY | MONTHLY

SECTIONS = (
    Section("buckets", EVERY, headlines.MAIN.buckets, questions=headlines.MAIN.questions),
    Section("tiles", EVERY, headlines.MAIN.tiles, headlines.CANDIDATES, averaged=True, questions=headlines.MAIN.questions),
    Section("scorecard", MONTHLY, parts.scorecard, parts.SCORECARD),
    Section("leads_by_channel", EVERY, headlines.leads_by_channel, questions=headlines.MAIN.questions),
    Section("contributions", EVERY, changes.waterfalls, questions=channels.MAIN.questions),
    Section("channels", EVERY, channels.table, questions=channels.MAIN.questions),
    Section("money", MONTHLY, channels.money, questions=channels.MAIN.questions),
    Section("campaigns", EVERY, campaigns.MAIN.table, questions=campaigns.MAIN.questions),
    Section("ranking", EVERY, campaigns.ranking, questions=campaigns.MAIN.questions),
    Section("funnel", EVERY, parts.funnel, parts.FUNNEL),
    Section("lines", EVERY, parts.lines, parts.OF_LINES),
    Section("mailings", MONTHLY, listed.MAILINGS.table, questions=listed.MAILINGS.questions),
    Section("pages", MONTHLY, listed.PAGES.table, questions=listed.PAGES.questions),
    Section("posts", MONTHLY, listed.POSTS.table, questions=listed.POSTS.questions),
    Section("customers", MONTHLY, parts.customers, parts.CUSTOMERS),
    Section("retention", MONTHLY, months.retention),
    Section("pace", WEEKLY, months.paces, questions=months.questions),
    Section("notes", EVERY, remarks.remarks),
    Section("corrections", EVERY, corrections.corrections, questions=corrections.questions),
    Section("rates", EVERY, rates.rates),
    Section("sources", EVERY, standing.states),
)
