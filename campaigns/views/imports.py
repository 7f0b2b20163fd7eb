"""Pages of imports: give a file, say what its columns are, see what it would change, store it, take it back."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.audit import Actor
from accounts.forms import Confirmation, carried_out, posted
from accounts.gate import ClientRequest, requires
from campaigns import uploads
from campaigns.api import template_file
from campaigns.import_forms import FileForm, MappingForm
from campaigns.import_shown import history, kinds, outcome, shown_preview
from campaigns.models import Upload

page = require_http_methods(["GET", "HEAD", "POST"])
# What a form adds to its file.
FORM_BYTES = 2**20


@requires("import.view", "import.manage")
@csrf_exempt
@never_cache
@page
def imports(request: ClientRequest) -> HttpResponse:
    """What was imported, and the form for the next file.

    Whether the form is ours is asked after the gate, for that reads the file: nobody fills our disk who may not.
    """
    if request.method == "POST" and _length(request) > settings.IMPORT_MAX_BYTES + FORM_BYTES:
        form = FileForm({})
        form.errors.clear()
        form.add_error("file", uploads.too_large())
        return _list(request, form, status=413)
    return _imports(request)


@csrf_protect
def _imports(request: ClientRequest) -> HttpResponse:
    form = FileForm(posted(request), request.FILES if request.method == "POST" else None)
    received: list[Upload] = []
    if form.is_valid() and carried_out(form, lambda: received.append(_receive(request, form))):
        return redirect("import_file", request.client.slug, received[0].pk)
    return _list(request, form)


def _receive(request: ClientRequest, form: FileForm) -> Upload:
    file = form.cleaned_data["file"]
    try:
        with uploads.spooled(file.chunks(uploads.PIECE)) as path:
            return uploads.receive(request.client, path, file.name or "", Actor.of(request), form.cleaned_data["kind"])
    except uploads.TooLarge:
        raise ValidationError({"file": uploads.too_large()}) from None


def _length(request: ClientRequest) -> int:
    said = request.META.get("CONTENT_LENGTH") or ""
    return int(said) if said.isdecimal() else 0


def _list(request: ClientRequest, form: FileForm, status: int = 200) -> HttpResponse:
    before = request.GET.get("before", "")
    lines, following = history(request.client, int(before) if before.isdecimal() and len(before) < 19 else 0)
    context = {
        "form": form,
        "lines": lines,
        "older": following,
        "is_later": bool(before),
        "kinds": kinds(),
        "may_import": "import.manage" in request.permissions,
        "most_bytes": settings.IMPORT_MAX_BYTES,
        "too_large": uploads.too_large(),
    }
    return render(request, "campaigns/imports.html", context, status=status)


@requires("import.view", "import.manage")
@never_cache
@page
def import_file(request: ClientRequest, upload_id: int) -> HttpResponse:
    """One file: as it waits for a person's yes, while it is stored, and what came of it."""
    upload = get_object_or_404(Upload, pk=upload_id)
    if request.method == "POST":
        return _decide(request, upload)
    return _show(request, upload, MappingForm(upload=upload))


def _decide(request: ClientRequest, upload: Upload) -> HttpResponse:
    form = MappingForm(request.POST, upload=upload)
    asked = request.POST.get("do", "")
    try:
        if _asks_to_look_anew(upload, request):
            uploads.propose_as(request.client, upload, _known(form, "kind"), _known(form, "sheet"))
        elif not form.is_valid():
            return _show(request, upload, form)
        elif asked == "store" and _is_as_looked_at(upload, form):
            uploads.ask_to_store(request.client, upload, Actor.of(request))
        else:
            uploads.map_as(request.client, upload, form.mapped, form.handover)
            if asked == "store":
                messages.info(request, _("Something was changed since the file was read. Look at the result once more, then store it."))
    except ValidationError as problem:
        messages.error(request, " ".join(problem.messages))
    except uploads.Gone:
        messages.error(request, _("The file itself is not kept any more. Upload it again."))
    except uploads.NotOpen:
        messages.info(request, _("This file is not waiting for a decision any more."))
    return redirect("import_file", request.client.slug, upload.pk)


def _asks_to_look_anew(upload: Upload, request: ClientRequest) -> bool:
    """Another kind has other columns, and another sheet another header."""
    sheet = upload.mapping.get("sheet", "")
    return request.POST.get("kind", "") != upload.kind or request.POST.get("sheet", sheet) != sheet


def _known(form: MappingForm, name: str) -> str:
    """A choice as far as it was offered: what else is wrong with the form does not matter to it."""
    form.is_valid()
    return str(form.cleaned_data.get(name, ""))


def _is_as_looked_at(upload: Upload, form: MappingForm) -> bool:
    return uploads.is_sound(upload) and form.mapped == form.mapping and form.handover == uploads.handover_of(upload)


def _show(request: ClientRequest, upload: Upload, form: MappingForm) -> HttpResponse:
    context: dict[str, Any] = {"upload": upload, "may_import": "import.manage" in request.permissions} | outcome(upload)
    if upload.state in uploads.OPEN and upload.found:
        context |= {"form": form, "preview": shown_preview(upload, form), "is_sound": uploads.is_sound(upload) and not form.errors}
        return render(request, "campaigns/import_open.html", context)
    return render(request, "campaigns/import_file.html", context)


@requires("import.manage", "import.manage")
@page
def undo(request: ClientRequest, upload_id: int) -> HttpResponse:
    """Ask, then take an import back."""
    upload = get_object_or_404(Upload, pk=upload_id, state=Upload.State.STORED)
    form = Confirmation(posted(request))
    if form.is_valid():
        try:
            uploads.take_back(request.client, upload, Actor.of(request))
        except uploads.NotStored:
            messages.info(request, _("This import was undone already."))
        else:
            messages.success(request, _("The import of %(name)s is undone.") % {"name": upload.file_name})
        return redirect("import_file", request.client.slug, upload.pk)
    return render(request, "campaigns/import_undo.html", {"form": form, "upload": upload} | outcome(upload))


@requires("import.manage", "import.manage")
@require_POST
def throw_away(request: ClientRequest, upload_id: int) -> HttpResponse:
    upload = get_object_or_404(Upload, pk=upload_id)
    try:
        uploads.throw_away(upload)
    except uploads.NotOpen:
        messages.info(request, _("This file is not waiting for a decision any more."))
        return redirect("import_file", request.client.slug, upload.pk)
    messages.success(request, _("%(name)s is thrown away; nothing of it was stored.") % {"name": upload.file_name})
    return redirect("imports", request.client.slug)


@requires("import.view")
@require_safe
def template(request: ClientRequest, kind: str) -> HttpResponse:
    return template_file(kind)
