"""A pytest plugin: embedded Postgres and Valkey for the test run, started before Django's settings are read.

They are the tests' own, beside any demo's. Workers of xdist inherit the addresses. With `DATABASE_URL` and `BROKER_URL`
set, those servers are used instead; every database the tests make carries the number of this process.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

_servers = ExitStack()
MEMORY, ENOUGH = Path("/dev/shm"), 4 * 2**30  # noqa: S108


def in_memory(home: Path) -> Path:
    """A folder for `home` in memory where there is room: a test's database is some 1,500 files, which a disk copies ten times slower."""
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ENOUGH:
        return MEMORY / f"vigie-test-{os.getuid()}-{hashlib.sha256(os.fsencode(home)).hexdigest()[:12]}"
    return home


def forget(home: Path) -> None:
    """Give back the memory, unless another run of this checkout is using it."""
    if home.parent == MEMORY:
        with suppress(SystemExit):
            removal.reset(home)


if "VIGIE_TEST_RUN" not in os.environ:
    from config import bootstrap, embedded, removal, translations

    home = bootstrap.home() / "test"
    os.environ |= {"VIGIE_TEST_RUN": str(os.getpid()), "VIGIE_HOME": str(home)}
    os.environ |= {"JOB_PICK_UP_SECONDS": "2", "JOB_LEASE_SECONDS": "2", "LOG_LEVEL": "WARNING"}
    # Playwright's synchronous API keeps an event loop in the thread of the tests; nothing of ours runs in it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    translations.compile_changed(Path(__file__).parent.parent / "locale")
    _home = in_memory(home)
    _servers.callback(forget, _home)
    _servers.enter_context(embedded.servers(_home, broker=True, durable=False))
    _owner = os.getpid()
else:
    _owner = 0


def pytest_unconfigure(config: pytest.Config) -> None:
    if os.getpid() == _owner:
        from tests import databases

        databases.drop_all()
        _servers.close()
