"""A file kept, stored by a worker or at once, taken back, thrown away, forgotten."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.audit import OPERATOR, Actor
from accounts.models import Client, User
from campaigns.imports import Handover, Loaded, Mapping, Refusal, load
from campaigns.imports.files import Unreadable
from campaigns.imports.kinds import KINDS
from campaigns.models import SavedMapping, Upload, UploadPart
from campaigns.undoing import undo
from campaigns.uploads.looking import OPEN, Effect, NotOpen, check, handover_json, handover_of, take, why
from campaigns.uploads.pieces import keep, materialised, plain_name, storable
from jobs import queue

STORE, FORGET = "campaigns.import", "campaigns.forget_upload"
KEPT = timedelta(days=7)
# Of one client: more are a program run wild, or forgotten.
MOST_WAITING = 50
WAITING = (*OPEN, Upload.State.CHECKING, Upload.State.QUEUED)


def receive(client: Client, path: Path, name: str, by: Actor, kind: str = "") -> Upload:
    """Keep a file and what it looks like, of one kind if that is known. Raises `ValidationError` if it cannot be taken."""
    if not path.stat().st_size:
        raise ValidationError({"file": _("This file is empty.")})
    if Upload.objects.filter(state__in=WAITING, parts__isnull=False).distinct().count() >= MOST_WAITING:
        raise ValidationError(_("Too many files wait already. Store or throw away some of them first."))
    upload = Upload(kind=kind, file_name=plain_name(name), size=path.stat().st_size, made_by=by.label)
    try:
        take(upload, path)
    except Unreadable as problem:
        raise ValidationError({"file": why(problem)}) from None
    with transaction.atomic():
        upload.save(force_insert=True)
        keep(upload, path)
        queue.enqueue(FORGET, client_id=client.pk, key=str(upload.pk), arguments={"upload_id": upload.pk}, run_at=timezone.now() + KEPT)
    check(client, upload)
    return upload


def is_sound(upload: Upload) -> bool:
    """Whether the file was looked at as it is mapped now, and would be stored."""
    return upload.state == Upload.State.RECEIVED and upload.preview is not None and not upload.preview["faults"]


def ask_to_store(client: Client, upload: Upload, by: Actor) -> None:
    """Have a worker store the file as it was looked at. Raises `NotOpen`."""
    with transaction.atomic():
        kept = Upload.objects.select_for_update().filter(pk=upload.pk).first()
        if kept is None or not is_sound(kept):
            raise NotOpen
        Upload.objects.filter(pk=kept.pk).update(state=Upload.State.QUEUED, problem="")
        arguments = {"upload_id": kept.pk, "by": {"label": by.label, "user_id": by.user.pk if by.user else None, "address": by.address}}
        queue.enqueue(STORE, client_id=client.pk, key=str(kept.pk), arguments=arguments)
    upload.state = Upload.State.QUEUED


def store_asked(client: Client, upload_id: int, by: dict[str, Any], effect: Effect) -> None:
    """What `ask_to_store` left to a worker. Refused whole or stored whole. Raises `Gone`."""
    upload = Upload.objects.filter(pk=upload_id, state=Upload.State.QUEUED).first()
    if upload is None:
        return
    mapping = Mapping.from_json(upload.mapping)
    actor = Actor(by["label"], User.objects.filter(pk=by["user_id"] or 0).first(), by["address"])
    with materialised(upload) as path, effect():
        if not Upload.objects.select_for_update().filter(pk=upload_id, state=Upload.State.QUEUED).exists():
            return
        try:
            load(client, KINDS[upload.kind], path, mapping, upload, handover_of(upload))
        except Refusal:
            return  # its faults are on the upload; the file stays, to be mapped anew
        _remember(upload, mapping)
        _record(client, upload, actor)
        _clear(upload)


def store_now(
    client: Client, kind: str, path: Path, name: str, by: Actor, mapping: Mapping | None = None, handover: Handover | None = None
) -> Upload:
    """Store a file while whoever sent it waits; the upload, stored or refused with its faults. The file itself is not kept."""
    upload = Upload(kind=kind, file_name=plain_name(name), size=path.stat().st_size, made_by=by.label, state=Upload.State.QUEUED)
    upload.mapping, upload.handover = storable(mapping.as_json()) if mapping else {}, handover_json(handover)
    with transaction.atomic():
        upload.save(force_insert=True)
        try:
            load(client, KINDS[kind], path, mapping, upload, handover)
        except Refusal:
            # Of one that stored nothing, what was wrong is kept for a while.
            run_at = timezone.now() + KEPT
            queue.enqueue(FORGET, client_id=client.pk, key=str(upload.pk), arguments={"upload_id": upload.pk}, run_at=run_at)
        else:
            _record(client, upload, by)
    return Upload.objects.get(pk=upload.pk)


def store_by_command(client: Client, kind: str, path: Path, mapping: Mapping | None, handover: Handover | None) -> Loaded:
    """Store a file that lies on the server. Raises `Refusal`; then nothing of it is kept."""
    with transaction.atomic():
        upload = Upload(file_name=plain_name(path.name), size=path.stat().st_size, made_by=OPERATOR.label)
        loaded = load(client, KINDS[kind], path, mapping, upload, handover)
        _record(client, upload, OPERATOR)
    return loaded


def _remember(upload: Upload, mapping: Mapping) -> None:
    """For the next file with the same header."""
    if header := upload.found.get("digest"):
        kept = {"mapping": storable(mapping.as_json()), "made_by": upload.made_by}
        SavedMapping.objects.update_or_create(kind=upload.kind, header=header, defaults=kept)


def _record(client: Client, upload: Upload, by: Actor) -> None:
    audit.record("import.stored", by, organisation=client, file=upload.file_name, rows=upload.rows)


def _clear(upload: Upload) -> None:
    """What was kept for a person to decide, and may be personal, goes."""
    upload.parts.all().delete()
    Upload.objects.filter(pk=upload.pk).update(found={}, preview=None)


def give_back(upload_id: int, problem: str) -> None:
    """A worker could not do its part: a person decides again."""
    waiting = Upload.objects.filter(pk=upload_id, state__in=[Upload.State.QUEUED, Upload.State.CHECKING])
    waiting.update(state=Upload.State.RECEIVED, problem=problem)


def take_back(client: Client, upload: Upload, by: Actor) -> None:
    """Undo an import. Raises `undoing.NotStored`."""
    with transaction.atomic():
        undo(client, upload)
        Upload.objects.filter(pk=upload.pk).update(undone_by=by.label)
        audit.record("import.undone", by, organisation=client, file=upload.file_name)
        _clear(upload)


def throw_away(upload: Upload) -> None:
    """Forget a file that was not stored. Raises `NotOpen`."""
    deleted, _rows = Upload.objects.filter(pk=upload.pk, state__in=[*OPEN, Upload.State.CHECKING]).delete()
    if not deleted:
        raise NotOpen


def forget(upload_id: int) -> None:
    """After a week: a file that was never stored, or what is left of one that was."""
    Upload.objects.filter(pk=upload_id, state__in=WAITING).delete()
    UploadPart.objects.filter(upload_id=upload_id).delete()
