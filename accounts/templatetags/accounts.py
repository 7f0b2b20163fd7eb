"""What templates of every app need of accounts: addresses of the organisation at hand, days and moments."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.numbers import format_decimal
from django import template
from django.template.context import Context
from django.utils.translation import get_language

from accounts import moments, navigation

register = template.Library()


@register.simple_tag(takes_context=True)
def address(context: Context, page: str, *args: Any) -> str:
    """The address of a page that clients and agencies both have, for the organisation at hand."""
    return navigation.address(context["organisation"], page, *args)


@register.filter
def day(value: date | datetime | None) -> str:
    return moments.day(value, _language()) if value else ""


@register.filter
def weekday(value: date | None) -> str:
    return moments.weekday(value, _language()) if value else ""


@register.filter
def number(value: int) -> str:
    return str(format_decimal(value, locale=_language()))


@register.filter
def moment(value: datetime, zone: ZoneInfo) -> str:
    return moments.moment(value, zone, _language())


@register.filter
def instant(value: datetime, zone: ZoneInfo) -> str:
    return moments.instant(value, zone, _language())


def _language() -> str:
    return (get_language() or "en")[:2]
