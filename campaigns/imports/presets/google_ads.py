"""Campaign report of the Google Ads interface, downloaded as CSV or as "CSV (Excel)", which is UTF-16 with tabs.

Seen in public files of exports and of programs that read them: two lines of title and period before the header; the English
names; Jour, Campagne, Coût, Impr., Clics, Conversions, Valeur de conv., Code de la devise; "Total: Account" and
"Total : compte" rows; " --" for no value. Not seen: ID de la campagne, Numéro client.
"""

from campaigns.imports.presets.base import NO_VALUE, TOTALS, Preset

PRESETS = (
    Preset(
        platform="google_ads",
        title="Google Ads",
        kind="ads",
        columns={
            "date": ("Day", "Jour"),
            "account": ("Customer ID", "Numéro client", "Account name", "Nom du compte"),
            "campaign_id": ("Campaign ID", "ID de la campagne"),
            "campaign": ("Campaign", "Campagne"),
            "impressions": ("Impr.", "Impressions"),
            "clicks": ("Clicks", "Clics"),
            "spend": ("Cost", "Coût"),
            "conversions": ("Conversions",),
            "conversion_value": ("Conv. value", "Conversion value", "Valeur de conv.", "Valeur de conversion"),
            "currency": ("Currency code", "Code de la devise", "Code de devise"),
        },
        telltales=(("Campaign", "Campagne"), ("Cost", "Coût", "Impr.")),
        constants={"source": "google_ads"},
        totals=TOTALS,
        unknown=NO_VALUE,
    ),
)
