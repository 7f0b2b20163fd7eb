"""Every KPI, one entry each, by chapter. Texts are marked for translation here and translated by whoever shows them. No Django here."""

from __future__ import annotations

from kpis.definitions import ads, customers, email, leads, site, social
from kpis.definitions.base import Definition, Direction, Reason, Unit, gettext_noop

__all__ = ["CHAPTERS", "DEFINITIONS", "Definition", "Direction", "Reason", "Unit", "gettext_noop"]

_ = gettext_noop
CHAPTERS: dict[str, tuple[Definition, ...]] = {
    _("Ads and return"): ads.DEFINITIONS,
    _("Leads"): leads.DEFINITIONS,
    _("Revenue and customers"): customers.DEFINITIONS,
    _("Website"): site.DEFINITIONS,
    _("E-mail"): email.DEFINITIONS,
    _("Social networks"): social.DEFINITIONS,
}
DEFINITIONS = {definition.slug: definition for chapter in CHAPTERS.values() for definition in chapter}
