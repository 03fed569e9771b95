"""June 2014 in Iraq, retold with invented people: act by act, through the real services."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from wayhome.bulletins import services as bulletins
from wayhome.bulletins.models import Bulletin, Issue
from wayhome.bulletins.services import BulletinSaid, TextSaid
from wayhome.demo import answers, people, texts
from wayhome.ledger.services import record_incident
from wayhome.musters import services as musters
from wayhome.musters.models import Muster
from wayhome.officers.models import Officer
from wayhome.officers.services import clear, make_officer
from wayhome.places.reading import read
from wayhome.travellers.models import Door
from wayhome.trips.enrolment import EnrolmentSaid, PersonSaid, StaySaid
from wayhome.trips.services import enrol
from wayhome.work.db import writes
from wayhome.work.instance import set_exercise_clock
from wayhome.work.worker import run_until_idle

SEED = 2014
PARTIES_IN_TRANSACTION = 50

Say = Callable[[str], None]


@dataclass
class Cast:
    """Who acts, and what they have made so far."""

    officer: Officer
    approver: Officer
    issues: dict[str, Issue] = field(default_factory=dict)
    muster: Muster | None = None


def tell(people_count: int, passwords: dict[str, str], say: Say) -> Cast:
    """Play every act; the database must be an empty exercise."""
    cast = _act_enrolment(people_count, passwords, say)
    _act_advisory(cast, say)
    _act_mistake(cast, say)
    _act_warning(cast, say)
    _act_muster(cast, say)
    _act_late_joiner(cast, say)
    _act_update(cast, say)
    _act_next_day(cast, say)
    return cast


def _act_enrolment(people_count: int, passwords: dict[str, str], say: Say) -> Cast:
    now = _at(12, 9)
    cast = Cast(
        officer=_officer("officer@demo.example", "Ines Duarte", "officer", passwords),
        approver=_officer("approver@demo.example", "Jonas Weber", "approver", passwords),
    )
    clear(cast.approver, "cases")
    say(f"12 June 2014. {people_count:,} people enrol ...")
    parties = list(people.invent(SEED, people_count, now))
    done = 0
    for start in range(0, len(parties), PARTIES_IN_TRANSACTION):
        batch = parties[start : start + PARTIES_IN_TRANSACTION]
        _enrol(batch)
        before, done = done, done + sum(len(said.people) for said in batch)
        if done // 1000 > before // 1000:
            say(f"  {done:,} enrolled")
    run_until_idle()
    return cast


@writes
def _enrol(batch: list[EnrolmentSaid]) -> None:
    for said in batch:
        enrol(said, door=Door.SELF)


def _act_advisory(cast: Cast, say: Say) -> None:
    now = _at(13, 8)
    say("13 June. An advisory for five provinces is drafted, read back, signed and published ...")
    said = BulletinSaid(
        kind="advisory",
        level=3,
        region=read(texts.FIVE_PROVINCES),
        source=texts.SOURCE,
        hazard="armed conflict",
        texts=texts.ADVISORY,
        distribution="public",
        ask="received",
        expires_at=now + timedelta(days=60),
        lead_days=14,
    )
    cast.issues["advisory"] = _publish(cast, bulletins.draft(cast.officer, said).pk, say)
    answers.play(cast.issues["advisory"], share=0.2, seed=SEED + 1)
    run_until_idle()


def _act_mistake(cast: Cast, say: Say) -> None:
    _at(14, 19)
    say("14 June, evening. A warning for Basra goes out by mistake ...")
    said = _warning("Basra province, Iraq", "explosions", texts.MISTAKE, _moment(15, 7))
    cast.issues["mistake"] = _publish(cast, bulletins.draft(cast.officer, said).pk, say)
    _at(14, 19, 12)
    say("  twelve minutes later it is cancelled, with the correction written beforehand ...")
    follow = bulletins.begin_cancel(cast.officer, cast.issues["mistake"].bulletin_id)
    cast.issues["cancel"] = _publish(cast, follow.pk, say)


def _act_warning(cast: Cast, say: Say) -> None:
    _at(15, 9)
    say("15 June, morning. Explosions in Baghdad: an incident, and a warning ...")
    said = _warning("Baghdad province, Iraq", "explosions", texts.WARNING, _moment(16, 6))
    cast.issues["warning"] = _publish(cast, bulletins.draft(cast.officer, said).pk, say)


def _act_muster(cast: Cast, say: Say) -> None:
    _at(15, 9, 20)
    incident = record_incident(
        cast.officer,
        what="Series of explosions in Baghdad",
        region=read("Baghdad province, Iraq"),
        happened_on=date(2014, 6, 15),
        certainty="reported",
        source="Press, several agencies",
        wording="A number of blasts across the city since the morning; deaths are reported.",
    )
    cast.muster = musters.open_muster(
        cast.officer,
        name="Baghdad, 15 June 2014",
        region=read("Baghdad province, Iraq"),
        starts_at=_moment(15, 8),
        threads=[Bulletin.objects.get(pk=cast.issues["warning"].bulletin_id)],
        incidents=[incident],
    )
    run_until_idle()
    _at(15, 10)
    given = answers.play(cast.issues["warning"], share=0.62, seed=SEED + 2)
    run_until_idle()
    say(f"  a muster is opened; within the hour {given:,} people have answered")


def _act_late_joiner(cast: Cast, say: Say) -> None:
    _at(15, 14)
    late = EnrolmentSaid(
        people=(PersonSaid("Lena Lindqvist"),),
        stays=(StaySaid("Baghdad", date(2014, 6, 14), date(2014, 6, 20), "IQ"),),
        mail="late.joiner@demo.example",
        verified_at=_moment(15, 14),
    )
    enrol(late)
    run_until_idle()
    say("  14:00. Someone in Baghdad enrols only now, and is warned at once")


def _act_update(cast: Cast, say: Say) -> None:
    _at(15, 16)
    say("  16:00. An update goes to everyone who was warned ...")
    said = _warning("Baghdad province, Iraq", "explosions", texts.UPDATE, _moment(17, 6))
    follow = bulletins.begin_update(cast.officer, cast.issues["warning"].bulletin_id, said)
    cast.issues["update"] = _publish(cast, follow.pk, say)
    _at(15, 17)
    answers.play(cast.issues["update"], share=0.25, seed=SEED + 3)
    run_until_idle()


def _act_next_day(cast: Cast, say: Say) -> None:
    _at(16, 10, 30)
    musters.expire_safe()
    run_until_idle()
    say("16 June, morning. Yesterday's answers grow old: whoever has not answered again is silent")


def _publish(cast: Cast, bulletin_id: int, say: Say) -> Issue:
    """Submitted by one, read back by storage, signed by another, published, sent to the last."""
    bulletins.submit(cast.officer, bulletin_id)
    run_until_idle()
    readback = Bulletin.objects.get(pk=bulletin_id).readbacks.latest("pk")
    people_counted = int(readback.counts["people"])
    bulletins.sign(cast.approver, bulletin_id, readback.pk, expect_count=people_counted)
    issue = bulletins.publish(cast.officer, bulletin_id, expect_count=people_counted)
    say(f"  {readback.region_words}: {people_counted:,} people are concerned")
    run_until_idle()
    return issue


def _warning(
    region: str, hazard: str, words: tuple[TextSaid, ...], until: datetime
) -> BulletinSaid:
    return BulletinSaid(
        kind="warning",
        region=read(region),
        source=texts.SOURCE,
        hazard=hazard,
        texts=words,
        distribution="public",
        ask="safety",
        expires_at=until,
        lead_days=2,
    )


def _officer(email: str, name: str, role: str, passwords: dict[str, str]) -> Officer:
    return make_officer(
        email=email, name=name, office="Crisis Desk", role=role, password=passwords[email]
    )


def _moment(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2014, 6, day, hour, minute, tzinfo=UTC)


def _at(day: int, hour: int, minute: int = 0) -> datetime:
    """Let the exercise's clock read this moment of June 2014 (UTC)."""
    moment = _moment(day, hour, minute)
    set_exercise_clock(moment)
    return moment
