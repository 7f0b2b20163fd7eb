"""Files: refused whole with line, column, value and reason, or stored whole. Through `manage.py import_file`."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import audit
from accounts.models import AuditEvent, Client
from campaigns.imports import Refusal, load
from campaigns.imports.kinds import KINDS
from campaigns.models import AdConversion, AdDay, Campaign, Connection, DirtyDay, Lead, Order, PlatformCampaign, Pull, Upload

Write = Callable[..., Path]

ADS = "date,source,account,campaign,impressions,clicks,spend,conversions,conversion_value\n"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def file(text: str, encoding: str = "utf-8") -> Path:
        path = tmp_path / "file.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return file


def import_file(kind: str, path: Path) -> str:
    out = io.StringIO()
    call_command("import_file", "lumen", kind, str(path), stdout=out)
    return out.getvalue()


def refusal(kind: str, path: Path) -> str:
    with pytest.raises(CommandError) as refused:
        import_file(kind, path)
    return str(refused.value)


def stored() -> int:
    return AdDay.objects.count() + Lead.objects.count() + Order.objects.count() + Pull.objects.count()


class TestRecord:
    def test_an_import_by_command_is_in_the_clients_activity(self, lumen: Client, write: Write) -> None:
        import_file("ads", write(ADS + "2026-11-09,meta_ads,42,Brand,1000,12,1.5,,\n"))
        line = audit.events_of(lumen)[0]
        assert (audit.called(line.actor_label), audit.sentence(line)) == ("The operator", "imported the file file.csv: 1 rows")
        assert line.actor is None
        assert Upload.objects.get().made_by == line.actor_label

    def test_what_was_refused_or_only_tried_is_not(self, lumen: Client, write: Write) -> None:
        before = AuditEvent.objects.count()
        refusal("ads", write(ADS + "never,meta_ads,42,Brand,1000,12,1.5,,\n"))
        call_command(
            "import_file", "lumen", "ads", str(write(ADS + "2026-11-09,meta_ads,42,B,1,1,1,,\n")), "--dry-run", stdout=io.StringIO()
        )
        assert AuditEvent.objects.count() == before
        assert not Upload.objects.exists()


class TestAccepted:
    def test_ads_are_stored_to_the_last_digit(self, lumen: Client, write: Write) -> None:
        said = import_file("ads", write(ADS + "2026-11-09,meta_ads,42,Brand,1000,12,1.429999948,2.5,310.25\n"))
        assert said == "1 rows read, 2026-11-09 to 2026-11-09: 1 new, 0 changed.\n" or said.startswith("1 rows read")
        day, conversion = AdDay.objects.get(), AdConversion.objects.get()
        assert (day.impressions, day.clicks, day.spend_nano) == (1000, 12, 1_429_999_948)
        assert (conversion.conversions_millionths, conversion.value_nano) == (2_500_000, 310_250_000_000)
        assert day.campaign.channel == "paid_social"

    def test_an_empty_cell_is_unknown_and_not_zero(self, lumen: Client, write: Write) -> None:
        import_file("ads", write(ADS + "2026-11-09,meta_ads,42,Brand,,0,,,\n"))
        day = AdDay.objects.get()
        assert (day.impressions, day.clicks, day.spend_nano) == (None, 0, None)
        conversion = AdConversion.objects.get()
        assert (conversion.conversions_millionths, conversion.value_nano) == (None, None)

    @pytest.mark.parametrize("newline", ["\n", "\r\n"])
    def test_semicolons_byte_order_mark_quotes_and_line_ends_do_not_matter(self, lumen: Client, write: Write, newline: str) -> None:
        lines = ["order_id;ordered_at;amount;product", 'A1;2026-11-09T10:00:00+01:00;99.90;"Lampe; ""Lune"""', ""]
        import_file("orders", write(newline.join(lines), encoding="utf-8-sig"))
        order = Order.objects.get()
        assert (order.external_id, order.amount_nano, order.product) == ("A1", 99_900_000_000, 'Lampe; "Lune"')

    def test_an_instant_belongs_to_the_day_of_the_clients_zone(self, lumen: Client, write: Write) -> None:
        import_file("leads", write("lead_id,created_at\nL1,2026-11-08T23:30:00Z\nL2,2026-11-09T00:30:00\n"))
        assert {str(lead.day) for lead in Lead.objects.all()} == {"2026-11-09"}

    def test_an_address_is_kept_as_a_keyed_hash_only(self, lumen: Client, write: Write) -> None:
        import_file(
            "leads", write("lead_id,created_at,email\nL1,2026-11-09T10:00:00,Ana@Example.com\nL2,2026-11-09T10:00:00,ana@example.com\n")
        )
        hashes = set(Lead.objects.values_list("email_hash", flat=True))
        assert len(hashes) == 1
        assert len(hashes.pop()) == 64

    def test_a_refund_is_stored_negative_on_its_own_day(self, lumen: Client, write: Write) -> None:
        rows = "O1,2026-11-02T10:00:00,100,order,\nR1,2026-11-10T10:00:00,30,refund,O1\n"
        import_file("orders", write("order_id,ordered_at,amount,kind,refund_of\n" + rows))
        refund = Order.objects.get(kind="refund")
        assert (refund.amount_nano, str(refund.day)) == (-30_000_000_000, "2026-11-10")

    def test_the_same_file_twice_changes_nothing(self, lumen: Client, write: Write) -> None:
        text = ADS + "2026-11-09,meta_ads,42,Brand,1000,12,1.5,,\n2026-11-10,meta_ads,42,Brand,900,11,1.4,,\n"
        import_file("ads", write(text))
        DirtyDay.objects.all().delete()
        assert "0 new, 0 changed" in import_file("ads", write(text))
        assert not DirtyDay.objects.exists()

    def test_in_pieces_and_in_another_order_the_result_is_the_same(self, lumen: Client, write: Write) -> None:
        rows = [f"2026-11-{day:02d},meta_ads,42,{name},{day * 10},{day},{day}.5,," for day in range(1, 9) for name in ("A", "B")]

        def facts() -> list[tuple[object, ...]]:
            return list(AdDay.objects.order_by("day", "campaign__external_id").values_list("day", "campaign__external_id", "spend_nano"))

        import_file("ads", write(ADS + "\n".join(rows)))
        whole = facts()
        AdDay.objects.all().delete()
        for piece in (rows[9:], rows[:9][::-1]):
            import_file("ads", write(ADS + "\n".join(piece)))
        assert facts() == whole

    def test_a_row_with_a_known_key_restates_it_and_marks_its_day(self, lumen: Client, write: Write) -> None:
        import_file("ads", write(ADS + "2026-11-09,meta_ads,42,Brand,1000,12,1.5,,\n2026-11-10,meta_ads,42,Brand,1,1,1,,\n"))
        DirtyDay.objects.all().delete()
        import_file("ads", write(ADS + "2026-11-09,meta_ads,42,Brand,1000,12,2.5,,\n"))
        assert AdDay.objects.get(day="2026-11-09").spend_nano == 2_500_000_000
        assert [str(mark.day) for mark in DirtyDay.objects.all()] == ["2026-11-09"]
        assert AdDay.objects.get(day="2026-11-09").pull == Pull.objects.order_by("-pk").first()

    def test_a_lead_that_moves_to_another_day_changes_both(self, lumen: Client, write: Write) -> None:
        import_file("leads", write("lead_id,created_at\nL1,2026-11-09T10:00:00\n"))
        DirtyDay.objects.all().delete()
        import_file("leads", write("lead_id,created_at\nL1,2026-11-11T10:00:00\n"))
        assert sorted(str(mark.day) for mark in DirtyDay.objects.all()) == ["2026-11-09", "2026-11-11"]

    def test_identical_rows_in_one_file_count_once(self, lumen: Client, write: Write) -> None:
        row = "2026-11-09,meta_ads,42,Brand,1000,12,1.5,,\n"
        import_file("ads", write(ADS + row + row))
        assert AdDay.objects.count() == 1

    def test_names_that_differ_in_case_and_spaces_are_one_campaign(self, lumen: Client, write: Write) -> None:
        import_file("ads", write(ADS + "2026-11-09,meta_ads,42,Brand,1,1,1,,\n"))
        import_file("leads", write("lead_id,created_at,campaign\nL1,2026-11-09T10:00:00, brand \n"))
        assert Campaign.objects.count() == 1

    def test_a_header_alone_stores_nothing_and_is_no_error(self, lumen: Client, write: Write) -> None:
        assert import_file("ads", write(ADS)).startswith("0 rows read")
        assert stored() == 0


FAULTY = [
    ("leads", "lead_id,created_at\n,2026-11-09T10:00:00\n", "line 2, column lead_id, value '': empty, and this column is required"),
    ("leads", "lead_id\nL1\n", "line 1, column created_at, value '': this column is required and missing"),
    ("leads", "lead_id,created_at,colour\nL1,2026-11-09T10:00:00,red\n", "line 1, column colour, value 'colour': unknown column"),
    ("leads", "lead_id,created_at,created_at\nL1,2026-11-09T10:00:00,\n", "the column stands twice"),
    ("leads", "lead_id,created_at\nL1,yesterday\n", "line 2, column created_at, value 'yesterday': not an instant"),
    ("leads", "lead_id,created_at\nL1,9999-12-31T23:59:59-12:00\n", "line 2, column created_at"),
    ("leads", "lead_id,created_at\nL1,0001-01-01T00:00:00+14:00\n", "line 2, column created_at"),
    (
        "leads",
        "lead_id,created_at,channel\nL1,2026-11-09T10:00:00,tv\n",
        "column channel, value 'tv': not a channel; use one of paid_search",
    ),
    ("leads", "lead_id,created_at,email\nL1,2026-11-09T10:00:00,nobody\n", "column email, value 'nobody': not an e-mail address"),
    ("leads", "lead_id,created_at\nL1\n", "line 2: 1 cells where the header has 2"),
    ("leads", 'lead_id,created_at\n"L1,2026-11-09T10:00:00\n', "not a well-formed CSV line"),
    ("leads", "lead_id,created_at\nL\x001,2026-11-09T10:00:00\n", "line 2"),
    ("orders", "order_id,ordered_at,amount\nO1,2026-11-09,12 €\n", "column amount, value '12 €': not a number"),
    ("orders", "order_id,ordered_at,amount\nO1,2026-11-09,NaN\n", "column amount, value 'NaN': not a number"),
    ("orders", "order_id,ordered_at,amount\nO1,2026-11-09,-5\n", "column amount, value '-5': negative"),
    ("orders", "order_id,ordered_at,amount\nO1,2026-11-09,99999999999999\n", "too large an amount"),
    ("orders", "order_id,ordered_at,amount\nO1,2026-11-09,0.0000000001\n", "more than 9 decimals"),
    ("orders", "order_id,ordered_at,amount,currency\nO1,2026-11-09,5,US$\n", "value 'US$': not a currency; use its ISO 4217 code"),
    ("orders", "order_id,ordered_at,amount,refund_of\nO1,2026-11-09,5,O0\n", "refund_of is given but kind is not refund"),
    ("ads", ADS + "2026-02-30,meta_ads,42,Brand,1,1,1,,\n", "column date, value '2026-02-30': no such day in the calendar"),
    ("ads", ADS + "09/11/2026,meta_ads,42,Brand,1,1,1,,\n", "column date, value '09/11/2026': not a day; use YYYY-MM-DD"),
    ("ads", ADS + "2026-11-09,meta_ads,42,Brand,-1,1,1,,\n", "column impressions, value '-1': negative"),
    ("ads", ADS + "2026-11-09,meta_ads,42,Brand,1.5,1,1,,\n", "column impressions, value '1.5': not a whole number"),
    ("ads", ADS + "2026-11-09,meta_ads,42,Brand,99999999999999999999,1,1,,\n", "column impressions"),
    ("ads", ADS + "2026-11-09,meta_ads,42,,1,1,1,,\n", "column campaign, value '': empty: clicks and spend without a campaign"),
    ("ads", ADS + f"2026-11-09,meta_ads,42,{'x' * 300},1,1,1,,\n", "longer than 255 characters"),
    ("ads", ADS + f"2026-11-09,meta_ads,42,{'İ' * 200},1,1,1,,\n", "line 2, column campaign"),
    ("ads", ADS + f"2026-11-09,{'x' * 41},42,Brand,1,1,1,,\n", "line 2, column source, value 'xxxxxxxxxx"),
    ("ads", ADS + f"2026-11-09,meta_ads,{'4' * 101},Brand,1,1,1,,\n", "longer than 100 characters"),
    ("leads", f"lead_id,created_at,campaign\nL1,2026-11-09T10:00:00,{'İ' * 200}\n", "line 2, column campaign"),
    ("ads", ADS + "2026-11-09,meta_ads,42,Brand,9000000000000000000,1,1,,\n", "column impressions, value '9000000000000000000': too large"),
    ("ads", ADS + "2026-11-09,meta_ads,42,Brand,1,1,1,9000000000000,\n", "column conversions, value '9000000000000': too large"),
]


@pytest.mark.parametrize(("kind", "text", "reason"), FAULTY)
def test_a_bad_file_is_refused_whole_and_says_where_and_why(lumen: Client, write: Write, kind: str, text: str, reason: str) -> None:
    sound = {"leads": "L0,2026-11-09T09:00:00", "orders": "O0,2026-11-09,1", "ads": "2026-11-08,meta_ads,42,Brand,1,1,1,,"}[kind]
    header, _, rest = text.partition("\n")
    message = refusal(kind, write(text))
    assert reason in message
    assert "nothing was stored" in message
    if header.count(",") == sound.count(","):
        refusal(kind, write(f"{header}\n{rest}{'' if rest.endswith(chr(10)) else chr(10)}{sound}\n"))
    assert stored() == 0


def test_a_day_in_the_future_is_refused(lumen: Client, write: Write) -> None:
    later = (timezone.now() + timedelta(days=3)).date()
    assert "more than a day in the future" in refusal("ads", write(ADS + f"{later},meta_ads,42,Brand,1,1,1,,\n"))


def test_two_rows_with_one_key_that_differ_are_refused_with_both_lines(lumen: Client, write: Write) -> None:
    rows = "2026-11-09,meta_ads,42,Brand,1,1,1,,\n\n2026-11-09,meta_ads,42,Brand,1,1,2,,\n"
    message = refusal("ads", write(ADS + rows))
    assert "line 4" in message
    assert "line 2" in message
    assert stored() == 0


def test_one_campaign_in_two_channels_is_refused(lumen: Client, write: Write) -> None:
    text = "date,source,account,campaign,channel\n2026-11-08,meta_ads,42,A,display\n2026-11-09,meta_ads,42,A,video\n"
    assert "line 3, column channel, value 'video': the same campaign has channel display on line 2" in refusal("ads", write(text))


def test_one_campaign_under_two_names_on_one_day_is_refused(lumen: Client, write: Write) -> None:
    text = "date,source,account,campaign_id,campaign,clicks\n2026-11-09,meta_ads,42,7,Old,1\n2026-11-09,meta_ads,42,7,New,\n"
    assert "line 3, column campaign, value 'New': the same campaign_id is called 'Old'" in refusal("ads", write(text))


@pytest.mark.parametrize("order", [1, -1])
def test_a_campaign_bears_its_newest_name_whatever_the_order_of_rows_and_files(lumen: Client, write: Write, order: int) -> None:
    header = "date,source,account,campaign_id,campaign,clicks\n"
    rows = [f"2026-11-{day:02d},meta_ads,42,7,{name},{day}\n" for day, name in ((1, "Old"), (5, "Middle"), (9, "New"))]
    import_file("ads", write(header + "".join(rows[::order])))
    for row in rows[::order]:
        import_file("ads", write(header + row))
    assert (PlatformCampaign.objects.get().name, PlatformCampaign.objects.get().campaign.name) == ("New", "New")


def test_more_accounts_than_can_be_read_at_once_are_refused(lumen: Client, write: Write) -> None:
    rows = "".join(f"{number},{number},2026-11-09T10:00:00,1\n" for number in range(101))
    message = refusal("orders", write("order_id,account,ordered_at,amount\n" + rows))
    assert "line 102, column account, value '100': more than 100 accounts in one file; split it" in message
    assert stored() == 0


def test_at_most_fifty_faults_are_listed(lumen: Client, write: Write) -> None:
    message = refusal("orders", write("order_id,ordered_at,amount\n" + "O,never,free\n" * 400))
    assert message.count("\nline ") == 50
    assert "only the first 50" in message


def test_text_in_another_encoding_is_refused_by_name(lumen: Client, write: Write) -> None:
    assert "not UTF-8" in refusal("orders", write("order_id,ordered_at,amount,product\nO1,2026-11-09,5,Été\n", encoding="cp1252"))


def test_an_account_read_from_its_api_takes_no_file(lumen: Client, write: Write) -> None:
    Connection.objects.create(source="google_ads", account="42", currency="EUR", timezone="Europe/Paris", credential_id=1)
    message = refusal("ads", write(ADS + "2026-11-09,google_ads,42,Brand,1,1,1,,\n"))
    assert "is read from its API" in message
    assert stored() == 0


def test_an_unknown_client_or_file_is_a_sentence(lumen: Client, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no client 'nobody'"):
        call_command("import_file", "nobody", "ads", "x.csv")
    with pytest.raises(CommandError, match="There is no file"):
        call_command("import_file", "lumen", "ads", str(tmp_path / "missing.csv"))


CELLS = st.one_of(
    st.sampled_from(
        ["", "0", "1", "-1", "1.5", "2026-11-09", "2026-11-09T10:00:00Z", "refund", "EUR", "display", "nan", "1e9", '"', "\x00", ";"]
    ),
    st.text(max_size=12),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_a_file_holds_it_is_refused_whole_or_stored_whole(lumen: Client, tmp_path: Path, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(KINDS)))
    columns = [column.name for column in KINDS[kind].columns]
    header = data.draw(st.lists(st.sampled_from(columns), min_size=1, max_size=len(columns), unique=True))
    rows = data.draw(st.lists(st.lists(CELLS, min_size=len(header), max_size=len(header)), max_size=4))
    path = tmp_path / "random.csv"
    with path.open("w", newline="", encoding="utf-8", errors="surrogatepass") as file:
        csv.writer(file).writerows([header, *rows])
    before = stored()
    try:
        read = load(lumen, KINDS[kind], path).rows
    except Refusal as refusal:
        all_or_nothing = bool(refusal.faults) and stored() == before
    else:
        all_or_nothing = read == sum(any(row) for row in rows)
    assert all_or_nothing
