"""A file of new clients, one line each: what it says, and what is wrong with it by line and field. Nothing is written here."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import Agency, Client, FormerSlug, Label
from accounts.portfolio import usual
from reports.agency.creation import NewClient, Refused
from reports.agency.forms import CreationForm

# By column of the file, the form's field.
FIELDS = {
    "name": "name",
    "short_name": "slug",
    "currency": "currency",
    "time_zone": "timezone",
    "language": "language",
    "week_start": "week_start",
    "contact_email": "contact_email",
    "contact_role": "contact_role",
}
LABELS = "labels"
COLUMNS = (*FIELDS, LABELS)
NEEDED = ("name", "currency", "time_zone")
COLUMN_OF = {name: column for column, name in FIELDS.items()}
EXAMPLE = ("Maison Lumen", "maison-lumen", "EUR", "Europe/Paris", "fr", "monday", "claire@lumen.example", "admin", "Retail|Paris")
# Each makes a schema, and all of them are one transaction.
MOST_CLIENTS = 50
MOST_BYTES = 100_000
LABEL_LENGTH = Label._meta.get_field("name").max_length or 0


@dataclass(frozen=True)
class Fault:
    """`line` counts from 1, the head; `column` is "" where the line or the file as a whole is at fault."""

    line: int
    column: str
    reason: str


@dataclass
class Reading:
    """`lines` are the file's, with what each cell says by column; `wanted` is what would be made, if there is no fault.

    `there`: how many of them the agency has made already.
    """

    text: str
    lines: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    wanted: list[NewClient] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    there: int = 0

    @property
    def is_made(self) -> bool:
        return 0 < self.there == len(self.lines)

    def refused(self, refusal: Refused) -> None:
        """What was found when it was to be made."""
        line = self.lines[refusal.place][0]
        self.faults += [Fault(line, column, reason) for column, reason in _told(refusal.error)]


def decoded(content: bytes) -> str:
    """Raises `ValidationError` where it is no text, or too much of it."""
    if len(content) > MOST_BYTES:
        raise ValidationError(_("The file is larger than %(size)s KB.") % {"size": MOST_BYTES // 1000})
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        # As spreadsheets of Western Europe save it unless told otherwise.
        text = content.decode("cp1252", errors="replace")
    if "\0" in text or "\N{REPLACEMENT CHARACTER}" in text:
        raise ValidationError(_("This is not a text file. Save the spreadsheet as CSV (UTF-8)."))
    return text


def read(text: str, agency: Agency) -> Reading:
    reading = Reading(text)
    rows = list(_rows(reading))
    if reading.faults:
        return reading
    if not rows:
        reading.faults.append(Fault(1, "", _("There is no client in the file.")))
    elif len(rows) > MOST_CLIENTS:
        said = _("The file has %(number)d clients. Give at most %(most)d at a time.")
        reading.faults.append(Fault(rows[MOST_CLIENTS][0], "", said % {"number": len(rows), "most": MOST_CLIENTS}))
    else:
        _check(reading, rows, agency)
    return reading


def _rows(reading: Reading) -> Iterator[tuple[int, dict[str, str]]]:
    """Every line that says something, by column."""
    head = reading.text.partition("\n")[0]
    delimiter = max((",", ";", "\t"), key=head.count)
    reader = csv.reader(io.StringIO(reading.text, newline=""), delimiter=delimiter, strict=True)
    columns: list[str] | None = None
    line = 1
    try:
        for row in reader:
            first, line = line, reader.line_num + 1
            cells = [cell.strip() for cell in row]
            if columns is None:
                columns = [cell.lower().replace(" ", "_") for cell in cells]
                if faults := list(_faults_of_head(columns)):
                    reading.faults += faults
                    return
            elif len(cells) > len(columns) and any(cells[len(columns) :]):
                reading.faults.append(Fault(first, "", _("This line has more cells than the head has columns.")))
            elif any(cells):
                yield first, dict(zip(columns, cells + [""] * len(columns), strict=False))
    except csv.Error:
        reading.faults.append(Fault(line, "", _("The quotation marks of this line do not match.")))


def _faults_of_head(columns: list[str]) -> Iterator[Fault]:
    for column in NEEDED:
        if column not in columns:
            yield Fault(1, column, _("This column is missing."))
    for place, column in enumerate(columns):
        if column and column not in COLUMNS:
            yield Fault(1, column[:50], _("This column is not known here. The template has all there are."))
        elif column and column in columns[:place]:
            yield Fault(1, column, _("This column is there twice."))


def _check(reading: Reading, rows: list[tuple[int, dict[str, str]]], agency: Agency) -> None:
    forms = [(line, cells, _form(cells, usual(agency))) for line, cells in rows]
    slugs = [form.cleaned_data.get("slug", "") for _line, _cells, form in forms if form.is_valid() or form.cleaned_data]
    taken = {*Client.objects.filter(slug__in=slugs).values_list("slug", flat=True)}
    taken |= {*FormerSlug.objects.filter(slug__in=slugs).values_list("slug", flat=True)}
    own = dict(agency.clients.filter(slug__in=slugs).values_list("slug", "name"))
    seen: dict[str, int] = {}
    for line, cells, form in forms:
        reading.lines.append((line, cells))
        found = list(_told(ValidationError(form.errors.as_data()))) if form.errors else []
        slug = form.cleaned_data.get("slug", "")
        reading.there += slug in own and own[slug] == form.cleaned_data.get("name")
        if slug in taken:
            found.append(("short_name", _("This short name is taken.")))
        elif slug and slug in seen:
            found.append(("short_name", _("Line %(line)d has the same short name.") % {"line": seen[slug]}))
        seen.setdefault(slug, line)
        labels = tuple(dict.fromkeys(label for part in cells.get(LABELS, "").split("|") if (label := part.strip())))
        if any(len(label) > LABEL_LENGTH for label in labels):
            found.append((LABELS, _("A label has at most %(most)d characters.") % {"most": LABEL_LENGTH}))
        reading.faults += [Fault(line, column, reason) for column, reason in found]
        if not found:
            reading.wanted.append(form.wanted(labels))


def _form(cells: Mapping[str, str], usually: Mapping[str, Any]) -> CreationForm:
    said = {FIELDS[column]: value for column, value in cells.items() if column in FIELDS}
    said["currency"] = said.get("currency", "").upper()
    for name, otherwise in (("language", usually.get("language", "en")), ("week_start", "monday"), ("contact_role", "viewer")):
        said[name] = said.get(name, "").lower() or otherwise
    form = CreationForm(said)
    form.is_valid()
    return form


def _told(error: ValidationError) -> Iterator[tuple[str, str]]:
    """What is wrong by the file's own columns."""
    by_field: Mapping[str, Sequence[str]] = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
    for name, reasons in by_field.items():
        yield from ((COLUMN_OF.get(name, ""), reason) for reason in reasons)
