"""The KPIs that a target can be set for, by slug. This app knows no more of them than their names."""

_WRITTEN = """
    spend other_costs impressions clicks ctr cpc cpm conversions cpa ad_conversion_rate conversion_value roas blended_roas
    media_roi roi margin_roi
    leads cpl blended_cpl mql sql mql_to_sql mql_to_sql_period lead_to_customer days_to_close won new_customers media_cac cac
    revenue refunds orders aov customers arpa arpa_by_acquisition clv margin_clv predicted_clv ltv_to_cac payback_months
    retention_rate churn_rate revenue_churn_rate grr nrr repeat_revenue repeat_revenue_share
    sessions pageviews bounce_rate bounce_rate_classic engagement_rate landing_conversion_rate time_on_page session_duration
    exit_rate site_conversions
    email_sent email_delivered delivery_rate inbox_rate open_rate click_rate click_to_open unsubscribe_rate
    list_unsubscribe_rate subscribers list_growth email_bounce_rate complaint_rate revenue_per_recipient
    social_impressions social_reach followers engagements likes comments shares saves messages replies link_clicks
    engagement_rate_by_reach engagement_rate_by_impressions engagement_rate_by_followers video_hours
"""
KPI_SLUGS = frozenset(_WRITTEN.split())
