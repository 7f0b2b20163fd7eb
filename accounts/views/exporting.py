from __future__ import annotations

import tempfile
from pathlib import Path

from django.conf import settings
from django.http import FileResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.audit import Actor
from accounts.gate import ClientRequest, requires
from accounts.portability.exporting import export


@requires("client.export", "client.export")
@require_POST
def export_client(request: ClientRequest) -> FileResponse:
    """Everything of the client in one file. By POST, so that nothing fetches it ahead of a person.

    It is made whole before the answer begins, in a nameless file: gone with the answer, however that ends.
    """
    folder = Path(settings.HOME) / "spool"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = tempfile.TemporaryFile("w+b", dir=folder)  # noqa: SIM115 - closed with the response
    try:
        export(request.client, file, Actor.of(request))
    except BaseException:
        file.close()
        raise
    file.seek(0)
    today = timezone.now().astimezone(request.client.zone).date()
    name = f"{request.client.slug}-{today}.zip"
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip", headers={"Cache-Control": "no-store"})
