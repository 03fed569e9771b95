"""Forms of one's own page: a stay, the terms of an address, an address."""

from django import forms
from django.utils.translation import gettext_lazy as _

from wayhome.travellers.contact_policy import PolicySaid
from wayhome.travellers.models import ContactPoint, Reach
from wayhome.travellers.zones import zone_names
from wayhome.trips.enrolment import LANGUAGES
from wayhome.web.forms import PlainForm
from wayhome.web.portal.enrol_forms import LANGUAGE_NAMES


class PolicyForm(PlainForm):
    """The terms of one address of one's own."""

    quiet_from = forms.TimeField(
        label=_("Quiet from"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={"invalid": "is no time of day; write it like 22:00"},
    )
    quiet_until = forms.TimeField(
        label=_("Quiet until"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={"invalid": "is no time of day; write it like 07:00"},
    )
    time_zone = forms.CharField(
        label=_("By the clock of"),
        required=False,
        max_length=60,
        widget=forms.Select(),
    )
    language = forms.ChoiceField(
        label=_("Language of messages"),
        choices=[(code, LANGUAGE_NAMES[code]) for code in LANGUAGES],
        required=False,
        error_messages={"invalid_choice": "is not offered; choose one of the list"},
    )
    neutral = forms.BooleanField(
        label=_("Neutral wording: messages do not show what they are about"), required=False
    )
    sms_only = forms.BooleanField(label=_("Text messages only, no calls"), required=False)

    def __init__(self, *args: object, reach: Reach, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        zone = self.fields["time_zone"].widget
        assert isinstance(zone, forms.Select)
        zone.choices = [("", _("choose")), *((name, name) for name in zone_names())]
        if reach.contact_point.kind != ContactPoint.Kind.PHONE:
            del self.fields["sms_only"]

    @classmethod
    def of(cls, reach: Reach, zone_there: str) -> "PolicyForm":
        """As the terms are now; the zone of where they stay where none was chosen."""
        initial = {
            "quiet_from": reach.quiet_from,
            "quiet_until": reach.quiet_until,
            "time_zone": reach.time_zone if reach.quiet_from else zone_there,
            "language": reach.language,
            "neutral": reach.wording == Reach.Wording.NEUTRAL,
            "sms_only": reach.channels == ",sms,",
        }
        return cls(reach=reach, initial=initial)

    def said(self) -> PolicySaid:
        values = self.cleaned_data
        return PolicySaid(
            quiet_from=values["quiet_from"],
            quiet_until=values["quiet_until"],
            time_zone=values["time_zone"],
            language=values["language"],
            neutral=values["neutral"],
            channels=("sms",) if values.get("sms_only") else (),
        )


class AddressForm(PlainForm):
    mail = forms.CharField(
        label=_("Mail address"),
        required=False,
        max_length=400,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class NameForm(PlainForm):
    name = forms.CharField(
        label=_("Name, as in the travel document"),
        required=False,
        max_length=400,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "name"}),
    )


class AddAddressForm(AddressForm):
    phone = forms.CharField(
        label=_("Or telephone"),
        required=False,
        max_length=60,
        help_text=_("With + and country code, for example +9647901234567"),
        widget=forms.TextInput(attrs={"autocomplete": "tel", "type": "tel", "inputmode": "tel"}),
    )


class WatchForm(PlainForm):
    area = forms.CharField(
        label=_("Country or province"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
