"""What is in a closed compartment is not there for whoever is not cleared, at any door."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client

from tests.support.factories import Staff, enrol_one, make_officer, region, said, stay, work
from wayhome.delivery.letters_sent import letters_to
from wayhome.letters.models import Letter
from wayhome.musters import queries as rolls
from wayhome.musters import services as musters
from wayhome.musters.models import Muster, RollEntry
from wayhome.musters.of_person import entries_of
from wayhome.officers.access import (
    Access,
    OrganisationAccess,
    Refused,
    access_for,
    organisation_access_for,
)
from wayhome.officers.models import Look, Officer
from wayhome.officers.roles import Role
from wayhome.officers.services import clear
from wayhome.problems import Problem
from wayhome.replies.models import Reply
from wayhome.replies.queries import words_of_many
from wayhome.replies.services import reply_told
from wayhome.travellers import legal_hold, private, queries, services, vouching
from wayhome.travellers.contact_policy import By, mark_hostile, stop
from wayhome.travellers.erasure import ask_by
from wayhome.travellers.joining import join
from wayhome.travellers.likeness import compare, decline
from wayhome.travellers.models import (
    Assurance,
    ContactPoint,
    Joining,
    Likeness,
    Organisation,
    Reach,
    Registration,
    Traveller,
)
from wayhome.travellers.organisations import (
    bind_officer,
    make_organisation,
    registrations_of,
    set_organisation_closed,
)
from wayhome.trips.moving import leave
from wayhome.trips.queries import places_now, stays_of, stays_of_registrations
from wayhome.trips.services import enrol as enrol_for
from wayhome.work import clock

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
VIEW = "test"


@pytest.fixture
def agency(db: None) -> Organisation:
    """An organisation whose people only cleared officers see."""
    return make_organisation("agency", "The Agency", closed=True)


@pytest.fixture
def sam(agency: Organisation) -> Traveller:
    """Whom the agency registered."""
    made = enrol_for(
        said("Sam Secret", mail="sam@example.org"), door="organisation", organisation=agency
    )
    return made[0].traveller


@pytest.fixture
def general(staff: Staff, sam: Traveller) -> Access:
    return access_for(staff.author, "muster of Mosul")


@pytest.fixture
def cleared(staff: Staff, sam: Traveller) -> Access:
    clear(staff.case_officer, "organisation agency")
    return access_for(staff.case_officer, "muster of Mosul")


@pytest.fixture
def muster(staff: Staff, sam: Traveller) -> Muster:
    enrol_one("Ann Ash")
    opened = musters.open_muster(
        staff.author, name="Mosul", region=region(), starts_at=clock.now() - timedelta(days=1)
    )
    work()
    return opened


def test_a_person_in_a_closed_compartment_is_on_no_list_of_a_general_officer(
    general: Access, cleared: Access, muster: Muster, sam: Traveller
) -> None:
    assert [line.name for line in rolls.lines(general, muster.pk)] == ["Ann Ash"]
    assert [line.name for line in rolls.lines(cleared, muster.pk)] == ["Sam Secret", "Ann Ash"]
    entry = RollEntry.objects.get(traveller=sam)
    assert rolls.line(general, muster.pk, entry.pk) is None
    assert rolls.history(general, entry.pk) == []
    assert queries.names(general, VIEW, [sam.pk]) == {}
    assert queries.ways_to_reach(general, VIEW, sam.pk) == []
    assert queries.own_ways(general, VIEW, sam.pk) == []
    assert stays_of(general, VIEW, sam.pk) == []
    assert not queries.is_seen(general, sam.pk)
    assert not Look.objects.filter(traveller_id=sam.pk, officer_id=general.officer_id).exists()

    assert queries.names(cleared, VIEW, [sam.pk]) == {sam.pk: "Sam Secret"}
    assert len(queries.ways_to_reach(cleared, VIEW, sam.pk)) == 1
    assert len(queries.own_ways(cleared, VIEW, sam.pk)) == 1
    assert len(stays_of(cleared, VIEW, sam.pk)) == 1
    assert Look.objects.filter(traveller_id=sam.pk, officer_id=cleared.officer_id).exists()


def test_their_entry_looks_to_a_general_officer_like_one_that_never_was(
    staff: Staff, muster: Muster, sam: Traveller, cleared: Access
) -> None:
    entry = RollEntry.objects.get(traveller=sam)
    client = Client()
    client.force_login(staff.author)

    def answers(number: int) -> list[tuple[int, bytes]]:
        path = f"/desk/musters/{muster.pk}/roll/{number}/"
        got = [client.get(path), *(client.post(f"{path}{what}/") for what in ("told", "decide"))]
        return [(each.status_code, each.content) for each in got]

    assert answers(entry.pk) == answers(999_999)
    assert answers(entry.pk)[0][0] == 404
    roll = client.get(f"/desk/musters/{muster.pk}/roll/").content.decode()
    assert "Sam" not in roll
    client.force_login(staff.case_officer)
    assert "Sam Secret" in client.get(f"/desk/musters/{muster.pk}/roll/").content.decode()


def test_no_verb_reaches_them_by_a_guessed_number(
    staff: Staff, muster: Muster, sam: Traveller
) -> None:
    """What a page refuses, a command or the services themselves refuse too, in the same words."""
    entry, reach = (
        RollEntry.objects.get(traveller=sam),
        Reach.objects.get(registration__traveller=sam),
    )
    point = ContactPoint.objects.get(address="sam@example.org")
    services.suppress(point, "gone")
    tries: list[tuple[Callable[[int], object], int]] = [
        (lambda n: musters.decide(staff.author, n, "safe", reason="x"), entry.pk),
        (lambda n: musters.close_entry(staff.signer, n, reason="x"), entry.pk),
        (lambda n: reply_told(staff.author, n, "safe"), sam.pk),
        (lambda n: mark_hostile(staff.author, n, "x"), reach.pk),
        (lambda n: stop(n, By(staff.author), "x"), reach.pk),
        (lambda n: services.lift(staff.author, n, "x"), point.pk),
    ]
    for act, number in tries:
        said = []
        for each in (number, 999_999):
            with pytest.raises(Problem) as problem:
                act(each)
            said.append(str(problem.value).replace(str(each), "N"))
        assert said[0] == said[1]
    clear(staff.author, "organisation agency")
    musters.decide(staff.author, entry.pk, "safe", reason="He called")


def test_nobody_closes_a_case_who_is_not_cleared(staff: Staff, muster: Muster) -> None:
    entry = RollEntry.objects.get(traveller__name="Ann Ash")
    musters.decide(staff.case_officer, entry.pk, "detained", reason="The police said so")
    with pytest.raises(Refused, match="cleared for cases"):
        musters.close_entry(staff.signer, entry.pk, reason="She is home")


def test_boards_count_everyone_and_say_of_nobody_that_they_are_there(
    muster: Muster, sam: Traveller, agency: Organisation
) -> None:
    board = rolls.board(muster.pk)
    assert board.total == 2
    assert (board.by_state["silent"], board.by_state[rolls.CLOSED_COMPARTMENT]) == (1, 1)
    ((_, counts),) = rolls.states_of_open()
    assert counts == {"silent": 1, rolls.CLOSED_COMPARTMENT: 1}
    assert rolls.over_time(muster.pk)[-1][1] == {"silent": 1, rolls.CLOSED_COMPARTMENT: 1}
    set_organisation_closed("agency", False)
    assert rolls.board(muster.pk).by_state["silent"] == 2
    assert rolls.over_time(muster.pk)[-1][1] == {"silent": 2}


def test_an_open_organisation_s_people_are_seen_by_the_ministry(
    staff: Staff, sam: Traveller, general: Access
) -> None:
    assert queries.names(general, VIEW, [sam.pk]) == {}
    set_organisation_closed("agency", False)
    assert queries.names(general, VIEW, [sam.pk]) == {sam.pk: "Sam Secret"}


def test_of_a_joined_person_a_general_officer_sees_what_is_not_closed(
    staff: Staff, sam: Traveller, general: Access, cleared: Access
) -> None:
    """Sam enrolled himself as well; the two records are joined: he is there, his agency is not."""
    own = enrol_one("Sam Smith", mail="sam.smith@example.org", stays=[stay("Basra")])
    (closed,) = sam.registrations.all()
    services.repoint(closed, own, why="the same passport", by_officer=staff.author.pk)
    work()
    reply = reply_told(staff.author, own.pk, "safe", words="From the agency")
    Reply.objects.filter(pk=reply.pk).update(registration=closed)

    assert queries.names(general, VIEW, [own.pk, sam.pk]) == {own.pk: "Sam Smith"}
    addresses = {
        each.contact_point.address for each in queries.ways_to_reach(general, VIEW, own.pk)
    }
    assert addresses == {"sam.smith@example.org"}
    assert [each.words for each in stays_of(general, VIEW, own.pk)] == ["Basra, Iraq"]
    replies = list(Reply.objects.select_related("registration"))
    assert words_of_many(general, replies) == {}

    both = {each.contact_point.address for each in queries.ways_to_reach(cleared, VIEW, own.pk)}
    assert both == {"sam.smith@example.org", "sam@example.org"}
    assert len(stays_of(cleared, VIEW, own.pk)) == 2
    assert words_of_many(cleared, replies) == {reply.pk: "From the agency"}


def test_of_the_history_of_a_joined_person_what_the_closed_record_said_is_left_out(
    staff: Staff, muster: Muster, sam: Traveller, general: Access, cleared: Access
) -> None:
    ann = Traveller.objects.get(name="Ann Ash")
    first = reply_told(staff.author, ann.pk, "safe", words="I am well")
    (closed,) = sam.registrations.all()
    services.repoint(closed, ann, why="the same passport", by_officer=staff.author.pk)
    work()
    second = reply_told(staff.author, ann.pk, "needs help", words="He is hurt")
    Reply.objects.filter(pk=second.pk).update(registration=closed)
    work()
    entry = RollEntry.objects.get(traveller=ann)

    def told(access: Access) -> set[int]:
        return {each.reply_id for each in rolls.history(access, entry.pk) if each.reply_id}

    assert told(general) == {first.pk}
    assert told(cleared) == {first.pk, second.pk}


def test_letters_to_a_closed_registration_are_not_shown(
    staff: Staff, sam: Traveller, general: Access, cleared: Access
) -> None:
    point = ContactPoint.objects.get(address="sam@example.org")
    Letter.objects.create(
        kind=Letter.Kind.REQUEST, contact_point_id=point.pk, subject="s", text="t", language="en",
        expires_at=clock.now() + timedelta(days=1), once="x", made_at=clock.now(),
        registration_id=sam.registrations.get().pk,
    )  # fmt: skip
    assert letters_to(general, VIEW, sam.pk) == []
    assert len(letters_to(cleared, VIEW, sam.pk)) == 1


def test_a_bounced_address_of_theirs_is_on_no_list_and_cannot_be_lifted_by_guessing(
    staff: Staff, sam: Traveller, general: Access, cleared: Access
) -> None:
    point = ContactPoint.objects.get(address="sam@example.org")
    services.suppress(point, "gone")
    assert queries.suppressed_addresses(general, VIEW) == []
    assert [each.address for each in queries.suppressed_addresses(cleared, VIEW)] == [
        "sam@example.org"
    ]
    client = Client()
    client.force_login(staff.author)
    answers = [client.post(f"/desk/addresses/{n}/lift/", {"reason": "x"}) for n in (point.pk, 9999)]
    assert [each.status_code for each in answers] == [404, 404]
    assert answers[0].content == answers[1].content
    point.refresh_from_db()
    assert point.suppressed_at is not None


def test_an_address_shared_with_them_names_only_the_other(
    staff: Staff, sam: Traveller, general: Access
) -> None:
    ann = enrol_one("Ann Ash", mail="shared@example.org")
    point = ContactPoint.objects.get(address="shared@example.org")
    services.add_reach(sam.registrations.get(), point)
    services.suppress(point, "gone")
    (address,) = queries.suppressed_addresses(general, VIEW)
    assert [person.name for person in address.people] == ["Ann Ash"]
    assert address.unnamed == 0
    assert {look.traveller_id for look in Look.objects.all()} == {ann.pk}


class TestOnThePages:
    """Sam of the agency, and Sam's likeness at another door: pages of people at the desk."""

    @pytest.fixture
    def likely(self, sam: Traveller) -> tuple[Traveller, Likeness]:
        other = enrol_one("Secret Sam", mail="sam@example.org")
        compare([sam.pk, other.pk])
        return other, Likeness.objects.get()

    @pytest.fixture
    def clients(self, staff: Staff, cleared: Access) -> tuple[Client, Client]:
        """The browsers of an officer who is not cleared, and of one who is."""
        made = []
        for officer in (staff.author, staff.case_officer):
            client = Client()
            client.force_login(officer)
            client.post("/desk/people/purpose/", {"purpose": "a call"})
            made.append(client)
        return made[0], made[1]

    def test_whoever_is_not_cleared_finds_opens_and_does_nothing(
        self,
        staff: Staff,
        sam: Traveller,
        likely: tuple[Traveller, Likeness],
        clients: tuple[Client, Client],
    ) -> None:
        other, likeness = likely
        own = sam.registrations.get()
        client, _ = clients
        for text in ("Secret", "sam@example.org", str(own.pk), f"#{own.pk}"):
            found = client.post("/desk/people/", {"q": text}).content.decode()
            assert "Sam Secret" not in found, text
        assert "Sam" not in client.get("/desk/people/likely/").content.decode()
        assert "Sam Secret" not in client.get(f"/desk/people/{other.pk}/").content.decode()
        why = {"why": "I know them", "registration": str(own.pk), "do": "confirm"}

        def answers(number: int) -> list[tuple[int, bytes]]:
            one, two = f"/desk/people/{number}/", f"/desk/people/{number}/beside/{other.pk}/"
            turned = f"/desk/people/{other.pk}/beside/{number}/"
            got = [client.get(one), client.get(two), client.get(turned)]
            got += [client.post(f"{one}{do}/", why) for do in ("vouch", "part", "address")]
            got += [client.post(f"{two}decide/", why | {"do": do}) for do in ("join", "decline")]
            return [(each.status_code, each.content) for each in got]

        assert answers(sam.pk) == answers(999_999)
        assert {status for status, _ in answers(sam.pk)} == {404}
        tries: list[tuple[Callable[[int], object], int]] = [
            (lambda n: join(staff.author, n, other.pk, "x"), sam.pk),
            (lambda n: decline(staff.author, n, "x"), likeness.pk),
            (lambda n: vouching.confirm(staff.author, n, "x"), own.pk),
            (lambda n: vouching.document_seen(staff.author, n, "passport"), own.pk),
            (lambda n: ask_by(staff.signer, n, "x"), own.pk),
            (lambda n: legal_hold.place(staff.signer, n, reason="x"), sam.pk),
        ]
        for act, number in tries:
            said = []
            for each in (number, 999_999):
                with pytest.raises(Problem) as problem:
                    act(each)
                said.append(str(problem.value).replace(str(each), "N"))
            assert said[0] == said[1]
        assert not Look.objects.filter(traveller_id=sam.pk).exists()
        assert not Joining.objects.exists()
        own.refresh_from_db()
        assert own.assurance < Assurance.CONFIRMED

    def test_queries_of_one_person_answer_as_for_nobody(
        self, general: Access, cleared: Access, sam: Traveller, muster: Muster
    ) -> None:
        vouching.confirm(
            Officer.objects.get(pk=cleared.officer_id), sam.registrations.get().pk, "x"
        )
        for query in (vouching.steps, entries_of):
            assert not query(general, VIEW, sam.pk)
            assert len(query(cleared, VIEW, sam.pk)) == 1
        assert places_now(general, VIEW, [sam.pk]) == {}
        assert list(places_now(cleared, VIEW, [sam.pk])) == [sam.pk]

    def test_what_is_sealed_is_opened_and_set_by_the_cleared_alone(
        self, staff: Staff, general: Access, cleared: Access, sam: Traveller
    ) -> None:
        own = sam.registrations.get()
        private.set_words(own, "medical", "insulin", staff.case_officer)
        assert [each.words for each in private.facts_of(cleared, sam.pk)] == ["insulin"]
        assert private.facts_of(general, sam.pk) == []
        with pytest.raises(Problem, match="unknown"):
            private.set_words(own, "medical", "none", staff.author)
        with pytest.raises(Problem, match="unknown"):
            private.remove(staff.author, private.facts_of(cleared, sam.pk)[0].id)
        assert len(private.facts_of(cleared, sam.pk)) == 1

    def test_a_hold_on_them_is_on_no_list(
        self, staff: Staff, sam: Traveller, general: Access, cleared: Access
    ) -> None:
        clear(staff.signer, "organisation agency")
        legal_hold.place(staff.signer, sam.pk, reason="a court")
        assert legal_hold.holds(general) == []
        assert len(legal_hold.holds(cleared)) == 1

    def test_nobody_who_is_not_cleared_takes_them_out(
        self, staff: Staff, sam: Traveller, tmp_path: Path
    ) -> None:
        enrol_one("Ann Ash")
        with pytest.raises(Problem, match="may not see everybody"):
            leave(staff.signer, "moving", tmp_path / "out")
        assert not list(tmp_path.iterdir())
        clear(staff.signer, "organisation agency")
        assert leave(staff.signer, "moving", tmp_path / "out").registrations == 2

    def test_a_record_that_counts_with_another_is_not_led_to(
        self, staff: Staff, sam: Traveller, clients: tuple[Client, Client]
    ) -> None:
        twin = enrol_for(
            said("Sam Secret", mail="s2@example.org"),
            door="organisation",
            organisation=Organisation.objects.get(code="agency"),
        )[0].traveller
        join(staff.case_officer, sam.pk, twin.pk, "the same passport")
        general, cleared = clients
        assert general.get(f"/desk/people/{twin.pk}/").status_code == 404
        assert cleared.get(f"/desk/people/{twin.pk}/").status_code == 302

    def test_whoever_is_cleared_does_all_of_it(
        self,
        sam: Traveller,
        likely: tuple[Traveller, Likeness],
        clients: tuple[Client, Client],
    ) -> None:
        other, _ = likely
        own = sam.registrations.get()
        _, client = clients
        assert "Sam Secret" in client.post("/desk/people/", {"q": "Secret"}).content.decode()
        assert "Sam Secret" in client.get("/desk/people/likely/").content.decode()
        assert client.get(f"/desk/people/{sam.pk}/").status_code == 200
        pair = f"/desk/people/{sam.pk}/beside/{other.pk}/"
        assert client.get(pair).status_code == 200
        sent = {"why": "I know them", "registration": str(own.pk), "do": "confirm"}
        assert client.post(f"/desk/people/{sam.pk}/vouch/", sent).status_code == 302
        own.refresh_from_db()
        assert own.assurance == Assurance.CONFIRMED
        assert client.post(f"{pair}decide/", {"do": "join", "why": "same"}).status_code == 302
        joining = Joining.objects.get()
        sent = {"joining": str(joining.pk), "why": "two after all"}
        assert client.post(f"/desk/people/{joining.older_id}/part/", sent).status_code == 302
        joining.refresh_from_db()
        assert joining.parted_at is not None


class TestOrganisations:
    @pytest.fixture
    def uma(self, officers: dict[Role, Officer]) -> Traveller:
        return Traveller.objects.get(name="Uma Student")

    def test_an_organisation_s_officer_sees_what_it_registered_and_nothing_else(
        self, officers: dict[Role, Officer], uma: Traveller, sam: Traveller
    ) -> None:
        enrol_one("Ann Ash")
        access = organisation_access_for(officers[Role.ORGANISATION], "our students")
        mine = registrations_of(access, VIEW)
        assert [each.traveller.name for each in mine] == ["Uma Student"]
        everything = Registration.objects.values_list("pk", flat=True)
        stays = stays_of_registrations(access, VIEW, everything)
        assert {stay.trip.registration.traveller.name for stay in stays} == {"Uma Student"}
        assert {look.traveller_id for look in Look.objects.all()} == {uma.pk}
        with pytest.raises(Refused):
            access_for(officers[Role.ORGANISATION], "more of them")
        assert not isinstance(access, Access)

    def test_they_read_the_name_that_they_entered_though_the_record_was_joined(
        self, officers: dict[Role, Officer], uma: Traveller
    ) -> None:
        elsewhere = enrol_one("Uma True-Name")
        services.repoint(uma.registrations.get(), elsewhere, why="same", by_officer=1)
        client = Client()
        client.force_login(officers[Role.ORGANISATION])
        page = client.get("/desk/organisation/").content.decode()
        assert "Uma Student" in page
        assert "True-Name" not in page

    def test_pages_follow_each_other(
        self, officers: dict[Role, Officer], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("wayhome.web.desk.views_access.ON_A_PAGE", 2)
        of = Organisation.objects.get(code="uni")
        for n in range(3):
            enrol_for(said(f"Pupil {n}", mail=f"p{n}@example.org"), organisation=of)
        client = Client()
        client.force_login(officers[Role.ORGANISATION])
        first = client.get("/desk/organisation/").content.decode()
        assert "Pupil 0" in first
        assert "Pupil 1" not in first
        after = first.split('href="?after=')[1].split('"')[0]
        second = client.get(f"/desk/organisation/?after={after}").content.decode()
        assert "Pupil 1" in second
        assert "Pupil 2" in second
        assert client.get("/desk/", follow=True).redirect_chain == [("/desk/organisation/", 302)]

    def test_who_belongs_to_none_sees_nobody(self, staff: Staff) -> None:
        unbound = make_officer("unbound", Role.ORGANISATION)
        with pytest.raises(Refused, match="belongs to no organisation"):
            organisation_access_for(unbound, "x")

    def test_only_an_officer_of_that_role_is_bound(
        self, staff: Staff, agency: Organisation
    ) -> None:
        with pytest.raises(ValueError, match="role organisation"):
            bind_officer(staff.author, "agency")


def test_no_query_of_other_people_can_be_called_with_an_organisation_s_access() -> None:
    """mypy refuses it; and at run time it has no compartments to look by."""
    assert not issubclass(OrganisationAccess, Access)
    assert not hasattr(OrganisationAccess(1, 1, "x"), "closed_to")
