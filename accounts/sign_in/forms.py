"""The forms of sign-in, in our words, and of a person's profile. What they check is allauth's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from allauth.account import forms as account
from allauth.account.adapter import get_adapter
from allauth.mfa import app_settings
from allauth.mfa.base import forms as second_factor
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn import forms as webauthn
from django import forms
from django.conf import settings
from django.core.cache import cache
from django.utils.translation import gettext_lazy as _

from accounts.models import User

if TYPE_CHECKING:
    ProfileFormBase = forms.ModelForm[User]
else:
    ProfileFormBase = forms.ModelForm

PASSWORD_HELP = _("At least ten characters; a few words together are easy to remember and hard to guess.")
CODE: dict[str, str] = {"autocomplete": "one-time-code", "inputmode": "numeric", "autocapitalize": "off", "spellcheck": "false"}


def _word(form: forms.Form, name: str, label: Any, *, help_text: Any = "", **attributes: str) -> None:
    """Give a field our words. A placeholder is no label, and goes."""
    field = form.fields[name]
    field.label, field.help_text = label, help_text
    field.widget.attrs.pop("placeholder", None)
    field.widget.attrs.update(attributes)


class SignInForm(account.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _word(self, "login", _("E-mail address"), autocomplete="username")
        _word(self, "password", _("Password"))


class ForgottenPasswordForm(account.ResetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _word(self, "email", _("E-mail address"), autocomplete="username")

    def clean_email(self) -> str:
        """Only the address somebody signs in with: one they have not confirmed yet opens nothing."""
        email: str = super().clean_email()
        self.users = list(User.objects.filter(email=email.lower(), is_active=True))
        return email


class NewAddressForm(account.AddEmailForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        help_text = _("We send a link to it. Until you open it, you go on signing in with your present address.")
        _word(self, "email", _("New e-mail address"), help_text=help_text)


def _new_passwords(form: forms.Form) -> None:
    _word(form, "password1", _("New password"), help_text=PASSWORD_HELP)
    _word(form, "password2", _("New password again"))


class ChangePasswordForm(account.ChangePasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _word(self, "oldpassword", _("Present password"))
        _new_passwords(self)


class SetPasswordForm(account.SetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _new_passwords(self)


class NewPasswordForm(account.ResetPasswordKeyForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _new_passwords(self)


class PasswordAgainForm(account.ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _word(self, "password", _("Password"))


class _OnlyOnce(second_factor.BaseAuthenticateForm):
    """A code within the tolerated minute and a half works once: allauth forgets after half a minute that it was used."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        help_text = _("Six digits from your authenticator app, or one of your recovery codes.")
        _word(self, "code", _("Code"), help_text=help_text, **CODE)

    def clean_code(self) -> str:
        code: str = super().clean_code()
        steps = 2 * app_settings.TOTP_TOLERANCE + 1
        used = f"second-factor:{self.user.pk}:{''.join(code.split())}"
        is_app = self.authenticator.type == Authenticator.Type.TOTP
        if is_app and not cache.add(used, True, timeout=steps * app_settings.TOTP_PERIOD):
            raise get_adapter().validation_error("incorrect_code")
        return code


class CodeForm(_OnlyOnce, second_factor.AuthenticateForm):
    pass


class CodeAgainForm(_OnlyOnce, second_factor.ReauthenticateForm):
    pass


class FirstCodeForm(ActivateTOTPForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _word(self, "code", _("Code"), help_text=_("The six digits that the app shows now."), maxlength="8", **CODE)

    @property
    def secret_in_groups(self) -> str:
        return " ".join(self.secret[start : start + 4] for start in range(0, len(self.secret), 4))


class PasskeysAnswer(forms.JSONField):
    """What a browser hands over of a passkey. It works once, so a form that comes back does not show it again."""

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except (RecursionError, ValueError) as error:  # too deep, or a number of too many digits
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from error

    def bound_data(self, data: Any, initial: Any) -> Any:
        return initial


class NewPasskeyForm(webauthn.AddWebAuthnForm):
    credential = PasskeysAnswer(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {}).setdefault("passwordless", True)
        super().__init__(*args, **kwargs)
        _name_passkey(self)
        help_text = _("Your device then asks for a fingerprint, your face or its code. Otherwise it is a second step after the password.")
        _word(self, "passwordless", _("Sign in with it alone, without a password"), help_text=help_text)

    def clean(self) -> dict[str, Any]:
        return cast("dict[str, Any]", _understood(super().clean))


class RenamePasskeyForm(webauthn.EditWebAuthnForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _name_passkey(self)


def _name_passkey(form: forms.Form) -> None:
    _word(form, "name", _("Name"), help_text=_("What you call it, so that you can tell your passkeys apart."), maxlength="60")
    name = form.fields["name"]
    assert isinstance(name, forms.CharField)
    name.max_length = 60


class PasskeyForm(webauthn.AuthenticateWebAuthnForm):
    """What is no answer of a passkey is refused like a wrong one."""

    credential = PasskeysAnswer(widget=forms.HiddenInput)

    def clean_credential(self) -> Any:
        return _understood(super().clean_credential)


class PasskeyAgainForm(PasskeyForm, webauthn.ReauthenticateWebAuthnForm):
    pass


class PasskeySignInForm(PasskeyForm, webauthn.LoginWebAuthnForm):
    pass


def _understood(clean: Any) -> Any:
    try:
        return clean()
    except (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError) as error:
        # A `ValidationError` is none of these.
        raise get_adapter().validation_error("incorrect_code") from error


class ProfileForm(ProfileFormBase):
    class Meta:
        model = User
        fields = ("name", "language")

    name = forms.CharField(label=_("Name"), max_length=100, required=False, widget=forms.TextInput({"autocomplete": "name"}))
    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        choices=[("", _("The browser’s")), *settings.LANGUAGES],
        help_text=_("Of the pages, and of the mails about your account."),
    )
