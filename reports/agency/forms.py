"""What is asked of a new client, in a form or in a line of a file."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.forms import NewClientForm
from accounts.models import Role
from accounts.permissions import MEANINGS
from kpis.figures_settings import WEEK_STARTS
from reports.agency.creation import NewClient

CONTACTS = (Role.VIEWER, Role.ADMIN)


class CreationForm(NewClientForm):
    week_start = forms.ChoiceField(
        label=_("First day of the week"), choices=WEEK_STARTS, initial="monday", help_text=_("Of weekly figures and reports.")
    )
    contact_email = forms.EmailField(
        label=_("First contact"),
        max_length=254,
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "placeholder": "name@company.example"}),
        help_text=_("Is invited by mail as soon as the client is there. Leave it empty to invite people later."),
    )
    contact_role = forms.ChoiceField(label=_("Role of the first contact"), initial=Role.VIEWER, required=False, widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        role = self.fields["contact_role"]
        assert isinstance(role, forms.ChoiceField)
        line = '{}<span class="sub">{}</span>'
        role.choices = [(one.value, format_html(line, one.label, gettext(MEANINGS[one]))) for one in CONTACTS]

    def wanted(self, labels: tuple[str, ...] = ()) -> NewClient:
        """What was asked for, of a form that is valid."""
        fields = {name: value for name, value in self.cleaned_data.items() if value}
        return NewClient(**fields, labels=labels)


class FileForm(forms.Form):
    file = forms.FileField(
        label=_("CSV file"),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
        help_text=_("One line for each client, in UTF-8, with the columns of the template."),
    )
