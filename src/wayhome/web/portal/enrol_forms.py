"""The rows of the enrolment form: people, stays, legs, addresses, who enters somebody else."""

from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from wayhome.places.choosing import the_one
from wayhome.places.errors import PlaceError
from wayhome.places.placing import place_stay
from wayhome.places.zone_words import read_offset
from wayhome.problems import Problem
from wayhome.travellers.zones import is_zone, zone_near
from wayhome.trips.doors import HOW_LENGTH, RELATION_LENGTH, InformantSaid
from wayhome.trips.enrolment import LANGUAGES, LegSaid, StaySaid
from wayhome.trips.models import Leg
from wayhome.web.forms import PlainForm, day_field

LANGUAGE_NAMES = {"en": "English", "fr": "Français", "es": "Español", "ar": "العربية"}
_SENTENCE = {"dir": "auto"}
_MAIL = {"autocomplete": "email"}
_LATER = datetime(2000, 1, 1, tzinfo=UTC)


class PersonForm(PlainForm):
    name = forms.CharField(
        label=_("Name, as in the travel document"),
        required=False,
        max_length=400,
        widget=forms.TextInput(attrs=_SENTENCE | {"autocomplete": "name"}),
    )
    minor = forms.BooleanField(label=_("A child (under 18)"), required=False)
    mail = forms.CharField(
        label=_("Their own mail address (optional)"),
        required=False,
        max_length=400,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    guardian = forms.ChoiceField(
        label=_("If a child: in the care of"),
        required=False,
        error_messages={"invalid_choice": "is none of these people; choose one of the list"},
    )

    def __init__(self, *args: object, named: list[str], number: int, **kwargs: object) -> None:
        """``named``: the names of all rows as typed; ``number`` of this one, from 0."""
        super().__init__(*args, **kwargs)
        if number == 0:
            del self.fields["mail"], self.fields["guardian"]
            return
        if len(named) < 3:
            del self.fields["guardian"]
            return
        guardian = self.fields["guardian"]
        assert isinstance(guardian, forms.ChoiceField)
        guardian.choices = [
            ("", _("the first adult")),
            *(
                (str(row), name or f"{_('person')} {row + 1}")
                for row, name in enumerate(named)
                if row != number
            ),
        ]


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


class LegForm(PlainForm):
    mode = forms.ChoiceField(
        label=_("By"),
        choices=[("", "–"), *Leg.Mode.choices],
        required=False,
        error_messages={"invalid_choice": "is none; choose one of the list"},
    )
    carrier = forms.CharField(
        label=_("Carrier (optional)"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs=_SENTENCE | {"autocomplete": "off"}),
    )
    number = forms.CharField(
        label=_("Number (optional)"),
        required=False,
        max_length=20,
        help_text=_("Flight, train or ferry, for example IA 114"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    departs_from = forms.CharField(
        label=_("From"), required=False, max_length=200, widget=forms.TextInput(attrs=_SENTENCE)
    )
    departs = forms.DateTimeField(
        label=_("Leaves, by the clock there"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"invalid": "is no day and time; write it like 2014-06-13T06:00"},
    )
    arrives_in = forms.CharField(
        label=_("To"), required=False, max_length=200, widget=forms.TextInput(attrs=_SENTENCE)
    )
    arrives = forms.DateTimeField(
        label=_("Arrives, by the clock there"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"invalid": "is no day and time; write it like 2014-06-13T06:00"},
    )
    zones = forms.CharField(
        label=_("Time zones, only if we ask"),
        required=False,
        max_length=90,
        help_text=_("Of both ends, such as America/New_York, -05:00"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def read(self, number: int, faults: list[Problem]) -> LegSaid:
        values = self.cleaned_data
        mode = values.get("mode") or ""
        if not mode:
            faults.append(Problem(f"leg {number} mode", "is empty", "choose one of the list"))
        said = [part.strip() for part in (values.get("zones") or "").split(",")]
        moments = []
        for index, (end, place) in enumerate(
            (("departs", "departs_from"), ("arrives", "arrives_in"))
        ):
            zone = said[min(index, len(said) - 1)] if said else ""
            moments.append(self._moment(number, end, values.get(place) or "", zone, faults))
        return LegSaid(
            mode=mode or Leg.Mode.AIR,
            carrier=values.get("carrier") or "",
            number=values.get("number") or "",
            departs_from=values.get("departs_from") or "",
            departs_at=moments[0],
            arrives_in=values.get("arrives_in") or "",
            arrives_at=max(moments) if _LATER in moments else moments[1],
        )

    def _moment(
        self, number: int, end: str, place: str, zone_said: str, faults: list[Problem]
    ) -> datetime:
        """A local time at a place, aware; a stand-in where it cannot be read."""
        local = self.cleaned_data.get(end)
        if local is None:
            faults.append(Problem(f"leg {number} {end}", "is empty", "give day and time there"))
            return _LATER
        try:
            zone = _zone(zone_said) or _zone_at(place)
        except PlaceError:
            return _LATER  # ``check`` says it of the place
        if zone is None:
            faults.append(
                Problem(
                    f"leg {number} zones",
                    "are needed: there are several where that is",
                    "write those of both ends, such as America/New_York, Europe/Paris",
                )
            )
            return _LATER
        return datetime.combine(local.date(), local.time(), zone)


def _zone(said: str) -> tzinfo | None:
    if is_zone(said):
        return ZoneInfo(said)
    minutes = read_offset(said)
    return None if minutes is None else timezone(timedelta(minutes=minutes))


def _zone_at(place: str) -> tzinfo | None:
    placed = place_stay(place)
    countries = {code[:2] for code, _certainty in placed.areas}
    names = {zone_near(code, placed.lon, placed.lat) for code in sorted(countries)}
    name = names.pop() if len(names) == 1 else ""
    return ZoneInfo(name) if is_zone(name) else None


class ReachForm(PlainForm):
    mail = forms.CharField(
        label=_("Mail address"),
        required=False,
        max_length=400,
        widget=forms.EmailInput(attrs=_MAIL),
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
    organisation_code = forms.CharField(
        label=_("Code of your organisation (optional)"),
        required=False,
        max_length=60,
        help_text=_("If your university, agency or company gave you one"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )


class InformantForm(PlainForm):
    """Who enters somebody else."""

    informant_name = forms.CharField(
        label=_("Your name"),
        required=False,
        max_length=400,
        widget=forms.TextInput(attrs=_SENTENCE | {"autocomplete": "name"}),
    )
    informant_relation = forms.CharField(
        label=_("What you are to them"),
        required=False,
        max_length=RELATION_LENGTH,
        help_text=_("For example mother, friend, employer"),
        widget=forms.TextInput(attrs=_SENTENCE),
    )
    informant_how = forms.CharField(
        label=_("How you know where they are (optional)"),
        required=False,
        max_length=HOW_LENGTH,
        widget=forms.TextInput(attrs=_SENTENCE),
    )
    informant_mail = forms.CharField(
        label=_("Your mail address (optional)"),
        required=False,
        max_length=400,
        widget=forms.EmailInput(attrs=_MAIL),
    )
    informant_phone = forms.CharField(
        label=_("Your telephone (optional)"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "tel", "type": "tel", "inputmode": "tel"}),
    )
    informant_consent = forms.BooleanField(
        label=_("You may write to me or call me if they cannot be reached"), required=False
    )

    def read(self, own_mail: str, own_phone: str, faults: list[Problem]) -> InformantSaid:
        values = self.cleaned_data
        given = [values.get("informant_mail") or "", values.get("informant_phone") or ""]
        if any(given) and not values["informant_consent"]:
            faults.append(
                Problem(
                    "informant consent",
                    "is not ticked",
                    "tick it, or leave your address and telephone empty",
                )
            )
        for theirs, mine, name in ((own_mail, given[0], "mail"), (own_phone, given[1], "phone")):
            if theirs and theirs.strip().casefold() == mine.strip().casefold():
                faults.append(
                    Problem(
                        name, "is given as yours too", "leave it empty if you do not know theirs"
                    )
                )
        return InformantSaid(
            name=values.get("informant_name") or "",
            relation=values.get("informant_relation") or "",
            how_known=values.get("informant_how") or "",
        )
