"""A table that joins later is exported, or somebody says why not."""

from __future__ import annotations

from typing import Any

import pytest

from accounts import belonging
from accounts.models import Client
from accounts.portability import client_file, registry
from accounts.portability.tables import Table, _columns
from campaigns.export_files import ImportFile
from campaigns.imports.kinds import KINDS
from campaigns.models import Order
from reports.models import Delivery, Schedule

TABLES = [part for part in registry.parts() if isinstance(part, Table)]


def test_every_table_with_rows_of_clients_is_exported_or_left_out_for_a_reason() -> None:
    assert registry.undecided() == []
    assert registry.decided_twice() == []
    assert [model for model, reason in registry._left_out.items() if len(reason) < 10] == []


@pytest.mark.parametrize("model", [Order, Schedule, Delivery])
def test_a_table_nobody_decided_about_is_named(monkeypatch: pytest.MonkeyPatch, model: Any) -> None:
    monkeypatch.setattr(registry, "_parts", [part for part in registry.parts() if model not in part.models])
    assert registry.undecided() == [model._meta.label]


def test_public_tables_are_found_however_far_from_the_client() -> None:
    found = {model._meta.label: lookup for model, lookup in belonging.public_models().items()}
    assert found["reports.Delivery"] == "run__schedule__client"
    assert found["jobs.Job"] == "client_id"
    assert found["accounts.Membership_clients"] == "client"
    assert not found.keys() & {"accounts.User", "accounts.Agency", "sessions.Session"}


def test_every_kind_of_file_that_is_imported_is_exported() -> None:
    kinds = {part.kind for part in registry.parts() if isinstance(part, ImportFile)}
    assert kinds == KINDS.keys()


@pytest.mark.parametrize("part", [part for part in registry.parts() if isinstance(part, ImportFile)], ids=lambda part: part.name)
def test_an_exported_file_has_columns_of_its_kind(part: ImportFile, lumen: Client) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(part.select)
        columns = [column.name for column in cursor.description]
    known = {column.name: column.required for column in KINDS[part.kind].columns}
    assert set(columns) <= known.keys()
    assert {name for name, required in known.items() if required} <= set(columns)


@pytest.mark.parametrize("part", TABLES, ids=lambda part: part.name)
def test_a_table_refers_only_to_what_an_archive_can_bring_back(part: Table) -> None:
    """A public row may name a person or an agency only where it can do without."""
    tables = {table.model: position for position, table in enumerate(TABLES)}
    for column in _columns(part.model):
        target = column.related_model
        if target in tables:
            assert tables[target] <= tables[part.model], f"{column} comes before what it refers to"
        elif target is not None and target is not Client:
            assert column.null, f"{column} is required, and what it refers to is not exported"


def test_every_column_of_the_clients_row_travels_or_stays_for_a_reason() -> None:
    travels = {column.name for column in client_file.fields()}
    assert travels | client_file.LEFT_OUT.keys() == {column.name for column in Client._meta.local_concrete_fields}
    assert {"name", "slug", "currency", "timezone", "language"} <= travels
