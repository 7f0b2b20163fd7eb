"""A program sends files by the API: stored whole or refused whole, listed, taken back."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client as Browser
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import audit, tokens
from accounts.audit import Actor
from accounts.models import AuditEvent, Client, Scope
from accounts.tenancy import inside
from campaigns.imports import template
from campaigns.imports.kinds import KINDS
from campaigns.models import AdDay, Connection, Cost, Lead, Order, Pull, Upload, UploadPart
from tests.campaigns.exports import google_ads
from tests.conftest import Cast

ADDRESS = "/api/v1/clients/lumen/imports/"
ORDERS = "order_id,ordered_at,amount,channel\nO1,2026-11-09T10:00:00,80.10,email\nO2,2026-11-10T10:00:00,20,direct\n"
# Every fact of a kind in the fuzz below, and what a refused file must not leave.
FACTS = (Order, Lead, AdDay, Cost, Pull, Connection, UploadPart)


@pytest.fixture
def program(cast: Cast) -> Browser:
    secret = tokens.make(cast.client, name="warehouse", scope=Scope.WRITE, days=1, by=Actor("owner", cast.owner))[1]
    return Browser(SERVER_NAME="localhost", headers={"authorization": f"Bearer {secret}"})


def send(program: Browser, content: str | bytes, media: str = "text/csv", **parameters: str) -> Any:
    query = "&".join(f"{name}={value}" for name, value in ({"kind": "orders"} | parameters).items())
    return program.generic("POST", f"{ADDRESS}?{query}", content, content_type=media)


def test_a_body_is_stored_and_told_with_its_address(lumen: Client, program: Browser) -> None:
    answer = send(program, ORDERS, name="november.csv")
    assert answer.status_code == 201
    said = answer.json()
    told = {name: said[name] for name in ("kind", "name", "state", "rows", "inserted", "updated", "since", "until", "faults", "size")}
    assert told == {
        "kind": "orders", "name": "november.csv", "state": "stored", "rows": 2, "inserted": 2, "updated": 0, "since": "2026-11-09",
        "until": "2026-11-10", "faults": [], "size": len(ORDERS),
    }  # fmt: skip
    assert said["made_by"].startswith("API: warehouse")
    assert program.get(answer["Location"]).json() == said
    assert sorted(Order.objects.values_list("amount_nano", flat=True)) == [20 * 10**9, 80_100_000_000]
    assert audit.sentence(audit.events_of(lumen)[0]) == "imported the file november.csv: 2 rows"


def test_a_form_with_a_file_is_the_same(lumen: Client, program: Browser) -> None:
    answer = program.post(f"{ADDRESS}?kind=orders", {"file": SimpleUploadedFile("november.csv", ORDERS.encode())})
    assert (answer.status_code, answer.json()["name"], answer.json()["rows"]) == (201, "november.csv", 2)


def test_the_same_file_again_changes_nothing(lumen: Client, program: Browser) -> None:
    send(program, ORDERS)
    again = send(program, ORDERS).json()
    assert (again["rows"], again["inserted"], again["updated"]) == (2, 0, 0)


def test_one_wrong_row_refuses_the_file_and_every_fault_is_told(lumen: Client, program: Browser) -> None:
    answer = send(program, ORDERS.replace("80.10", "80,10") + "O3,2026-11-31,5,radio\n")
    assert answer.status_code == 400
    said = answer.json()
    assert said["detail"] == "The file is refused and nothing of it was stored."
    assert [(fault["line"], fault["code"]) for fault in said["faults"]] == [(2, "CELLS"), (4, "NOT_AN_INSTANT"), (4, "NOT_A_CHANNEL")]
    assert said["faults"][1] | {"reason": ""} == {
        "line": 4, "column": "ordered_at", "value": "2026-11-31", "code": "NOT_AN_INSTANT", "reason": "",
    }  # fmt: skip
    assert not Order.objects.exists()
    assert program.get(f"{ADDRESS}{said['import_id']}/").json()["state"] == "refused"


def test_reasons_are_told_in_the_language_asked_for(lumen: Client, program: Browser) -> None:
    program.defaults["HTTP_ACCEPT_LANGUAGE"] = "fr"
    fault = send(program, ORDERS.replace("80.10", "eighty")).json()["faults"][0]
    assert fault["reason"].startswith("ce n'est pas un nombre") or fault["reason"].startswith("n'est pas un nombre"), fault


def test_a_platforms_own_export_is_taken_with_its_mapping(lumen: Client, program: Browser) -> None:
    mapping = {
        "columns": {"Jour": "date", "Numéro client": "account", "Campagne": "campaign", "Clics": "clicks", "Coût": "spend"},
        "constants": {"source": "google_ads"}, "numbers": "comma", "encoding": "cp1252", "delimiter": ";", "skip_lines": 2,
        "totals": ["Total"],
    }  # fmt: skip
    query = f"{ADDRESS}?kind=ads&mapping={json.dumps(mapping)}"
    answer = program.generic("POST", query, google_ads(), content_type="application/octet-stream")
    assert (answer.status_code, answer.json().get("rows")) == (201, 4)
    assert answer.json()["mapping"]["skip_lines"] == 2
    assert AdDay.objects.count() == 4


def test_an_account_read_from_its_api_asks_who_tells(lumen: Client, program: Browser) -> None:
    Connection.objects.create(source="shop", account="paris", currency="EUR", timezone="Europe/Paris", credential_id=1)
    file = ORDERS.replace("channel\n", "source,account\n").replace("email", "shop,paris").replace("direct", "shop,paris")
    assert [fault["code"] for fault in send(program, file).json()["faults"]] == ["FED_BY_ITS_API"]
    answer = send(program, file, handover="2026-11-09")
    assert (answer.status_code, answer.json()["inserted"]) == (201, 1)
    assert send(program, file, handover="replace").json()["inserted"] == 1


def test_an_import_is_undone_once(lumen: Client, program: Browser) -> None:
    address = send(program, ORDERS)["Location"]
    undone = program.post(f"{address}undo/")
    assert (undone.status_code, undone.json()["state"]) == (200, "undone")
    assert undone.json()["undone_by"].startswith("API: warehouse")
    assert not Order.objects.exists()
    assert program.post(f"{address}undo/").status_code == 409
    assert AuditEvent.objects.filter(verb="import.undone").count() == 1


def test_imports_are_listed_page_by_page(lumen: Client, program: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaigns.api.PAGE", 2)
    sent = [send(program, ORDERS).json()["id"] for _ in range(5)]
    found: list[int] = []
    following: str | None = ADDRESS
    while following:
        page = program.get(following).json()
        found += [row["id"] for row in page["results"]]
        following = page["next"]
    assert found == sent[::-1]


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"kind": ""}, "kind"),
        ({"kind": "happiness"}, "kind"),
        ({"mapping": "{"}, "mapping"),
        ({"mapping": "[" * 5000}, "mapping"),
        ({"mapping": '{"columns": {"a": 1}}'}, "mapping"),
        ({"mapping": '{"happiness": 1}'}, "mapping"),
        ({"handover": "tomorrow"}, "handover"),
        ({"name": "x" * 300}, "name"),
        ({"name": "%00"}, "name"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(lumen: Client, program: Browser, parameters: dict[str, str], field: str) -> None:
    answer = send(program, ORDERS, **parameters)
    assert answer.status_code == 400
    assert list(answer.json()) == [field]
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    "mapping", ['{"columns":{"order_id":"\\u0000"}}', '{"columns":{"\\u0000":"amount"},"constants":{"channel":"\\u0000"}}']
)
def test_a_mapping_of_signs_that_are_none_is_refused_with_faults(lumen: Client, program: Browser, mapping: str) -> None:
    assert send(program, ORDERS, mapping=mapping).status_code == 400


def test_no_file_no_content_type_and_too_much_are_refused_each_with_its_status(lumen: Client, program: Browser, settings: Any) -> None:
    assert send(program, "").json() == {"file": ["This file is empty."]}
    assert "file" in program.post(f"{ADDRESS}?kind=orders", {"other": "x"}).json()
    assert send(program, ORDERS, "application/x-www-form-urlencoded").status_code == 415
    assert send(program, ORDERS, "application/json").status_code == 415
    settings.IMPORT_MAX_BYTES = 50
    assert send(program, ORDERS).status_code == 413
    settings.IMPORT_MAX_BYTES = -(2**20)
    assert send(program, ORDERS).status_code == 413
    assert not Upload.objects.exists()


def test_a_template_is_downloaded_and_imports_itself(lumen: Client, program: Browser) -> None:
    for kind in KINDS:
        answer = program.get(f"{ADDRESS}templates/{kind}.csv")
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        assert send(program, answer.content, kind=kind).status_code == 201, kind


def test_a_workbook_is_taken_as_it_is(lumen: Client, program: Browser, tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (line.split(",") for line in ORDERS.splitlines()):
        book.active.append(row)
    book.save(tmp_path / "orders.xlsx")
    media = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert send(program, (tmp_path / "orders.xlsx").read_bytes(), media).json().get("rows") == 2


def test_the_description_names_the_addresses_and_is_made_without_warnings(cast: Cast, tmp_path: Path) -> None:
    path = tmp_path / "openapi.yaml"
    call_command("spectacular", "--fail-on-warn", "--validate", "--file", str(path))
    described = path.read_text()
    for operation in ("client_imports", "client_import", "client_import_read", "client_import_undo", "client_import_template"):
        assert f"operationId: {operation}\n" in described


class TestAnyBytes:
    """Whatever is sent, the answer is no error of ours, and what is refused leaves nothing."""

    @staticmethod
    def check(program: Browser, kind: str, content: bytes, media: str) -> None:
        before = [model.objects.count() for model in FACTS]
        program.raise_request_exception = True
        answer = send(program, content, media, kind=kind)
        assert answer.status_code in {201, 400}
        if answer.status_code == 400:
            assert [model.objects.count() for model in FACTS] == before

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(content=st.binary(max_size=400), kind=st.sampled_from(sorted(KINDS)))
    def test_of_noise(self, lumen: Client, program: Browser, content: bytes, kind: str) -> None:
        self.check(program, kind, content, "application/octet-stream")

    @settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data(), kind=st.sampled_from(["orders", "leads", "ads", "costs"]))
    def test_of_a_sound_file_with_some_bytes_changed(self, lumen: Client, program: Browser, data: st.DataObject, kind: str) -> None:
        content = bytearray(template(KINDS[kind]).encode())
        for _ in range(data.draw(st.integers(1, 4))):
            place = data.draw(st.integers(0, len(content) - 1))
            content[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
        self.check(program, kind, bytes(content), "text/csv")

    @settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_given_on_the_page(self, cast: Cast, signed_in: Any, data: st.DataObject) -> None:
        """Looked at, looked at as each kind, asked to be stored as it is."""
        start = data.draw(st.sampled_from([b"", b"PK\x03\x04", b"\xff\xfe", google_ads(), google_ads(encoding="utf-16"), ORDERS.encode()]))
        content = bytearray(start + data.draw(st.binary(max_size=60)))
        if content:
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
        browser = signed_in(cast.owner)
        with tempfile.TemporaryDirectory(), inside(cast.client):
            answer = browser.post("/c/lumen/imports/", {"file": SimpleUploadedFile("a\x85.csv", bytes(content)), "kind": ""})
            assert answer.status_code in {200, 302}
            if answer.status_code == 200:
                return
            for kind in ("", "ads", "orders", "budgets"):
                page = browser.post(answer["Location"], {"kind": kind, "do": "check"}, follow=True)
                assert page.status_code == 200
            upload = Upload.objects.latest("pk")
            form = page.context.get("form") if page.context else None
            assert form is None or upload.state in {Upload.State.RECEIVED, Upload.State.REFUSED}
