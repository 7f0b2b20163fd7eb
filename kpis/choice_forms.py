"""A form for each choice about figures: it says the value as `kpis.choice_entries` keeps it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from babel.dates import get_month_names
from django import forms
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from campaigns.imports.cells import TOUCH_KINDS
from kpis import decided, rules
from kpis.choice_entries import ENGAGEMENTS, ENTRIES, MOST_DAYS, MOST_MONTHS, REPEATS, RETENTION_MODES, TAX_BASES
from kpis.choices import EARLIEST, LATEST
from kpis.measures import MEASURES

CONDITIONS = 4
TOUCHES = {"visit": _("visits"), "download": _("downloads"), "form": _("forms sent"), "call": _("calls"), "meeting": _("meetings")}


class ChoiceForm(forms.Form):
    """`said` is the value that the form says; `initial_of` the other way round."""

    since = forms.DateField(
        label=_("From which day on?"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Empty: for all days, past ones too."),
    )
    dated: ClassVar[bool] = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.dated:
            del self.fields["since"]

    def clean_since(self) -> date | None:
        since: date | None = self.cleaned_data["since"]
        if since and not EARLIEST <= since <= LATEST:
            raise forms.ValidationError(gettext("Use a day between 1970 and 2100."))
        return since

    @property
    def said(self) -> Any:
        return self.cleaned_data["value"]

    @classmethod
    def initial_of(cls, value: Any) -> dict[str, Any]:
        return {"value": value}

    @property
    def since_said(self) -> date | None:
        return self.cleaned_data.get("since")


class WordForm(ChoiceForm):
    """One of some words."""

    value = forms.ChoiceField(widget=forms.RadioSelect)
    known: ClassVar[tuple[str, ...]] = ()
    name: ClassVar[str] = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["value"]
        assert isinstance(field, forms.ChoiceField)
        field.label = gettext(ENTRIES[self.name].title)
        tell = decided.DECIDED[self.name][1]
        field.choices = [(word, tell(word).capitalize()) for word in self.known]


class TaxForm(WordForm):
    name, known = "tax_basis", TAX_BASES


class RetentionForm(WordForm):
    name, known = "retention_mode", RETENTION_MODES


class RepeatForm(WordForm):
    name, known = "repeat_revenue", REPEATS


class MarginForm(ChoiceForm):
    value = forms.DecimalField(
        label=_("Margin in percent"),
        required=False,
        min_value=0,
        max_value=100,
        decimal_places=4,
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "any"}),
        help_text=_("For instance 35. Empty: not known, and figures that need it say so."),
    )
    dated = True

    @property
    def said(self) -> Any:
        percent = self.cleaned_data["value"]
        return None if percent is None else str(percent / 100)

    @classmethod
    def initial_of(cls, value: Any) -> dict[str, Any]:
        return {"value": None if value is None else f"{(Decimal(value) * 100).normalize():f}"}


class NamesForm(ChoiceForm):
    value = forms.CharField(
        label=_("Names of costs"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("One in each line; * stands for any characters, such as Trade fair*."),
    )

    @property
    def said(self) -> Any:
        return [line.strip() for line in self.cleaned_data["value"].splitlines() if line.strip()]

    @classmethod
    def initial_of(cls, value: Any) -> dict[str, Any]:
        return {"value": "\n".join(value)}


class EngagementForm(ChoiceForm):
    value = forms.MultipleChoiceField(label=_("These count"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["value"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(part, gettext(MEASURES[part].name).capitalize()) for part in ENGAGEMENTS]


class DaysForm(ChoiceForm):
    value = forms.IntegerField(label=_("Days"), min_value=1, max_value=MOST_DAYS)


class MonthsForm(ChoiceForm):
    value = forms.IntegerField(
        label=_("Months"), min_value=1, max_value=MOST_MONTHS, required=False, help_text=_("Empty: as long as the churn rate says.")
    )


class FiscalForm(ChoiceForm):
    value = forms.TypedChoiceField(label=_("First month"), coerce=int)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["value"]
        assert isinstance(field, forms.ChoiceField)
        names = get_month_names("wide", "stand-alone", (get_language() or "en")[:2])
        field.choices = [(number, names[number].capitalize()) for number in range(1, 13)]


class RuleForm(ChoiceForm):
    """When a lead is qualified: as its source says, by its score, or by what it did."""

    kind = forms.ChoiceField(
        label=_("A lead counts"),
        widget=forms.RadioSelect,
        choices=[
            (rules.REPORTED, _("When its source says so")),
            (rules.SCORE, _("From a score on")),
            (rules.EVENTS, _("Once it has done all of the following")),
        ],
    )
    at_least = forms.IntegerField(label=_("Score of at least"), required=False, min_value=-(2**31), max_value=2**31 - 1)
    dated = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [("", "–"), *((kind, TOUCHES[kind]) for kind in TOUCH_KINDS)]
        for number in range(1, CONDITIONS + 1):
            said = {"number": number}
            self.fields[f"kind_{number}"] = forms.ChoiceField(label=gettext("Deed %(number)s") % said, required=False, choices=kinds)
            self.fields[f"times_{number}"] = forms.IntegerField(
                label=gettext("How many times"), required=False, min_value=1, max_value=rules.MOST_TIMES
            )
            self.fields[f"asset_{number}"] = forms.CharField(
                label=gettext("Of what"), required=False, max_length=255, widget=forms.TextInput(attrs={"placeholder": "*"})
            )
        self.order_fields(["kind", "at_least", *(name for name in self.fields if name[-1].isdigit()), "since"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("kind") == rules.SCORE and cleaned.get("at_least") is None and "at_least" not in self.errors:
            self.add_error("at_least", gettext("Say the score."))
        if cleaned.get("kind") == rules.EVENTS and not self._conditions():
            self.add_error("kind_1", gettext("Say at least one deed."))
        return cleaned

    @property
    def said(self) -> Any:
        kind = self.cleaned_data["kind"]
        if kind == rules.SCORE:
            return {"kind": kind, "at_least": self.cleaned_data["at_least"]}
        return {"kind": kind, "all": self._conditions()} if kind == rules.EVENTS else {"kind": kind}

    @classmethod
    def initial_of(cls, value: Any) -> dict[str, Any]:
        found = {"kind": value["kind"], "at_least": value.get("at_least")}
        for number, condition in enumerate(value.get("all", ())[:CONDITIONS], 1):
            found |= {f"{part}_{number}": condition.get(part) for part in ("kind", "times", "asset")}
        return found

    @property
    def conditions(self) -> list[list[forms.BoundField]]:
        """The fields of each, for the page."""
        return [[self[f"{part}_{number}"] for part in ("kind", "times", "asset")] for number in range(1, CONDITIONS + 1)]

    def _conditions(self) -> list[dict[str, Any]]:
        found = []
        for number in range(1, CONDITIONS + 1):
            kind = self.cleaned_data.get(f"kind_{number}")
            if kind:
                asset = (self.cleaned_data.get(f"asset_{number}") or "").strip()
                times = self.cleaned_data.get(f"times_{number}") or 1
                found.append({"kind": kind, "times": times} | ({"asset": asset} if asset and asset != "*" else {}))
        return found


FORMS: dict[str, type[ChoiceForm]] = {
    "mql_rule": RuleForm,
    "sql_rule": RuleForm,
    "margin": MarginForm,
    "tax_basis": TaxForm,
    "sales_costs": NamesForm,
    "ignored_costs": NamesForm,
    "engagement_parts": EngagementForm,
    "activity_window": DaysForm,
    "retention_mode": RetentionForm,
    "repeat_revenue": RepeatForm,
    "lifetime_months": MonthsForm,
    "fiscal_start": FiscalForm,
}
