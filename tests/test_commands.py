"""The two commands as a newcomer meets them, in processes of their own."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings

from config import removal
from reports.demo import processes

ROOT = Path(settings.BASE_DIR)
OWN = {
    "PYTHONUNBUFFERED",
    "VIGIE_HOME",
    "VIGIE_TEST_RUN",
    "DATABASE_URL",
    "BROKER_URL",
    "DJANGO_SETTINGS_MODULE",
    "JOB_LEASE_SECONDS",
    "JOB_PICK_UP_SECONDS",
}


def environment(home: Path) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in OWN} | {"VIGIE_HOME": str(home), "VIGIE_BOOTSTRAP": "off"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def manage(home: Path, *arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    return subprocess.run(command, cwd=folder, env=environment(home), capture_output=True, text=True, timeout=150, check=False)


def processes_using(home: Path) -> list[str]:
    """Command lines of running processes that speak of `home`."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(home) in line and "pytest" not in line:
            found.append(line)
    return found


def test_the_demo_shows_its_main_job_and_begun_again_keeps_its_data_and_ends_cleanly_when_it_is_told_to(tmp_path: Path) -> None:
    home = tmp_path / "l'été, ça va"
    first = manage(home, "demo", "--exit", "--port", str(free_port()), folder=tmp_path)
    assert first.returncode == 0, first.stdout + first.stderr
    assert "[8/8]" in first.stdout
    mails = sorted((home / "demo" / "mail").glob("*.eml"))
    assert len(mails) == 6
    assert next((home / "demo").glob("*.pdf")).read_bytes().startswith(b"%PDF")
    assert processes_using(home) == []
    said = told_to_stop(home, tmp_path / "log")
    assert "Stopped. The data is kept" in said
    assert sorted((home / "demo" / "mail").glob("*.eml")) == mails
    assert processes_using(home) == []


def told_to_stop(home: Path, log: Path) -> str:
    """What a demo says that is told to stop once it is ready."""
    with log.open("wb") as output:
        command = [sys.executable, str(ROOT / "manage.py"), "demo", "--port", str(free_port())]
        demo = subprocess.Popen(command, env=environment(home), stdout=output, stderr=output)
    deadline = time.monotonic() + 120
    while "Ready in" not in log.read_text():
        assert demo.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.2)
    demo.send_signal(signal.SIGTERM)
    try:
        assert demo.wait(30) == 0
    finally:
        demo.kill()
    return log.read_text()


@dataclass(frozen=True)
class Begun:
    """A folder in which one command ran, the first, and what that said. It takes seconds."""

    home: Path
    done: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Begun:
    home = tmp_path_factory.mktemp("begun") / "home"
    return Begun(home, manage(home, "create_client", "shop", "--name", "Shop", "--currency", "EUR", "--timezone", "Europe/Paris"))


def test_a_first_command_needs_no_migrate(begun: Begun) -> None:
    assert begun.done.returncode == 0, begun.done.stderr
    assert "Created Shop (shop)." in begun.done.stdout
    assert processes_using(begun.home) == []


def test_reset_deletes_what_the_commands_made_and_nothing_else(begun: Begun, tmp_path: Path) -> None:
    home = shutil.copytree(begun.home, tmp_path / "home")
    assert (home / "postgres" / "PG_VERSION").exists()
    (home / "thesis.txt").write_text("mine")
    removal.reset(home)
    assert [path.name for path in home.iterdir()] == ["thesis.txt"]


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        done = manage(tmp_path / "home", "demo", "--exit", "--port", str(other.getsockname()[1]))
    assert done.returncode != 0
    assert "is taken; choose another with --port" in done.stderr


def test_two_demos_that_start_together_get_two_ports() -> None:
    with processes.Port(None) as one, processes.Port(None) as other:
        assert one.number != other.number


def test_two_commands_at_once_share_the_servers_and_the_last_stops_them(begun: Begun) -> None:
    command = [sys.executable, str(ROOT / "manage.py"), "create_client"]
    options = ["--name", "X", "--currency", "EUR", "--timezone", "Europe/Paris"]
    both = [
        subprocess.Popen(
            [*command, slug, *options], env=environment(begun.home), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for slug in ("one", "two")
    ]
    said = [process.communicate(timeout=100)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert processes_using(begun.home) == []


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("EMAIL_PORT", "many", "EMAIL_PORT is 'many'; use a whole number from 1 up."),
        ("BROKER_URL", "nonsense", "BROKER_URL is not a broker URL"),
        ("DATABASE_URL", "mysql://x/y", "DATABASE_URL is not a database URL"),
        ("SITE_URL", "http://reports.example.com", "outside this machine the service must be reached by https"),
        ("CREDENTIAL_KEYS", "short", "CREDENTIAL_KEYS holds something that is not a Fernet key"),
        ("DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none", "The database does not answer"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL is 'loud'; use INFO or DEBUG or WARNING or ERROR or CRITICAL."),
        ("SECRET_KEY_FILE", "/no/such/file", "SECRET_KEY_FILE names /no/such/file, which cannot be read"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(tmp_path: Path, name: str, value: str, sentence: str) -> None:
    command = [sys.executable, str(ROOT / "manage.py"), "migrate"]
    done = subprocess.run(command, env=environment(tmp_path) | {name: value}, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_every_package_is_pinned_by_hash_and_no_index_is_named(lock: str) -> None:
    text = (ROOT / lock).read_text()
    packages = [part for part in re.split(r"\n(?=\w)", text) if re.match(r"\w", part)]
    assert packages
    assert [part.split()[0] for part in packages if "==" not in part.split()[0] or "--hash=sha256:" not in part] == []
    assert not re.search(r"https?://|--(extra-)?index-url|--find-links", text)
