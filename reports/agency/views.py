"""Where an agency's people arrive: who needs them today, and how all of their clients do."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from accounts import access, portfolio
from accounts.forms import COMMON, currencies
from accounts.gate import AgencyRequest, requires
from accounts.models import Client, Label
from accounts.search import matching
from kpis.definitions import DEFINITIONS
from reports import dates, headlines
from reports.agency import lines as table
from reports.agency import needs
from reports.agency.lines import CHANGE, COLUMNS, Line
from reports.agency.needs import Need
from reports.agency.wishes import ALL, KEPT, Wish, usual_currency
from reports.headlines import Told
from reports.presentation.figures import tile_label

FIRST = 8
ROWS = 100


@dataclass(frozen=True)
class Head:
    """Of a column: where it leads to have its lines in order, and in which they are now ("ascending", "descending" or "")."""

    text: str
    url: str
    now: str
    title: str = ""


@requires("agency.view")
@require_safe
def overview(request: AgencyRequest) -> HttpResponse:
    language, now = ("fr" if (get_language() or "en").startswith("fr") else "en"), timezone.now()
    labels = list(request.agency.labels.order_by("name", "pk"))
    wish = Wish.of(request, labels)
    if wish.currency and request.session.get(KEPT) != wish.currency:
        request.session[KEPT] = wish.currency
    # Also those of them that a narrower table leaves out need somebody.
    clients = access.clients_of(request.user).filter(agency=request.agency)
    labelled = _labelled(labels)
    currency = wish.currency or usual_currency(clients)
    told = headlines.for_clients(clients, currency)
    found = needs.of(clients, told, now, language)
    shown = _narrowed(list(clients), wish, labelled.get(wish.label, set()))
    counts = Counter(need.client.pk for need in found)
    rows = table.ordered(table.lines(shown, told, counts, _by_client(labels, labelled)), wish.sort)
    closing, _others = access.closing_clients_of(request.user)
    context = {
        **_needs(found, wish),
        **_page(rows, wish, currency, now, language),
        "total_count": len(clients),
        "heads": _heads(wish),
        "totals": table.totals(rows, currency, language),
        "currency": currency,
        "currencies": _currencies(list(clients), currency, language),
        "labels": _labels(labels, wish),
        "sorts": _sorts(wish),
        "wish": wish,
        "week": _week(told, language),
        "today": now,
        "closing": portfolio.closing_lines([client for client in closing if client.agency_id == request.agency.pk]),
    }
    return render(request, "reports/agency_overview.html", context)


def _labelled(labels: list[Label]) -> dict[str, set[int]]:
    """By label's id, as the address has it, the ids of those who have it."""
    found: dict[str, set[int]] = {str(label.pk): set() for label in labels}
    for label, client in Label.clients.through.objects.filter(label__in=labels).values_list("label_id", "client_id"):
        found[str(label)].add(client)
    return found


def _by_client(labels: list[Label], labelled: dict[str, set[int]]) -> dict[int, list[str]]:
    """The names of the labels of each client, in their order."""
    found: dict[int, list[str]] = {}
    for label in labels:
        for client in labelled[str(label.pk)]:
            found.setdefault(client, []).append(label.name)
    return found


def _narrowed(clients: list[Client], wish: Wish, having: set[int]) -> list[Client]:
    """Those that are looked for, among those `having` the label if one is."""
    found = [client for client in clients if client.pk in having] if wish.label else clients
    return matching(found, wish.q) if wish.q else found


def _needs(found: list[Need], wish: Wish) -> dict[str, Any]:
    counts, names = Counter(need.kind for need in found), needs.kind_names()
    wanted = found if wish.need in ("", ALL) else [need for need in found if need.kind == wish.need]
    kinds = [(names[kind], counts[kind], wish.query(need=kind) + "#needs", wish.need == kind) for kind in needs.Kind if counts[kind]]
    return {
        "needs": wanted if wish.need else wanted[:FIRST],
        "needs_count": len(found),
        "needs_clients": len({need.client.pk for need in found}),
        "kinds": kinds if len(kinds) > 1 else [],
        "fewer_needs": wish.query(need="") + "#needs" if wish.need else "",
        "all_needs": wish.query(need=ALL) + "#needs" if not wish.need and len(found) > FIRST else "",
    }


def _page(rows: list[Line], wish: Wish, currency: str, now: datetime, language: str) -> dict[str, Any]:
    """The lines of one page, written, and where the others are."""
    pages = max(1, -(-len(rows) // ROWS))
    page = min(wish.page, pages)
    begin = (page - 1) * ROWS
    return {
        "lines": [table.written(line, currency, now, language) for line in rows[begin : begin + ROWS]],
        "found_count": len(rows),
        "first": begin + 1,
        "last": min(begin + ROWS, len(rows)),
        "is_whole": pages == 1,
        "before": wish.query(page=str(page - 1)) if page > 1 else "",
        "after": wish.query(page=str(page + 1)) if page < pages else "",
    }


def _heads(wish: Wish) -> dict[str, Any]:
    figures = []
    for slug in COLUMNS:
        definition = DEFINITIONS[slug]
        figures.append((_head(wish, slug, tile_label(definition), -1), _head(wish, slug + CHANGE, "", -1)))
    names = table.sort_keys()
    return {
        "name": _head(wish, "name", names["name"], 1),
        "figures": figures,
        **{key: _head(wish, key, names[key], 1) for key in ("data", "next")},
    }


def _head(wish: Wish, key: str, text: str, first: int) -> Head:
    """Ordering by it again turns it round; `first`: 1 where the least comes first to begin with, else -1."""
    is_by_it, downwards = wish.sort.removeprefix("-") == key, wish.sort.startswith("-")
    turned = ("" if downwards else "-") if is_by_it else ("-" if first < 0 else "")
    return Head(
        text, wish.query(sort=turned + key), ("descending" if downwards else "ascending") if is_by_it else "", table.sort_keys()[key]
    )


def _sorts(wish: Wish) -> list[tuple[str, str, bool]]:
    """For who sees no heads of columns: what there is to order by, in the direction that is asked for first."""
    first_downwards = {"needs", *COLUMNS, *(slug + CHANGE for slug in COLUMNS)}
    offered = [(("-" if key in first_downwards else "") + key, name) for key, name in table.sort_keys().items()]
    if wish.sort not in dict(offered):
        key = wish.sort.removeprefix("-")
        offered = [(wish.sort if one.removeprefix("-") == key else one, name) for one, name in offered]
    return [(key, name, key == wish.sort) for key, name in offered]


def _labels(labels: list[Label], wish: Wish) -> list[tuple[str, str, bool]]:
    return [(str(label.pk), label.name, str(label.pk) == wish.label) for label in labels]


def _currencies(clients: list[Client], chosen: str, language: str) -> list[tuple[str, str, bool]]:
    """Those of the clients, the common ones, and the one that is chosen."""
    wanted = {*COMMON, *(client.currency for client in clients), chosen}
    return [(code, name, code == chosen) for code, name in currencies(language) if code in wanted]


def _week(told: dict[int, Told], language: str) -> str:
    """The days of the figures, where they are the same for all."""
    weeks = {one.week for one in told.values()}
    [week] = weeks if len(weeks) == 1 else [None]
    return dates.days(week.since, week.until, language) if week else ""
