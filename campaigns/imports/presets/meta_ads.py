"""Report of the Meta Ads Manager, as CSV or XLSX.

Seen in public files of exports and of programs that read them: the English names, with the currency in brackets behind the
amount; Jour, Nom de la campagne, Nom du compte, Montant dépensé (EUR), Clics sur un lien, Clics sur le lien, Achats, Valeur de
conversion des achats, Prospects, Devise, Début des rapports, Fin des rapports. Without a breakdown by day, a row has the whole
range as its start and end. Not seen: ID de la campagne, ID du compte.
"""

from campaigns.imports.presets.base import Preset

PRESETS = (
    Preset(
        platform="meta_ads",
        title="Meta Ads",
        kind="ads",
        columns={
            "date": ("Day", "Jour"),
            "account": ("Account ID", "ID du compte", "Account name", "Nom du compte"),
            "campaign_id": ("Campaign ID", "ID de la campagne"),
            "campaign": ("Campaign name", "Nom de la campagne"),
            "impressions": ("Impressions",),
            "clicks": ("Link clicks", "Clics sur un lien", "Clics sur le lien"),
            "spend": ("Amount spent", "Montant dépensé"),
            "conversions": ("Purchases", "Website purchases", "Achats", "Leads", "Prospects"),
            "conversion_value": (
                "Purchases conversion value", "Purchase conversion value", "Website purchases conversion value",
                "Valeur de conversion des achats",
            ),
            "currency": ("Currency", "Devise"),
        },
        telltales=(("Campaign name", "Nom de la campagne"), ("Amount spent", "Montant dépensé")),
        constants={"source": "meta_ads"},
        starts=("Reporting starts", "Début des rapports"),
        ends=("Reporting ends", "Fin des rapports"),
    ),
)  # fmt: skip
