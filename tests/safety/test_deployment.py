"""Under the settings of a real service Django has nothing to warn of."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from cryptography.fernet import Fernet
from django.conf import settings

# What the tests themselves run with.
OF_TESTS = ("DEBUG", "LOG_LEVEL", "DJANGO_ALLOW_ASYNC_UNSAFE")


def test_the_check_for_deployment_is_silent(tmp_path: Path) -> None:
    service = {
        "SITE_URL": "https://reports.example.com",
        "SECRET_KEY": "aB3-" * 20 + "xyzXYZ",
        "CREDENTIAL_KEYS": Fernet.generate_key().decode(),
        "VIGIE_HOME": str(tmp_path),
    }
    environment = {name: value for name, value in os.environ.items() if name not in OF_TESTS} | service
    program = (
        "import django; django.setup(); "
        "from django.core.management import call_command; call_command('check', deploy=True, fail_level='WARNING')"
    )
    command = [sys.executable, "-W", "error", "-c", program]
    told = subprocess.run(command, check=False, capture_output=True, text=True, cwd=settings.BASE_DIR, env=environment)
    assert (told.returncode, told.stdout) == (0, "System check identified no issues (0 silenced).\n"), told.stderr
