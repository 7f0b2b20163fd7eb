"""Forms of people, tokens and organisations. What a service refuses is shown beside the field it names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import team
from accounts.forms import PASSWORD_HELP
from accounts.models import Client, Organisation, Role, User
from accounts.permissions import MEANINGS, grantable


class Confirmation(forms.Form):
    """Nothing but the button."""


def posted(request: HttpRequest) -> QueryDict | None:
    """What was sent, even if that is nothing; None if the page is only looked at."""
    return request.POST if request.method == "POST" else None


def carried_out(form: forms.Form, change: Callable[[], object]) -> bool:
    """Whether `change` was made; what it refuses becomes errors of the form."""
    try:
        change()
    except ValidationError as error:
        _attach(form, error)
        return False
    return True


def _attach(form: forms.Form, error: ValidationError) -> None:
    for field, messages in (error.message_dict if hasattr(error, "error_dict") else {"": error.messages}).items():
        for message in messages:
            form.add_error(field if field in form.fields else None, message)


def _role_choices(roles: Iterable[Role]) -> list[tuple[str, str]]:
    line = '{}<span class="sub">{}</span>'
    return [(role.value, format_html(line, role.label, gettext(MEANINGS[role]))) for role in roles]


class RoleForm(forms.Form):
    """A role that holders of the permissions `mine` may give; in an agency, also clients."""

    role = forms.ChoiceField(label=_("Role"), widget=forms.RadioSelect)
    clients = forms.ModelMultipleChoiceField(
        Client.objects.none(),
        label=_("Clients"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("An owner sees every client, whatever is ticked."),
    )

    def __init__(self, *args: Any, organisation: Organisation, mine: frozenset[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = team.assignable(organisation)
        field = self.fields["role"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = _role_choices(grantable(mine, organisation))
        if isinstance(organisation, Client):
            del self.fields["clients"]
        else:
            self._offer(choices)

    def _offer(self, choices: QuerySet[Client]) -> None:
        field = self.fields["clients"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = choices

    @property
    def role_chosen(self) -> Role:
        return Role(self.cleaned_data["role"])

    @property
    def clients_chosen(self) -> list[Client]:
        return list(self.cleaned_data.get("clients", ()))


class InviteForm(RoleForm):
    email = forms.EmailField(label=_("E-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    language = forms.ChoiceField(label=_("Language of the mail"), choices=settings.LANGUAGES)
    field_order = ("email", "role", "clients", "language")


class MemberForm(RoleForm):
    pass


class JoinForm(forms.Form):
    """A new person's name and password; `email` is the address they were invited by."""

    name = forms.CharField(label=_("Your name"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = forms.CharField(
        label=_("Password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        strip=False,
        max_length=1000,
        help_text=PASSWORD_HELP,
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "password" in cleaned:
            try:
                validate_password(cleaned["password"], User(email=self.email, name=cleaned.get("name", "")))
            except ValidationError as error:
                self.add_error("password", error)
        return cleaned
