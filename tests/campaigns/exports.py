"""Files as platforms export them, made by the tests."""

from __future__ import annotations

from collections.abc import Iterable

NNBSP = "\N{NARROW NO-BREAK SPACE}"
Row = tuple[str, str, int, int, str, str]
# Day, campaign, impressions, clicks, cost, conversions: as a French account manager downloads them.
ROWS: tuple[Row, ...] = (
    ("2026-11-09", "Marque – été", 12_000, 340, "1 234,56", "12,50"),
    ("2026-11-09", "Générique", 8_100, 150, "310,40", "3,00"),
    ("2026-11-10", "Marque – été", 11_400, 322, "1 101,04", "10,00"),
    ("2026-11-10", "Générique", 7_900, 141, "298,00", "--"),
)
SPEND = "2944"  # of the rows above


def google_ads(rows: Iterable[Row] = ROWS, encoding: str = "cp1252") -> bytes:
    """A French campaign report: two lines before the header, sums at the end; tabs and UTF-16 as "CSV (Excel)", else semicolons."""
    between = "\t" if encoding == "utf-16" else ";"
    lines = [["Rapport sur les campagnes"], ["9 novembre 2026 - 10 novembre 2026"]]
    lines.append(["Jour", "Numéro client", "Campagne", "Impr.", "Clics", "Coût", "Conversions", "Code de la devise"])
    for day, campaign, impressions, clicks, cost, conversions in rows:
        lines.append([day, "123-456-7890", campaign, _thousands(impressions), str(clicks), cost, conversions, "EUR"])
    lines.append(["Total : compte", "", "", "39 400", "953", "2 944,00", "25,50", "EUR"])
    return "\r\n".join(between.join(cells) for cells in lines).encode(encoding)


def _thousands(value: int) -> str:
    return f"{value:,}".replace(",", "\N{NO-BREAK SPACE}")
