"""What a new platform or KPI still lacks is named here."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from pathlib import Path

import pytest
from babel.messages import pofile
from django.conf import settings

from campaigns import connections, connectors, import_words, simulators
from campaigns.imports import files
from campaigns.imports.kinds import KINDS
from campaigns.imports.styles import DateStyle, NumberStyle
from campaigns.models import Upload
from campaigns.tables import TABLES
from jobs import registry
from kpis.definitions import DEFINITIONS, Reason
from kpis.measures import MEASURES
from kpis.reading import READERS
from kpis.roll_ups import BY_NAME, ROLL_UPS
from reports.content import Report, SourceState
from reports.gather import campaigns, channels, listed
from reports.presentation.words import source_name
from reports.sections import SECTIONS

ROOT = Path(settings.BASE_DIR)


@pytest.mark.parametrize("source", connectors.sources())
class TestPlatform:
    def test_has_one_connector_that_says_what_it_reads(self, source: str) -> None:
        connector = connectors.connector_for(source)
        assert connector.source == source
        assert connector.streams
        assert {stream.family for stream in connector.streams} <= {table.family for table in TABLES}
        assert all(connector.settle_days(stream.family) > 0 for stream in connector.streams)

    def test_has_a_stand_in(self, source: str) -> None:
        assert simulators.simulator_for(source).source == source

    def test_has_addresses_and_keys_in_the_settings(self, source: str) -> None:
        assert {"base_url", "token_url", "version"} <= settings.PLATFORMS[source].keys()

    def test_is_kept_apart_from_other_platforms(self, source: str) -> None:
        contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
        platforms = next(contract for contract in contracts if contract["id"] == "platforms")
        assert f"campaigns.connectors.{source}" in platforms["modules"]

    def test_is_called_the_same_on_pages_and_in_reports(self, source: str) -> None:
        assert source_name(SourceState(source, "", "", "api", None, None, (), lost_access=False)) == connections.title(source)

    def test_is_described_to_whoever_operates_it(self, source: str) -> None:
        assert source.upper() in (ROOT / "docs" / "operate.md").read_text()


def french() -> dict[str, str]:
    with (ROOT / "locale/fr/LC_MESSAGES/django.po").open("rb") as file:
        return {str(message.id): str(message.string) for message in pofile.read_po(file) if message.id}


@pytest.mark.parametrize("slug", DEFINITIONS)
class TestKpi:
    def test_has_name_formula_unit_and_direction_in_both_languages(self, slug: str) -> None:
        definition = DEFINITIONS[slug]
        assert definition.slug == slug
        catalogue = french()
        for text in (definition.name, definition.short, definition.formula):
            assert text
        for text in (definition.name, definition.short, definition.formula, definition.label):
            assert not text or catalogue.get(text), f"{slug}: {text!r} has no French"

    def test_is_made_of_known_measures(self, slug: str) -> None:
        assert set(MEASURES.values()) >= set(DEFINITIONS[slug].measures)


def test_every_measure_has_a_source_and_a_column_in_it() -> None:
    for measure in MEASURES.values():
        assert measure.source in READERS, measure.slug
        if measure.source in BY_NAME:
            assert measure.column in BY_NAME[measure.source].columns, measure.slug


def test_every_column_of_a_roll_up_is_a_measure_and_every_family_is_one_of_facts() -> None:
    told = {(measure.source, measure.column) for measure in MEASURES.values()}
    assert {(roll_up.name, column) for roll_up in ROLL_UPS for column in roll_up.columns} <= told
    assert {family for roll_up in ROLL_UPS for family in roll_up.families} <= {"acquired", *(table.family for table in TABLES)}


def test_every_kind_of_file_every_column_and_every_state_has_a_name_on_the_pages() -> None:
    columns = {column.name for kind in KINDS.values() for column in kind.columns}
    assert import_words.KINDS.keys() == set(KINDS)
    assert import_words.COLUMNS.keys() == columns
    assert import_words.DATES.keys() == set(DateStyle)
    assert import_words.NUMBERS.keys() == set(NumberStyle)
    assert import_words.ENCODINGS.keys() == files.ENCODINGS.keys()
    assert import_words.DELIMITERS.keys() == set(files.DELIMITERS)
    assert import_words.STATES.keys() == set(Upload.State)


def test_every_reason_for_a_missing_figure_has_words_in_french() -> None:
    from django.utils import translation

    from reports.presentation import reason_text

    for reason in Reason:
        with translation.override("en"):
            english = reason_text(reason)
        with translation.override("fr"):
            assert reason_text(reason) != english


def test_the_report_shows_known_kpis_only() -> None:
    asked = {slug for section in SECTIONS for slug in section.slugs}
    columns = {slug for listing in (listed.MAILINGS, listed.PAGES, listed.POSTS) for slug in listing.columns}
    assert asked | columns | {*channels.ASKED, *campaigns.COLUMNS, *campaigns.RANKED_COLUMNS} <= DEFINITIONS.keys()


def test_every_section_is_a_part_of_a_report_and_every_part_has_a_section() -> None:
    frame = {
        "client_slug",
        "client_name",
        "currency",
        "timezone",
        "length",
        "cadence",
        "period",
        "since",
        "until",
        "previous_since",
        "previous_until",
        "generated_at",
        "data_version",
        "last_year_since",
        "last_year_until",
        "snapshot",
        "has_banner",
    }
    of_pages = {"grain", "compared", "courses", "by_channel", "times"}  # fmt: skip
    names = [section.name for section in SECTIONS]
    assert sorted(names) == sorted({field.name for field in fields(Report)} - frame - of_pages)


def test_every_kind_of_job_has_a_handler() -> None:
    assert {
        "campaigns.pull",
        "campaigns.import",
        "campaigns.check_import",
        "campaigns.forget_upload",
        "kpis.recompute",
        "reports.run",
        "reports.deliver",
    } <= registry._kinds.keys()


def test_the_documentation_lists_every_kind_of_file_with_its_columns() -> None:
    rows = {line.split("`")[1]: line for line in (ROOT / "docs" / "imports.md").read_text().splitlines() if line.startswith("| `")}
    assert rows.keys() == KINDS.keys()
    for name, kind in KINDS.items():
        listed = rows[name].split("|")[3].split()
        assert [column.strip("*`") for column in listed] == [column.name for column in kind.canonical]
        assert [column.strip("*`") for column in listed if column.endswith(("`*", "***"))] == [
            column.name for column in kind.canonical if column.required
        ]
