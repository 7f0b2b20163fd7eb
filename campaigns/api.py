"""The API of imports. Thin: validates, hands over, serialises."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, cast

import msgspec
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.audit import Actor
from accounts.gate import ClientRequest, requires
from campaigns import uploads
from campaigns.imports import BadMapping, Fault, Handover, Mapping, template
from campaigns.imports.kinds import KINDS
from campaigns.models import Upload

# The gate takes it from the URL before the view is called.
CLIENT_SLUG = OpenApiParameter("client_slug", str, OpenApiParameter.PATH, description="The client's short name.")
PAGE = 50
REPLACE = "replace"
PIECE = 2**20


class TooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE

    def __init__(self) -> None:
        super().__init__(uploads.too_large())


class NothingToUndo(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_detail = "Only what was stored, and not undone since, can be undone."


class RawFile(BaseParser):
    """The body is the file; it is read by whoever takes it, in pieces."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        return stream


class CsvFile(RawFile):
    media_type = "text/csv"


class Workbook(RawFile):
    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class AnyFile(RawFile):
    media_type = "application/octet-stream"


class ImportQuerySerializer(serializers.Serializer[Any]):
    """What the file is."""

    kind = serializers.ChoiceField(choices=list(KINDS), help_text="What the file holds; see the templates.")
    name = serializers.CharField(
        required=False, max_length=255, help_text="What to call the file; default: the name it is sent under, else `import`."
    )
    mapping = serializers.CharField(
        required=False,
        help_text="How the file's columns become ours, as JSON: the member `mapping` of an earlier import. "
        "Without it the file is in the canonical format of its template.",
    )
    handover = serializers.CharField(
        required=False,
        help_text="For an account that is also read from its API: the last day (YYYY-MM-DD) that files tell, "
        "or `replace`: they tell the days of this file. Asked for by the fault `FED_BY_ITS_API`.",
    )

    def validate_mapping(self, value: str) -> Mapping:
        try:
            return Mapping.from_json(uploads.storable(msgspec.json.decode(value)))
        except (BadMapping, msgspec.DecodeError, RecursionError) as error:
            raise serializers.ValidationError(f"Not a mapping: {error}") from None

    def validate_handover(self, value: str) -> Handover:
        if value == REPLACE:
            return Handover()
        return Handover(serializers.DateField().run_validation(value))


class FaultSerializer(serializers.Serializer[Any]):
    line = serializers.IntegerField(help_text="Of the file; 1 is its first. 0: of no line.")
    column = serializers.CharField(help_text="As the file calls it; empty where the line as a whole is wrong.")
    value = serializers.CharField()
    reason = serializers.CharField(help_text="A sentence, in the language asked for.")
    code = serializers.CharField(help_text="The reason for programs.")


class ImportSerializer(serializers.ModelSerializer[Upload]):
    name = serializers.CharField(source="file_name")
    faults = serializers.SerializerMethodField()

    class Meta:
        model = Upload
        fields = [
            "id", "kind", "name", "size", "state", "rows", "inserted", "updated", "since", "until", "mapping", "faults", "made_by",
            "created_at", "finished_at", "undone_by",
        ]  # fmt: skip

    def get_faults(self, upload: Upload) -> list[dict[str, Any]]:
        return [fault_data(fault) for fault in uploads.faults_of(upload)]

    get_faults.__annotations__["return"] = FaultSerializer(many=True)


class ImportListSerializer(serializers.Serializer[Any]):
    results = ImportSerializer(many=True)
    next = serializers.URLField(allow_null=True, help_text="The page with older ones, or null.")


class RefusalSerializer(serializers.Serializer[Any]):
    """Of a file. Where a parameter is wrong there is none of these, but its name with why."""

    detail = serializers.CharField(required=False)
    import_id = serializers.IntegerField(required=False, help_text="Of the refused import, which is listed for a week.")
    faults = FaultSerializer(many=True, required=False)


class DetailSerializer(serializers.Serializer[Any]):
    detail = serializers.CharField()


class MultipartSerializer(serializers.Serializer[Any]):
    file = serializers.FileField()


STORED = {
    "id": 12, "kind": "orders", "name": "orders-2026-11.csv", "size": 48210, "state": "stored", "rows": 812, "inserted": 790, "updated": 4,
    "since": "2026-11-01", "until": "2026-11-15", "mapping": {}, "faults": [], "made_by": "API: warehouse …x7Qa",
    "created_at": "2026-11-16T06:00:02Z", "finished_at": "2026-11-16T06:00:03Z", "undone_by": "",
}  # fmt: skip
REFUSED = {
    "detail": "The file is refused and nothing of it was stored.",
    "import_id": 13,
    "faults": [{"line": 3, "column": "amount", "value": "12,50", "reason": "not a number; use digits and a decimal point, such as 1234.56",
                "code": "NOT_A_NUMBER"}],
}  # fmt: skip
ORDERS = "order_id,ordered_at,amount,channel\nO-1,2026-11-09T14:30:00,80.10,email\n"


def fault_data(fault: Fault) -> dict[str, Any]:
    return {"line": fault.line, "column": fault.column, "value": fault.value, "reason": fault.why(_), "code": fault.reason.name}


@requires("import.view", "import.manage")
class ImportsView(APIView):
    parser_classes = [MultiPartParser, CsvFile, Workbook, AnyFile]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        # Before anything of it is read, which asking a session for its token does.
        if (_number(request._request.META.get("CONTENT_LENGTH")) or 0) > settings.IMPORT_MAX_BYTES + PIECE:
            raise TooLarge
        super().initial(request, *args, **kwargs)

    @extend_schema(
        operation_id="client_imports",
        summary="Imported files, the newest first",
        parameters=[CLIENT_SLUG, OpenApiParameter("before", int, description="Only imports older than the one with this id.")],
        responses=ImportListSerializer,
        examples=[OpenApiExample("One import", {"results": [STORED], "next": None}, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        found = Upload.objects.order_by("-pk")
        if before := _number(request.query_params.get("before")):
            found = found.filter(pk__lt=before)
        page = list(found[: PAGE + 1])
        client = cast("ClientRequest", request._request).client
        following = f"{reverse('api_imports', args=[client.slug])}?before={page[PAGE - 1].pk}" if len(page) > PAGE else None
        return Response(
            {
                "results": ImportSerializer(page[:PAGE], many=True).data,
                "next": request.build_absolute_uri(following) if following else None,
            }
        )

    @extend_schema(
        operation_id="client_import",
        summary="Import a file",
        description=(
            "The file is the body, or the part `file` of a form. It is read whole and stored whole: one wrong row refuses all of it. "
            "Rows whose key exists replace what is stored, so that the same file may be sent again. The answer comes when it is stored."
        ),
        parameters=[CLIENT_SLUG, ImportQuerySerializer],
        request={
            "text/csv": OpenApiTypes.STR,
            "multipart/form-data": MultipartSerializer,
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": OpenApiTypes.BINARY,
            "application/octet-stream": OpenApiTypes.BINARY,
        },
        responses={
            201: ImportSerializer,
            400: OpenApiResponse(RefusalSerializer, description="The file is refused, or a parameter is wrong: then its name and why."),
            413: OpenApiResponse(DetailSerializer, description="The file is too large."),
            415: OpenApiResponse(DetailSerializer, description="The content type is none of a file."),
        },
        examples=[
            OpenApiExample("Orders", ORDERS, request_only=True, media_type="text/csv"),
            OpenApiExample("Stored", STORED, response_only=True, status_codes=["201"]),
            OpenApiExample("Refused", REFUSED, response_only=True, status_codes=["400"]),
        ],
    )
    def post(self, request: Request) -> Response:
        sent = request.data
        asked = ImportQuerySerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        wish = asked.validated_data
        pieces, name = _file(sent)
        client = cast("ClientRequest", request._request).client
        try:
            with uploads.spooled(pieces) as path:
                if not path.stat().st_size:
                    raise ValidationError({"file": [_("This file is empty.")]})
                by, called = Actor.of(request._request), wish.get("name") or name
                upload = uploads.store_now(client, wish["kind"], path, called, by, wish.get("mapping"), wish.get("handover"))
        except uploads.TooLarge:
            raise TooLarge from None
        if upload.state == Upload.State.REFUSED:
            faults = [fault_data(fault) for fault in uploads.faults_of(upload)]
            said = _("The file is refused and nothing of it was stored.")
            return Response({"detail": said, "import_id": upload.pk, "faults": faults}, status=status.HTTP_400_BAD_REQUEST)
        address = reverse("api_import", args=[client.slug, upload.pk])
        return Response(ImportSerializer(upload).data, status=status.HTTP_201_CREATED, headers={"Location": address})


@requires("import.view")
class ImportView(APIView):
    @extend_schema(
        operation_id="client_import_read",
        summary="One import",
        parameters=[CLIENT_SLUG],
        responses={200: ImportSerializer, 404: DetailSerializer},
        examples=[OpenApiExample("Stored", STORED, response_only=True, status_codes=["200"])],
    )
    def get(self, request: Request, upload_id: int) -> Response:
        return Response(ImportSerializer(get_object_or_404(Upload, pk=upload_id)).data)


@requires("import.view", "import.manage")
class UndoView(APIView):
    @extend_schema(
        operation_id="client_import_undo",
        summary="Take an import back",
        description="Rows it added go; rows it changed are again as they were, unless a later import changed them.",
        parameters=[CLIENT_SLUG],
        request=None,
        responses={200: ImportSerializer, 404: DetailSerializer, 409: OpenApiResponse(DetailSerializer, description="It is not stored.")},
        examples=[OpenApiExample("Undone", STORED | {"state": "undone", "undone_by": "ana@lumen.example"}, response_only=True,
                                 status_codes=["200"])],
    )  # fmt: skip
    def post(self, request: Request, upload_id: int) -> Response:
        upload = get_object_or_404(Upload, pk=upload_id)
        try:
            uploads.take_back(cast("ClientRequest", request._request).client, upload, Actor.of(request._request))
        except uploads.NotStored:
            raise NothingToUndo from None
        upload.refresh_from_db()
        return Response(ImportSerializer(upload).data)


@requires("import.view")
class TemplateView(APIView):
    @extend_schema(
        operation_id="client_import_template",
        summary="The columns of a kind of file, with one example row",
        parameters=[CLIENT_SLUG, OpenApiParameter("kind", str, OpenApiParameter.PATH, enum=list(KINDS))],
        responses={(200, "text/csv"): OpenApiTypes.STR, 404: DetailSerializer},
    )
    def get(self, request: Request, kind: str) -> HttpResponse:
        return template_file(kind)


def template_file(kind: str) -> HttpResponse:
    """A download; 404 for what is no kind."""
    if kind not in KINDS:
        raise Http404
    disposition = content_disposition_header(as_attachment=True, filename=f"{kind}.csv")
    return HttpResponse(template(KINDS[kind]), content_type="text/csv; charset=utf-8", headers={"Content-Disposition": disposition or ""})


def _file(sent: Any) -> tuple[Iterator[bytes], str]:
    """The file's pieces and its name, from a form or as the body itself."""
    if not hasattr(sent, "getlist"):
        # Of an empty body the parser is not asked.
        return iter(lambda: sent.read(PIECE) if sent else b"", b""), ""
    file = sent.get("file")
    if not isinstance(file, UploadedFile):
        raise ValidationError({"file": ["Send the file as the part `file` of the form, or as the body."]})
    return iter(file.chunks(PIECE)), file.name or ""


def _number(text: str | None) -> int | None:
    with suppress(ValueError):
        found = int(text or "")
        return found if 0 < found < 2**63 else None
    return None
