"""Floods and look-alike bursts: taken in, quarantined, warned, and decided by an officer."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from tests.support.portal import letters_to, link_in
from wayhome.audience import services as audience
from wayhome.audience.affects import Window
from wayhome.officers.models import Officer
from wayhome.officers.roles import Role
from wayhome.places.reading import read
from wayhome.places.resolve import resolve
from wayhome.travellers import quarantine, vouching
from wayhome.travellers.door_models import Quarantine
from wayhome.travellers.models import Registration
from wayhome.trips.models import Stay
from wayhome.work import clock
from wayhome.work.worker import run_until_idle

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db,
    pytest.mark.usefixtures("outbox"),
]


class TestBursts:
    @pytest.fixture(autouse=True)
    def _few(self, settings: object) -> None:
        settings.WAYHOME_ENROL_PER_NETWORK = 2  # type: ignore[attr-defined]

    def send(self, form: dict[str, str], n: int, address: str = "8.8.8.8") -> None:
        sent = form | {
            "press": f"{n:032x}",
            "person-0-name": f"Ada {'ABCDEFGH'[n % 8]}",
            "mail": f"ada{n}@d{n}.example.org",
        }
        assert Client(REMOTE_ADDR=address).post("/enrol/", sent).status_code == 302

    def test_a_flood_is_taken_in_and_quarantined(self, form: dict[str, str]) -> None:
        for n in range(4):
            self.send(form, n)
        self.send(form, 5, "9.9.9.9")
        assert Registration.objects.count() == 10
        assert Quarantine.objects.count() == 4
        assert Stay.objects.filter(is_current=True).count() == 10

    def test_a_known_network_and_a_proxy_are_not_counted(
        self, form: dict[str, str], settings: object
    ) -> None:
        settings.WAYHOME_KNOWN_NETWORKS = ["8.8.8.0/24"]  # type: ignore[attr-defined]
        for n in range(4):
            self.send(form, n)
            self.send(form, n + 10, "127.0.0.1")
        assert not Quarantine.objects.exists()

    def test_proof_of_an_address_releases(self, client: Client, form: dict[str, str]) -> None:
        for n in range(3):
            self.send(form, n)
        run_until_idle()
        client.post(link_in(letters_to("ada2@d2.example.org")[-1], "v"))
        assert set(Quarantine.objects.values_list("decision", flat=True)) == {"proven"}

    def test_an_officer_releases_or_declines_with_a_reason(
        self, desk: Client, form: dict[str, str]
    ) -> None:
        for n in range(3):
            self.send(form, n)
        page = desk.get("/desk/bursts/").content.decode()
        assert "2 entries: many from one network" in page
        assert "Ada" not in page
        found = re.search(r'name="burst" value="([0-9a-f]+)"', page)
        assert found
        said = {"burst": found[1], "do": "decline", "reason": ""}
        assert desk.post("/desk/bursts/", said).status_code == 422
        desk.post("/desk/bursts/", said | {"reason": "one hand wrote them"})
        assert set(Quarantine.objects.values_list("decision", flat=True)) == {"declined"}

    def test_who_is_in_quarantine_is_warned_and_counts_as_possible(
        self, form: dict[str, str]
    ) -> None:
        for n in range(3):
            self.send(form, n)
        window = Window(clock.now(), clock.now(), 7, 7)
        counts = audience.count(resolve(read("Nineveh, Iraq")), window)
        assert (counts.people, counts.certain, counts.possible) == (6, 4, 2)
        assert counts.by_freshness == {"certain, fresh": 4, "possible, fresh": 2}

    def test_the_same_names_again_and_again_are_alike(self, form: dict[str, str]) -> None:
        for n in range(7):
            sent = form | {"press": f"{n:032x}", "mail": f"victim{n}@example.net"}
            Client(REMOTE_ADDR=f"8.8.{n}.8").post("/enrol/", sent)
        assert set(Quarantine.objects.values_list("why", flat=True)) == {"likeness"}
        assert Quarantine.objects.count() == 4

    def test_whose_name_strangers_used_is_out_of_it_once_an_officer_vouches(
        self, form: dict[str, str], officer_of: Callable[[str], Officer]
    ) -> None:
        for n in range(6):
            sent = form | {"press": f"{n:032x}", "mail": f"victim{n}@example.net"}
            Client(REMOTE_ADDR=f"8.8.{n}.8").post("/enrol/", sent)
        hers = Registration.objects.filter(traveller__name=form["person-0-name"]).latest("pk")
        officer = officer_of(Role.OFFICER)
        (burst,) = quarantine.bursts()
        quarantine.decide(officer, burst.burst, release=False, reason="made up")
        assert quarantine.is_declined(hers.pk)
        vouching.document_seen(officer, hers.pk, "Iraqi passport")
        assert not quarantine.is_declined(hers.pk)
        assert hers.traveller_id not in quarantine.doubtful().tolist()
        assert quarantine.doubtful().size > 0  # the others
