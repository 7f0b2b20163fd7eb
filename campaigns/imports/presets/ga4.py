"""Reports and explorations of Google Analytics 4, as CSV: comment lines with `#` before the header, no day unless asked for.

Seen in public files of exports and of programs that read them: the English names; Date, Groupe de canaux, Utilisateurs actifs,
Sessions avec engagement, Événements clés, Revenu total, Page de destination + chaîne de requête, Groupe de canaux principal de
la session, Groupe de canaux par défaut pour la session, Chemin de la page et classe de l'écran, Vues. Days are 20260901. Not
seen: the French names of session source, medium and campaign, Engagement utilisateur.
"""

from campaigns.imports.presets.base import TOTALS, Preset

_DAY = ("Date", "Day", "Jour")
_SECONDS = ("User engagement", "Engagement utilisateur")

PRESETS = (
    Preset(
        platform="ga4",
        title="Google Analytics 4",
        kind="web",
        columns={
            "date": _DAY,
            "landing_page": (
                "Landing page + query string", "Landing page", "Page de destination + chaîne de requête", "Page de destination",
            ),
            "channel_group": (
                "Session primary channel group (Default Channel Group)", "Session default channel group", "Session primary channel group",
                "Session default channel grouping", "Groupe de canaux principal de la session (Groupe de canaux par défaut)",
                "Groupe de canaux principal de la session", "Groupe de canaux par défaut pour la session", "Groupe de canaux",
            ),
            "source_medium": ("Session source / medium", "Source/support de la session", "Source / support de la session"),
            "traffic_source": ("Session source", "Source de la session"),
            "traffic_medium": ("Session medium", "Support de la session"),
            "campaign": ("Session campaign", "Campagne de la session"),
            "sessions": ("Sessions",),
            "engaged_sessions": ("Engaged sessions", "Sessions avec engagement"),
            "pageviews": ("Views", "Vues"),
            "engagement_seconds": _SECONDS,
            "conversions": ("Key events", "Conversions", "Événements clés"),
            "revenue": ("Total revenue", "Revenu total"),
            "users": ("Total users", "Nombre total d'utilisateurs", "Active users", "Utilisateurs actifs"),
        },
        telltales=(
            ("Sessions",),
            (
                "Engaged sessions", "Sessions avec engagement", "Key events", "Événements clés", "Landing page + query string",
                "Page de destination + chaîne de requête", "Session primary channel group", "Session default channel group",
            ),
        ),
        constants={"source": "ga4"},
        totals=TOTALS,
    ),
    Preset(
        platform="ga4",
        title="Google Analytics 4",
        kind="pages",
        columns={
            "date": _DAY,
            "page": (
                "Page path and screen class", "Page path + query string", "Page path", "Chemin de la page et classe de l'écran",
                "Chemin de la page + chaîne de requête", "Chemin de la page",
            ),
            "views": ("Views", "Vues"),
            "exits": ("Exits", "Sorties"),
            "seconds": _SECONDS,
        },
        telltales=(
            ("Views", "Vues"),
            (
                "Page path and screen class", "Page path + query string", "Page path", "Chemin de la page et classe de l'écran",
                "Chemin de la page",
            ),
        ),
        constants={"source": "ga4"},
        totals=TOTALS,
    ),
)  # fmt: skip
