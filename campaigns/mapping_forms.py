"""Forms of channels and campaigns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.formsets import BaseFormSet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.channels import CHANNELS, UNKNOWN
from campaigns.models import Campaign, CampaignAlias
from campaigns.origins import Rule

LONGEST = 255
LONGEST_LABEL = 40
MOST_RULES = 200
ANYTHING = "*"


def pattern(label: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=LONGEST, required=False, widget=forms.TextInput(attrs={"placeholder": ANYTHING}))


class RuleForm(forms.Form):
    """One rule; an empty pattern matches anything."""

    source = pattern(_("Source"))
    medium = pattern(_("Medium"))
    campaign = pattern(_("Campaign"))
    channel = forms.ChoiceField(label=_("Channel"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["channel"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", gettext("Choose…")), *((slug, gettext(name)) for slug, name in CHANNELS.items() if slug != UNKNOWN)]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not any(cleaned.get(part, "").strip(" *") for part in ("source", "medium", "campaign")):
            raise ValidationError(gettext("Say a source, a medium or a campaign: else this rule would move everything."))
        return cleaned

    @property
    def rule(self) -> Rule:
        parts = {part: self.cleaned_data[part].strip() or ANYTHING for part in ("source", "medium", "campaign")}
        return Rule(self.cleaned_data["channel"], **parts)


if TYPE_CHECKING:
    RuleSet = BaseFormSet[RuleForm]
else:
    RuleSet = BaseFormSet


class BaseRules(RuleSet):
    """Rules in their order."""

    def add_fields(self, form: RuleForm, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields["ORDER"].label = _("Place")
        form.fields["DELETE"].label = _("Remove")

    @property
    def rules(self) -> list[Rule]:
        return [form.rule for form in self.ordered_forms]


def rules_form(data: Any = None, *, rules: Sequence[Rule] = (), extra: int = 1, new: dict[str, str] | None = None) -> BaseRules:
    """A row for each rule and `extra` empty ones; `new` fills the first of those."""
    made = forms.formset_factory(
        RuleForm, formset=BaseRules, extra=extra, can_order=True, can_delete=True, max_num=MOST_RULES, validate_max=True
    )
    initial = [_shown(rule) for rule in rules]
    found = made(data, initial=initial)
    if new and data is None:
        found.forms[len(initial)].initial = new
    return found  # type: ignore[return-value]


class AliasForm(forms.Form):
    """Another name of a campaign, or an id that stands for it."""

    called = forms.CharField(label=_("What it is called elsewhere"), max_length=LONGEST)
    kind = forms.ChoiceField(
        label=_("That is"),
        choices=[(CampaignAlias.Kind.NAME, _("a name, or utm_campaign")), (CampaignAlias.Kind.ID, _("an id, or utm_id"))],
        initial=CampaignAlias.Kind.NAME,
    )
    campaign = forms.CharField(
        label=_("Campaign"), max_length=LONGEST, widget=forms.TextInput(attrs={"list": "campaigns", "autocomplete": "off"})
    )

    def clean_campaign(self) -> Campaign:
        found = Campaign.objects.filter(key=Campaign.key_of(self.cleaned_data["campaign"])).first()
        if found is None:
            raise ValidationError(gettext("There is no campaign of this name; choose one of the list."))
        return found

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        campaign = cleaned.get("campaign")
        if campaign and cleaned.get("kind") == CampaignAlias.Kind.NAME and Campaign.key_of(cleaned.get("called", "")) == campaign.key:
            self.add_error("called", gettext("This is its name already."))
        return cleaned


class LabelForm(forms.Form):
    """A label for the campaigns that are ticked."""

    label = forms.CharField(
        label=_("Label"), max_length=LONGEST_LABEL, widget=forms.TextInput(attrs={"list": "labels", "autocomplete": "off"})
    )
    campaigns = forms.TypedMultipleChoiceField(label=_("Campaigns"), coerce=int)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["campaigns"]
        assert isinstance(field, forms.TypedMultipleChoiceField)
        field.error_messages["required"] = gettext("Tick at least one campaign.")
        field.choices = [(pk, "") for pk in Campaign.objects.values_list("pk", flat=True)]


def _shown(rule: Rule) -> dict[str, str]:
    """A rule as its row says it."""
    return {name: "" if value == ANYTHING else value for name, value in asdict(rule).items()}
