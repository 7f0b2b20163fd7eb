"""A client with two weeks of data and a weekly report."""

from __future__ import annotations

from pathlib import Path

import pytest

from accounts.models import Client
from campaigns.imports import load
from campaigns.imports.kinds import KINDS
from jobs import worker
from reports import scheduling
from reports.models import Schedule

ADS = """date,source,account,campaign,channel,impressions,clicks,spend,conversions,conversion_value
2026-11-02,google_ads,1,Brand,paid_search,9000,280,410.00,11,2100.00
2026-11-06,google_ads,1,Brand,paid_search,0,0,0,0,0
2026-11-10,google_ads,1,Brand,paid_search,10000,300,420.50,12,2310.00
2026-11-11,google_ads,1,Lamps,display,40000,90,180.25,3,410.00
2026-11-15,google_ads,1,Lamps,display,0,0,0,0,0
"""
LEADS = """lead_id,created_at,channel,campaign
L1,2026-11-02T10:00:00,,Brand
L2,2026-11-09T10:00:00,,Brand
L3,2026-11-15T10:00:00,email,Newsletter
"""
ORDERS = """order_id,ordered_at,amount,kind,channel,campaign
O1,2026-11-02T10:00:00,900,order,,Brand
O2,2026-11-09T10:00:00,1250.40,order,,Brand
O3,2026-11-12T10:00:00,310,order,email,
R1,2026-11-15T10:00:00,50,refund,email,
"""
WEEK = "2026-W46"


@pytest.fixture
def reported(lumen: Client, tmp_path: Path) -> Client:
    """Maison Lumen with figures for weeks 45 and 46 of 2026."""
    for kind, text in (("ads", ADS), ("leads", LEADS), ("orders", ORDERS)):
        path = tmp_path / f"{kind}.csv"
        path.write_text(text)
        load(lumen, KINDS[kind], path)
    worker.work_off()
    return lumen


@pytest.fixture
def schedule(reported: Client) -> Schedule:
    """Maison Lumen's weekly report to a reader of French and one of English."""
    return scheduling.create_weekly(reported, {"ana@lumen.example": "fr", "bob@lumen.example": "en"})
