"""The form of what happened on a day."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from campaigns.channels import CHANNELS
from campaigns.models import Campaign
from kpis.periods import Period
from kpis.serializers import EARLIEST, LATEST
from reports.annotating import LONGEST, Wish
from reports.archive.models import Annotation

AUDIENCES = [("client", _("The client too")), ("agency", _("The agency alone"))]


def _day(label: Any, help_text: Any = "", *, required: bool = True) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, help_text=help_text, required=required, widget=widget, input_formats=["%Y-%m-%d"])


class AnnotationForm(forms.Form):
    """`internal`: whoever fills it in may write for the agency alone."""

    text = forms.CharField(label=_("What happened?"), max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 2}))
    since = _day(_("Day"))
    until = _day(_("Last day"), _("Only if it lasted longer than a day."), required=False)
    channel = forms.ChoiceField(label=pgettext_lazy("annotation", "Channel"), required=False)
    campaign = forms.CharField(
        label=pgettext_lazy("annotation", "Campaign"),
        max_length=255,
        required=False,
        help_text=_("Its name, if it concerns one campaign alone."),
        widget=forms.TextInput(attrs={"list": "campaign-names", "autocomplete": "off"}),
    )
    audience = forms.ChoiceField(label=_("Who sees it?"), choices=AUDIENCES, initial="client", widget=forms.RadioSelect)

    def __init__(self, *args: Any, internal: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["channel"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", gettext("All channels")), *((slug, gettext(name)) for slug, name in CHANNELS.items())]
        if not internal:
            del self.fields["audience"]

    @classmethod
    def of(cls, annotation: Annotation, *, internal: bool) -> AnnotationForm:
        last = annotation.until if annotation.until != annotation.since else None
        audience = "agency" if annotation.is_internal else "client"
        told = {"text": annotation.text, "channel": annotation.channel, "campaign": annotation.campaign, "audience": audience}
        return cls(initial={**told, "since": annotation.since, "until": last}, internal=internal)

    def clean_campaign(self) -> str:
        """As the campaign is called here, whatever the case it was typed in."""
        name: str = self.cleaned_data["campaign"].strip()
        if not name:
            return ""
        found = Campaign.objects.filter(key=Campaign.key_of(name)).values_list("name", flat=True).first()
        if found is None:
            raise forms.ValidationError(gettext("There is no campaign of this name."))
        return found

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        for name, day in (("since", since), ("until", until)):
            if day and not EARLIEST <= day <= LATEST:
                self.add_error(name, gettext("Choose a day from %(earliest)s to %(latest)s.") % {"earliest": EARLIEST, "latest": LATEST})
        if since and until and until < since:
            self.add_error("until", gettext("It ends before it begins."))
        return cleaned

    @property
    def wish(self) -> Wish:
        told = self.cleaned_data
        period = Period(told["since"], told["until"] or told["since"])
        return Wish(told["text"], period, told["channel"], told["campaign"], told.get("audience") == "agency")
