"""What forms of both faces share: faults of services shown beside the fields they name."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django import forms

from wayhome.places.errors import PlaceError
from wayhome.places.reading import understand
from wayhome.places.region import AnyRegion
from wayhome.places.resolve import resolve
from wayhome.problems import Problem

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class PlainForm(forms.Form):
    """A form whose rules are the services'; the browser's own checks stay off."""

    use_required_attribute = False

    def __init__(self, *args: object, **kwargs: object) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]

    def show(self, field: str, problem: Problem) -> None:
        """Put a fault beside ``field``, or above the form where it has no such field."""
        shown = field if field in self.fields else None
        if shown and shown in self.errors:
            return  # it says already that it cannot be read
        words = f"{problem.problem}; {problem.fix}" if problem.fix else problem.problem
        self.add_error(shown, words if shown else f"{problem.field}: {words}")


@dataclass(frozen=True)
class Fault:
    """One line of a summary of faults: words, and the id of the field to mend."""

    label: str
    words: str
    href: str


def faults_of(formlist: Iterable[forms.Form]) -> list[Fault]:
    """Every fault of these forms, in their order, with a link to its field."""
    found: list[Fault] = []
    for form in formlist:
        found += [Fault("", str(words), "") for words in form.non_field_errors()]
        for field in form:
            found += [
                Fault(str(field.label), str(words), f"#{field.id_for_label}")
                for words in field.errors
            ]
    return found


def day_field(label: "StrOrPromise", **options: object) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "is no day; write it like 2014-06-13"},
        **options,  # type: ignore[arg-type]
    )


def moment_field(label: str, **options: object) -> forms.DateTimeField:
    """A day and time in UTC, as the label must say."""
    return forms.DateTimeField(
        label=label,
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"invalid": "is no day and time; write it like 2014-06-13T06:00"},
        **options,  # type: ignore[arg-type]
    )


def number_field(label: str, **options: object) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        error_messages={"invalid": "is no whole number; write digits only"},
        **options,  # type: ignore[arg-type]
    )


class RegionMixin(PlainForm):
    """A region in words, as an officer writes it."""

    region = forms.CharField(
        label="Region",
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto", "spellcheck": "false"}),
        required=False,
        help_text="As you would say it: “Anbar and Nineveh, Iraq”, “within 25 km of Baghdad”, "
        "“the part of Anbar west of, but not including, Ramadi”, “within 5 km of the border of "
        "Iraq with Iran”, “Iraq except Dohuk and Erbil”; codes, GeoJSON or region JSON.",
    )
    instead: tuple[str, ...] = ()
    """What could be meant, each as the whole text of the field."""

    def read_region(self) -> AnyRegion | None:
        """The region, or None with the fault shown; ``instead`` is what could be meant."""
        reading = understand(self.cleaned_data.get("region") or "")
        if reading.region is not None and reading.is_sure:
            try:
                resolve(reading.region)  # a border or a side that is nowhere
            except PlaceError as error:
                self.show("region", error)
                return None
            return reading.region
        self.instead = reading.candidates
        for unsure in reading.unsure:
            self.show("region", Problem("region", unsure))
        return None


def moment(text: str) -> datetime | None:
    """A moment as a hidden field carries it, or None."""
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)
