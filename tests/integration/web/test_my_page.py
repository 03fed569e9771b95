"""One's own page: what people change of themselves, leaving those they travel with, children."""

from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import timedelta

import pytest
from django.test import Client

from tests.integration.web.conftest import enrolment_form
from tests.support.factories import Staff, enrol, region, stay
from tests.support.portal import code_in, letters_to, link_in, reach_at
from wayhome.delivery.sending_sql import served_by
from wayhome.letters.models import Letter
from wayhome.links import ReplyLink, TripsLink, reply_token, trips_token
from wayhome.musters import services as musters
from wayhome.travellers.door_models import GuardianWish, NameChange
from wayhome.travellers.models import Reach, Registration, Traveller
from wayhome.travellers.queries import spoken_for
from wayhome.trips.enrolment import PersonSaid
from wayhome.trips.models import Leg, Stay, Watch
from wayhome.work import clock
from wayhome.work.worker import run_until_idle

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db,
    pytest.mark.usefixtures("outbox"),
]


def path_of(registration: Registration) -> str:
    registration.refresh_from_db()
    return f"/my/{trips_token(TripsLink(registration.pk, registration.link_epoch))}/"


@pytest.fixture
def ann() -> Registration:
    return enrol("Ann Ash")[0]


@pytest.fixture
def party() -> list[Registration]:
    """Ann gave an address for Ben, Cy and herself; Cy is a child. Ben has one of his own too."""
    return enrol(
        "Ann Ash",
        PersonSaid("Ben Ash", mail="ben@example.org"),
        PersonSaid("Cy Ash", minor=True),
        mail="ann@example.org",
    )


class TestTrips:
    def test_a_stay_and_a_leg_are_added(self, client: Client, party: list[Registration]) -> None:
        path = path_of(party[0])
        day = clock.today() + timedelta(days=20)
        said = {"place": "Amman", "arrive": f"{day}", "depart": f"{day + timedelta(days=2)}"}
        page = client.post(f"{path}stays/new/", said, follow=True).content.decode()
        assert "Amman, Jordan" in page
        assert Stay.objects.filter(words="Amman, Jordan").count() == 2  # the child's as well
        leg = {
            "mode": "air", "departs_from": "Erbil", "departs": f"{day}T09:00",
            "arrives_in": "Amman", "arrives": f"{day}T11:00", "people": str(party[0].pk),
        }  # fmt: skip
        page = client.post(f"{path}legs/new/", leg, follow=True).content.decode()
        assert "09:00 in Asia/Baghdad" in page
        assert Leg.objects.count() == 1

    def test_faults_are_said_beside_their_fields(self, client: Client, ann: Registration) -> None:
        for kind, field in (("stays", "place"), ("stays", "arrive"), ("legs", "mode")):
            page = client.post(f"{path_of(ann)}{kind}/new/", {"carrier": "x"}).content.decode()
            assert f'href="#id_{field}"' in page
        assert Stay.objects.count() == 1

    def test_i_have_left_and_still_right(self, client: Client, ann: Registration) -> None:
        stay = Stay.objects.get()
        path = f"{path_of(ann)}stays/{stay.pk}/ended/"
        assert client.get(path).status_code == 405
        client.post(path, {"do": "holds"})
        assert Stay.objects.get().confirmed_at is not None
        client.post(path, {"do": "left"})
        assert Stay.objects.get(is_current=True).depart == clock.today()

    def test_another_persons_stay_is_not_theirs_to_end(
        self, client: Client, ann: Registration, party: list[Registration]
    ) -> None:
        other = Stay.objects.filter(trip__registration=party[1]).get()
        client.post(f"{path_of(ann)}stays/{other.pk}/ended/", {"do": "left"})
        other.refresh_from_db()
        assert other.is_current

    def test_watches_are_added_and_ended(self, client: Client, ann: Registration) -> None:
        path = f"{path_of(ann)}watches/"
        client.post(path, {"area": "Lebanon"})
        assert "Lebanon" in client.get(path).content.decode()
        assert client.post(path, {"area": "Qqqq"}).status_code == 422
        client.post(path, {"end": "LB"})
        assert Watch.objects.get().until is not None

    def test_times_are_shown_by_the_clock_there_too(
        self, client: Client, ann: Registration
    ) -> None:
        client.post(
            f"{path_of(ann)}answer/",
            {"answer": "safe", "people": str(ann.traveller_id), "press": "x"},
        )
        assert "in Asia/Baghdad)" in client.get(path_of(ann)).content.decode()


class TestMyself:
    def test_a_name_is_corrected_and_the_old_one_kept(
        self, client: Client, party: list[Registration]
    ) -> None:
        path = f"{path_of(party[0])}name/{party[2].pk}/"
        client.post(path, {"name": "Cyril Ash"})
        assert Traveller.objects.filter(name="Cyril Ash").exists()
        assert NameChange.objects.get().was == "Cy Ash"
        assert client.get(f"{path_of(party[0])}name/{party[1].pk}/").status_code == 404
        assert client.post(path, {"name": ""}).status_code == 422

    def test_an_address_is_added_and_shown_to_be_theirs(
        self, client: Client, ann: Registration
    ) -> None:
        path = path_of(ann)
        client.post(f"{path}addresses/new/", {"mail": "new@example.org"})
        run_until_idle()
        reach = reach_at("new@example.org")
        wrong = client.post(f"{path}reach/{reach.pk}/code/", {"code": "1"}, follow=True)
        assert "does not hold" in wrong.content.decode()
        code = code_in(letters_to("new@example.org")[-1])
        page = client.post(f"{path}reach/{reach.pk}/code/", {"code": code}, follow=True)
        assert "is confirmed" in page.content.decode()
        reach.refresh_from_db()
        assert reach.verified_at is not None

    def test_an_address_that_others_use_reads_the_same(
        self, client: Client, ann: Registration
    ) -> None:
        enrol("Zed Zee", mail="zed@example.org")
        pages = []
        for mail in ("zed@example.org", "zyx@example.org"):
            client.post(f"{path_of(ann)}addresses/new/", {"mail": mail})
            pages.append(client.get(path_of(ann)).content.decode().count("z…@example.org"))
        assert pages[1] == 2 * pages[0]

    def test_the_last_confirmed_one_is_asked_about(self, client: Client, ann: Registration) -> None:
        path = f"{path_of(ann)}reach/{reach_at('ann@example.org').pk}/remove/"
        assert "last confirmed" in client.get(path).content.decode()
        assert client.post(path).status_code == 422
        assert Reach.objects.get().ended_at is None
        client.post(path, {"sure": "yes"})
        assert Reach.objects.get().ended_at is not None

    def test_under_a_muster_removing_is_a_wish(
        self, client: Client, ann: Registration, staff: Staff
    ) -> None:
        musters.open_muster(staff.author, name="Mosul", region=region(), starts_at=clock.now())
        run_until_idle()
        reach = reach_at("ann@example.org")
        page = client.post(
            f"{path_of(ann)}reach/{reach.pk}/remove/", {"sure": "yes"}, follow=True
        ).content.decode()
        assert "Your wish is kept" in page
        reach.refresh_from_db()
        assert reach.ended_at is None
        assert reach.stop_asked_at is not None

    def test_links_are_revoked_and_a_new_one_is_mailed(
        self, client: Client, ann: Registration
    ) -> None:
        old = path_of(ann)
        client.post(f"{old}link/")
        run_until_idle()
        assert client.get(old).status_code == 404
        letter = letters_to("ann@example.org")[-1]
        assert letter.kind == Letter.Kind.LINK
        assert client.get(link_in(letter, "my")).status_code == 200

    def test_without_a_confirmed_address_nothing_is_revoked(self, client: Client) -> None:
        ann = enrol("Ann Ash", verified_at=None)[0]
        old = path_of(ann)
        assert client.post(f"{old}link/").status_code == 422
        assert client.get(old).status_code == 200

    def test_what_is_kept_is_said_and_given_as_a_file(
        self, client: Client, party: list[Registration]
    ) -> None:
        path = path_of(party[0])
        page = client.get(f"{path}kept/").content.decode()
        assert f"{path}data.json" in page
        assert f"{path}data.zip" in page
        as_json = client.get(f"{path}data.json")
        assert as_json["Content-Type"] == "application/json"
        assert "attachment" in as_json["Content-Disposition"]
        people = json.loads(as_json.content)["people"]
        assert [each["name"] for each in people] == ["Ann Ash", "Cy Ash"]  # not Ben, an adult
        with zipfile.ZipFile(io.BytesIO(client.get(f"{path}data.zip").content)) as archive:
            stays = archive.read("stays.csv").decode("utf-8-sig")
        assert "Mosul" in stays
        assert "ben@example.org" not in as_json.content.decode()

    def test_forget_me_is_asked_once_more_and_then_done(
        self, client: Client, party: list[Registration]
    ) -> None:
        path = f"{path_of(party[0])}forget/"
        assert client.get(path).status_code == 200
        assert client.post(path).status_code == 422
        run_until_idle()
        assert Traveller.objects.filter(name="Ann Ash").exists()
        page = client.post(path, {"sure": "yes"}, follow=True)
        assert page.status_code == 200
        run_until_idle()
        assert set(Traveller.objects.values_list("name", flat=True)) == {"(erased)", "Ben Ash"}
        assert client.get(path).status_code == 404  # her link opens nothing any more

    def test_under_a_muster_forget_me_is_kept_as_said_and_the_page_reads_the_same(
        self, client: Client, ann: Registration, staff: Staff
    ) -> None:
        elsewhere = enrol("Di Doe", mail="di@example.org", stays=[stay("Paris, France")])
        muster = musters.open_muster(
            staff.author, name="Mosul", region=region(), starts_at=clock.now()
        )
        run_until_idle()
        kept = client.post(f"{path_of(ann)}forget/", {"sure": "yes"}, follow=True)
        free = client.post(f"{path_of(elsewhere[0])}forget/", {"sure": "yes"}, follow=True)
        assert kept.content == free.content
        run_until_idle()
        assert set(Traveller.objects.values_list("name", flat=True)) == {"Ann Ash", "(erased)"}
        musters.close_muster(staff.signer, muster.pk)
        run_until_idle()
        assert not Traveller.objects.filter(name="Ann Ash").exists()


class TestLeaving:
    def test_ben_leaves_and_nobody_learns_of_it(
        self, client: Client, party: list[Registration]
    ) -> None:
        ann, ben = party[0], party[1]
        before = client.get(path_of(ann)).content
        old = path_of(ben)
        done = client.post(f"{old}leave/", follow=True)
        assert "The others are not told" in done.content.decode()
        assert client.get(old).status_code == 404  # whoever enrolled them all had it
        assert client.get(path_of(ben)).status_code == 200
        after = client.get(path_of(ann)).content
        assert _without_presses(after) == _without_presses(before)
        run_until_idle()
        assert not letters_to("ann@example.org")
        shared = reach_at("ann@example.org").contact_point_id
        named = {row.name for row in served_by([shared], clock.now())}
        assert named == {"Ann Ash", "Cy Ash"}

    def test_what_was_sent_to_the_shared_address_opens_nothing_of_his(
        self, client: Client, party: list[Registration], staff: Staff
    ) -> None:
        from tests.support.factories import publish

        issue = publish(staff)
        run_until_idle()
        ben = party[1]
        shared = reach_at("ann@example.org").contact_point
        link = ReplyLink(issue.pk, shared.pk, ben.pk, shared.link_epoch)
        own = reach_at("ben@example.org").contact_point
        his = ReplyLink(issue.pk, own.pk, ben.pk, own.link_epoch)
        assert client.get(f"/r/{reply_token(link)}/").status_code == 200
        client.post(f"{path_of(ben)}leave/")
        assert client.get(f"/r/{reply_token(link)}/").status_code == 404
        assert client.get(f"/r/{reply_token(his)}/").status_code == 200

    def test_who_gave_the_address_for_all_leaves_with_the_child_and_keeps_it(
        self, client: Client, party: list[Registration]
    ) -> None:
        ann, ben, cy = party
        shared = reach_at("ann@example.org")
        bens = client.get(path_of(ben)).content
        page = client.get(f"{path_of(ann)}leave/").content.decode()
        assert f'value="{shared.pk}"' in page
        assert client.post(f"{path_of(ann)}leave/").status_code == 422  # none of hers alone
        client.post(f"{path_of(ann)}leave/", {"keep": str(shared.pk)})
        assert [each.pk for each in spoken_for(ann)] == [ann.pk, cy.pk]
        page = client.get(path_of(ann)).content.decode()
        assert page.count("<strong>a…@example.org</strong>") == 1
        served = {row.registration_id for row in served_by([shared.contact_point_id], clock.now())}
        assert served == {ann.pk, ben.pk, cy.pk}
        assert _without_presses(client.get(path_of(ben)).content) == _without_presses(bens)

    def test_who_has_no_address_of_their_own_gives_one_first(self, client: Client) -> None:
        ann, ben = enrol("Ann Ash", "Ben Ash")
        page = client.get(f"{path_of(ben)}leave/").content.decode()
        assert "addresses/new/" in page
        assert client.post(f"{path_of(ben)}leave/").status_code == 422
        assert client.get(path_of(ann)).status_code == 200

    def test_the_page_of_links_does_not_give_the_new_one_to_whoever_enrolled_all(
        self, client: Client
    ) -> None:
        form = enrolment_form(clock.today()) | {
            "person-1-minor": "", "person-1-mail": "bo@example.org",
        }  # fmt: skip
        done = client.post("/enrol/", form)["Location"]
        run_until_idle()
        his = client.post(link_in(letters_to("bo@example.org")[-1], "v"))["Location"]
        left = client.post(f"{his.split('?')[0]}leave/")
        assert left.status_code == 302
        page = client.get(done).content.decode()
        assert left["Location"].split("?")[0] not in page


class TestGuardian:
    def test_another_adult_is_asked_and_agrees_by_their_own_link(
        self, client: Client, party: list[Registration]
    ) -> None:
        ann, ben, cy = party
        client.post(f"{path_of(ann)}guardian/{cy.pk}/", {"adult": str(ben.pk)})
        cy.traveller.refresh_from_db()
        assert cy.traveller.guardian_id == ann.traveller_id  # nothing yet
        wish = GuardianWish.objects.get()
        own = client.post(f"{path_of(ann)}wishes/{wish.pk}/", {"do": "accept"}, follow=True)
        assert own.status_code == 200
        cy.traveller.refresh_from_db()
        assert cy.traveller.guardian_id == ann.traveller_id  # not hers to answer
        assert "asks you to take into your care" in client.get(path_of(ben)).content.decode()
        client.post(f"{path_of(ben)}wishes/{wish.pk}/", {"do": "accept"})
        cy.traveller.refresh_from_db()
        assert cy.traveller.guardian_id == ben.traveller_id
        assert "Cy Ash" in client.get(path_of(ben)).content.decode()
        assert "Cy Ash" not in client.get(path_of(ann)).content.decode()

    def test_who_has_left_is_not_asked_and_the_list_does_not_tell(
        self, client: Client, party: list[Registration]
    ) -> None:
        ann, ben, cy = party
        path = f"{path_of(ann)}guardian/{cy.pk}/"
        before = client.get(path).content
        client.post(f"{path_of(ben)}leave/")
        assert client.get(path).content == before
        assert client.post(path, {"adult": str(ben.pk)}).status_code == 302
        assert "asks you" not in client.get(path_of(ben)).content.decode()

    def test_a_strangers_child_is_nobodys_to_give(
        self, client: Client, party: list[Registration], ann: Registration
    ) -> None:
        path = f"{path_of(ann)}guardian/{party[2].pk}/"
        assert client.post(path, {"adult": str(ann.pk)}).status_code == 404


def _without_presses(page: bytes) -> str:
    """Each page carries presses of its own."""
    return re.sub(r'name="press" value="[^"]*"', "", page.decode())


def test_asking_for_links_is_bounded_by_network_and_reads_the_same(
    client: Client, ann: Registration, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wayhome.web.portal import views_link

    monkeypatch.setattr(views_link, "PER_NETWORK_AN_HOUR", 1)
    flood = Client(REMOTE_ADDR="8.8.8.8")
    answers = [
        flood.post("/my-link/", {"mail": mail}) for mail in ("x@example.org", "ann@example.org")
    ]
    assert [(a.status_code, a["Location"]) for a in answers] == [(302, "/my-link/asked/")] * 2
    run_until_idle()
    assert not letters_to("ann@example.org")
    client.post("/my-link/", {"mail": "ann@example.org"})
    run_until_idle()
    assert len(letters_to("ann@example.org")) == 1
