"""What could hurt a person most is sealed, read by few, and each look leaves a trace."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import traces
from tests.support.factories import Staff, days, enrol_one, work
from wayhome.officers.access import Refused, access_for
from wayhome.officers.models import Look
from wayhome.problems import Problem
from wayhome.travellers import private
from wayhome.travellers import services as travellers
from wayhome.travellers.models import Registration
from wayhome.travellers.privacy_models import TravellerPrivate
from wayhome.travellers.private import DocumentSeen

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def data(outbox: Path) -> Path:
    return outbox.parent


@pytest.fixture
def own(data: Path) -> Registration:
    return Registration.objects.get(traveller=enrol_one("Ann"))


def test_a_document_is_read_again_and_stands_nowhere_in_plain(
    staff: Staff, own: Registration, data: Path
) -> None:
    seen = DocumentSeen("passport", "C9X7Q4Z2K", "GR", days(900))
    private.add_document(staff.author, own, seen)
    (fact,) = private.facts_of(access_for(staff.viewer, "call"), own.traveller_id)
    assert (fact.kind, fact.words, fact.country) == ("document", "C9X7Q4Z2K", "GR")
    assert (fact.document_kind, fact.expires_on) == ("passport", days(900))
    assert traces.in_tables(["C9X7Q4Z2K"]) == []
    assert traces.in_files(data, ["C9X7Q4Z2K"]) == []
    assert Look.objects.get().view == "private facts"


def test_words_replace_those_before_and_empty_ones_take_them_away(own: Registration) -> None:
    private.set_words(own, "medical", "insulin")
    private.set_words(own, "medical", "insulin, twice a day")
    private.set_words(own, "address", "Kumquat Alley 77")
    kept = {fact.kind: fact.words for fact in private.own_facts([own.pk])}
    assert kept == {"medical": "insulin, twice a day", "address": "Kumquat Alley 77"}
    private.set_words(own, "address", " ")
    assert [fact.kind for fact in private.own_facts([own.pk])] == ["medical"]


def test_case_notes_are_for_officers_cleared_for_cases(staff: Staff, own: Registration) -> None:
    private.set_words(own, "case note", "held at the airport", staff.case_officer)
    private.set_words(own, "case note", "released", staff.case_officer)
    seen = private.facts_of(access_for(staff.case_officer, "cases: Ann"), own.traveller_id)
    assert [fact.words for fact in seen] == ["released", "held at the airport"]
    assert private.facts_of(access_for(staff.author, "call"), own.traveller_id) == []
    assert private.own_facts([own.pk]) == []
    with pytest.raises(Problem, match="for officers"):
        private.set_words(own, "case note", "I am free")


def test_it_follows_a_record_that_is_joined_and_still_opens(
    staff: Staff, own: Registration
) -> None:
    private.set_words(own, "medical", "insulin")
    other = enrol_one("Ann Ash", mail="ash@example.org")
    travellers.repoint(own, other, why="one person", by_officer=staff.author.pk)
    work()
    (fact,) = private.facts_of(access_for(staff.author, "call"), other.pk)
    assert fact.words == "insulin"


def test_who_may_and_what_serves(staff: Staff, own: Registration) -> None:
    with pytest.raises(Refused):
        private.add_document(staff.viewer, own, DocumentSeen("passport", "X1"))
    with pytest.raises(Refused):
        private.set_words(own, "medical", "insulin", staff.viewer)
    for wrong in (DocumentSeen("passport", " "), DocumentSeen("passport", "X" * 41)):
        with pytest.raises(Problem, match="number"):
            private.add_document(staff.author, own, wrong)
    with pytest.raises(Problem, match="kind"):
        private.add_document(staff.author, own, DocumentSeen("library card", "X1"))
    with pytest.raises(Problem, match="kind"):
        private.set_words(own, "shoe size", "44")
    with pytest.raises(Problem, match="text"):
        private.set_words(own, "medical", "x" * 2001)
    assert not TravellerPrivate.objects.exists()
    fact = private.add_document(staff.author, own, DocumentSeen("passport", "X1"))
    private.remove(staff.author, fact)
    with pytest.raises(Problem, match="unknown"):
        private.remove(staff.author, fact)
