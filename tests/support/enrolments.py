"""Random enrolments: parties, minors, shared addresses, several stays, legs and watches."""

from __future__ import annotations

from datetime import UTC, date, datetime

from hypothesis import strategies as st

from wayhome.trips.enrolment import EnrolmentSaid, LegSaid, PersonSaid, StaySaid

NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)
PLACES = ("Mosul", "IQ-NI", "33.3, 44.4", "Paris", "10.0, -30.0")
MAILS = ("", "ann@example.org", "ANN@example.org", "bo@example.org")
PHONES = ("", "+9647901234567", "+964 790 123 4567")
verified = st.sampled_from([None, datetime(2025, 1, 1, tzinfo=UTC)])
stays = st.builds(
    StaySaid,
    st.sampled_from(PLACES),
    st.dates(date(2026, 1, 1), date(2026, 3, 1)),
    st.none() | st.dates(date(2026, 3, 1), date(2026, 9, 1)),
)
legs = st.builds(
    LegSaid,
    st.sampled_from(["air", "road"]),
    st.sampled_from(PLACES),
    st.just(datetime(2026, 2, 1, 8, tzinfo=UTC)),
    st.sampled_from(PLACES),
    st.just(datetime(2026, 2, 1, 12, tzinfo=UTC)),
    st.sampled_from(["", "IA\0 "]),
)


@st.composite
def enrolments(draw: st.DrawFn) -> list[EnrolmentSaid]:
    made = []
    for n in range(draw(st.integers(1, 4))):
        minors = draw(st.lists(st.booleans(), max_size=3))
        minors.insert(draw(st.integers(0, len(minors))), False)
        people = tuple(
            PersonSaid(
                draw(st.sampled_from([" Ann  Ash", "Bo", "علي"])),
                minor,
                draw(st.sampled_from(MAILS)),
                draw(st.sampled_from(PHONES)),
                f"{n}-{m}",
                verified_at=draw(st.just("with the party") | verified),
            )
            for m, minor in enumerate(minors)
        )
        made.append(
            EnrolmentSaid(
                people,
                tuple(draw(st.lists(stays, min_size=1, max_size=3))),
                tuple(draw(st.lists(legs, max_size=2))),
                mail=draw(st.sampled_from(MAILS[1:])),
                phone=draw(st.sampled_from(PHONES)),
                language=draw(st.sampled_from(["en", "ar"])),
                emergency_mail=draw(st.sampled_from(MAILS)),
                emergency_phone=draw(st.sampled_from(PHONES)),
                watches=tuple(draw(st.lists(st.sampled_from(["IQ", "FR"]), max_size=3))),
                verified_at=draw(verified),
            )
        )
    return made
