"""Forms of people, tokens and organisations. What a service refuses is shown beside the field it names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.html import format_html
from django.utils.text import slugify
from django.utils.translation import get_language, gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import (
    SHORT_NAME_ERRORS,
    Agency,
    AuditEvent,
    Client,
    Organisation,
    Role,
    Scope,
    User,
    currencies_in_use,
    validate_timezone,
)
from accounts.permissions import MEANINGS, SCOPE_MEANINGS, grantable
from accounts.pictures import MOST_BYTES, Picture, checked
from accounts.sign_in.forms import PASSWORD_HELP

# Offered before all others.
COMMON = ("EUR", "USD", "GBP", "CHF", "CAD")


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
        role, clients = self.fields["role"], self.fields["clients"]
        assert isinstance(role, forms.ChoiceField)
        assert isinstance(clients, forms.ModelMultipleChoiceField)
        role.choices = _role_choices(roles := grantable(mine, organisation))
        if len(roles) == 1:
            self.initial.setdefault("role", roles[0].value)
        if isinstance(organisation, Agency):
            clients.queryset = organisation.clients.order_by("name", "id")
        else:
            del self.fields["clients"]

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


class TokenForm(forms.Form):
    """A new API token: what it is for, what it may do, for how long."""

    name = forms.CharField(
        label=_("What is it for?"),
        max_length=100,
        help_text=_("For instance “Google Sheets”: you will revoke it by this name."),
    )
    scope = forms.ChoiceField(label=_("It may"), initial=Scope.READ, widget=forms.RadioSelect)
    days = forms.TypedChoiceField(
        label=_("It lives"), choices=[(30, _("30 days")), (90, _("90 days")), (365, _("365 days"))], coerce=int, initial=90
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["scope"]
        assert isinstance(field, forms.ChoiceField)
        line = '{}<span class="sub">{}</span>'
        field.choices = [(scope.value, format_html(line, scope.label, gettext(SCOPE_MEANINGS[scope]))) for scope in Scope]


class ClientForm(forms.Form):
    """What a client is called, where, and in which language."""

    name = forms.CharField(label=_("Name"), max_length=100)
    slug = forms.SlugField(
        label=_("Short name"),
        max_length=50,
        error_messages=SHORT_NAME_ERRORS,
        help_text=_("Part of every address of the client. Old links keep leading here."),
    )
    language = forms.ChoiceField(
        label=_("Language"),
        choices=settings.LANGUAGES,
        help_text=_("For new people and mails; everybody may choose another for themselves."),
    )


class NewClientForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    slug = forms.SlugField(
        label=_("Short name"),
        max_length=50,
        required=False,
        error_messages=SHORT_NAME_ERRORS,
        help_text=_("Part of every address of the client; made from the name if left empty. It can be changed later."),
        widget=forms.TextInput(attrs={"data-slug-of": "id_name", "autocomplete": "off"}),
    )
    currency = forms.ChoiceField(
        label=_("Currency"),
        help_text=_("In which every amount of money is shown. It can be changed later."),
    )
    timezone = forms.CharField(
        label=_("Time zone"),
        max_length=50,
        validators=[validate_timezone],
        help_text=_("Where the client's day begins and ends. It can be changed later."),
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off", "placeholder": "Europe/Paris"}),
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["currency"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = currencies((get_language() or "en")[:2])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("name") and not cleaned.get("slug") and "slug" not in self.errors:
            cleaned["slug"] = slugify(cleaned["name"])[:50].strip("-")
            if not cleaned["slug"]:
                self.add_error("slug", _("Choose a short name of letters a to z, digits and hyphens."))
        return cleaned


class LabelForm(forms.Form):
    """A label's name and who has it, among the clients that a person sees."""

    name = forms.CharField(label=_("Name"), max_length=40, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    clients = forms.ModelMultipleChoiceField(Client.objects.none(), label=_("Clients"), required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, clients: QuerySet[Client], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["clients"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = self.seen = clients


class CloseForm(forms.Form):
    """Asks for the client's short name, so that nobody closes the wrong one."""

    typed = forms.CharField(label=_("Type the short name to confirm"), max_length=50, widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(self, *args: Any, slug: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.slug = slug
        self.fields["typed"].help_text = gettext("The short name is “%(slug)s”.") % {"slug": slug}

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"].strip()
        if typed != self.slug:
            raise ValidationError(gettext("This is not the short name. It is “%(slug)s”.") % {"slug": self.slug})
        return typed


class AgencyForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("On every page and in every mail, as the sender."))
    logo = forms.FileField(
        label=_("Logo"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp,image/gif,image/svg+xml"}),
        help_text=_(
            "A PNG, JPEG, WebP, GIF or SVG of at most 2 MB. In the side bar, in mails and on reports; where it is not shown, the name is."
        ),
    )
    remove_logo = forms.BooleanField(label=_("Show the name instead of the logo"), required=False)
    primary_colour = forms.CharField(
        label=_("Colour"),
        max_length=7,
        widget=forms.ColorInput(),
        help_text=_("Of the side bar, links and buttons. Where its text could not be read, it is darkened or lightened as far as it must."),
    )
    accent_colour = forms.CharField(
        label=_("Second colour"), max_length=7, widget=forms.ColorInput(), help_text=_("Of the second line of a chart.")
    )
    reply_to = forms.EmailField(
        label=_("Reply address"), required=False, help_text=_("Answers to reports and invitations go there; empty: nowhere.")
    )
    sender_name = forms.CharField(
        label=_("Sender’s name"), max_length=100, required=False, help_text=_("Who mails are from; empty: the name above.")
    )
    sender_address = forms.EmailField(
        label=_("Sender’s address"),
        required=False,
        help_text=_("Used once whoever runs this service has allowed its domain; until then it only receives answers."),
    )
    footer = forms.CharField(
        label=_("Footer"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Your company’s address and the like, at the end of mails and reports."),
    )
    requires_second_factor = forms.BooleanField(
        label=_("Everybody in the agency signs in in two steps"),
        required=False,
        help_text=_("Whoever has not set it up yet is asked to at their next click. Client companies are not affected."),
    )

    def __init__(self, *args: Any, has_logo: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not has_logo:
            del self.fields["remove_logo"]

    def clean_logo(self) -> Picture | None:
        """The picture itself, written anew."""
        file = self.cleaned_data["logo"]
        return checked(file.read(MOST_BYTES + 1)) if file else None

    def clean_footer(self) -> str:
        """Of one writing for its lines, whichever the browser sent."""
        return "\n".join(line.strip() for line in self.cleaned_data["footer"].splitlines()).strip()

    @property
    def fields_of_agency(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name not in {"logo", "remove_logo"}}


@cache
def currencies(language: str) -> list[tuple[str, str]]:
    """Every currency that is in use somewhere, as (code, "EUR – Euro"): the commonest first, then by code."""
    used = currencies_in_use()
    names = Locale.parse(language).currencies
    ordered = [code for code in COMMON if code in used] + sorted(used - set(COMMON))
    return [(code, f"{code} – {names[code]}") for code in ordered if code in names]


class ActivityForm(forms.Form):
    """Which lines of the record to show; a wish nobody can have is as good as none."""

    who = forms.ChoiceField(label=_("Who"), required=False)
    kind = forms.ChoiceField(label=_("What"), required=False)
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=pgettext_lazy("last day", "To"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, actors: list[str], zone: ZoneInfo, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone
        who, kind = self.fields["who"], self.fields["kind"]
        assert isinstance(who, forms.ChoiceField)
        assert isinstance(kind, forms.ChoiceField)
        who.choices = [("", gettext("Everybody")), *((actor, audit.called(actor)) for actor in actors)]
        kind.choices = [("", gettext("Everything")), *((slug, gettext(name)) for slug, (name, _verbs) in audit.KINDS.items())]

    def wish(self) -> dict[str, Any]:
        """What was chosen and can be."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

    def narrowed(self, events: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
        wish = self.wish()
        found = audit.chosen(events, wish.get("kind", ""), wish.get("who", ""))
        return audit.of_days(found, wish.get("since"), wish.get("until"), self.zone)


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
