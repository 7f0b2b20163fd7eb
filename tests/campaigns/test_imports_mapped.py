"""Files whose columns a person has mapped."""

from __future__ import annotations

import io
import json
import random
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from accounts.models import Client
from campaigns.imports import BadMapping, Mapping, Refusal, load, propose
from campaigns.imports.faults import Fault
from campaigns.imports.kinds import KINDS
from campaigns.imports.reading import Reading
from campaigns.imports.reasons import Reason
from campaigns.imports.styles import DateStyle, NumberStyle
from campaigns.models import AdDay
from tests.campaigns.importing import CONTEXT, HEAD, MAPPED, Save, read

REFUSED = [
    ("01/08/2026 - 31/08/2026;A;1;1;", "line 2, column Jour, value '01/08/2026 - 31/08/2026': one row for several days"),
    ("2026-08-01;A;1;1;", "line 2, column Jour, value '2026-08-01': not a day written like 09/11/2026"),
    ("31/02/2026;A;1;1;", "line 2, column Jour, value '31/02/2026': no such day in the calendar"),
    ("01/08/2027;A;1;1;", "more than a day in the future"),
    ("01/08/2026;A;1;1.5;", "line 2, column Coût, value '1.5': not a number written like 1 234,56"),
    ("01/08/2026;A;12 %;1;", "line 2, column Clics, value '12 %': a percentage, where a number is counted"),
    ("01/08/2026;A;1,5;1;", "line 2, column Clics, value '1,5': not a whole number"),
    ("01/08/2026;;1;1;", "line 2, column Campagne, value '': empty: clicks and spend without a campaign"),
    ("01/08/2026;A;1;1", "line 2: 4 cells where the header has 5"),
]


class TestMapping:
    def test_what_is_not_mapped_is_left_out_and_what_is_said_for_all_rows_is_added(self, save: Save) -> None:
        rows, faults, _ = read(save(HEAD + "01/08/2026;A;--;1 234,5 €;x\n"), "ads", MAPPED)
        assert faults == []
        assert rows == [{"date": date(2026, 8, 1), "campaign": "A", "spend": 1_234_500_000_000, "source": "x", "account": "1"}]

    @pytest.mark.parametrize(("row", "reason"), REFUSED)
    def test_a_fault_is_told_in_the_files_own_words(self, save: Save, row: str, reason: str) -> None:
        _rows, faults, _ = read(save(f"{HEAD}{row}\n"), "ads", MAPPED)
        assert reason in str(faults[0])

    def test_a_campaign_called_total_is_no_sum(self, save: Save) -> None:
        mapping = replace(MAPPED, columns={**MAPPED.columns, "Campagne": "campaign"})
        text = "Campagne;Jour;Clics;Coût;Remarque\nTotal look;01/08/2026;1;1;\nTotal;;1;1;\nTotal - 31 jours;--;1;1;\n"
        rows, faults, sums = read(save(text), "ads", mapping)
        assert ([row["campaign"] for row in rows], faults, sums) == (["Total look"], [], 2)

    def test_a_range_of_days_is_refused_and_one_day_is_not(self, save: Save) -> None:
        mapping = replace(MAPPED, until="Fin")
        head = "Jour;Fin;Campagne;Clics;Coût\n"
        assert read(save(head + "01/08/2026;01/08/2026;A;1;1\n"), "ads", mapping)[1] == []
        _rows, faults, _ = read(save(head + "01/08/2026;02/08/2026;A;1;1\n"), "ads", mapping)
        assert "column Fin, value '02/08/2026': one row for several days; export the report by day" in str(faults[0])

    def test_columns_that_are_not_there_or_stand_twice_are_told(self, save: Save) -> None:
        _rows, faults, _ = read(save("Jour;Campagne;Clics;Clics\n01/08/2026;A;1;2\n"), "ads", MAPPED)
        assert {(fault.column, fault.reason) for fault in faults} == {("Clics", Reason.TWICE), ("Coût", Reason.NOT_IN_THE_FILE)}

    @pytest.mark.parametrize(
        ("changed", "reason"),
        [
            ({"columns": {"Jour": "day"}}, Reason.NOT_A_TARGET),
            ({"columns": {"Jour": "date", "Clics": "date"}}, Reason.TARGET_TWICE),
            ({"constants": {"date": "2026-01-01"}}, Reason.TARGET_TWICE),
        ],
    )
    def test_a_mapping_that_leads_nowhere_is_refused(self, save: Save, changed: dict[str, Any], reason: Reason) -> None:
        _rows, faults, _ = read(save(HEAD), "ads", replace(MAPPED, **changed))
        assert faults[0].reason is reason

    @pytest.mark.parametrize(
        "said",
        [None, [], {"columns": []}, {"colour": "red"}, {"dates": "mayan"}, {"skip_lines": -1}, {"encoding": "ebcdic"}, {"totals": "x"}],
    )
    def test_what_is_no_mapping_is_told_to_be_none(self, said: object) -> None:
        with pytest.raises(BadMapping):
            Mapping.from_json(said)

    def test_the_command_takes_a_mapping(self, lumen: Client, save: Save, tmp_path: Path) -> None:
        mapping = tmp_path / "mapping.json"
        mapping.write_text(json.dumps(MAPPED.as_json()))
        said = io.StringIO()
        path = save(HEAD + "01/08/2026;A;3;1,5;\n\nTotal;;3;1,5;\n")
        call_command("import_file", "lumen", "ads", str(path), mapping=mapping, stdout=said)
        assert said.getvalue() == "1 rows read, 2026-08-01 to 2026-08-01: 1 new, 0 changed; 1 rows of sums skipped.\n"
        assert AdDay.objects.get().spend_nano == 1_500_000_000
        mapping.write_text("{}{")
        with pytest.raises(CommandError, match="is not a mapping"):
            call_command("import_file", "lumen", "ads", str(path), mapping=mapping)


class TestThroughTheDoor:
    def test_two_rows_with_one_key_are_told_in_the_files_own_words(self, lumen: Client, save: Save) -> None:
        path = save(HEAD + "01/08/2026;A;3;1;\n01/08/2026;A;4;1;\n")
        with pytest.raises(Refusal) as refused:
            load(lumen, KINDS["ads"], path, MAPPED)
        [fault] = refused.value.faults
        assert (fault.line, fault.column, fault.params["line"]) == (3, "Jour, source, account, campaign_id", 2)


WORDS = st.sampled_from(
    ["", "Total", "--", "Jour", "Campagne", "Clics", "Coût", "date", "2026-11-09", "09/11/2026", "9 nov. 2026", "1 234,5", "1,234.5",
     "12 %", "3", "-3", '"', "'", "\x00", "é", "#", "Reporting starts", "Subtotal", "9" * 40]
)  # fmt: skip


def joined(rows: list[list[str]], sign: str) -> bytes:
    return "\n".join(sign.join(row) for row in rows).encode("utf-8", "replace")


ROWS = st.lists(st.lists(st.one_of(WORDS, st.text(max_size=8)), max_size=6), max_size=6)
TEXTS = st.one_of(st.binary(max_size=300), st.builds(joined, ROWS, st.sampled_from([",", ";", "\t", "|"])))
MAPPINGS = st.builds(
    Mapping,
    columns=st.dictionaries(WORDS, st.sampled_from(["date", "campaign", "clicks", "spend", "account"]), max_size=4),
    constants=st.dictionaries(st.sampled_from(["source", "account", "date"]), WORDS, max_size=2),
    dates=st.sampled_from(DateStyle),
    numbers=st.sampled_from(NumberStyle),
    encoding=st.sampled_from(["utf-8", "utf-16", "cp1252"]),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    skip_lines=st.integers(0, 3),
    totals=st.lists(WORDS, max_size=2).map(tuple),
    unknown=st.lists(WORDS, max_size=2).map(tuple),
    until=WORDS,
    continued=WORDS,
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXTS, MAPPINGS, st.booleans())
def test_no_file_and_no_mapping_is_an_error(tmp_path: Path, content: bytes, mapping: Mapping, proposed: bool) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(content if not content.startswith(b"PK") else b"x" + content)
    proposal = propose(path)
    kind = (proposal.kind if proposed else None) or "ads"
    rows, faults, _sums = read(path, kind, proposal.mapping if proposed else mapping)
    assert all(fault.why() for fault in faults)
    assert isinstance(rows, list)


def test_a_big_file_is_read_in_little_memory(tmp_path: Path) -> None:
    import tracemalloc

    path = tmp_path / "big.csv"
    chance = random.Random(1)
    with path.open("w") as file:
        file.write(HEAD)
        file.writelines(f"01/08/2026;C{number % 50};{chance.randrange(9)};{number},5;\n" for number in range(20_000))
    reading = Reading(path, KINDS["ads"], CONTEXT, MAPPED)
    tracemalloc.start()
    assert sum(1 for _row in reading.rows()) == 20_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * 2**20


def test_a_fault_is_kept_and_told_in_any_language() -> None:
    fault = Fault(3, "Coût", "\x00" * 500, Reason.NOT_A_NUMBER_SO, {"example": "1 234,56"})
    kept = Fault.from_json(json.loads(json.dumps(fault.as_json())))
    assert (kept.line, kept.column, kept.reason, kept.params) == (3, "Coût", Reason.NOT_A_NUMBER_SO, {"example": "1 234,56"})
    assert "\x00" not in kept.value
    assert kept.why({fault.reason.value: "pas comme %(example)s"}.__getitem__) == "pas comme 1 234,56"
