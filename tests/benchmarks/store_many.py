"""Store many rows in a process of its own, and say how much memory it took: `python -m tests.benchmarks.store_many ads 1000000`."""

from __future__ import annotations

import sys
from pathlib import Path

import django
from django.db import transaction


def main(name: str, count: int) -> None:
    """Prints the rows stored, and the megabytes held at most before and after."""
    django.setup()
    from accounts.models import Client
    from accounts.tenancy import inside
    from campaigns.models import Connection
    from campaigns.spool import Spool
    from campaigns.sync import store
    from tests.benchmarks.shapes import SHAPES

    shape, client = SHAPES[name], Client.objects.get(slug="lumen")
    before = peak()
    with inside(client), Spool() as spool:
        source = Connection.objects.create(source=shape.source, account="1", currency="EUR", timezone="Europe/Paris")
        for record in shape.pull(count, 0):
            spool.write(record)
        with transaction.atomic():
            store(client, source, spool, window=shape.window)
        print(shape.model._default_manager.count(), before, peak())


def peak() -> int:
    """Not by getrusage, which goes on from the process that started this one."""
    [most] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(most.split()[1]) // 1024


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
