"""Databases of the test run: one template with tables and cast, a copy for each worker and for each test that commits."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.db import connection

PREFIX = "vigie_test_"


def name(suffix: str) -> str:
    return f"{PREFIX}{os.environ['VIGIE_TEST_RUN']}_{suffix}"


def name_of_worker(suffix: str) -> str:
    """Of a database that only this worker has."""
    return name(f"{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{suffix}")


def url(database: str) -> str:
    """The address of a database on the test server."""
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}"))


def use(database: str) -> None:
    """Point Django's connections at a database."""
    connection.close()
    connection.settings_dict["NAME"] = database
    connection.set_schema_to_public()  # type: ignore[attr-defined]


@contextmanager
def used(database: str) -> Iterator[None]:
    """Point them at it for as long as the block runs."""
    before = connection.settings_dict["NAME"]
    use(database)
    try:
        yield
    finally:
        use(before)


@contextmanager
def server() -> Iterator[psycopg.Connection]:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as session:
        yield session


def copy(template: str, database: str) -> None:
    with server() as session:
        session.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}" STRATEGY FILE_COPY')


def drop(database: str) -> None:
    with server() as session:
        session.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')


def drop_all() -> None:
    """Drop every database of this run, and those of runs whose process is gone."""
    with server() as session:
        for (database,) in session.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX]).fetchall():
            process = database.removeprefix(PREFIX).split("_")[0]
            if process == os.environ["VIGIE_TEST_RUN"] or not os.path.exists(f"/proc/{process}"):
                session.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
