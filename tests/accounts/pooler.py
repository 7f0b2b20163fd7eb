"""PgBouncer in transaction mode, in front of the database of a test."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from config import privileges

# Fewer than the threads that use it, so that every connection of the server passes from one to another.
SERVER_CONNECTIONS = 3
PATIENCE = 10
SETTINGS = """
[databases]
{name} = {server}
[pgbouncer]
listen_addr =
listen_port = 6432
unix_socket_dir = {folder}
auth_type = any
pool_mode = transaction
default_pool_size = {size}
"""


def program() -> str:
    """The path of PgBouncer; skips the test where it is not installed."""
    path = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if path is None:
        if os.environ.get("VIGIE_REQUIRE_POOLER"):
            pytest.fail("PgBouncer is required and not on PATH")
        pytest.skip("PgBouncer is not installed: the tests behind it need the package pgbouncer")
    return path


@contextmanager
def transaction_pooler(database: str) -> Iterator[str]:
    """Serve until the end of the block; the folder of its socket, on port 6432, for a database given by its address."""
    path, account = program(), privileges.service_account()
    # pytest's own folders have names longer than a socket's path may be.
    with tempfile.TemporaryDirectory(prefix="vigie-pooler-") as temporary:
        folder = Path(temporary)
        privileges.own_folder(folder, account)
        (folder / "settings.ini").write_text(_settings(database, folder))
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [path, str(folder / "settings.ini")], cwd="/", stdout=log, stderr=log, preexec_fn=privileges.become(account)
            )
        try:
            _wait_for(process, folder, str(conninfo_to_dict(database)["dbname"]))
            yield temporary
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _settings(database: str, folder: Path) -> str:
    server = conninfo_to_dict(database)
    given = " ".join(f"{key}='{value}'" for key, value in server.items() if key in {"host", "port", "dbname", "user", "password"} and value)
    return SETTINGS.format(name=server["dbname"], server=given, folder=folder, size=SERVER_CONNECTIONS)


def _wait_for(process: subprocess.Popen[bytes], folder: Path, name: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(host=str(folder), port=6432, dbname=name).close()
            return
        assert process.poll() is None, (folder / "log").read_text()
        assert time.monotonic() < deadline, "PgBouncer did not answer"
        time.sleep(0.02)
