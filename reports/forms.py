"""Forms of schedules, recipients, links and notes. What no field can tell alone is asked of the module behind them."""

from __future__ import annotations

import re
from datetime import time
from email.utils import parseaddr
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import access
from accounts.models import Client, User
from reports import approval, notes, schedules, sharing, shown
from reports.archive.models import Note
from reports.models import Schedule

AUTOMATIC, CHOSEN = "automatic", "chosen"
MOST_ADDRESSES = 200
# Between addresses that were pasted: a line, a comma or a semicolon.
BETWEEN = re.compile(r"[\n,;]+")


class PersonField(forms.ModelChoiceField):  # type: ignore[type-arg]  # generic to the stubs alone
    """Somebody who may approve the client's reports, by name."""

    def label_from_instance(self, person: Any) -> str:
        return f"{person.name} · {person.email}" if person.name else str(person.email)


class ScheduleForm(forms.Form):
    """When a report is due, and what must hold before it leaves. `sources`: what it may wait for, as pairs of key and name."""

    name = forms.CharField(label=_("Name"), max_length=100, required=False, help_text=_("For yourselves, such as “Board”; may stay empty."))
    cadence = forms.ChoiceField(label=_("How often"), choices=Schedule.Cadence.choices, widget=forms.RadioSelect)
    day_rule = forms.ChoiceField(label=_("On which day"), choices=Schedule.DayRule.choices, widget=forms.RadioSelect, required=False)
    nth = forms.TypedChoiceField(label=_("Which one"), coerce=int, empty_value=None, required=False)
    weekday = forms.TypedChoiceField(label=_("Day of the week"), coerce=int, empty_value=None, required=False)
    anchor = forms.DateField(
        label=_("A day of the first week"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Of any two weeks that are told together: it says which weeks pair up."),
    )
    local_time = forms.TimeField(label=_("Time"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    policy = forms.ChoiceField(label=_("If data is missing when it is due"), widget=forms.RadioSelect)
    hold_hours = forms.IntegerField(label=_("Hours that it waits at most"), min_value=1, max_value=schedules.LONGEST_HOLD, required=False)
    waits = forms.ChoiceField(label=_("Whom it waits for"), widget=forms.RadioSelect)
    waits_for = forms.MultipleChoiceField(label=_("These sources"), widget=forms.CheckboxSelectMultiple, required=False)
    needs_approval = forms.BooleanField(
        label=_("A person approves every report before it leaves"),
        required=False,
        help_text=_("Nothing is sent without their yes. Half way to the deadline the deputy is asked too, after it the owners."),
    )
    approver = PersonField(User.objects.none(), label=_("Who approves"), required=False, empty_label=_("The owners"))
    deputy = PersonField(User.objects.none(), label=_("Deputy"), required=False, empty_label=_("Nobody"))
    approval_hours = forms.IntegerField(
        label=_("Hours that they have to answer"), min_value=1, max_value=schedules.LONGEST_APPROVAL, required=False
    )

    def __init__(self, data: Any, *, client: Client, sources: list[tuple[str, str]], schedule: Schedule | None = None) -> None:
        super().__init__(data, initial=kept(schedule))
        people = access.holders(client, approval.PERMISSION).order_by("name", "email")
        names: Any = self.fields
        names["cadence"].choices = [
            (Schedule.Cadence.WEEKLY, _("Every week")),
            (Schedule.Cadence.FORTNIGHTLY, _("Every two weeks")),
            (Schedule.Cadence.MONTHLY, _("Every month")),
            (Schedule.Cadence.QUARTERLY, _("Every quarter")),
        ]
        names["day_rule"].choices = [
            (Schedule.DayRule.FIRST_BUSINESS_DAY, _("The first business day (Monday to Friday; holidays are not known)")),
            (Schedule.DayRule.NTH_WEEKDAY, _("A day of the week")),
        ]
        names["nth"].choices = [(number, gettext(word)) for number, word in shown.NTH.items()]
        names["weekday"].choices = list(shown.weekdays().items())
        names["policy"].choices = [(policy, gettext(text)) for policy, text in shown.POLICIES.items()]
        names["waits"].choices = [
            (AUTOMATIC, _("Every account, and files that still come; a file of which nothing came for two periods holds nothing up")),
            (CHOSEN, _("Only the sources ticked here")),
        ]
        names["waits_for"].choices = sources
        names["approver"].queryset = names["deputy"].queryset = people

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        for name, default in DEFAULTS.items():
            if said.get(name) in (None, "") and name not in self.errors:
                said[name] = default
        if said.get("waits") == AUTOMATIC:
            said["waits_for"] = None
        elif not said.get("waits_for") and "waits_for" not in self.errors:
            self.add_error("waits_for", gettext("Tick at least one."))
        schedules.check(said.get)
        return said

    @property
    def said(self) -> dict[str, Any]:
        """The fields of the model."""
        return {name: value for name, value in self.cleaned_data.items() if name != "waits"}


# What a field is that its form does not show.
DEFAULTS: dict[str, Any] = {"day_rule": Schedule.DayRule.FIRST_BUSINESS_DAY, "nth": 1, "weekday": 1, "hold_hours": 4, "approval_hours": 24}


def kept(schedule: Schedule | None) -> dict[str, Any]:
    """What a form of a schedule begins with; of a new one, what most want."""
    if schedule is None:
        today = timezone.localdate()
        new = {"cadence": Schedule.Cadence.WEEKLY, "policy": Schedule.Policy.HOLD, "local_time": time(8, 0), "anchor": today}
        return {**DEFAULTS, **new, "waits": AUTOMATIC}
    names = [name for name in ScheduleForm.base_fields if name != "waits"]
    values = {name: getattr(schedule, name) for name in names}
    return {**values, "waits": AUTOMATIC if schedule.waits_for is None else CHOSEN, "waits_for": schedule.waits_for or []}


class RecipientForm(forms.Form):
    """One line of the grid: how a recipient is written to. `others`: recipients of whom this may be a copy, as pairs."""

    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    format = forms.ChoiceField(label=_("Form"))
    copy_of = forms.TypedChoiceField(label=_("Copy of"), coerce=int, empty_value=None, required=False)

    def __init__(self, *args: Any, others: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names: Any = self.fields
        names["format"].choices = [(value, gettext(text)) for value, text in shown.FORMATS.items()]
        names["copy_of"].choices = [("", gettext("Nobody")), *others]


class AddressesForm(RecipientForm):
    """Several people at once, all with the same language and form."""

    addresses = forms.CharField(
        label=_("E-mail addresses"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("One or many, pasted as they are: by line, comma or semicolon, with or without names."),
    )
    field_order = ("addresses", "language", "format", "copy_of")

    def clean_addresses(self) -> list[str]:
        """Each once, in the order given."""
        told = [part.strip() for part in BETWEEN.split(self.cleaned_data["addresses"]) if part.strip()]
        found = {part: parseaddr(part)[1] for part in told}
        if wrong := [part for part, address in found.items() if not _is_address(address)]:
            raise ValidationError(gettext("No address: %(parts)s") % {"parts": ", ".join(wrong[:5])})
        once = list({address.lower(): address for address in found.values()}.values())
        if len(once) > MOST_ADDRESSES:
            raise ValidationError(gettext("At most %(count)d at once.") % {"count": MOST_ADDRESSES})
        return once

    @property
    def rows(self) -> list[dict[str, Any]]:
        said = self.cleaned_data
        terms = {"language": said["language"], "format": said["format"], "copy_of_id": said["copy_of"]}
        return [{"email": address, **terms} for address in said["addresses"]]


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


class ShareForm(forms.Form):
    """A link to one report as it was sent. `runs`: pairs of id and name."""

    run = forms.TypedChoiceField(label=_("Report"), coerce=int)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    days = forms.TypedChoiceField(
        label=_("It opens for"),
        coerce=int,
        choices=[(7, _("7 days")), (30, _("30 days")), (90, _("90 days")), (365, _("365 days"))],
        initial=30,
    )
    password = forms.CharField(
        label=_("Password"),
        min_length=sharing.SHORTEST_PASSWORD,
        max_length=128,
        required=False,
        strip=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Empty: whoever has the link reads the report. Tell the password by another way than the link."),
    )

    def __init__(self, *args: Any, runs: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["run"]
        field.choices = runs


class NoteForm(forms.Form):
    """A short paragraph for the reader of a report."""

    kind = forms.ChoiceField(choices=Note.Kind.choices, widget=forms.HiddenInput)
    text = forms.CharField(label=_("Text"), max_length=notes.LONGEST, widget=forms.Textarea(attrs={"rows": 3}))


class FilterForm(forms.Form):
    """Which reports are listed."""

    state = forms.ChoiceField(label=_("State"), required=False)
    schedule = forms.TypedChoiceField(label=_("Schedule"), coerce=int, empty_value=None, required=False)

    def __init__(self, *args: Any, states: list[tuple[str, str]], schedules: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names: Any = self.fields
        names["state"].choices = [("", gettext("All states")), *states]
        names["schedule"].choices = [("", gettext("All schedules")), *schedules]


class DecisionForm(forms.Form):
    """A person's yes or no to a draft."""

    note = forms.CharField(
        label=_("Comment"),
        required=False,
        max_length=approval.LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("For those who look after the reports; the reader does not see it."),
    )
