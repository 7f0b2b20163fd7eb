"""A client leaves in one file and comes back with the same figures, the same documents, and nothing that runs by itself."""

from __future__ import annotations

import csv
import io
import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client as Browser
from django.utils import timezone

from accounts import closing, services
from accounts.audit import OPERATOR, events_of, sentence
from accounts.models import AuditEvent, Client, User
from accounts.tenancy import inside, outside
from campaigns.consents import REMOVED
from campaigns.exports import RECONNECT
from campaigns.models import AdConversion, AdDay, Connection, DirtyDay, Lead, Order, Pull
from jobs import queue, registry, worker
from jobs.models import Job
from kpis import recompute
from reports import headlines, scheduling
from reports.archive.models import Document, Snapshot
from reports.exports import LEFT_BEHIND
from reports.models import Delivery, Recipient, Run, Schedule
from tests.conftest import Cast, LoadText
from tests.portability.conftest import WEEK, Export, Filled, Stage, everything_of, restored, without_access
from tests.threads import PATIENCE, in_thread

FIELDS_OF_FACTS: dict[Any, list[str]] = {
    AdDay: ["connection__source", "day", "campaign__name", "impressions", "clicks", "spend_nano"],
    AdConversion: ["connection__source", "day", "campaign__name", "conversions_millionths", "value_nano"],
    Lead: ["external_id", "created_at", "day", "origin__stated", "origin__campaign__name", "landing_page", "score", "mql_at", "value_nano"],
    Order: ["external_id", "ordered_at", "day", "kind", "amount_nano", "tax_nano", "margin_nano", "customer_ref", "refund_of", "product"],
}


def schema_rows(client: Client) -> dict[str, list[str]]:
    """Every row of every table in the client's schema, but for when its migrations were run."""
    found = {}
    with inside(client), connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = %s", [client.schema_name])
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT rows::text FROM {client.schema_name}.{table} AS rows ORDER BY 1")
            found[table] = [row for (row,) in cursor.fetchall()]
    found.pop("django_migrations")
    return found


def documents(client: Client) -> list[tuple[Any, ...]]:
    with inside(client):
        kept = Document.objects.order_by("snapshot__pk", "language", "kind").values_list("snapshot__sha256", "language", "kind", "content")
        return [(*rest, bytes(content)) for *rest, content in kept]


def ledger(client: Client) -> list[tuple[Any, ...]]:
    found = Delivery.objects.filter(run__schedule__client=client).order_by("pk")
    return list(found.values_list("run__period", "recipient__email", "language", "state", "error", "sent_at"))


class TestFigures:
    def test_every_figure_and_every_report_is_the_same(self, filled: Filled, again: Client) -> None:
        assert without_access(everything_of(again)) == without_access(everything_of(filled.client))

    def test_every_row_of_the_schema_is_the_same_but_for_consents_and_runs(self, filled: Filled, again: Client) -> None:
        before, after = schema_rows(filled.client), schema_rows(again)
        changed = {table for table in before if before[table] != after[table]}
        assert changed == {"campaigns_connection", "archive_snapshot"}
        assert before.keys() == after.keys()

    def test_what_had_changed_and_was_not_summed_yet_is_summed(self, filled: Filled, export: Export, load_text: LoadText) -> None:
        with inside(filled.client):
            load_text(filled.client, "orders", "order_id,ordered_at,amount\nNEW,2026-11-10T10:00:00,77\n")
            assert DirtyDay.objects.exists()
        again = restored(export())
        with inside(again):
            assert not DirtyDay.objects.exists()
            number = recompute.data_version()
        with inside(filled.client):
            recompute.catch_up(filled.client)
            assert number == recompute.data_version()
        assert without_access(everything_of(again)) == without_access(everything_of(filled.client))

    def test_a_restored_client_goes_on(self, filled: Filled, again: Client, load_text: LoadText) -> None:
        """The next file, a restatement, a new campaign, a new pull: nothing collides with what came back."""
        for client in (filled.client, again):
            with inside(client):
                load_text(
                    client, "orders", "order_id,ordered_at,amount,campaign\nO1,2026-11-02T10:00:00,950,@Lamps\nO9,2026-11-16,1,Fresh\n"
                )
                load_text(client, "leads", "lead_id,created_at,email\nL9,2026-11-16T10:00:00,ana@leads.example\n")
                recompute.catch_up(client)
        assert without_access(everything_of(again)) == without_access(everything_of(filled.client))
        with inside(again):
            assert Lead.objects.get(external_id="L1").email_hash == Lead.objects.get(external_id="L9").email_hash != ""

    def test_a_client_of_nothing_comes_back_too(self, cast: Cast, export: Export) -> None:
        again = restored(export("autre"))
        assert (again.name, again.currency, again.timezone) == ("Autre", "EUR", "Europe/Paris")
        assert everything_of(again)


class TestImportFormats:
    @pytest.mark.parametrize("kind", ["ads", "leads", "orders"])
    def test_each_file_can_be_imported_as_it_is_and_gives_the_facts_back(
        self, filled: Filled, archive: dict[str, bytes], tmp_path: Path, kind: str
    ) -> None:
        path = tmp_path / f"{kind}.csv"
        path.write_bytes(archive[path.name])
        services.create_client("fresh", name="Fresh", currency="EUR", timezone="Europe/Paris")
        call_command("import_file", "fresh", kind, str(path))
        fresh = Client.objects.get(slug="fresh")
        models: dict[str, list[Any]] = {"ads": [AdDay, AdConversion], "leads": [Lead], "orders": [Order]}
        for model in models[kind]:
            assert self.facts(fresh, model) == self.facts(filled.client, model)

    def facts(self, client: Client, model: Any) -> list[tuple[Any, ...]]:
        own_totals = {"action": ""} if model is AdConversion else {}
        with inside(client):
            rows = [tuple(row) for row in model.objects.filter(**own_totals).values_list(*FIELDS_OF_FACTS[model])]
        # The one thing an import changes: signs that cannot be seen become spaces.
        return sorted((tuple(str(cell).replace("\u202f", " ") for cell in row) for row in rows), key=str)

    def test_money_has_all_its_digits_and_no_more(self, archive: dict[str, bytes]) -> None:
        rows = list(csv.DictReader(io.StringIO(archive["ads.csv"].decode())))
        assert {"9223372036.854775807", "0.000000001", "410.123456789"} <= {row["spend"] for row in rows}

    def test_cells_that_a_spreadsheet_would_compute_are_left_as_they_are_and_the_reader_is_told(self, archive: dict[str, bytes]) -> None:
        assert b'"=Brand, ""\xc3\xa9t\xc3\xa9"""' in archive["ads.csv"]
        told = archive["README.txt"].decode()
        assert "import them as text" in told
        assert "importez-les comme du texte" in told


class TestDocuments:
    def test_what_was_sent_comes_back_byte_for_byte(self, filled: Filled, again: Client) -> None:
        before = documents(filled.client)
        assert len(before) == 16
        assert documents(again) == before

    def test_documents_are_files_that_a_person_can_open(self, archive: dict[str, bytes]) -> None:
        assert archive[f"documents/{WEEK}/fr.pdf"].startswith(b"%PDF")
        assert json.loads(archive[f"documents/{WEEK}/figures.json"])["period"] == WEEK
        names = {name.rpartition("/")[2] for name in archive if name.startswith(f"documents/{WEEK}-2/")}
        assert names == {f"{lang}.{end}" for lang in ("fr", "en") for end in ("pdf", "html", "txt", "subject.txt")} | {"figures.json"}

    def test_the_page_gives_the_document_that_was_sent(self, again: Client, cast: Cast, signed_in: Any) -> None:
        browser = signed_in(cast.owner)
        before, after = (browser.get(f"/c/{slug}/reports/{WEEK}.pdf") for slug in ("maison-trace", "again"))
        assert before.status_code == after.status_code == 200
        assert before.content == after.content

    def test_the_ledger_comes_back_and_says_of_what_was_under_way_that_it_stops_here(self, filled: Filled, again: Client) -> None:
        before, after = ledger(filled.client), ledger(again)
        assert [row[:3] for row in before] == [row[:3] for row in after]
        became = {(old[3], new[3], new[4]) for old, new in zip(before, after, strict=True)}
        assert became == {("sent", "sent", ""), ("queued", "failed", LEFT_BEHIND), ("sending", "unknown", LEFT_BEHIND)}
        assert set(Run.objects.filter(schedule__client=again).values_list("period", "state")) == {(WEEK, "ready"), ("2026-W47", "failed")}
        with inside(again):
            runs = Snapshot.objects.values_list("run_id", flat=True)
            assert set(runs) == set(Run.objects.filter(schedule__client=again, period=WEEK).values_list("pk", flat=True))


class TestNothingRuns:
    def test_by_itself(self, again: Client, mailoutbox: list[Any]) -> None:
        Schedule.objects.filter(client=again).update(next_run_at=timezone.now() - timedelta(days=1))
        registry.open_due_work()
        worker.work_off(again.pk)
        # Its headline is told from what is back; nothing is read, and nothing leaves.
        assert set(Job.objects.filter(client_id=again.pk).values_list("kind", "state")) == {(headlines.KIND, Job.State.DONE)}
        assert mailoutbox == []

    def test_and_a_person_starts_the_schedules_with_the_week_that_ends_next(self, filled: Filled, export: Export) -> None:
        Schedule.objects.filter(client=filled.client).update(next_run_at=timezone.now() - timedelta(days=100))
        again = restored(export())
        assert all(schedule.paused and schedule.next_run_at > timezone.now() for schedule in again.schedules.all())
        again.schedules.update(paused=False)
        scheduling.open_due_runs()
        assert not Job.objects.filter(client_id=again.pk).exists()

    def test_an_account_read_by_api_asks_to_be_connected_again(self, again: Client, cast: Cast, signed_in: Any) -> None:
        with inside(again):
            account = Connection.objects.get(source="google_ads")
            assert (account.credential_id, account.state, account.problem) == (0, Connection.State.LOST_ACCESS, RECONNECT)
            assert set(Connection.objects.exclude(pk=account.pk).values_list("credential_id", "state")) == {(None, "active")}
        page = signed_in(cast.owner).get(f"/c/again/?period={WEEK}").content.decode()
        assert "connect it again" in page or "reconnect" in page.lower()

    def test_whoever_pulls_it_all_the_same_is_told_to_connect_it(self, again: Client) -> None:
        from campaigns import pulls

        with inside(again):
            pulls.schedule(again, Connection.objects.get(source="google_ads"))
            worker.work_off(again.pk)
            assert Pull.objects.latest("pk").problem == REMOVED
        assert not Job.objects.filter(client_id=again.pk, state=Job.State.QUEUED).exists()


class TestSecrets:
    def test_none_is_in_the_archive(self, filled_stage: Stage, archive: dict[str, bytes]) -> None:
        assert len(filled_stage.secrets) > 10
        for name, content in archive.items():
            found = [secret for secret in filled_stage.secrets if secret.encode() in content]
            assert found == [], name

    def test_the_file_is_for_its_owner_only(self, filled: Filled, export: Export) -> None:
        assert export().stat().st_mode & 0o077 == 0

    def test_unsubscribe_links_of_a_copy_are_new_and_leave_the_original_alone(self, filled: Filled, again: Client) -> None:
        tokens = set(Recipient.objects.filter(schedule__client=again).values_list("token", flat=True))
        assert not tokens & set(filled.secrets)
        Browser(SERVER_NAME="localhost").post(f"/u/{sorted(tokens)[0]}/")
        gone = Recipient.objects.filter(schedule__client=filled.client).exclude(unsubscribed_at=None)
        assert set(gone.values_list("email", flat=True)) == {"rcpt-gone@trace.example"}

    def test_elsewhere_links_are_new_and_people_are_others_unless_the_key_came_along(
        self, filled: Filled, export: Export, settings: Any
    ) -> None:
        plain, with_key = export().rename(export().with_name("plain.zip")), export("maison-trace", "--with-people-key")
        filled.client.refresh_from_db()
        settings.CREDENTIAL_KEYS = [Fernet.generate_key()]
        key = bytes(filled.client.pseudonym_key)
        assert bytes(restored(plain, "plain").pseudonym_key) != key
        assert bytes(restored(with_key, "keyed").pseudonym_key) == key


class TestCommands:
    def test_a_file_that_is_there_is_kept(self, cast: Cast, tmp_path: Path) -> None:
        path = tmp_path / "lumen.zip"
        path.write_text("mine")
        with pytest.raises(CommandError, match="--force"):
            call_command("export_client", "lumen", str(path))
        assert path.read_text() == "mine"
        assert os.listdir(tmp_path) == ["lumen.zip"]

    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            (("export_client", "nobody", "x.zip"), "There is no client 'nobody'"),
            (("export_client", "lumen", "/no/such/folder/x.zip"), "/no/such/folder/x.zip cannot be written: No such file"),
            (("restore_client", "/no/such/x.zip"), "/no/such/x.zip cannot be read: No such file"),
            (("restore_client", "/no/such/x.zip", "--agency", "nobody"), "There is no agency 'nobody'"),
        ],
    )
    def test_what_is_not_there_is_named(self, cast: Cast, arguments: tuple[str, ...], sentence: str) -> None:
        with pytest.raises(CommandError, match=sentence):
            call_command(*arguments)

    def test_a_short_name_that_is_taken_or_was_one_is_refused_with_the_way_out(self, filled: Filled, export: Export) -> None:
        path = export()
        with pytest.raises(CommandError, match=r"'maison-trace' is taken: choose another with --slug"):
            call_command("restore_client", str(path))
        services.change_client(filled.client, OPERATOR, slug="maison-neuve")
        with pytest.raises(CommandError, match="--slug"):
            call_command("restore_client", str(path))

    def test_former_names_lead_to_the_client_again_unless_they_are_anothers(self, filled: Filled, export: Export) -> None:
        services.change_client(filled.client, OPERATOR, slug="neuve")
        path = export("neuve")
        assert not restored(path, "copy").former_slugs.exists()
        Client.objects.get(slug="neuve").former_slugs.all().delete()
        assert [former.slug for former in restored(path, "second").former_slugs.all()] == ["maison-trace"]

    def test_the_record_says_who_took_and_who_brought(self, filled: Filled, export: Export) -> None:
        again = restored(export())
        assert "exported everything of the client Maison Trace" in [sentence(event) for event in events_of(filled.client)]
        assert [sentence(event) for event in events_of(again)] == ["created the client Maison Trace from an export"]

    def test_the_operator_is_told_what_a_person_does_next(self, filled: Filled, export: Export, capsys: pytest.CaptureFixture[str]) -> None:
        restored(export())
        said = capsys.readouterr().out
        assert "tables/campaigns_adday.csv: 17 rows" in said
        assert "unpause" in said
        assert "connect the accounts" in said


class TestPage:
    def test_gives_the_same_archive_to_whoever_may(self, filled: Filled, cast: Cast, signed_in: Any, tmp_path: Path) -> None:
        answer = signed_in(cast.owner).post("/c/maison-trace/export/")
        assert answer.status_code == 200
        assert answer["Cache-Control"] == "no-store"
        assert answer["Content-Disposition"].startswith('attachment; filename="maison-trace-')
        path = tmp_path / "page.zip"
        path.write_bytes(b"".join(answer.streaming_content))
        assert without_access(everything_of(restored(path))) == without_access(everything_of(filled.client))
        assert AuditEvent.objects.filter(verb="client.exported", actor=cast.owner).count() == 1

    def test_gives_it_while_the_client_closes(self, filled: Filled, cast: Cast, signed_in: Any) -> None:
        closing.close(filled.client, OPERATOR)
        answer = signed_in(cast.owner).post("/c/maison-trace/export/")
        assert answer.status_code == 200
        assert b"".join(answer.streaming_content).startswith(b"PK")

    @pytest.mark.parametrize(("person", "status"), [("analyst", 403), ("viewer", 403), ("stranger", 404)])
    def test_refuses_everyone_else(self, cast: Cast, signed_in: Any, person: str, status: int) -> None:
        user: User = getattr(cast, person)
        assert signed_in(user).post("/c/lumen/export/").status_code == status
        assert not AuditEvent.objects.filter(verb="client.exported").exists()


def test_an_export_is_of_one_instant_while_facts_are_stored(own_database: str, filled: Filled, load_text: LoadText, export: Export) -> None:
    """Between the tables of the export, a file doubles every order and brings a campaign; none of it is in the archive."""
    from accounts.portability import registry as portability

    class Meanwhile:
        name, models = "meanwhile", ()

        def write(self, *_: object) -> None:
            def store() -> None:
                with inside(filled.client):
                    load_text(filled.client, "orders", "order_id,ordered_at,amount,campaign\nO1,2026-11-02T10:00:00,1800,Meanwhile\n")

            in_thread(store).result(PATIENCE)

        def read(self, *_: object) -> None:
            pass

    before = everything_of(filled.client)
    position = [part.name for part in portability.parts()].index("campaigns_connection")
    portability._parts.insert(position, Meanwhile())
    try:
        path = export()
    finally:
        portability._parts.pop(position)
    with inside(filled.client):
        assert Order.objects.get(external_id="O1").amount_nano == 1800 * 10**9
    assert without_access(everything_of(restored(path))) == without_access(before)


def test_a_client_that_was_deleted_comes_back_with_its_old_links(own_database: str, filled: Filled, export: Export) -> None:
    path, token = export(), Recipient.objects.filter(email="rcpt-one@trace.example").earliest("pk").token
    uids = set(Run.objects.values_list("uid", flat=True))
    before = everything_of(filled.client)
    call_command("close_client", "maison-trace")
    call_command("delete_client", "maison-trace", "--yes")
    assert Browser(SERVER_NAME="localhost").get(f"/u/{token}/").status_code == 404
    again = restored(path, "maison-trace")
    assert again.pk != filled.client.pk
    assert Browser(SERVER_NAME="localhost").post(f"/u/{token}/").status_code == 200
    assert Recipient.objects.get(token=token).unsubscribed_at
    assert set(Run.objects.values_list("uid", flat=True)) == uids
    assert without_access(everything_of(again)) == without_access(before)
    with outside():
        assert queue.claim(limit=10) == []
