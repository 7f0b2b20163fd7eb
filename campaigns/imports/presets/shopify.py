"""Orders exported from the Shopify admin: one row a line of an order, the order's own columns on its first row alone.

Seen in public files of exports: all names. The header is the same in every language as far as seen. What was refunded is one
sum on the order's row, without its day: it is not read.
"""

from campaigns.imports.presets.base import Preset
from campaigns.imports.styles import DateStyle

PRESETS = (
    Preset(
        platform="shopify",
        title="Shopify",
        kind="orders",
        columns={
            "order_id": ("Id", "Name"),
            "ordered_at": ("Created at",),
            "amount": ("Subtotal",),
            "tax": ("Taxes",),
            "shipping": ("Shipping",),
            "product": ("Lineitem name",),
            "currency": ("Currency",),
            "email": ("Email",),
        },
        telltales=(("Financial Status",), ("Subtotal",), ("Created at",)),
        constants={"source": "shopify"},
        continued=("Subtotal",),
        dates=DateStyle.ISO,
    ),
)
