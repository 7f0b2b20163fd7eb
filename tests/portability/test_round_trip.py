"""A client leaves in one file and comes back with the same figures, the same documents, and nothing that runs by itself."""

from __future__ import annotations

from tests.portability.conftest import Export, Filled, everything_of, restored, without_access


def test_every_figure_and_every_report_is_the_same(filled: Filled, export: Export) -> None:
    before = everything_of(filled.client)
    again = restored(export())
    assert without_access(everything_of(again)) == without_access(before)
