"""The enrolment form as a whole, at whichever door: rows, what they say, and every fault."""

from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256

from django.http import QueryDict

from wayhome.places.finding import few_guesses
from wayhome.problems import Problem, Problems
from wayhome.travellers.models import Organisation
from wayhome.travellers.organisation_codes import organisation_of
from wayhome.trips.doors import InformantSaid, informant_faults
from wayhome.trips.enrolment import (
    MOST_GUESSES,
    MOST_LEGS,
    MOST_PEOPLE,
    MOST_STAYS,
    Checked,
    EnrolmentSaid,
    PersonSaid,
    check,
)
from wayhome.web.forms import Fault, PlainForm, faults_of
from wayhome.web.portal.enrol_forms import (
    InformantForm,
    LegForm,
    PersonForm,
    ReachForm,
    StayForm,
)


@dataclass(frozen=True)
class PageSaid:
    """What a form said: the enrolment, and who enters whom under which organisation."""

    enrolment: Checked
    organisation: Organisation | None = None
    informant: InformantSaid | None = None


class EnrolPage:
    """All rows of the form, bound to what was sent, filled with it, or still empty."""

    def __init__(
        self,
        sent: QueryDict | None = None,
        *,
        more: str = "",
        bound: bool = True,
        for_someone: bool = False,
        at_desk: bool = False,
    ) -> None:
        """``more``: "person", "stay" or "leg" to show one row more; then, or where it is not
        ``bound``, what was typed is kept and nothing is found wrong with it yet."""
        keep = sent is not None and (bool(more) or not bound)
        data = None if keep else sent
        self._initial = {name: str(sent[name]) for name in sent} if keep and sent else {}
        self._for_someone, self._at_desk = for_someone, at_desk
        people = _rows(sent, "people", 1, MOST_PEOPLE, more == "person")
        typed = sent if sent is not None else QueryDict()
        named = [str(typed.get(f"person-{n}-name", "")) for n in range(people)]
        self.people = [
            PersonForm(data, named=named, number=n, **self._row(f"person-{n}"))
            for n in range(people)
        ]
        stays = _rows(sent, "stays", 1, MOST_STAYS, more == "stay")
        self.stays = [StayForm(data, **self._row(f"stay-{n}")) for n in range(stays)]
        legs = _rows(sent, "legs", 0, MOST_LEGS, more == "leg")
        self.legs = [LegForm(data, **self._row(f"leg-{n}")) for n in range(legs)]
        self.reach = ReachForm(data, initial=self._initial)
        if for_someone:
            del self.reach.fields["emergency_mail"], self.reach.fields["emergency_phone"]
        if for_someone or at_desk:
            del self.reach.fields["organisation_code"]
        self.informant = InformantForm(data, initial=self._initial) if for_someone else None

    def _row(self, prefix: str) -> dict[str, object]:
        start = f"{prefix}-"
        initial = {
            name.removeprefix(start): value
            for name, value in self._initial.items()
            if name.startswith(start)
        }
        return {"prefix": prefix, "initial": initial}

    @property
    def forms(self) -> list[PlainForm]:
        asked = [self.informant] if self.informant else []
        return [*asked, *self.people, *self.stays, *self.legs, self.reach]

    @property
    def faults(self) -> list[Fault]:
        return faults_of(self.forms) if self.reach.is_bound else []

    def read(self, today: date, press: str) -> PageSaid:
        """What was said; Problems with every fault of every field at once, shown beside it.

        Each person's reference is derived from the press and from what was said: the same form
        sent twice enrols once, and the form changed and sent again is another enrolment.
        """
        with few_guesses(MOST_GUESSES):
            return self._read(today, press)

    def _read(self, today: date, press: str) -> PageSaid:
        valid = [form.is_valid() for form in self.forms]  # every one, so that all faults show
        people = [form for form in self.people if form.cleaned_data.get("name")] or self.people[:1]
        stays = [form for form in self.stays if form.has_changed()] or self.stays[:1]
        legs = [form for form in self.legs if form.has_changed()]
        faults: list[Problem] = []
        reach = self.reach.cleaned_data
        organisation = self._organisation(reach, faults)
        informant = self._informant(reach, faults)
        said = EnrolmentSaid(
            people=tuple(self._person(form, people) for form in people),
            stays=tuple(form.read(number, faults) for number, form in enumerate(stays, 1)),
            legs=tuple(form.read(number, faults) for number, form in enumerate(legs, 1)),
            mail=reach.get("mail", ""),
            phone=reach.get("phone", ""),
            language=reach.get("language") or "en",
            emergency_mail=self._emergency("mail"),
            emergency_phone=self._emergency("phone"),
            without_address=self._for_someone or self._at_desk,
        )
        mentioned = {fault.field for fault in faults}
        checked = Checked(said)
        try:
            checked = check(said, today)
        except Problems as error:
            faults += [fault for fault in error.problems if fault.field not in mentioned]
        if faults or not all(valid):
            for fault in faults:
                self._show(fault, people, stays, legs)
            raise Problems(faults)
        said = _with_references(said, press)
        return PageSaid(replace(checked, said=said), organisation, informant)

    def _person(self, form: PersonForm, people: list[PersonForm]) -> PersonSaid:
        values = form.cleaned_data
        row = values.get("guardian") or ""
        guardian = 0
        if values["minor"] and row.isdecimal() and int(row) < len(self.people):
            named = self.people[int(row)]
            # A row that was left empty is nobody's number.
            guardian = people.index(named) + 1 if named in people else MOST_PEOPLE + 1
        return PersonSaid(
            values.get("name", ""),
            values["minor"],
            mail=values.get("mail") or "",
            guardian=guardian,
        )

    def _organisation(self, reach: dict[str, str], faults: list[Problem]) -> Organisation | None:
        code = reach.get("organisation_code") or ""
        found = organisation_of(code) if code else None
        if code and found is None:
            faults.append(
                Problem("organisation code", "does not hold", "mend it, or leave it empty")
            )
        return found

    def _informant(self, reach: dict[str, str], faults: list[Problem]) -> InformantSaid | None:
        if self.informant is None:
            return None
        said = self.informant.read(reach.get("mail") or "", reach.get("phone") or "", faults)
        faults += informant_faults(said)
        return said

    def _emergency(self, kind: str) -> str:
        """Who enters somebody else is whom to turn to, never that person's own address."""
        if self.informant is not None:
            values = self.informant.cleaned_data
            consents = values.get("informant_consent")
            return (values.get(f"informant_{kind}") or "") if consents else ""
        return self.reach.cleaned_data.get(f"emergency_{kind}") or ""

    def _show(
        self,
        fault: Problem,
        people: list[PersonForm],
        stays: list[StayForm],
        legs: list[LegForm],
    ) -> None:
        name, _space, number = fault.field.rpartition(" ")
        if fault.field.startswith("leg ") and (words := fault.field.split())[1].isdecimal():
            ends = {"from": "departs_from", "to": "arrives_in"}
            legs[int(words[1]) - 1].show(ends.get(words[2], words[2]), fault)
        elif number.isdecimal():
            of_person = name in ("name", "mail", "guardian", "phone", "reference")
            rows: list[PersonForm] | list[StayForm] = people if of_person else stays
            rows[int(number) - 1].show(name, fault)
        elif self.informant is not None and fault.field.startswith(("informant", "emergency")):
            field = fault.field.replace("emergency", "informant")
            self.informant.show(field.replace(" ", "_"), fault)
        else:
            self.reach.show(fault.field.replace(" ", "_"), fault)


def _with_references(said: EnrolmentSaid, press: str) -> EnrolmentSaid:
    digest = sha256(repr(said).encode()).hexdigest()[:16]
    people = tuple(
        replace(person, reference=f"web-{press}-{digest}-{number}")
        for number, person in enumerate(said.people, 1)
    )
    return replace(said, people=people)


def _rows(sent: QueryDict | None, name: str, least: int, most: int, one_more: bool) -> int:
    text = sent.get(name, "") if sent is not None else ""
    rows = int(text) if text.isdecimal() and len(text) < 5 else least
    return max(least, min(rows + one_more, most))
