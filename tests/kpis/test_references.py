"""Published figures of a real data set, through the product's own doors, to the last digit."""

from __future__ import annotations

import csv
import io
import json
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from accounts.models import Client

NAMES = {
    "spend": "spend",
    "impressions": "impressions",
    "clicks": "clicks",
    "ctr": "ctr",
    "cpc": "cpc",
    "cpm": "cpm",
    "leads": "leads",
    "cpl": "cpl",
}


def convert(source: Path, folder: Path) -> dict[str, Path]:
    """The data set in the import formats: ads as they are, each enquiry a lead, each sale an order; it has no dates."""
    files = {kind: folder / f"{kind}.csv" for kind in ("ads", "leads", "orders")}
    with source.open() as rows, files["ads"].open("w") as ads, files["leads"].open("w") as leads, files["orders"].open("w") as orders:
        ads.write("date,source,account,campaign_id,campaign,impressions,clicks,spend\n")
        leads.write("lead_id,created_at,channel,campaign\n")
        orders.write("order_id,ordered_at,amount,campaign\n")
        for row in csv.DictReader(rows):
            ad, campaign = row["ad_id"], row["xyz_campaign_id"]
            ads.write(f"2026-11-09,facebook_ads,kag,{ad},{campaign},{row['Impressions']},{row['Clicks']},{row['Spent']}\n")
            for number in range(int(row["Total_Conversion"])):
                leads.write(f"{ad}-{number},2026-11-09T12:00:00,paid_social,{campaign}\n")
            for number in range(int(row["Approved_Conversion"])):
                orders.write(f"{ad}-{number},2026-11-09T12:00:00,1,{campaign}\n")
    return files


def kpis(*arguments: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command("kpis", "lumen", "--from", "2026-11-09", "--to", "2026-11-09", "--json", *arguments, stdout=out)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def as_printed(value: str, reference: float) -> Decimal:
    """The exact value rounded to the digits the reference is printed with."""
    decimals = len(repr(reference).partition(".")[2]) if isinstance(reference, float) else 0
    return Decimal(value).quantize(Decimal(1).scaleb(-max(decimals, 0)), ROUND_HALF_UP)


@pytest.fixture
def imported(lumen: Client, shared: Path, tmp_path: Path) -> dict[str, Any]:
    files = convert(shared / "data/kag_facebook_ads/kag_conversion_data.csv", tmp_path)
    for kind, path in files.items():
        call_command("import_file", "lumen", kind, str(path), stdout=io.StringIO())
    references: dict[str, Any] = json.loads((shared / "data/references.json").read_text())["kag_facebook_ads"]
    return references


def differences(found: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    wrong = []
    for slug, name in NAMES.items():
        value = as_printed(found[slug]["value"], expected[name])
        if value != Decimal(repr(expected[name])):
            wrong.append(f"{slug}: {found[slug]['value']} is not {expected[name]}")
    if found["orders"]["value"] != str(expected["sales"]):
        wrong.append(f"orders: {found['orders']['value']} is not {expected['sales']}")
    return wrong


def test_real_ads_give_the_published_totals(imported: dict[str, Any]) -> None:
    assert differences(kpis()["kpis"], imported["total"]) == []


def test_real_ads_give_the_published_figures_of_each_campaign(imported: dict[str, Any]) -> None:
    groups = {group["key"]: group["kpis"] for group in kpis("--by", "campaign")["groups"]}
    assert groups.keys() == imported["by_campaign"].keys()
    assert [wrong for key, expected in imported["by_campaign"].items() for wrong in differences(groups[key], expected)] == []


def test_a_mean_of_ratios_is_never_taken(imported: dict[str, Any]) -> None:
    """The mean of the ads' own costs per click is 1.4993; the true cost per click is 1.5382."""
    assert as_printed(kpis()["kpis"]["cpc"]["value"], 1.5382) == Decimal("1.5382")
