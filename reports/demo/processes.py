"""The processes of a running installation, as children of the demo: worker, beat and web."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError

FIRST_PORT, LAST_PORT = 8000, 8100
PR_SET_PDEATHSIG = 1


class Port:
    """A port of the loopback interface, kept for this demo while the block runs: another one passes it by.

    The web server binds it only later, and with an option that lets two of them share it in silence.
    """

    def __init__(self, wanted: int | None) -> None:
        self.guard = socket.socket(socket.AF_UNIX)
        self.number = self._take([wanted] if wanted else list(range(FIRST_PORT, LAST_PORT)))

    def __enter__(self) -> Port:
        return self

    def __exit__(self, *error: object) -> None:
        self.guard.close()

    def _take(self, candidates: list[int]) -> int:
        for port in candidates:
            with contextlib.suppress(OSError):
                self._reserve(port)
                return port
        self.guard.close()
        if len(candidates) == 1:
            raise CommandError(f"Port {candidates[0]} is taken; choose another with --port, or none to get a free one.")
        raise CommandError(f"No port from {FIRST_PORT} to {LAST_PORT - 1} is free; stop what listens there, or choose one with --port.")

    def _reserve(self, port: int) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
        if sys.platform == "linux":
            self.guard.bind(f"\0vigie-demo-{port}")  # vanishes with this process, however it ends


class Processes:
    """Children whose output goes to one log file each; all end with this process."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        logs.mkdir(parents=True, exist_ok=True)
        self.children: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *arguments: str) -> None:
        with (self.logs / f"{name}.log").open("ab") as log:
            self.children[name] = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                cwd=settings.BASE_DIR,
                env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches the demo alone, which then ends them in order
                preexec_fn=_die_with_parent,
            )

    def check(self) -> None:
        """Raise `CommandError` with the end of its log when a child has ended."""
        for name, child in self.children.items():
            if child.poll() is not None:
                log = self.logs / f"{name}.log"
                tail = "\n  ".join(log.read_text(errors="replace").strip().splitlines()[-8:])
                raise CommandError(f"The {name} process stopped:\n  {tail}\nThe whole log is {log}.")

    def wait_for(self, url: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not _answers(url):
            self.check()
            if time.monotonic() > deadline:
                raise CommandError(f"{url} did not answer within {seconds:.0f} s; see the logs in {self.logs}.")
            time.sleep(0.1)

    def stop(self) -> None:
        for child in self.children.values():
            child.terminate()
        deadline = time.monotonic() + 10
        for child in self.children.values():
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)
                child.wait()


@contextlib.contextmanager
def running(logs: Path, port: int) -> Iterator[Processes]:
    """Workers, beat and web on `port` of the loopback interface, until the block ends."""
    processes = Processes(logs)
    try:
        schedule = str(logs / "beat-schedule")
        for name, queues, concurrency in (("worker", "tick,work", 2), ("puller", "pulls", 2)):
            processes.start(
                name, "celery", "-A", "config", "worker", "--hostname", f"{name}@%h", "--queues", queues,
                "--concurrency", str(concurrency), "--without-mingle", "--without-gossip", "--loglevel", "INFO",
            )  # fmt: skip
        processes.start("beat", "celery", "-A", "config", "beat", "--loglevel", "WARNING", "--schedule", schedule, "--pidfile", "")
        processes.start(
            "web", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--blocking-threads", "4",
            "config.wsgi:application",
        )  # fmt: skip
        yield processes
    finally:
        processes.stop()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def _die_with_parent() -> None:
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
