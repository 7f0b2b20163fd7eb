"""Forms of imports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BoundField
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns import import_words
from campaigns.channels import CHANNELS
from campaigns.imports import Handover, Mapping
from campaigns.imports.kinds import KINDS, Column
from campaigns.imports.mapping import MOST_SKIPPED
from campaigns.imports.reasons import Reason
from campaigns.models import Upload

# What browsers offer in their file dialogue; anything is taken.
ACCEPTED = ".csv,.tsv,.txt,.xlsx,text/csv,text/plain,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# Between the words of one text field.
BETWEEN = ";"
KEEP, UNTIL, REPLACE = "", "until", "replace"
SHOWN_SAMPLES = 3
LONGEST_OPTION = 40


def kind_choices(empty: str) -> list[tuple[str, str]]:
    return [("", empty), *((kind, gettext(import_words.KINDS[kind][0])) for kind in KINDS)]


class FileForm(forms.Form):
    """A file, and what it holds if whoever sends it knows."""

    file = forms.FileField(
        label=_("File"),
        max_length=255,
        widget=forms.FileInput(attrs={"accept": ACCEPTED, "data-drop": ""}),
        help_text=_("CSV or Excel (.xlsx), as your platform exported it. Nothing is stored before you have seen what it would change."),
        error_messages={"required": _("Choose a file first."), "empty": _("This file is empty.")},
    )
    kind = forms.ChoiceField(label=_("It holds"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self.fields["kind"], kind_choices(gettext("Find out by itself")))


def _offer(field: forms.Field, choices: list[tuple[str, str]]) -> None:
    assert isinstance(field, forms.ChoiceField)
    field.choices = choices


@dataclass(frozen=True)
class Line:
    """One of our columns: where it comes from, or what it is in every row."""

    column: Column
    label: str
    theirs: BoundField
    constant: BoundField
    samples: list[str]


class MappingForm(forms.Form):
    """How the columns of a file become ours. Its fields depend on the kind and on the header of the file."""

    kind = forms.ChoiceField(label=_("This file holds"), required=False)
    dates = forms.ChoiceField(label=_("Dates are written"))
    numbers = forms.ChoiceField(label=_("Numbers are written"))
    encoding = forms.ChoiceField(label=_("Encoding"), choices=list(import_words.ENCODINGS.items()))
    delimiter = forms.ChoiceField(label=_("Columns are separated by"))
    sheet = forms.ChoiceField(label=_("Sheet"), required=False)
    skip_lines = forms.IntegerField(label=_("Lines before the header"), min_value=0, max_value=MOST_SKIPPED)
    totals = forms.CharField(
        label=_("Rows of totals begin with"), required=False, max_length=500, help_text=_("Separate several beginnings by a semicolon.")
    )
    unknown = forms.CharField(
        label=_("Signs that mean “unknown”"), required=False, max_length=500, help_text=_("Such as --; an empty cell always does.")
    )
    until = forms.ChoiceField(label=_("Last day of a row"), required=False, help_text=_("Only if rows have a first and a last day."))
    continued = forms.ChoiceField(
        label=_("Empty in rows that go on with the one above"),
        required=False,
        help_text=_("For instance the further articles of an order."),
    )
    overlap = forms.ChoiceField(label=_("Who tells these days?"), required=False, widget=forms.RadioSelect)
    overlap_until = forms.DateField(label=_("Last day told by files"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, data: QueryDict | None = None, *, upload: Upload) -> None:
        self.upload = upload
        self.mapping = Mapping.from_json(upload.mapping)
        self.header: list[str] = upload.found.get("header", [])
        self.of_kind = KINDS.get(upload.kind)
        super().__init__(data, initial=self._initial())
        self._offer_choices()
        self._add_columns()

    def _initial(self) -> dict[str, Any]:
        mapping = self.mapping
        plain = {name: getattr(mapping, name) for name in ("encoding", "delimiter", "sheet", "skip_lines", "dates", "numbers")}
        places = {name: self._place(getattr(mapping, name)) for name in ("until", "continued")}
        words = {name: f"{BETWEEN} ".join(getattr(mapping, name)) for name in ("totals", "unknown")}
        said = self.upload.handover
        overlap = {"overlap": (UNTIL if said["until"] else REPLACE) if said else KEEP, "overlap_until": said.get("until")}
        return {"kind": self.upload.kind, **plain, **places, **words, **overlap}

    def _place(self, theirs: str) -> str:
        return str(self.header.index(theirs)) if theirs and theirs in self.header else ""

    def _offer_choices(self) -> None:
        _offer(self.fields["kind"], kind_choices(gettext("Choose…")))
        _offer(self.fields["dates"], [(style.value, gettext(words)) for style, words in import_words.DATES.items()])
        _offer(self.fields["numbers"], [(style.value, gettext(words)) for style, words in import_words.NUMBERS.items()])
        _offer(self.fields["delimiter"], [(sign, gettext(words)) for sign, words in import_words.DELIMITERS.items()])
        sheets = self.upload.found.get("sheets", [])
        _offer(self.fields["sheet"], [("", gettext("The first")), *((name, name) for name in sheets)])
        for name in ("until", "continued"):
            _offer(self.fields[name], self._their_columns(gettext("None")))
        _offer(self.fields["overlap"], [
            (KEEP, gettext("The platform: do not store this file")),
            (UNTIL, gettext("Files until a day, the platform after it")),
            (REPLACE, gettext("This file, for all its days: it replaces what the platform told of them")),
        ])  # fmt: skip
        for name in ("encoding", "delimiter", "skip_lines") if self.is_workbook else ("sheet",):
            self.fields[name].required = False
            self.fields[name].widget = forms.HiddenInput()

    def _their_columns(self, nothing: str) -> list[tuple[str, str]]:
        return [("", nothing), *((str(place), _short(name)) for place, name in enumerate(self.header) if name)]

    def _add_columns(self) -> None:
        lead_to = {ours: theirs for theirs, ours in self.mapping.columns.items()}
        for column in self._columns():
            theirs, constant = forms.ChoiceField(required=False), forms.CharField(required=False, max_length=255)
            _offer(theirs, self._their_columns(gettext("Not in this file")))
            theirs.initial = self._place(lead_to.get(column.name, ""))
            theirs.widget.attrs["aria-label"] = gettext("Column of the file for %(name)s") % {"name": column.name}
            constant.initial = self.mapping.constants.get(column.name, "")
            constant.widget.attrs |= {"aria-label": gettext("%(name)s in every row") % {"name": column.name}, "autocomplete": "off"}
            if column.name == "channel":
                constant.widget.attrs["list"] = "channels"
            self.fields[f"from_{column.name}"], self.fields[f"always_{column.name}"] = theirs, constant

    def _columns(self) -> tuple[Column, ...]:
        return self.of_kind.columns if self.of_kind else ()

    @property
    def is_workbook(self) -> bool:
        return bool(self.upload.found.get("sheets"))

    def given(self) -> int:
        """How many of our columns the file has, or have a value in every row."""
        return len(self.mapping.columns) + len(self.mapping.constants)

    def lines(self) -> Iterator[Line]:
        for column in self._columns():
            theirs = self[f"from_{column.name}"]
            place = str(theirs.value() or "")
            yield Line(column, gettext(import_words.COLUMNS[column.name]), theirs, self[f"always_{column.name}"], self._samples(place))

    def _samples(self, place: str) -> list[str]:
        if not place.isdecimal():
            return []
        cells = (row[int(place)] for row in self.upload.found.get("sample", []) if int(place) < len(row))
        return [_short(cell) for cell in dict.fromkeys(cells) if cell][:SHOWN_SAMPLES]

    def format_fields(self) -> list[BoundField]:
        names = ("dates", "numbers", "sheet", "encoding", "delimiter", "skip_lines", "totals", "unknown", "until", "continued")
        return [self[name] for name in names if not self[name].is_hidden]

    def asks_who_tells(self) -> bool:
        """Whether an account of the file is also read from its platform."""
        found = (self.upload.preview or {}).get("faults", []) or self.upload.faults
        return bool(self.upload.handover) or any(code == Reason.FED_BY_ITS_API.name for _line, _column, _value, code, _params in found)

    @staticmethod
    def channels() -> list[tuple[str, str]]:
        return [(slug, gettext(name)) for slug, name in CHANNELS.items()]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        taken: dict[str, str] = {}
        for column in self._columns():
            place = cleaned.get(f"from_{column.name}", "")
            if place and cleaned.get(f"always_{column.name}"):
                self.add_error(f"always_{column.name}", gettext("Choose a column or give a value, not both."))
            if place and place in taken:
                said = gettext("“%(theirs)s” is chosen for %(name)s already.")
                self.add_error(f"from_{column.name}", said % {"theirs": self.header[int(place)], "name": taken[place]})
            if place:
                taken.setdefault(place, column.name)
        if cleaned.get("overlap") == UNTIL and not cleaned.get("overlap_until") and "overlap_until" not in self.errors:
            self.add_error("overlap_until", gettext("Say until which day."))
        return cleaned

    @property
    def mapped(self) -> Mapping:
        said = self.cleaned_data
        columns = {self.header[int(place)]: column.name for column in self._columns() if (place := said[f"from_{column.name}"])}
        constants = {column.name: said[f"always_{column.name}"] for column in self._columns() if said[f"always_{column.name}"]}
        plain = {name: said[name] for name in ("dates", "numbers")}
        names = ("sheet",) if self.is_workbook else ("encoding", "delimiter", "skip_lines")
        kept = {name: getattr(self.mapping, name) for name in ("encoding", "delimiter", "skip_lines", "sheet")}
        places = {name: self.header[int(said[name])] if said[name] else "" for name in ("until", "continued")}
        words = {name: tuple(word.strip() for word in said[name].split(BETWEEN) if word.strip()) for name in ("totals", "unknown")}
        return Mapping.from_json(
            {"columns": columns, "constants": constants, **kept, **plain, **{name: said[name] for name in names}, **places, **words}
        )

    @property
    def handover(self) -> Handover | None:
        match self.cleaned_data["overlap"]:
            case "until":
                return Handover(self.cleaned_data["overlap_until"])
            case "replace":
                return Handover()
        return None


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_OPTION else text[: LONGEST_OPTION - 1] + "…"
