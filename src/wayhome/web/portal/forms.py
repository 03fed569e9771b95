"""The enrolment form, row by row, and the form that changes one stay."""

from dataclasses import replace
from datetime import date
from hashlib import sha256

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from wayhome.places.choosing import the_one
from wayhome.places.errors import PlaceError
from wayhome.problems import Problem, Problems
from wayhome.travellers.contact_policy import PolicySaid
from wayhome.travellers.models import ContactPoint, Reach
from wayhome.travellers.zones import zone_names
from wayhome.trips.enrolment import (
    LANGUAGES,
    MOST_PEOPLE,
    MOST_STAYS,
    EnrolmentSaid,
    PersonSaid,
    StaySaid,
    check,
)
from wayhome.web.forms import Fault, PlainForm, day_field, faults_of

LANGUAGE_NAMES = {"en": "English", "fr": "Français", "es": "Español", "ar": "العربية"}
_SENTENCE = {"dir": "auto"}


class PersonForm(PlainForm):
    name = forms.CharField(
        label=_("Name, as in the travel document"),
        required=False,
        max_length=400,
        widget=forms.TextInput(attrs=_SENTENCE | {"autocomplete": "name"}),
    )
    minor = forms.BooleanField(label=_("A child (under 18)"), required=False)


class StayForm(PlainForm):
    place = forms.CharField(
        label=_("Place"),
        required=False,
        max_length=400,
        help_text=_("City, province or country, as you would tell a friend"),
        widget=forms.TextInput(attrs=_SENTENCE),
    )
    country = forms.CharField(
        label=_("Country (if the place may be in several)"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs=_SENTENCE | {"autocomplete": "country-name"}),
    )
    arrive = day_field(_("First day"))
    depart = day_field(_("Last day"))
    resident = forms.BooleanField(label=_("I live here (no last day)"), required=False)

    def read(self, number: int, faults: list[Problem]) -> StaySaid:
        """What the row says. Where it cannot be read a fault is added, and today stands in."""
        values = self.cleaned_data
        arrive, depart = values.get("arrive"), values.get("depart")
        if arrive is None:
            faults.append(Problem(f"arrive {number}", "is empty", "give the first day there"))
        if values["resident"] and depart is not None:
            faults.append(
                Problem(f"depart {number}", "is given and “I live here” too", "empty it, or untick")
            )
        elif depart is None and not values["resident"]:
            faults.append(
                Problem(f"depart {number}", "is empty", "give the last day, or tick “I live here”")
            )
        country = None
        if named := values.get("country"):
            try:
                country = the_one(named, kinds=("country",)).country
            except PlaceError as error:
                faults.append(Problem(f"country {number}", error.problem, error.fix))
        return StaySaid(
            place=values.get("place", ""),
            country=country,
            arrive=arrive or depart or date(2000, 1, 1),
            depart=depart,
        )


class ReachForm(PlainForm):
    mail = forms.CharField(
        label=_("Mail address"),
        required=False,
        max_length=400,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    phone = forms.CharField(
        label=_("Telephone"),
        required=False,
        max_length=60,
        help_text=_("With + and country code, for example +9647901234567"),
        widget=forms.TextInput(attrs={"autocomplete": "tel", "type": "tel", "inputmode": "tel"}),
    )
    language = forms.ChoiceField(
        label=_("Language of messages"),
        choices=[(code, LANGUAGE_NAMES[code]) for code in LANGUAGES],
        required=False,
        error_messages={"invalid_choice": "is not offered; choose one of the list"},
    )
    emergency_mail = forms.CharField(
        label=_("Their mail address"),
        required=False,
        max_length=400,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    emergency_phone = forms.CharField(
        label=_("Their telephone"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off", "type": "tel", "inputmode": "tel"}),
    )


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
            "language": reach.language or reach.contact_point.language,
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


class EnrolPage:
    """All rows of the enrolment form, bound to what was sent or still empty."""

    def __init__(self, sent: QueryDict | None = None, *, more: str = "") -> None:
        """``more``: "person" or "stay" to show one row more, with the input kept as it is."""
        keep = sent is not None and bool(more)
        data = None if keep else sent
        initial = {name: str(sent[name]) for name in sent} if keep and sent is not None else {}
        rows = {
            "person": _rows(sent, "people", MOST_PEOPLE, more == "person"),
            "stay": _rows(sent, "stays", MOST_STAYS, more == "stay"),
        }
        self.people = [
            PersonForm(data, prefix=f"person-{n}", initial=_of(initial, f"person-{n}-"))
            for n in range(rows["person"])
        ]
        self.stays = [
            StayForm(data, prefix=f"stay-{n}", initial=_of(initial, f"stay-{n}-"))
            for n in range(rows["stay"])
        ]
        self.reach = ReachForm(data, initial=initial)

    @property
    def forms(self) -> list[PlainForm]:
        return [*self.people, *self.stays, self.reach]

    @property
    def faults(self) -> list[Fault]:
        return faults_of(self.forms) if self.reach.is_bound else []

    def read(self, today: date, press: str) -> EnrolmentSaid:
        """What was said; Problems with every fault of every field at once, shown beside it.

        Each person's reference is derived from the press and from what was said: the same form
        sent twice enrols once, and the form changed and sent again is another enrolment.
        """
        valid = [form.is_valid() for form in self.forms]  # every one, so that all faults show
        people = [form for form in self.people if form.cleaned_data.get("name")] or self.people[:1]
        stays = [form for form in self.stays if form.has_changed()] or self.stays[:1]
        faults: list[Problem] = []
        reach = self.reach.cleaned_data
        said = EnrolmentSaid(
            people=tuple(
                PersonSaid(form.cleaned_data.get("name", ""), form.cleaned_data["minor"])
                for form in people
            ),
            stays=tuple(form.read(number, faults) for number, form in enumerate(stays, 1)),
            mail=reach.get("mail", ""),
            phone=reach.get("phone", ""),
            language=reach.get("language") or "en",
            emergency_mail=reach.get("emergency_mail", ""),
            emergency_phone=reach.get("emergency_phone", ""),
        )
        mentioned = {fault.field for fault in faults}
        try:
            check(said, today)
        except Problems as error:
            faults += [fault for fault in error.problems if fault.field not in mentioned]
        if faults or not all(valid):
            for fault in faults:
                self._show(fault, people, stays)
            raise Problems(faults)
        digest = sha256(repr(said).encode()).hexdigest()[:16]
        return replace(
            said,
            people=tuple(
                replace(person, reference=f"web-{press}-{digest}-{number}")
                for number, person in enumerate(said.people, 1)
            ),
        )

    def _show(self, fault: Problem, people: list[PersonForm], stays: list[StayForm]) -> None:
        name, _space, number = fault.field.rpartition(" ")
        if number.isdecimal():
            rows: list[PersonForm] | list[StayForm] = people if name == "name" else stays
            rows[int(number) - 1].show(name, fault)
        else:
            self.reach.show(fault.field.replace(" ", "_"), fault)


def _rows(sent: QueryDict | None, name: str, most: int, one_more: bool) -> int:
    text = sent.get(name, "") if sent is not None else ""
    rows = int(text) if text.isdecimal() and len(text) < 5 else 1
    return max(1, min(rows + one_more, most))


def _of(values: dict[str, str], prefix: str) -> dict[str, str]:
    return {
        name.removeprefix(prefix): value
        for name, value in values.items()
        if name.startswith(prefix)
    }
