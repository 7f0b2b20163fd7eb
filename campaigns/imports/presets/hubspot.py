"""Contacts exported from HubSpot: the columns are the properties that were on the list, by their labels.

Seen in public files of exports and of programs that read them: all English names. Not seen: the French labels; they are those
of the French interface as remembered.
"""

from campaigns.imports.presets.base import Preset

PRESETS = (
    Preset(
        platform="hubspot",
        title="HubSpot",
        kind="leads",
        columns={
            "lead_id": ("Record ID", "Record ID - Contact", "Contact ID", "ID de fiche d'informations", "ID de l'enregistrement"),
            "created_at": ("Create Date", "Date de création"),
            "channel_group": ("Original Traffic Source", "Original Source", "Source de trafic d'origine", "Source d'origine"),
            "campaign": ("First Touch Converting Campaign", "Campagne de conversion au premier contact"),
            "landing_page": ("First Page Seen", "Première page vue"),
            "score": ("HubSpot Score", "Lead Score", "Score HubSpot"),
            "mql_at": ("Became a Marketing Qualified Lead Date", "Date à laquelle le contact est devenu un MQL"),
            "sql_at": ("Became a Sales Qualified Lead Date", "Date à laquelle le contact est devenu un SQL"),
            "won_at": ("Became a Customer Date", "Date à laquelle le contact est devenu un client"),
            "value": ("Total Revenue", "Revenu total"),
            "email": ("Email", "E-mail"),
        },
        telltales=(
            ("Record ID", "Record ID - Contact", "Contact ID", "ID de fiche d'informations", "ID de l'enregistrement"),
            ("Create Date", "Date de création"),
        ),
        constants={"source": "hubspot"},
        unknown=("(No value)", "(Aucune valeur)"),
    ),
)
