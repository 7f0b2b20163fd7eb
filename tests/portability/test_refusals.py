"""An archive that is not exactly as it was exported restores nothing, and the answer says where and why."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import re
import zipfile
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from accounts.models import AuditEvent, Client
from accounts.portability.archive import MANIFEST, Reading, Refused
from accounts.portability.exporting import quiet
from tests.conftest import Cast
from tests.portability.conftest import Stage, contents

Files = dict[str, bytes]
CONNECTIONS = "tables/campaigns_connection.csv"
LEADS = "tables/campaigns_lead.csv"
ORIGINS = "tables/campaigns_origin.csv"


def packed(path: Path, files: Files, *, forged: bool = False) -> Path:
    """Write the files as an archive; `forged`: with a manifest that fits them, as somebody might make it who knows how."""
    if forged:
        manifest = json.loads(files[MANIFEST])
        for name in manifest["files"].keys() - files.keys():
            del manifest["files"][name]
        for name, content in files.items():
            if name != MANIFEST:
                entry = manifest["files"].setdefault(name, {"rows": None})
                entry.update(bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
        files = files | {MANIFEST: json.dumps(manifest).encode()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def refusal(path: Path) -> str:
    """What the command says to an archive it refuses; nothing of it is left."""
    before = footprint()
    with pytest.raises(CommandError) as caught:
        call_command("restore_client", str(path), slug="again")
    assert footprint() == before
    assert "nothing was restored" in str(caught.value)
    return str(caught.value).split("\n", 1)[1]


def footprint() -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_namespace")
        return Client.objects.count(), AuditEvent.objects.count(), cursor.fetchone()


@pytest.fixture
def path(filled_stage: Stage, cast: Cast, tmp_path: Path) -> Path:
    """The archive of a client with everything, who is not there when it is read."""
    path = tmp_path / "archive.zip"
    path.write_bytes(filled_stage.archive)
    return path


class TestDamaged:
    def test_what_is_no_zip(self, cast: Cast, tmp_path: Path) -> None:
        (tmp_path / "x.zip").write_text("a,b\n1,2\n")
        assert refusal(tmp_path / "x.zip") == "This is not a complete archive of a client: File is not a zip file."

    @pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
    def test_what_is_cut_off(self, path: Path, share: float) -> None:
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * share)])
        assert "not a complete archive" in refusal(path)

    def test_a_zip_of_something_else(self, cast: Cast, tmp_path: Path) -> None:
        assert "manifest.json: missing" in refusal(packed(tmp_path / "x.zip", {"photo.jpg": b"x"}))
        strange = {MANIFEST: json.dumps({"product": "other", "format": 1}).encode()}
        assert "an archive of 'other', not of this service" in refusal(packed(tmp_path / "y.zip", strange))

    def test_of_a_newer_version(self, path: Path) -> None:
        files = contents(path)
        files[MANIFEST] = json.dumps({"product": "vigie", "format": 2, "anything": "else"}).encode()
        assert "format 2, of a newer version of this service; this one reads up to 1. Update first." in refusal(packed(path, files))

    def test_any_single_byte(self, path: Path) -> None:
        """Wherever a bit has turned, in the data, the names or the directory."""
        content, random = path.read_bytes(), Random(4)
        for _ in range(60):
            position = random.randrange(len(content))
            turned = content[:position] + bytes([content[position] ^ 0x10]) + content[position + 1 :]
            with contextlib.suppress(Refused):  # else a byte that means nothing, such as a date: what is read is what was exported
                assert Reading(io.BytesIO(turned), quiet).manifest == Reading(io.BytesIO(content), quiet).manifest


class TestEditedByHand:
    def test_a_cell(self, path: Path) -> None:
        files = contents(path)
        files["ads.csv"] = files["ads.csv"].replace(b"410.123456789", b"410.123456780")
        assert refusal(packed(path, files)) == "ads.csv: not as it was exported (its SHA-256 is not that of manifest.json)."

    def test_a_file_more_or_less_or_twice(self, path: Path) -> None:
        files = contents(path)
        assert "notes.txt: not in manifest.json" in refusal(packed(path, files | {"notes.txt": b"hello"}))
        assert "orders.csv: missing" in refusal(packed(path, {name: files[name] for name in files if name != "orders.csv"}))
        packed(path, files)
        with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("client.json", files["client.json"])
        assert refusal(path) == "client.json: stands twice in the archive."

    @pytest.mark.parametrize(
        ("name", "before", "after", "said"),
        [
            (LEADS, b",-4,", b",many,", 'line 2, column score: invalid input syntax for type integer: "many".'),
            (LEADS, b"2026-11-02 09:00:00+00", b"2026-13-02 09:00:00+00", "line 2, column created_at: date/time field value out of range"),
            (ORIGINS, b",email,stated,3", b",magic,stated,3", "line 2, column channel: not a channel."),
            (ORIGINS, b",email,stated,3", b",email,stated,77", "line 2, column campaign_id: refers to 77, which is not in the archive."),
            (LEADS, b"L2,", b"L1,", "Key (connection_id, external_id)=(2, L1) already exists"),
            (
                LEADS,
                b"connection_id,",
                b"connexion_id,",
                "line 1, column connexion_id: unknown to this version of the service. Update first.",
            ),
            (LEADS, b"L3,", b"L3,more,", "line 4: extra data after last expected column"),
            (LEADS, b"L3", b"\xff3", 'line 4: invalid byte sequence for encoding "UTF8"'),
            (CONNECTIONS, b"America/New_York", b"America/Nowhere", "line 4, column timezone: not a time zone."),
            (CONNECTIONS, b",active,", b",ready,", "line 2, column state: not a state of a connection."),
            (CONNECTIONS, b",EUR,", b",EURO,", "line 2, column currency: value too long for type character varying(3)"),
            ("tables/reports_recipient.csv", b",rcpt-one", b"77777,rcpt-one", "line 2, column schedule_id: refers to "),
            ("tables/reports_schedule.csv", b",weekly,1,first", b",weekly,9,first", "reports_schedule_weekday"),
            ("tables/archive_document.csv", b"fr.pdf", b"xx.pdf", "documents/2026-W46/xx.pdf', which is not in the archive"),
            ("tables/kpis_choice.csv", b",margin,", b",colour,", "line 2, column name: not a choice."),
            ("tables/kpis_choice.csv", b"0.35", b"3.5", "row with id 1: margin must be a number from 0 to 1"),
            ("client.json", b"Europe/Paris", b"Europe/Nowhere", "client.json, timezone: “Europe/Nowhere” is not a time zone"),
            ("client.json", b'"EUR"', b'"euro"', "client.json, currency: “euro” is not a currency in use"),
            (
                "client.json",
                b'"language"',
                b'"schema_name": "public", "language"',
                "client.json, schema_name: not to be set by an archive.",
            ),
            ("client.json", b'"language"', b'"motto": "x", "language"', "client.json, motto: unknown to this version of the service."),
            ("client.json", b"{", b"[", "client.json: "),
            ("documents/2026-W46/figures.json", b'"period":"2026-W46"', b'"period":"2026-W45"', "its figures are not those that were sent"),
        ],
    )
    def test_with_a_manifest_that_was_made_to_fit(self, path: Path, name: str, before: bytes, after: bytes, said: str) -> None:
        files = contents(path)
        assert before in files[name]
        files[name] = files[name].replace(before, after, 1)
        reason = refusal(packed(path, files, forged=True))
        assert reason.startswith(name.replace("documents/2026-W46/figures.json", "tables/archive_snapshot.csv"))
        assert said in reason

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"name": "a\0b"}, "name: not a text or a number that the database can hold."),
            ({"name": ["a"]}, "name: not a text or a number that the database can hold."),
            ({"former_slugs": ["a\0b"]}, "former_slugs: Enter a valid “slug”"),
            ({"former_slugs": "ab"}, "former_slugs: not a list of names."),
            ({"language": "zz"}, "language: not a language of this service."),
            ({"language": ""}, "language: not a language of this service."),
            ({"people_key": "00"}, "people_key: not a key of 32 bytes."),
            ({"people_key": "ab" * 1_000_000}, "people_key: not a key of 32 bytes."),
            ({"people_key": 7}, "people_key: not a key of 32 bytes."),
            ({"people_key_sealed": ["a"]}, "people_key_sealed: not a key of 32 bytes."),
            ({"timezone": "../../etc/passwd"}, "timezone: “../../etc/passwd” is not a time zone"),
        ],
        ids=lambda given: "" if isinstance(given, str) else str(given)[:30],
    )
    def test_a_clients_row_that_cannot_be_one_is_named(self, path: Path, changes: dict[str, Any], said: str) -> None:
        files = contents(path)
        files["client.json"] = json.dumps(json.loads(files["client.json"]) | changes).encode()
        assert refusal(packed(path, files, forged=True)).startswith(f"client.json, {said}")

    @pytest.mark.parametrize("depth", [500, 200_000])
    def test_a_clients_row_without_a_bottom(self, path: Path, depth: int) -> None:
        files = contents(path) | {"client.json": b'{"name": ' + b"[" * depth + b"]" * depth + b"}"}
        assert refusal(packed(path, files, forged=True)).startswith("client.json")

    def test_a_row_less_is_counted(self, path: Path) -> None:
        files = contents(path)
        files[LEADS] = b"".join(files[LEADS].splitlines(keepends=True)[:-1])
        assert refusal(packed(path, files, forged=True)) == f"{LEADS}: 2 rows, 3 in the manifest."

    def test_a_missing_column_is_named(self, path: Path) -> None:
        files = contents(path)
        lines = [line.split(b",", 1)[1] for line in files["tables/campaigns_loadedspan.csv"].splitlines(keepends=True)]
        files["tables/campaigns_loadedspan.csv"] = b"".join(lines)
        said = refusal(packed(path, files, forged=True))
        assert said == "tables/campaigns_loadedspan.csv, line 1: the column id is missing."

    def test_a_table_of_a_later_version_is_not_passed_over(self, path: Path) -> None:
        files = contents(path) | {"tables/campaigns_podcast.csv": b"id\n"}
        assert "campaigns_podcast.csv: a table unknown to this version" in refusal(packed(path, files, forged=True))

    def test_a_consent_of_somebody_else_is_not_taken_over(self, path: Path) -> None:
        from accounts.tenancy import inside
        from campaigns.models import Connection

        files = contents(path)
        files[CONNECTIONS] = files[CONNECTIONS].replace(b',"",active', b",1,active").replace(b'"",,active', b'"",1,active')
        call_command("restore_client", str(packed(path, files, forged=True)), slug="again")
        with inside(Client.objects.get(slug="again")):
            assert set(Connection.objects.values_list("credential_id", flat=True)) == {0}

    def test_names_that_lead_out_of_the_archive_write_no_file(self, path: Path, tmp_path: Path) -> None:
        files = contents(path) | {"../../escaped.txt": b"x", "/tmp/escaped-vigie.txt": b"x"}  # noqa: S108
        call_command("restore_client", str(packed(path, files, forged=True)), slug="again")
        assert not list(tmp_path.parent.rglob("escaped*"))
        assert not Path("/tmp/escaped-vigie.txt").exists()  # noqa: S108


class TestMadeToFillADisk:
    def test_zeros(self, path: Path) -> None:
        files = contents(path) | {"zeros": bytes(50_000_000)}
        assert "zeros: unpacks to more than 250 times its size" in refusal(packed(path, files, forged=True))

    def test_a_manifest_of_zeros(self, cast: Cast, tmp_path: Path) -> None:
        assert "manifest.json: unpacks to more than 250 times" in refusal(packed(tmp_path / "x.zip", {MANIFEST: bytes(50_000_000)}))

    def test_entries_that_share_their_bytes(self, cast: Cast, tmp_path: Path) -> None:
        content = bytes(Random(1).randbytes(200_000))
        path = packed(tmp_path / "x.zip", {f"file-{number}.bin": content for number in range(9)} | {MANIFEST: b"{}"})
        raw = path.read_bytes()
        with zipfile.ZipFile(path) as archive:
            [first, *others] = [info.header_offset for info in archive.infolist() if info.filename != MANIFEST]
        for offset in others:  # in the directory, every entry points to the first
            raw = re.sub(re.escape(offset.to_bytes(4, "little") + b"file-"), first.to_bytes(4, "little") + b"file-", raw)
        end = raw.index(b"PK\x05\x06")
        directory = int.from_bytes(raw[end + 16 : end + 20], "little")
        cut = others[-1] - first - 200_000 * 7
        assert cut != directory
        path.write_bytes(raw)
        assert refusal(path)


def test_a_file_that_changes_between_being_verified_and_being_read_is_noticed(path: Path) -> None:
    with path.open("r+b") as file:
        archive = Reading(file, quiet)
        info = archive._infos["client.json"]
        file.seek(info.header_offset + 30 + len(info.filename) + 40)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 1]))
        file.flush()
        with pytest.raises(Refused, match=r"client\.json"):
            archive.content("client.json")


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=some.data())
def test_whatever_is_written_into_a_table_it_is_refused_or_restored_never_anything_else(path: Path, data: some.DataObject) -> None:
    files = contents(path.with_name("kept.zip") if path.with_name("kept.zip").exists() else path.rename(path.with_name("kept.zip")))
    name = data.draw(some.sampled_from(sorted(name for name in files if name.startswith("tables/") or name == "client.json")))
    start = data.draw(some.integers(0, len(files[name])))
    junk = data.draw(some.binary(max_size=12) | some.text(max_size=12).map(str.encode))
    files[name] = files[name][:start] + junk + files[name][start + data.draw(some.integers(0, 20)) :]
    with transaction.atomic():
        with contextlib.suppress(CommandError):
            call_command("restore_client", str(packed(path, files, forged=True)), slug="again", verbosity=0)
        transaction.set_rollback(True)
