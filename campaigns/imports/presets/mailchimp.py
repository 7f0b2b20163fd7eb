"""Campaign reports of Mailchimp ("Export reports"): one row a campaign.

Seen in a public program that reads such a file: all English names but Title's French. Not seen: any French name; they are those
of the French help pages' vocabulary and cost nothing where they do not occur.
"""

from campaigns.imports.presets.base import Preset

PRESETS = (
    Preset(
        platform="mailchimp",
        title="Mailchimp",
        kind="email",
        columns={
            "sent_at": ("Send Date", "Date d'envoi"),
            "campaign_id": ("Unique Id", "Identifiant unique"),
            "campaign": ("Title", "Titre", "Subject", "Objet"),
            "sent": ("Total Recipients", "Nombre total de destinataires"),
            "soft_bounces": ("Soft Bounces", "Rebonds temporaires"),
            "hard_bounces": ("Hard Bounces", "Rebonds définitifs"),
            "unique_opens": ("Unique Opens", "Ouvertures uniques"),
            "opens": ("Total Opens", "Nombre total d'ouvertures"),
            "unique_clicks": ("Unique Clicks", "Clics uniques"),
            "clicks": ("Total Clicks", "Nombre total de clics"),
            "unsubscribes": ("Unsubscribes", "Désinscriptions"),
            "spam_complaints": ("Abuse Complaints", "Plaintes pour abus"),
        },
        telltales=(
            ("Send Date", "Date d'envoi"),
            ("Total Recipients", "Nombre total de destinataires"),
            ("Unique Opens", "Ouvertures uniques"),
        ),
        constants={"source": "mailchimp"},
    ),
)
