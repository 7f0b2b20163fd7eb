"""Blocks of a page; figures of a table as cells, and how they changed: written here, for a template takes ten times as long."""

from __future__ import annotations

from collections.abc import Iterable

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from reports.agency.lines import HEIGHT, WIDTH
from reports.agency.lines import Cell as ClientCell
from reports.failing import attempt
from reports.pages.blocks import Block
from reports.presentation.parts import Cell, Change
from reports.presentation.targets import Target

register = template.Library()
_ARROWS = {"up": "▲", "down": "▼"}


@register.simple_tag(takes_context=True)
def told(context: template.Context, block: Block) -> SafeString:
    """A block of a page. Raises `reports.failing.Failed` where it cannot be drawn."""
    assert context.template  # that of the page, while it is drawn
    drawing = context.template.engine.get_template(f"pages/blocks/{block.template}.html")
    with context.push(block=block.of):
        return attempt(block.part, drawing.render, context)


@register.simple_tag
def changed(change: Change, *, word: bool) -> SafeString:
    """A change by sign, arrow and word; `word` says whether its word can be seen, or only heard."""
    arrow, said = _ARROWS.get(change.arrow), escape(change.word)
    html = f'<span class="arrow" aria-hidden="true">{arrow}</span>' if arrow else ""
    html += escape(change.text)
    if said:
        html += f' <span class="change-word">{said}</span>' if word else f'<span class="visually-hidden"> {said}</span>'
    return mark_safe(f'<span class="change {change.tone}">{html}</span>')  # noqa: S308 - its texts are escaped


@register.simple_tag
def cells(row: Iterable[Cell]) -> SafeString:
    """One line of a table of figures after its head; what is not known says why, what may still move looks different."""
    return mark_safe("".join(map(_cell, row)))  # noqa: S308 - its texts are escaped


@register.simple_tag
def cells_of_client(row: Iterable[ClientCell]) -> SafeString:
    """One line of the agency's table of clients."""
    return mark_safe("".join(map(_cell_of_client, row)))  # noqa: S308 - its texts are escaped


def _cell_of_client(cell: ClientCell) -> str:
    named = " ".join(name for name, is_so in (("minor", not cell.is_main), ("unknown", cell.reason)) if is_so)
    why = f' title="{escape(cell.reason)}"' if cell.reason else ""
    moving = f' class="moving" title="{escape(cell.moving)}"' if cell.moving else ""
    html = f'<td data-label="{escape(cell.label)}" class="{named}"{why}><span class="cell-figure"><span{moving}>{escape(cell.text)}</span>'
    if cell.change:
        html += f'<span class="cell-change">{changed(cell.change, word=False)}</span>'
    if cell.course:
        html += f'<svg class="spark" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true"><path d="{cell.course}"/></svg>'
    return f"{html}</span></td>"


def _cell(cell: Cell) -> str:
    said = (changed(cell.change, word=False) if cell.change else escape(cell.text)) + (_aim(cell.target) if cell.target else "")
    if cell.reason:
        return f'<td class="unknown" title="{escape(cell.reason)}">{said}</td>'
    return f'<td class="moving">{said}</td>' if cell.is_provisional else f"<td>{said}</td>"


def _aim(target: Target) -> str:
    """What was aimed at, and how far from it the figure is; whether that is met can be heard besides."""
    html = f'<span class="sub">{escape(_("Target %(value)s") % {"value": target.text})}</span>'
    if target.distance:
        met = f'<span class="visually-hidden">, {escape(target.verdict)}</span>' if target.verdict else ""
        html += f'<span class="sub {target.tone}">{escape(target.distance)}{met}</span>'
    return html
