"""Remove what the commands made: servers and their data, the environment, compiled files. The checkout itself stays."""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import sys
from pathlib import Path

from config import embedded

MADE_IN_CHECKOUT = (
    ".venv", ".venv.lock", "staticfiles", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".import_linter_cache", ".hypothesis",
)  # fmt: skip


def reset(home: Path) -> None:
    """Stop the embedded servers and forget what they and the demo kept, and nothing else in `home`. Exits when they are in use."""
    if not home.exists():
        return
    with (home / "start.lock").open("w") as turn, (home / "users.lock").open("w") as users:
        fcntl.flock(turn, fcntl.LOCK_EX)
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit(f"Another command is using {home}: stop it first (Ctrl-C where the demo runs), then try again.")
        for server in (embedded.Postgres(home), embedded.Valkey(home)):
            server.stop()
        shutil.rmtree(embedded.socket_folder(home.resolve()), ignore_errors=True)
        for name in embedded.KEPT:
            _delete(home / name)
    with contextlib.suppress(OSError):
        home.rmdir()  # unless something of the person's own is in it


def remove(home: Path, root: Path) -> int:
    """Reset, then remove the environment and every compiled file below `root`."""
    sys.dont_write_bytecode = True
    reset(home)
    for name in MADE_IN_CHECKOUT:
        _delete(root / name)
    for path in [*root.rglob("__pycache__"), *root.glob("locale/*/LC_MESSAGES/*.mo")]:
        _delete(path)
    print("Removed: servers, data, secrets, documents, the environment and compiled files.", file=sys.stderr)
    return 0


def _delete(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
