#!/usr/bin/env python3
"""The one door for people and machines: `python3 manage.py demo`, `python3 manage.py test`, or any Django command.

Needs nothing but Python: the first call builds `.venv` from the lock and goes on inside it.
"""

import os
import sys

if sys.version_info < (3, 11):  # noqa: UP036 - the sentence below is for whoever runs an older Python
    sys.exit(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}. Install it, then run the same command with it.")

from config import bootstrap


def main(argv: list[str]) -> int:
    bootstrap.enter(argv)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from config import commandline

    return commandline.run(argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv))
