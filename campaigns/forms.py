"""Forms of connections."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns import connections, systems
from campaigns.connectors.base import Account
from campaigns.models import Connection, ConversionAction, SystemOfRecord

AGENCY, CLIENT = "agency", "client"
SUBJECTS = {
    SystemOfRecord.Subject.LEADS: _("Leads"),
    SystemOfRecord.Subject.CUSTOMERS: _("Customers"),
    SystemOfRecord.Subject.REVENUE: _("Revenue"),
}


class OwnerForm(forms.Form):
    """To whom a consent is given, asked of the agency's people."""

    owner = forms.ChoiceField(label=_("Who may use this permission?"), widget=forms.RadioSelect, initial=AGENCY)

    def __init__(self, *args: Any, agency: str, client: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["owner"]
        assert isinstance(field, forms.ChoiceField)
        line = '{}<span class="sub">{}</span>'
        field.choices = [
            (AGENCY, format_html(line, agency, gettext("Sign in as the agency once; then choose accounts for any of its clients."))),
            (CLIENT, format_html(line, client, gettext("For an account of the company itself: it stays when the agency goes."))),
        ]

    @property
    def is_for_agency(self) -> bool:
        return self.is_valid() and self.cleaned_data["owner"] == AGENCY


class AccountsForm(forms.Form):
    """The accounts a consent reaches, to choose from; each says what is known of it here."""

    accounts = forms.MultipleChoiceField(label=_("Accounts"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, accounts: list[Account], known: dict[str, Connection], currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offered = {account.external_id: account for account in accounts}
        field = self.fields["accounts"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(account.external_id, _choice(account, known.get(account.external_id), currency)) for account in accounts]
        if len(accounts) == 1:
            field.initial = [accounts[0].external_id]

    @property
    def chosen(self) -> list[Account]:
        return [self.offered[external_id] for external_id in self.cleaned_data["accounts"]]


class ConversionsForm(forms.Form):
    """Which of an account's conversion actions count."""

    counted = forms.MultipleChoiceField(label=_("These count as conversions"), widget=forms.CheckboxSelectMultiple, required=False)

    def __init__(self, *args: Any, actions: list[ConversionAction], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["counted"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(action.action, _action(action)) for action in actions]
        field.initial = [action.action for action in actions if connections.counts(action)]


class SystemsForm(forms.Form):
    """Whose word counts, asked where several sources tell of one subject."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        in_force = systems.in_force()
        for subject, label in SUBJECTS.items():
            candidates = systems.candidates(subject)
            if len(candidates) > 1:
                choices = [(source, connections.title(source)) for source in candidates]
                self.fields[subject] = forms.ChoiceField(label=label, choices=choices, widget=forms.RadioSelect, initial=in_force[subject])


def _choice(account: Account, known: Connection | None, currency: str) -> str:
    notes = [account.external_id, account.currency, account.timezone]
    if account.currency and account.currency != currency:
        notes.append(gettext("converted at each day's rate"))
    if known and known.state == Connection.State.DISCONNECTED:
        notes.append(gettext("was disconnected; its history is kept"))
    elif known and known.credential_id is None:
        notes.append(gettext("known from files, whose days stay"))
    elif known:
        notes.append(gettext("connected already"))
    return format_html('{}<span class="sub">{}</span>', account.name or account.external_id, " · ".join(note for note in notes if note))


def _action(action: ConversionAction) -> str:
    there = gettext("counts on the platform") if action.counts_there else gettext("does not count on the platform")
    return format_html('{}<span class="sub">{}</span>', action.name, there)
