"""Build `.venv` from the hash lock and continue inside it. Standard library only: nothing is installed yet."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import pwd
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed.json"
RUNTIME_LOCK = ROOT / "requirements.lock"
TEST_LOCK = ROOT / "requirements-dev.lock"


def enter(argv: list[str]) -> None:
    """Return at once inside a complete environment; otherwise build it and replace this process by the same command in it.

    `VIGIE_BOOTSTRAP=off` says the packages are installed already, as in a container image.
    """
    if os.environ.get("VIGIE_BOOTSTRAP") == "off":
        return
    _become_the_owner()
    try:
        _enter(argv)
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. What is installed so far is kept; the same command goes on from there.")
    except PermissionError as error:
        sys.exit(f"{error.filename} belongs to somebody else: run this as the user who owns {ROOT}, or clone it anew.")


def home() -> Path:
    """Where this checkout keeps what it makes: servers' data, secrets, documents. `VIGIE_HOME` moves it."""
    return Path(os.environ.get("VIGIE_HOME", ROOT / "var")).resolve()


def _become_the_owner() -> None:
    """As root in somebody's checkout, go on as that person: files that root made would lock the owner out."""
    owner = ROOT.stat()
    if os.geteuid() != 0 or owner.st_uid == 0:
        return
    try:
        account = pwd.getpwuid(owner.st_uid)
    except KeyError:
        return
    say(f"This checkout belongs to {account.pw_name}: going on as {account.pw_name}.")
    os.initgroups(account.pw_name, account.pw_gid)
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)
    os.environ |= {"HOME": account.pw_dir, "USER": account.pw_name, "LOGNAME": account.pw_name}


def _enter(argv: list[str]) -> None:
    if argv[1:2] == ["demo"] and "--remove" in argv:
        from config.removal import remove

        sys.exit(remove(home(), ROOT))
    lock = TEST_LOCK if argv[1:2] == ["test"] else RUNTIME_LOCK
    if not _is_current(lock):
        with _one_builder_at_a_time():
            if not _is_current(lock):
                _build(lock)
    if Path(sys.prefix).resolve() != VENV.resolve():
        os.execv(PYTHON, [str(PYTHON), str(ROOT / "manage.py"), *argv[1:]])


def _digest(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes()).hexdigest()


def _is_current(lock: Path) -> bool:
    """Whether `.venv` holds what `lock` names. The test lock contains the runtime lock."""
    try:
        installed = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return False
    enough = {lock.name, TEST_LOCK.name}
    return any(installed.get(name) == _digest(ROOT / name) for name in enough) and PYTHON.exists()


@contextlib.contextmanager
def _one_builder_at_a_time() -> Iterator[None]:
    try:
        handle = (ROOT / ".venv.lock").open("w")
    except OSError as error:
        sys.exit(f"Cannot write to {ROOT} ({error.strerror}): run this from a folder you own, or as the user who owns it.")
    with handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _build(lock: Path) -> None:
    started = time.monotonic()
    packages = sum(1 for line in lock.read_text().splitlines() if line[:1].isalnum())
    say(f"Installing {packages} packages into .venv (only the first time) …")
    uv = shutil.which("uv")
    if not _same_python() or not (uv or (VENV / "bin" / "pip").exists()):
        shutil.rmtree(VENV, ignore_errors=True)
    STAMP.unlink(missing_ok=True)
    if not PYTHON.exists():
        _create(uv)
    _install(uv, lock, packages)
    STAMP.write_text(json.dumps({lock.name: _digest(lock)}))
    say(f"Environment ready in {time.monotonic() - started:.0f} s.")


def _same_python() -> bool:
    """Whether an existing `.venv` was made by this version of Python; a half-built one is finished, not thrown away."""
    try:
        settings = (VENV / "pyvenv.cfg").read_text()
    except OSError:
        return False
    return f"= {sys.version_info.major}.{sys.version_info.minor}." in settings


def _create(uv: str | None) -> None:
    base = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    python = str(base if base.exists() else sys.executable)
    command = [uv, "venv", "--quiet", "--python", python, str(VENV)] if uv else [python, "-m", "venv", str(VENV)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        reason = (result.stderr or result.stdout).strip().splitlines()[-1:]
        sys.exit(
            f"Could not create {VENV}: {' '.join(reason)}\n"
            "On Debian or Ubuntu install the package python3-venv, or put uv on your PATH; then run the same command again."
        )


def _install(uv: str | None, lock: Path, packages: int) -> None:
    if uv:
        command = [uv, "pip", "install", "--python", str(PYTHON), "--require-hashes", "-r", str(lock)]
        code = subprocess.run(command, check=False).returncode
        lines: list[str] = []
    else:
        command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
        code, lines = _show_progress([*command, "--only-binary", ":all:", "--require-hashes", "-r", str(lock)], packages)
    if code:
        for line in lines[-6:]:
            say(f"  {line}")
        sys.exit(
            "The packages could not be installed. The first run needs a package index that pip can reach (check the network, "
            "a proxy or pip's configuration); what is there already is kept. Then run the same command again."
        )


def _show_progress(command: list[str], packages: int) -> tuple[int, list[str]]:
    """Run pip and count the packages it fetches on one line of the terminal."""
    lines: list[str] = []
    fetched = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line.rstrip())
            if line.startswith("Collecting "):
                fetched += 1
                _progress(fetched, packages, line.split()[1].split("==")[0])
            elif line.startswith("Installing collected"):
                _progress(packages, packages, "unpacking")
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return process.returncode, lines


def _progress(done: int, total: int, name: str) -> None:
    if sys.stderr.isatty():
        print(f"\r  {min(done, total):3d}/{total} {name:<40}", end="", file=sys.stderr, flush=True)
    elif done % 20 == 0 or done == total:
        say(f"  {done}/{total}")


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
