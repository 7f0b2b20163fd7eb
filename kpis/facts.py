"""Which facts count, on which day, for which channel and campaign, and with how much: one query for each family.

The roll-ups are sums over these queries, and whoever asks what is behind a figure sees their rows: the two cannot differ.
Each gives `day, channel, campaign_id, currency, connection_id, pull_id, ref` and the columns of its roll-up; money in the
billionths of `currency`. Parameters: `days`, `zone`, `currency`, the systems of record by subject, and the client's choices.
"""

from __future__ import annotations

SOURCE = "JOIN campaigns_connection AS source ON source.id = fact.connection_id"
ORIGIN = "JOIN campaigns_origin AS origin ON origin.id = fact.origin_id"
FROM_ORIGIN = "origin.channel, coalesce(origin.campaign_id, 0) AS campaign_id"
CURRENCY = "coalesce(nullif(fact.currency, ''), source.currency) AS currency"
BEHIND = "fact.connection_id, fact.pull_id"
# `PersonKey.space` of the ids that a source tells.
SPACE = "CASE WHEN source.source = 'file' THEN 0 ELSE source.id END"


def whole(column: str) -> str:
    """A sum of a column; null where a part is not reported."""
    return f"CASE WHEN count({column}) = count(*) THEN sum({column}) END"


# What counts of what is told of conversions: the one total of the day, or, where the client chose, the actions that do.
CHOOSING = "choosing AS (SELECT DISTINCT connection_id FROM campaigns_conversionaction WHERE counts IS NOT NULL)"
_TOTALS = """campaigns_adconversion AS said
        WHERE said.day = ANY(%(days)s) AND said.action = '' AND said.connection_id NOT IN (SELECT connection_id FROM choosing)"""
_CHOSEN = """campaigns_adconversion AS said JOIN choosing ON choosing.connection_id = said.connection_id
        JOIN campaigns_conversionaction AS chosen ON chosen.connection_id = said.connection_id AND chosen.action = said.action
        WHERE said.day = ANY(%(days)s) AND said.action <> '' AND coalesce(chosen.counts, chosen.counts_there)"""


def _counted(column: str) -> str:
    """Of conversions: where the client chose what counts, a day of which none is told is a day of none; what is told may be unknown."""
    return f"CASE WHEN conversion.day IS NULL AND connection_id IN (SELECT connection_id FROM choosing) THEN 0 ELSE conversion.{column} END"


def _bought(column: str) -> str:
    """Of ads: conversions may be told of days without any, on which nothing was spent."""
    return f"CASE WHEN ad.day IS NULL THEN 0 ELSE ad.{column} END AS {column}"


ADS = f"""
    WITH {CHOOSING},
    conversion AS (
        SELECT said.connection_id, said.day, said.campaign_id, said.pull_id, said.conversions_millionths::numeric, said.value_nano::numeric
        FROM {_TOTALS}
        UNION ALL
        SELECT said.connection_id, said.day, said.campaign_id, max(said.pull_id),
            {whole("said.conversions_millionths")}, {whole("said.value_nano")}
        FROM {_CHOSEN} GROUP BY 1, 2, 3),
    fact AS (
        SELECT connection_id, day, campaign_id, coalesce(ad.pull_id, conversion.pull_id) AS pull_id,
            {_bought("impressions")}, {_bought("clicks")}, {_bought("spend_nano")},
            {_counted("conversions_millionths")} AS conversions_millionths, {_counted("value_nano")} AS conversion_value_nano
        FROM (SELECT * FROM campaigns_adday WHERE day = ANY(%(days)s)) AS ad
        FULL JOIN conversion USING (connection_id, day, campaign_id))
    SELECT fact.day, platform.channel, platform.campaign_id, source.currency, {BEHIND}, platform.external_id AS ref,
        fact.impressions, fact.clicks, fact.spend_nano, fact.conversions_millionths, fact.conversion_value_nano
    FROM fact JOIN campaigns_platformcampaign AS platform ON platform.id = fact.campaign_id
    JOIN campaigns_connection AS source ON source.id = platform.connection_id
"""
ADS_BASIS = f"""
    WITH {CHOOSING}
    SELECT counting.day, platform.channel, counting.connection_id AS told_by, counting.basis
    FROM (SELECT said.* FROM {_TOTALS} UNION ALL SELECT said.* FROM {_CHOSEN}) AS counting
    JOIN campaigns_platformcampaign AS platform ON platform.id = counting.campaign_id
"""
# A cost is spread evenly over its days, the remainder first; patterns of names say what it is for.
COSTS = f"""
    SELECT share.day, {FROM_ORIGIN}, {CURRENCY}, {BEHIND}, fact.name AS ref,
        CASE WHEN fact.name ILIKE ANY(%(sales_costs)s) THEN 0 ELSE share.amount_nano END AS marketing_nano,
        CASE WHEN fact.name ILIKE ANY(%(sales_costs)s) THEN share.amount_nano ELSE 0 END AS sales_nano
    FROM campaigns_cost AS fact {SOURCE} {ORIGIN}
    CROSS JOIN LATERAL (
        SELECT fact.day + number AS day,
            each + CASE WHEN number < fact.amount_nano - each * length THEN 1 ELSE 0 END AS amount_nano
        FROM (SELECT length, floor(fact.amount_nano::numeric / length) AS each
                FROM (SELECT fact.until - fact.day + 1 AS length) AS days) AS whole,
            generate_series(0, length - 1) AS number) AS share
    WHERE share.day = ANY(%(days)s) AND NOT fact.name ILIKE ANY(%(ignored_costs)s)
"""


def _step(day: str, counts: str) -> str:
    """The leads that took a step on one of the days."""
    return f"SELECT connection_id, external_id, {day}, channel, campaign_id, {counts} FROM kpis_leadstate WHERE {day} = ANY(%(days)s)"


# Each step of a lead counts on the day it was taken; a deal on the day it was won, from where its lead came.
LEADS = f"""
    SELECT step.day, step.channel, step.campaign_id, '' AS currency, step.connection_id, fact.pull_id, step.external_id AS ref,
        step.leads, step.mqls, step.sqls, step.mqls_to_sql, step.leads_to_customer, step.won, step.days_to_close
    FROM ({_step("day", "1, 0, 0, 0, is_customer::int, 0, 0")}
        UNION ALL {_step("mql_day", "0, 1, 0, (sql_day IS NOT NULL)::int, 0, 0, 0")}
        UNION ALL {_step("sql_day", "0, 0, 1, 0, 0, 0, 0")}
        UNION ALL {_step("won_day", "0, 0, 0, 0, 0, 1, won_day - day")})
        AS step (connection_id, external_id, day, channel, campaign_id,
            leads, mqls, sqls, mqls_to_sql, leads_to_customer, won, days_to_close)
    LEFT JOIN campaigns_lead AS fact ON fact.connection_id = step.connection_id AND fact.external_id = step.external_id
    UNION ALL
    SELECT (fact.won_at AT TIME ZONE %(zone)s)::date, coalesce(state.channel, 'unknown'), coalesce(state.campaign_id, 0), '', {BEHIND},
        fact.external_id, 0, 0, 0, 0, 0, 1, (fact.won_at AT TIME ZONE %(zone)s)::date - coalesce(state.day, fact.day)
    FROM campaigns_deal AS fact {SOURCE} AND source.source = %(leads)s
    LEFT JOIN kpis_leadstate AS state ON state.connection_id = fact.connection_id AND state.external_id = fact.lead_ref
    WHERE (fact.won_at AT TIME ZONE %(zone)s)::date = ANY(%(days)s)
"""
# Orders of the system of record; of a CRM, the deals it won, on the day they were won and from where the lead came.
_SALE = f"""
    WITH fact AS (
        {{orders}}
        UNION ALL
        SELECT {{person}} AS person_id, {BEHIND}, fact.external_id, (fact.won_at AT TIME ZONE %(zone)s)::date AS day, fact.won_at AS at,
            'order' AS kind, '' AS refund_of, lead.origin_id, {CURRENCY}, NULL AS margin_nano, fact.amount_nano
        FROM campaigns_deal AS fact {SOURCE} AND source.source = %(revenue)s
        LEFT JOIN campaigns_lead AS lead ON lead.connection_id = fact.connection_id AND lead.external_id = fact.lead_ref
        {{of_deals}} AND NOT EXISTS (SELECT 1 FROM campaigns_order AS told WHERE told.connection_id = fact.connection_id))
    SELECT fact.day, coalesce(origin.channel, 'unknown') AS channel, coalesce(origin.campaign_id, 0) AS campaign_id, fact.currency,
        {BEHIND}, fact.external_id AS ref, (fact.kind = 'order')::int AS orders,
        CASE WHEN fact.kind = 'order' THEN fact.amount_nano ELSE 0 END AS order_amount_nano,
        CASE WHEN fact.kind = 'order' THEN 0 ELSE -fact.amount_nano END AS refunds_nano,
        fact.amount_nano AS revenue_nano,
        coalesce(fact.margin_nano::numeric, round(fact.amount_nano::numeric * chosen.share)) AS margin_nano,
        fact.person_id, fact.at, fact.refund_of, fact.origin_id
    FROM fact LEFT JOIN campaigns_origin AS origin ON origin.id = fact.origin_id
    JOIN unnest(%(margin_sinces)s::date[], %(margin_untils)s::date[], %(margins)s::numeric[]) AS chosen (since, until, share)
        ON fact.day BETWEEN chosen.since AND chosen.until
"""
_ORDER = f"""SELECT {{person}} AS person_id, {BEHIND}, fact.external_id, fact.day, fact.ordered_at AS at, fact.kind, fact.refund_of,
            fact.origin_id, {CURRENCY}, fact.margin_nano,
            fact.amount_nano + CASE WHEN %(with_tax)s THEN fact.tax_nano ELSE 0 END AS amount_nano
        FROM campaigns_order AS fact {SOURCE} AND source.source = %(revenue)s {{of_orders}}"""
ORDERS = _SALE.format(
    person="NULL::bigint",
    orders=_ORDER.format(person="NULL::bigint", of_orders="WHERE fact.day = ANY(%(days)s)"),
    of_deals="WHERE (fact.won_at AT TIME ZONE %(zone)s)::date = ANY(%(days)s)",
)
# The same of the people whose keys are in `named`, each with the person: all of them, or those of `sale_days` and the first.
# An address names who has no id.
_NAMED = "JOIN named ON named.kind = '{kind}' AND named.connection_id = fact.connection_id AND named.value = fact.{column}"
_WANTED = """(named.is_whole OR {day} = ANY(%(sale_days)s)
            OR (fact.connection_id, fact.external_id) = (named.first_order_connection, named.first_order_ref))"""
SALES_OF_PEOPLE = _SALE.format(
    person="named.person_id",
    orders="\n        UNION ALL\n        ".join(
        _ORDER.format(person="named.person_id", of_orders=f"{of_orders} AND {_WANTED.format(day='fact.day')}")
        for of_orders in (
            _NAMED.format(kind="customer", column="customer_ref"),
            "JOIN named ON named.kind = 'email' AND named.value = fact.email_hash AND fact.customer_ref = ''",
        )
    ),
    of_deals=_NAMED.format(kind="lead", column="lead_ref")
    + f" WHERE fact.won_at IS NOT NULL AND {_WANTED.format(day='(fact.won_at AT TIME ZONE %(zone)s)::date')}",
)
# Customers on the day of their acquisition, as `kpis.customers` found it.
ACQUIRED = """
    SELECT fact.acquired_day AS day, fact.channel, fact.campaign_id, '' AS currency, 0 AS connection_id, 0 AS pull_id,
        fact.person_id::text AS ref, 1 AS customers
    FROM kpis_customerstate AS fact WHERE fact.acquired_day = ANY(%(days)s)
"""
SITE = f"""
    SELECT fact.day, {FROM_ORIGIN}, '' AS currency, {BEHIND}, page.path AS ref,
        fact.sessions, fact.engaged_sessions, fact.bounces, fact.session_seconds, fact.conversions_millionths
    FROM campaigns_landingday AS fact {ORIGIN} JOIN campaigns_page AS page ON page.id = fact.page_id
    WHERE fact.day = ANY(%(days)s)
"""
# Seconds by the classic way are of all views but the last of each visit.
PAGES = f"""
    SELECT fact.day, '' AS currency, {BEHIND}, page.path AS ref, fact.views, fact.exits, fact.seconds,
        CASE WHEN fact.basis = 'classic' THEN fact.views - fact.exits ELSE fact.views END AS timed_views
    FROM campaigns_pageday AS fact JOIN campaigns_page AS page ON page.id = fact.page_id
    WHERE fact.day = ANY(%(days)s)
"""
PAGES_BASIS = """
    SELECT day, '' AS channel, 0 AS told_by, basis FROM campaigns_pageday WHERE day = ANY(%(days)s)
"""
# Mailings, and the totals by day of those accounts that tell of no mailings. A seed-list test is known whole or not at all.
_MAIL = """fact.sent, fact.hard_bounces, fact.soft_bounces, fact.unique_opens, fact.unique_clicks, fact.unsubscribes,
        fact.spam_complaints"""
_ONLY_DAYS = "NOT EXISTS (SELECT 1 FROM campaigns_emailsend AS send WHERE send.connection_id = fact.connection_id)"
EMAIL = f"""
    SELECT fact.day, {FROM_ORIGIN}, {CURRENCY}, {BEHIND}, fact.external_id AS ref, {_MAIL},
        CASE WHEN fact.seed_inbox IS NOT NULL THEN fact.seed_sent END AS seed_sent,
        CASE WHEN fact.seed_sent IS NOT NULL THEN fact.seed_inbox END AS seed_inbox,
        fact.revenue_nano, (fact.observed_at < fact.sent_at + interval '72 hours')::int AS unsettled
    FROM campaigns_emailsend AS fact {SOURCE} {ORIGIN}
    WHERE fact.day = ANY(%(days)s)
    UNION ALL
    SELECT fact.day, 'email', 0, source.currency, {BEHIND}, fact.list_name, {_MAIL}, NULL, NULL, NULL, 0
    FROM campaigns_emailday AS fact {SOURCE}
    WHERE fact.day = ANY(%(days)s) AND {_ONLY_DAYS}
"""
EMAIL_BASIS = f"""
    SELECT fact.day, origin.channel, 0 AS told_by, fact.basis FROM campaigns_emailsend AS fact {ORIGIN} WHERE fact.day = ANY(%(days)s)
    UNION ALL
    SELECT fact.day, 'email', 0, fact.basis FROM campaigns_emailday AS fact WHERE fact.day = ANY(%(days)s) AND {_ONLY_DAYS}
"""
_SOCIAL = f"""
    SELECT fact.day, '' AS currency, {BEHIND}, fact.external_id AS ref, fact.title, fact.url, fact.impressions, fact.reach, fact.likes,
        fact.comments, fact.shares, fact.saves, fact.messages, fact.replies, fact.link_clicks,
        (SELECT {whole("part")} FROM (VALUES
            ('likes', fact.likes), ('comments', fact.comments), ('shares', fact.shares), ('saves', fact.saves),
            ('messages', fact.messages), ('replies', fact.replies), ('link_clicks', fact.link_clicks)) AS parts (kind, part)
            WHERE kind = ANY(%(engagement_parts)s))::bigint AS engagements,
        fact.video_seconds
    FROM campaigns_socialday AS fact
    WHERE fact.day = ANY(%(days)s)
"""
# An account that tells of itself as a whole on a day has its posts in that.
SOCIAL = f"""{_SOCIAL} AND (fact.external_id = '' OR NOT EXISTS (
        SELECT 1 FROM campaigns_socialday AS whole
        WHERE whole.connection_id = fact.connection_id AND whole.day = fact.day AND whole.external_id = ''))
"""
POSTS = f"{_SOCIAL} AND fact.external_id <> ''"
