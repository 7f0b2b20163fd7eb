"""A person gives a file, sees what it would change, has it stored, and takes it back."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from html import unescape
from typing import Any, ClassVar

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from django.utils import timezone
from openpyxl import Workbook

from accounts import audit
from accounts.models import Client
from accounts.tenancy import inside
from campaigns import uploads
from campaigns.models import AdDay, Connection, Order, SavedMapping, Upload, UploadPart
from jobs import worker
from jobs.models import Job
from tests.campaigns.exports import ROWS, SPEND, google_ads
from tests.conftest import Cast

PAGE = "/c/lumen/imports/"
ORDERS = "order_id,ordered_at,amount,channel\nO1,2026-11-09T10:00:00,80.10,email\nO2,2026-11-10T10:00:00,20,direct\n"


@pytest.fixture
def browser(cast: Cast, signed_in: Any) -> Browser:
    browser: Browser = signed_in(cast.owner)
    return browser


def send(browser: Browser, content: bytes | str, name: str = "file.csv", kind: str = "") -> Any:
    data = content.encode() if isinstance(content, str) else content
    return browser.post(PAGE, {"file": SimpleUploadedFile(name, data), "kind": kind})


def text(answer: Any) -> str:
    """What a person reads."""
    page = re.sub(r"<script.*?</script>|<[^>]+>", " ", answer.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", unescape(page)).strip()


def fields(answer: Any) -> dict[str, str]:
    """What the mapping form would send as it stands."""
    form: Any = answer.context["form"]
    shown = [*form.format_fields(), *form.hidden_fields(), form["kind"]]
    shown += [field for line in form.lines() for field in (line.theirs, line.constant)]
    found = {field.name: field.value() for field in shown}
    return {name: "" if value is None else str(value) for name, value in found.items()}


def waiting(browser: Browser, content: bytes | str, **options: str) -> tuple[str, Any]:
    """The address and the page of a file that was just given."""
    address = send(browser, content, **options)["Location"]
    return address, browser.get(address)


def stored(browser: Browser, content: bytes | str, **options: str) -> Upload:
    """A file given, looked at, and stored by the worker."""
    address, page = waiting(browser, content, **options)
    assert browser.post(address, fields(page) | {"do": "store"})["Location"] == address
    worker.work_off()
    return Upload.objects.get(pk=int(address.split("/")[-2]))


def a_week_passes() -> None:
    Job.objects.filter(kind=uploads.FORGET).update(run_at=timezone.now() - timedelta(days=1))
    worker.work_off()


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-16"])
def test_a_french_google_ads_export_is_recognised_shown_stored_and_undone(lumen: Client, browser: Browser, encoding: str) -> None:
    address, page = waiting(browser, google_ads(encoding=encoding), name="Rapport campagnes.csv")
    shown = text(page)
    assert "4 rows can be stored" in shown
    assert "Export of Google Ads: recognised." in shown
    assert "9 November 2026 to 10 November 2026" in shown
    assert "Spend 2,944" in shown
    assert "Totals left out 1" in shown
    assert not AdDay.objects.exists()

    browser.post(address, fields(page) | {"do": "store"})
    assert "This file is being stored" in text(browser.get(address))
    worker.work_off()
    assert "4 rows are stored" in text(browser.get(address))
    assert str(sum(row.spend_nano or 0 for row in AdDay.objects.all()) // 10**9) == SPEND
    assert not UploadPart.objects.exists()

    undo = f"{address}undo/"
    assert "4 rows that it added go." in text(browser.get(undo))
    assert "The import of Rapport campagnes.csv is undone." in text(browser.post(undo, follow=True))
    assert not AdDay.objects.exists()
    assert Upload.objects.get().undone_by == "owner@people.example"
    verbs = [event.verb for event in audit.events_of(lumen)[:2]]
    assert verbs == ["import.undone", "import.stored"]
    assert audit.sentence(audit.events_of(lumen)[1]) == "imported the file Rapport campagnes.csv: 4 rows"


def test_a_wrong_cell_is_shown_with_line_column_value_and_reason_and_nothing_can_be_stored(lumen: Client, browser: Browser) -> None:
    address, page = waiting(browser, ORDERS.replace("80.10", "eighty"), kind="orders")
    assert "1 thing is wrong" in text(page)
    assert "2 amount eighty not a number" in text(page)
    assert "disabled" in re.findall(r'<button class="button primary"[^>]*value="store"[^>]*>', page.content.decode())[0]
    browser.post(address, fields(page) | {"do": "store"})
    worker.work_off()
    assert not Order.objects.exists()
    assert Upload.objects.get().state == Upload.State.RECEIVED


def test_columns_of_other_names_are_matched_and_remembered_for_the_next_file(lumen: Client, browser: Browser) -> None:
    theirs = "Bestellung;Wann;Wert\n{0};09.11.2026;1 080,10\n"
    address, page = waiting(browser, theirs.format("A"), kind="orders")
    header = page.context["form"].header
    wish = {
        f"from_{ours}": str(header.index(name)) for ours, name in {"order_id": "Bestellung", "ordered_at": "Wann", "amount": "Wert"}.items()
    }
    wish |= {"dates": "day_first", "numbers": "comma", "always_channel": "email"}
    page = browser.post(address, fields(page) | wish | {"do": "check"}, follow=True)
    assert "1 row can be stored" in text(page)
    browser.post(address, fields(page) | {"do": "store"})
    worker.work_off()
    assert Order.objects.get().amount_nano == 1_080_100_000_000
    assert SavedMapping.objects.get().made_by == "owner@people.example"

    _address, page = waiting(browser, theirs.format("B"))
    assert "1 row can be stored" in text(page)
    assert "Mapped as the last file with the same header was." in text(page)


def test_what_was_changed_since_it_was_looked_at_is_looked_at_again_before_it_is_stored(lumen: Client, browser: Browser) -> None:
    address, page = waiting(browser, ORDERS, kind="orders")
    page = browser.post(address, fields(page) | {"from_channel": "", "always_channel": "offline", "do": "store"}, follow=True)
    assert "Something was changed since the file was read." in text(page)
    worker.work_off()
    assert not Order.objects.exists()
    browser.post(address, fields(page) | {"do": "store"})
    worker.work_off()
    assert {order.origin.channel for order in Order.objects.select_related("origin")} == {"offline"}


def test_another_kind_has_other_columns(lumen: Client, browser: Browser) -> None:
    address, page = waiting(browser, ORDERS)
    assert page.context["form"]["kind"].value() == "orders"
    page = browser.post(address, fields(page) | {"kind": "costs", "do": "check"}, follow=True)
    assert "from_name" in page.context["form"].fields
    assert "this column is required and missing" in text(page)
    page = browser.post(address, fields(page) | {"kind": "", "do": "check"}, follow=True)
    assert "Say what this file holds" in text(page)


def test_the_same_file_again_would_change_nothing(lumen: Client, browser: Browser) -> None:
    stored(browser, ORDERS, kind="orders")
    _address, page = waiting(browser, ORDERS, kind="orders")
    assert "Nothing would change: all of it is known already." in text(page)
    assert "Known already 2" in text(page)


class TestOverlap:
    """The account of the file is also read from its platform."""

    @pytest.fixture
    def asked(self, lumen: Client, browser: Browser) -> tuple[str, Any]:
        Connection.objects.create(source="google_ads", account="1234567890", currency="EUR", timezone="Europe/Paris", credential_id=1)
        return waiting(browser, google_ads())

    def test_it_is_asked_who_tells_the_days(self, asked: tuple[str, Any]) -> None:
        assert "Who tells these days?" in text(asked[1])
        assert "Each day must come from one of them" in text(asked[1])

    def test_files_tell_until_a_day_and_the_platform_after_it(self, browser: Browser, asked: tuple[str, Any]) -> None:
        address, page = asked
        wish = {"overlap": "until", "overlap_until": "2026-11-09"}
        page = browser.post(address, fields(page) | wish | {"do": "check"}, follow=True)
        assert "Left to the platform 2" in text(page)
        browser.post(address, fields(page) | wish | {"do": "store"})
        worker.work_off()
        assert {str(row.day) for row in AdDay.objects.all()} == {"2026-11-09"}
        assert str(Connection.objects.get().files_until) == "2026-11-09"

    def test_the_file_replaces_what_the_platform_told(self, browser: Browser, asked: tuple[str, Any]) -> None:
        address, page = asked
        browser.post(address, fields(page) | {"overlap": "replace", "do": "check"})
        browser.post(address, fields(browser.get(address)) | {"overlap": "replace", "do": "store"})
        worker.work_off()
        assert AdDay.objects.count() == len(ROWS)

    def test_a_day_is_asked_for(self, browser: Browser, asked: tuple[str, Any]) -> None:
        answer = browser.post(asked[0], fields(asked[1]) | {"overlap": "until", "do": "check"})
        assert "Say until which day." in text(answer)


def test_a_file_that_is_large_is_looked_at_by_a_worker(lumen: Client, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaigns.uploads.looking.CHECKED_AT_ONCE", 10)
    address, page = waiting(browser, ORDERS, kind="orders")
    assert "This file is being read" in text(page)
    worker.work_off()
    assert "2 rows can be stored" in text(browser.get(address))


def book(*sheets: list[list[object]]) -> bytes:
    found, file = Workbook(), io.BytesIO()
    for number, rows in enumerate(sheets):
        sheet = found.create_sheet(f"S{number}")
        for row in rows:
            sheet.append(row)
    found.remove(found.worksheets[0])
    found.save(file)
    return file.getvalue()


class TestLargeWorkbooks:
    """Of which a few bytes may be hours of work: the page answers at once, whatever they hold."""

    ROWS: ClassVar[list[list[object]]] = [["order_id", "ordered_at", "amount"], ["O1", "2026-11-09T10:00:00", 80]]

    @pytest.fixture(autouse=True)
    def large(self, lumen: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("campaigns.uploads.looking.CHECKED_AT_ONCE", 10)

    def test_are_looked_at_by_a_worker(self, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
        with monkeypatch.context() as nothing_is_opened:
            nothing_is_opened.delattr("campaigns.imports.files.ExcelReader")
            address, page = waiting(browser, book(self.ROWS), name="orders.xlsx")
        assert "This file is being read" in text(page)
        worker.work_off()
        page = browser.get(address)
        assert "1 row can be stored" in text(page)
        browser.post(address, fields(page) | {"do": "store"})
        worker.work_off()
        assert Order.objects.count() == 1

    def test_are_looked_at_by_a_worker_again_when_another_sheet_is_chosen(self, browser: Browser) -> None:
        address, _page = waiting(browser, book([["nothing"]], self.ROWS), name="orders.xlsx", kind="orders")
        worker.work_off()
        browser.post(address, fields(browser.get(address)) | {"sheet": "S1", "do": "check"})
        assert "This file is being read" in text(browser.get(address))
        worker.work_off()
        assert "1 row can be stored" in text(browser.get(address))

    def test_are_refused_with_the_limit_that_they_pass(self, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("campaigns.imports.measuring.MOST_CELLS", 5)
        address, _page = waiting(browser, book(self.ROWS), name="orders.xlsx")
        worker.work_off()
        said = text(browser.get(address))
        assert "This file was refused; nothing of it was stored" in said
        assert "million cells; save the sheet as CSV, or split it" in said
        assert not UploadPart.objects.exists()

    def test_are_refused_at_once_when_they_unpack_to_too_much(self, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("campaigns.imports.measuring.MOST_UNPACKED", 1_000)
        assert "MB once unpacked; save the sheet as CSV" in text(send(browser, book(self.ROWS), name="orders.xlsx"))
        assert not Upload.objects.exists()


def test_a_file_in_many_pieces_comes_whole_out_of_them(lumen: Client, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaigns.uploads.pieces.PIECE", 16)
    upload = stored(browser, ORDERS, kind="orders")
    assert (upload.state, upload.rows, upload.size) == (Upload.State.STORED, 2, len(ORDERS))


def test_a_file_over_the_limit_is_refused_before_it_is_kept(lumen: Client, browser: Browser, settings: Any) -> None:
    settings.IMPORT_MAX_BYTES = 100
    answer = send(browser, ORDERS)
    assert "larger than 0 MB" in text(answer)
    settings.IMPORT_MAX_BYTES = -django_settings.FILE_UPLOAD_MAX_MEMORY_SIZE
    assert send(browser, ORDERS).status_code == 413
    assert not Upload.objects.exists()


@pytest.mark.parametrize(("content", "said"), [(b"", "This file is empty."), (b"PK\x03\x04nonsense", "not an Excel workbook")])
def test_what_is_no_file_is_refused_in_a_sentence(lumen: Client, browser: Browser, content: bytes, said: str) -> None:
    assert said in text(send(browser, content, "book.xlsx"))
    assert not Upload.objects.exists()


def test_a_file_is_thrown_away_or_forgotten_after_a_week(lumen: Client, browser: Browser) -> None:
    address, _page = waiting(browser, ORDERS)
    assert "is thrown away" in text(browser.post(f"{address}discard/", follow=True))
    assert not Upload.objects.exists()
    waiting(browser, ORDERS)
    week = timezone.now() + timedelta(days=7)
    assert list(Job.objects.filter(kind=uploads.FORGET, run_at__lte=week).values_list("state", flat=True)) == ["queued", "queued"]
    a_week_passes()
    assert not UploadPart.objects.exists()
    assert not Upload.objects.exists()


def test_what_was_stored_stays_in_the_list_after_a_week(lumen: Client, browser: Browser) -> None:
    stored(browser, ORDERS, kind="orders")
    a_week_passes()
    assert "file.csv" in text(browser.get(PAGE))
    assert "Stored" in text(browser.get(PAGE))


def test_a_person_is_told_when_the_worker_cannot_do_it_and_may_ask_again(lumen: Client, browser: Browser) -> None:
    address, page = waiting(browser, ORDERS, kind="orders")
    browser.post(address, fields(page) | {"do": "store"})
    kept = UploadPart.objects.get()
    content = bytes(kept.content)
    UploadPart.objects.update(content=b"broken")
    Job.objects.filter(kind=uploads.STORE).update(attempts_allowed=1)
    worker.work_off()
    page = browser.get(address)
    assert "Something went wrong on our side and nothing was stored." in text(page)
    assert not Order.objects.exists()
    UploadPart.objects.update(content=content)
    browser.post(address, fields(page) | {"do": "store"})
    worker.work_off()
    assert Order.objects.count() == 2


def test_a_form_without_its_token_is_refused_and_nothing_kept(lumen: Client, browser: Browser) -> None:
    browser.handler.enforce_csrf_checks = True
    assert send(browser, ORDERS).status_code == 403
    assert not Upload.objects.exists()


def test_the_analyst_reads_the_list_and_changes_nothing(cast: Cast, browser: Browser, signed_in: Any) -> None:
    with inside(cast.client):
        stored(browser, ORDERS, kind="orders")
    page = signed_in(cast.analyst).get(PAGE)
    assert "file.csv" in text(page)
    assert "Import a file" not in text(page)
    assert "Undo" not in text(page)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_kind_has_a_template_that_imports_itself(lumen: Client, browser: Browser, language: str) -> None:
    browser.cookies["vigie_language"] = language
    for kind in browser.get(PAGE).context["kinds"]:
        template = browser.get(f"{PAGE}templates/{kind.slug}.csv").content
        _address, page = waiting(browser, template, kind=kind.slug)
        assert "1 row can be stored" in text(page) or "1 ligne peut être enregistrée" in text(page), kind.slug


def test_one_clients_files_are_not_anothers(cast: Cast, browser: Browser, signed_in: Any) -> None:
    address = send(browser, ORDERS)["Location"]
    assert signed_in(cast.stranger).get(address).status_code == 404
    assert signed_in(cast.stranger).get(address.replace("lumen", "autre")).status_code == 404
