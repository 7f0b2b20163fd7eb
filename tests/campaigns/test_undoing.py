"""An import can be undone: everything is as if the file had never come, whatever came before and after it."""

from __future__ import annotations

import itertools

import pytest

from accounts.models import Client
from campaigns import undoing
from campaigns.models import DirtyDay, Lead, LoadedSpan, Order, PersonKey, Pull, Replaced, SocialDay, Upload
from jobs import worker
from kpis import query, recompute
from kpis.periods import Period
from tests.conftest import LoadText

HEAD = "order_id,ordered_at,amount\n"
MONDAY = "1,2026-11-09T10:00:00,10\n2,2026-11-10T10:00:00,20\n"
CORRECTED = "2,2026-11-11T10:00:00,25\n3,2026-11-12T10:00:00,30\n"
LATER = "2,2026-11-10T10:00:00,27\n3,2026-11-12T10:00:00,33\n"


def orders() -> dict[str, tuple[str, int]]:
    return {row.external_id: (f"{row.day}", row.amount_nano // 10**9) for row in Order.objects.order_by("external_id")}


def load_file(client: Client, load_text: LoadText, rows: str, kind: str = "orders", head: str = HEAD) -> Upload:
    load_text(client, kind, head + rows)
    return Upload.objects.latest("pk")


def revenue() -> object:
    from datetime import date

    answer = query.ask(Period(date(2026, 11, 9), date(2026, 11, 12)))
    return answer.total.values(["revenue"], answer.coverage)["revenue"].value.decimal


def test_rows_that_were_added_go_and_rows_that_were_changed_are_as_they_were(lumen: Client, load_text: LoadText) -> None:
    load_file(lumen, load_text, MONDAY)
    before = orders(), list(LoadedSpan.objects.values_list("since", "until"))
    second = load_file(lumen, load_text, CORRECTED)
    assert orders()["2"] == ("2026-11-11", 25)
    assert undoing.undo(lumen, second) == undoing.Undone(removed=1, restored=1)
    assert (orders(), list(LoadedSpan.objects.values_list("since", "until"))) == before


def test_a_post_is_called_what_it_was_called_before(lumen: Client, load_text: LoadText) -> None:
    head, row = "date,source,post_id,title,likes\n", "2026-11-09,instagram,1,{},3\n"
    load_file(lumen, load_text, row.format("Lamps"), "social", head)
    second = load_file(lumen, load_text, row.format("New lamps"), "social", head)
    assert SocialDay.objects.get().title == "New lamps"
    undoing.undo(lumen, second)
    assert SocialDay.objects.get().title == "Lamps"


def test_the_figures_follow(lumen: Client, load_text: LoadText) -> None:
    load_file(lumen, load_text, MONDAY)
    second = load_file(lumen, load_text, CORRECTED)
    worker.work_off(lumen.pk)
    assert revenue() == 65
    undoing.undo(lumen, second)
    worker.work_off(lumen.pk)
    assert revenue() == 30


def test_undoing_twice_is_refused(lumen: Client, load_text: LoadText) -> None:
    upload = load_file(lumen, load_text, MONDAY)
    undoing.undo(lumen, upload)
    with pytest.raises(undoing.NotStored):
        undoing.undo(lumen, upload)
    assert orders() == {}
    assert Pull.objects.get().state == Pull.State.UNDONE


def test_what_a_later_file_said_stays(lumen: Client, load_text: LoadText) -> None:
    load_file(lumen, load_text, MONDAY)
    second = load_file(lumen, load_text, CORRECTED)
    load_file(lumen, load_text, LATER)
    undoing.undo(lumen, second)
    assert orders() == {"1": ("2026-11-09", 10), "2": ("2026-11-10", 27), "3": ("2026-11-12", 33)}


@pytest.mark.parametrize("undone", [order for n in (1, 2, 3) for order in itertools.permutations(range(3), n)])
def test_in_whatever_order_files_are_undone_the_rest_is_as_if_they_had_never_come(
    lumen: Client, load_text: LoadText, undone: tuple[int, ...]
) -> None:
    files = [MONDAY, CORRECTED, LATER]
    uploads = [load_file(lumen, load_text, rows) for rows in files]
    for number in undone:
        undoing.undo(lumen, uploads[number])
    expected: dict[str, tuple[str, int]] = {}
    for number in sorted(set(range(3)) - set(undone)):
        for line in files[number].split():
            order_id, at, amount = line.split(",")
            expected[order_id] = (at[:10], int(amount))
    assert orders() == dict(sorted(expected.items()))
    if set(undone) == {0, 1, 2}:
        assert not Replaced.objects.exists()
        assert not LoadedSpan.objects.exists()


def test_people_whom_the_file_made_one_are_two_again(lumen: Client, load_text: LoadText) -> None:
    head = "lead_id,created_at,email\n"
    load_file(lumen, load_text, "L1,2026-11-09T10:00:00,ana@leads.example\nL2,2026-11-09T10:00:00,\n", "leads", head)
    merging = load_file(lumen, load_text, "L2,2026-11-09T10:00:00,ana@leads.example\n", "leads", head)
    assert PersonKey.objects.values("person").distinct().count() == 1
    undoing.undo(lumen, merging)
    assert len({key.person_id for key in PersonKey.objects.filter(kind="lead")}) == 2
    assert set(Lead.objects.values_list("external_id", flat=True)) == {"L1", "L2"}


def test_the_days_of_a_leads_stages_are_summed_again(lumen: Client, load_text: LoadText) -> None:
    head = "lead_id,created_at,mql_at\n"
    load_file(lumen, load_text, "L1,2026-11-09T10:00:00,\n", "leads", head)
    qualified = load_file(lumen, load_text, "L1,2026-11-09T10:00:00,2026-11-12T23:30:00\n", "leads", head)
    assert {mark.day.day for mark in DirtyDay.objects.all()} == {9, 12}
    recompute.catch_up(lumen)
    undoing.undo(lumen, qualified)
    assert {mark.day.day for mark in DirtyDay.objects.all()} == {9, 12}
