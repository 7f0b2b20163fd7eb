"""What is behind a figure and its change, as plain data and as the lines of a file: what the command prints and the API returns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Client
from accounts.spreadsheets import inert
from campaigns.models import Pull as StoredPull
from kpis import serialise
from kpis.explain import sentences
from kpis.explain.change import Change, Effect
from kpis.explain.number import Explanation, Figure, Part
from kpis.explain.rows import Pull, Row
from kpis.measures import Measure
from kpis.query import Value

COLUMNS = (
    "day", "measure", "channel", "campaign", "source", "account", "reference", "amount", "currency", "rate", "value", "pull", "pulled_at",
    "file_name",
)  # fmt: skip


def number_data(client: Client, explanation: Explanation) -> dict[str, Any]:
    """Values are exact decimal strings, or null; texts are of the active language."""
    compared = explanation.compared
    measures = {part.measure.slug: part.measure for part in explanation.parts}
    return {
        **_meant(client, explanation.figure),
        "value": serialise.text(compared.value),
        "reason": compared.value.reason,
        "provisional": compared.is_provisional,
        "days_loaded": compared.days_loaded,
        "days": compared.days,
        "until": compared.until.isoformat() if compared.until else None,
        "measures": [_part(part) for part in explanation.parts],
        "choices": [{"name": choice.name, "value": choice.value} for choice in explanation.choices],
        "loaded": [
            {
                "family": loaded.family,
                "days_loaded": loaded.days,
                "days": explanation.figure.period.days,
                "last_day": loaded.last_day.isoformat() if loaded.last_day else None,
                "last_pull": _stored(loaded.last_pull) if loaded.last_pull else None,
            }
            for loaded in explanation.loaded
        ],
        "tellers": [
            {
                "source": teller.source,
                "account": teller.account,
                "rows": teller.rows,
                "pulls": teller.pulls,
                "last_pull_at": teller.last_pull_at.isoformat() if teller.last_pull_at else None,
            }
            for teller in explanation.tellers
        ],
        "rows": [_row(row, measures) for row in explanation.rows],
        "paging": {
            "page": explanation.page,
            "page_size": explanation.page_size,
            "pages": explanation.pages,
            "rows": explanation.count,
        },
    }


def change_data(client: Client, change: Change) -> dict[str, Any]:
    return {
        **_meant(client, change.figure),
        "compared": serialise.days(change.compared),
        "by": change.by,
        "value": serialise.text(change.value),
        "previous": serialise.text(change.previous),
        "difference": _text(change.difference),
        "reason": change.reason,
        "effect": _effect(change.effect),
        "groups": [
            {
                "key": group.key,
                "value": serialise.text(group.value),
                "previous": serialise.text(group.previous),
                "effect": _effect(group.effect),
                "reason": group.reason,
            }
            for group in change.groups
        ],
        "sentences": sentences.about(change, client.currency),
    }


def lines(rows: Iterable[Row], measures: Iterable[Measure]) -> Iterator[tuple[str, ...]]:
    """For a spreadsheet: a line for each measure to which a row adds something."""
    yield COLUMNS
    by_slug = {measure.slug: measure for measure in measures}
    for row in rows:
        for slug, amount in row.amounts.items():
            if amount != 0:
                yield _line(row, by_slug[slug])


def _line(row: Row, measure: Measure) -> tuple[str, ...]:
    currency, rate = (row.currency, _text(row.rate) or "") if measure.is_money else ("", "")
    told = (str(row.pull.id), row.pull.at.isoformat(), inert(row.pull.file_name or "")) if row.pull else ("", "", "")
    return (
        row.day.isoformat(), measure.slug, row.channel, inert(row.campaign), inert(row.source), inert(row.account), inert(row.ref),
        _text(row.amounts[measure.slug]) or "", currency, rate, _text(row.value(measure)) or "", *told,
    )  # fmt: skip


def _meant(client: Client, figure: Figure) -> dict[str, Any]:
    definition, only = figure.definition, figure.only
    return {
        "kpi": figure.slug,
        "name": _(definition.name),
        "formula": _(definition.formula),
        "version": definition.version,
        "unit": definition.unit,
        "caveats": [_(caveat) for caveat in definition.caveats],
        "period": {**serialise.days(figure.period), "timezone": client.timezone, "currency": client.currency},
        "only": {"channels": list(only.channels), "campaigns": list(only.campaigns), "labels": list(only.labels)},
    }


def _part(part: Part) -> dict[str, Any]:
    return {
        "slug": part.measure.slug,
        "name": _(part.measure.name),
        "value": serialise.text(part.value),
        "reason": part.value.reason,
        "rows": "listed" if part.is_listed else "not_divisible",
    }


def _row(row: Row, measures: dict[str, Measure]) -> dict[str, Any]:
    has_money = any(measures[slug].is_money for slug in row.amounts)
    return {
        "day": row.day.isoformat(),
        "channel": row.channel,
        "campaign": row.campaign,
        "source": row.source,
        "account": row.account,
        "reference": row.ref,
        "currency": row.currency if has_money else None,
        "rate": _text(row.rate) if has_money else None,
        "pull": _pull(row.pull) if row.pull else None,
        "measures": {
            slug: {"amount": _text(amount), "value": _text(row.value(measures[slug]))}
            for slug, amount in row.amounts.items()
            if amount != 0
        },
    }


def _stored(pull: StoredPull) -> dict[str, Any]:
    return _pull(Pull(pull.pk, pull.created_at, pull.file_name or (pull.upload.file_name if pull.upload else None)))


def _pull(pull: Pull) -> dict[str, Any]:
    return {"id": pull.id, "at": pull.at.isoformat(), "file_name": pull.file_name}


def _effect(effect: Effect | None) -> dict[str, str | None] | None:
    if effect is None:
        return None
    parts = {"volume": effect.volume, "mix": effect.mix, "rate": effect.rate, "apart": effect.apart}
    return {"total": _text(effect.total), **{name: _text(part) for name, part in parts.items()}}


def _text(exact: Fraction | None) -> str | None:
    return serialise.text(Value(exact))
