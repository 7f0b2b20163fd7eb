"""What an import would do is told before it does it, and that is what it then does."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import pytest
from django.core.management import call_command

from accounts.models import Client
from campaigns.imports import Handover, Refusal, load, preview
from campaigns.imports.kinds import KINDS
from campaigns.imports.reasons import Reason
from campaigns.models import AdDay, Connection, DirtyDay, Pull, Upload
from campaigns.records import AdConversion
from campaigns.records import AdDay as Said
from campaigns.spool import Spool
from campaigns.streams import Window
from campaigns.sync import store
from jobs.models import Job
from tests.campaigns.importing import HEAD, MAPPED, Save, example, facts, file_of, stored

ADS = KINDS["ads"]
ORDERS = KINDS["orders"]


class TestPreview:
    def test_says_what_would_be_new_changed_and_the_same_and_stores_nothing(self, lumen: Client, save: Save) -> None:
        load(lumen, ORDERS, save("order_id,ordered_at,amount\n1,2026-11-09,10\n2,2026-11-10,20\n3,2026-11-10,5\n"))
        before, jobs, uploads = (facts(), stored()), Job.objects.count(), Upload.objects.count()
        DirtyDay.objects.all().delete()
        path = save("order_id,ordered_at,amount\n1,2026-11-09,10\n2,2026-11-11,25\n4,2026-11-12,1.5\n5,2026-11-12,2\n")
        seen = preview(lumen, ORDERS, path)
        assert seen.loaded is not None
        assert (seen.loaded.rows, seen.loaded.inserted, seen.loaded.updated, seen.loaded.unchanged) == (4, 2, 1, 1)
        assert (seen.loaded.since, seen.loaded.until) == (date(2026, 11, 9), date(2026, 11, 12))
        assert seen.shown.totals == {"amount": "38.5"}
        assert seen.shown.rows[1] == {"order_id": "2", "ordered_at": "2026-11-10T23:00:00+00:00", "amount": "25"}
        assert ((facts(), stored()), Job.objects.count(), Upload.objects.count()) == (before, jobs, uploads)
        assert not DirtyDay.objects.exists()
        done = load(lumen, ORDERS, path)
        assert done == seen.loaded

    def test_a_row_of_ads_is_one_row_whatever_it_is_stored_in(self, lumen: Client, save: Save) -> None:
        rows = [example("ads", campaign_id=str(number)) for number in range(4)]
        load(lumen, ADS, save(file_of(rows[:3])))
        changed = [rows[0], rows[1] | {"conversions": "99"}, rows[2] | {"clicks": "1", "conversions": "98"}, rows[3]]
        seen = preview(lumen, ADS, save(file_of(changed)))
        assert seen.loaded is not None
        assert (seen.loaded.inserted, seen.loaded.updated, seen.loaded.unchanged) == (1, 2, 1)

    def test_shows_the_first_rows_and_adds_up_what_can_be_added(self, lumen: Client, save: Save) -> None:
        rows = [example("social", post_id=str(number), reach="10") for number in range(30)]
        seen = preview(lumen, KINDS["social"], save(file_of(rows)))
        assert len(seen.shown.rows) == 20
        assert seen.shown.totals["likes"] == str(30 * 312)
        assert "reach" not in seen.shown.totals

    def test_shows_what_was_understood_of_a_file_with_faults(self, lumen: Client, save: Save) -> None:
        seen = preview(lumen, ADS, save(HEAD + "01/08/2026;A;3;1,5;\n02/08/2026;A;x;1,5;\n03/08/2026;A;4;1,5;\n"), MAPPED)
        assert seen.loaded is None
        assert [(fault.line, fault.column, fault.reason) for fault in seen.faults] == [(3, "Clics", Reason.NOT_A_NUMBER_SO)]
        assert seen.shown.totals == {"clicks": "7", "spend": "3"}
        assert stored() == 0

    def test_the_command_tells_and_stores_nothing(self, lumen: Client, save: Save) -> None:
        said = io.StringIO()
        call_command("import_file", "lumen", "orders", str(save(file_of([example("orders")]))), dry_run=True, stdout=said)
        assert said.getvalue() == "Nothing is stored. 1 rows read, 2026-01-20 to 2026-01-20: 1 new, 0 changed.\n"
        assert stored() == 0


class TestUploads:
    def test_a_file_learns_how_it_ended(self, lumen: Client, save: Save) -> None:
        upload = Upload.objects.create(file_name="août.csv", size=1, made_by="ana@people.example")
        path = save(HEAD + "01/08/2026;A;3;1,5;\n")
        load(lumen, ADS, path, MAPPED, upload)
        upload.refresh_from_db()
        assert (upload.state, upload.kind, upload.rows, upload.inserted, upload.mapping) == ("stored", "ads", 1, 1, MAPPED.as_json())
        assert (upload.since, upload.until, upload.made_by) == (date(2026, 8, 1), date(2026, 8, 1), "ana@people.example")
        assert Pull.objects.get().upload == upload

    def test_a_refused_file_keeps_its_faults(self, lumen: Client, save: Save) -> None:
        upload = Upload.objects.create(file_name="août.csv", size=1)
        with pytest.raises(Refusal):
            load(lumen, ADS, save(HEAD + "01/08/2026;A;3;\x00;\n"), MAPPED, upload)
        upload.refresh_from_db()
        assert upload.state == "refused"
        assert upload.faults == [[2, "Coût", "\ufffd", "NOT_A_NUMBER_SO", {"example": "1 234,56"}]]
        assert Upload.objects.count() == 1


def days(**spend: int) -> list[dict[str, str]]:
    """Rows of ads of November: `d09=3` is 3 spent on the ninth."""
    return [
        example("ads", source="google_ads", account="42", date=f"2026-11-{day[1:]}", spend=str(amount), channel="", currency="")
        for day, amount in spend.items()
    ]


def told() -> dict[int, int]:
    return {row.day.day: (row.spend_nano or 0) // 10**9 for row in AdDay.objects.order_by("day")}


@pytest.fixture
def from_its_api(lumen: Client) -> Connection:
    """An account whose platform told of the 9th to the 12th: 100 a day, of a campaign with an id of its own."""
    source = Connection.objects.create(source="google_ads", account="42", currency="EUR", timezone="Europe/Paris", credential_id=1)
    with Spool() as spool:
        for day in range(9, 13):
            said = date(2026, 11, day)
            spool.write(Said(day=said, campaign_id="api", campaign="Brand", channel="paid_search", spend_nano=100 * 10**9))
            spool.write(AdConversion(day=said, campaign_id="api", conversions_millionths=1))
        store(lumen, source, spool, window=Window("ads", date(2026, 11, 9), date(2026, 11, 12)))
    return source


class TestAnAccountThatItsPlatformTellsOf:
    def test_takes_no_file_before_somebody_says_who_tells_of_which_days(self, lumen: Client, from_its_api: Connection, save: Save) -> None:
        seen = preview(lumen, ADS, save(file_of(days(d08=3, d09=3))))
        assert [fault.reason for fault in seen.faults] == [Reason.FED_BY_ITS_API]
        assert told() == {9: 100, 10: 100, 11: 100, 12: 100}

    def test_is_not_doubled_by_a_file_that_names_its_source_alone(self, lumen: Client, save: Save) -> None:
        Connection.objects.create(source="ga4", account="properties/7", currency="EUR", timezone="Europe/Paris", credential_id=1)
        row = {name: cell for name, cell in example("web").items() if name != "account"}
        with pytest.raises(Refusal, match="say in the column account which account this file is of, properties/7 or another"):
            load(lumen, KINDS["web"], save(file_of([row])))
        assert load(lumen, KINDS["web"], save(file_of([row | {"account": "properties/8"}]))).inserted == 1

    def test_files_until_a_day_and_the_platform_after_it(self, lumen: Client, from_its_api: Connection, save: Save) -> None:
        path = save(file_of(days(d07=3, d10=4, d11=5, d12=6)))
        done = load(lumen, ADS, path, handover=Handover(until=date(2026, 11, 10)))
        # Of the ninth the file says nothing, and it is among the days that it tells.
        assert told() == {7: 3, 10: 4, 11: 100, 12: 100}
        assert (done.inserted, done.left_out, done.unchanged) == (2, 2, 0)
        from_its_api.refresh_from_db()
        assert from_its_api.files_until == date(2026, 11, 10)
        assert {mark.day.day for mark in DirtyDay.objects.all()} >= {7, 9, 10}

    def test_a_file_takes_the_place_of_what_the_platform_told_of_its_days(
        self, lumen: Client, from_its_api: Connection, save: Save
    ) -> None:
        load(lumen, ADS, save(file_of(days(d10=4, d11=5))), handover=Handover())
        assert told() == {9: 100, 10: 4, 11: 5, 12: 100}
        from_its_api.refresh_from_db()
        assert from_its_api.files_until == date(2026, 11, 11)

    def test_files_of_days_that_files_tell_are_taken_without_asking_again(
        self, lumen: Client, from_its_api: Connection, save: Save
    ) -> None:
        load(lumen, ADS, save(file_of(days(d10=4))), handover=Handover())
        load(lumen, ADS, save(file_of(days(d08=7, d10=5))))
        assert told() == {8: 7, 9: 100, 10: 5, 11: 100, 12: 100}
        with pytest.raises(Refusal):
            load(lumen, ADS, save(file_of(days(d11=5))))

    def test_undoing_the_file_brings_back_what_the_platform_told(self, lumen: Client, from_its_api: Connection, save: Save) -> None:
        from campaigns import undoing

        before = facts()
        load(lumen, ADS, save(file_of(days(d10=4, d11=5))), handover=Handover())
        undoing.undo(lumen, Upload.objects.latest("pk"))
        assert facts()["campaigns_adday"] == before["campaigns_adday"]
        assert facts()["campaigns_adconversion"] == before["campaigns_adconversion"]

    def test_a_file_of_nothing_but_the_platforms_days_stores_nothing(self, lumen: Client, from_its_api: Connection, save: Save) -> None:
        done = load(lumen, ADS, save(file_of(days(d11=4, d12=5))), handover=Handover(until=date(2026, 11, 1)))
        assert (done.rows, done.left_out, done.inserted, done.since) == (2, 2, 0, None)
        assert told() == {9: 100, 10: 100, 11: 100, 12: 100}

    def test_the_command_takes_the_answer(self, lumen: Client, from_its_api: Connection, save: Save, tmp_path: Path) -> None:
        said = io.StringIO()
        path = str(save(file_of(days(d10=4, d11=5))))
        call_command("import_file", "lumen", "ads", path, files_until=date(2026, 11, 10), stdout=said)
        assert said.getvalue().endswith(": 1 new, 0 changed, 1 of days that the platform tells left out.\n")
        call_command("import_file", "lumen", "ads", path, replace=True, stdout=io.StringIO())
        assert told() == {9: 100, 10: 4, 11: 5, 12: 100}
