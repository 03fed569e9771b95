"""Invented travellers, the same for the same seed. No real person, address or number."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random

from wayhome.trips.enrolment import EnrolmentSaid, LegSaid, PersonSaid, StaySaid

GIVEN = [
    "Ada",
    "Amir",
    "Anna",
    "Ben",
    "Carla",
    "Chen",
    "Clara",
    "Daniel",
    "David",
    "Elena",
    "Emma",
    "Farid",
    "Fatima",
    "George",
    "Grace",
    "Hana",
    "Hassan",
    "Ines",
    "Ivan",
    "Jack",
    "James",
    "Jana",
    "Joan",
    "Jonas",
    "Kamal",
    "Karim",
    "Laila",
    "Leo",
    "Lina",
    "Lucas",
    "Maria",
    "Mark",
    "Maya",
    "Milan",
    "Nadia",
    "Nora",
    "Omar",
    "Oscar",
    "Paul",
    "Petra",
    "Rana",
    "Rosa",
    "Sam",
    "Sara",
    "Simon",
    "Sofia",
    "Tariq",
    "Tom",
    "Vera",
    "Yara",
    "Youssef",
    "Zoe",
]
FAMILY = [
    "Abbott",
    "Adler",
    "Baker",
    "Barros",
    "Becker",
    "Bennett",
    "Castillo",
    "Clarke",
    "Costa",
    "Dawson",
    "Delgado",
    "Dubois",
    "Ellis",
    "Farah",
    "Fischer",
    "Foster",
    "Garcia",
    "Haddad",
    "Hansen",
    "Hughes",
    "Ibrahim",
    "Jansen",
    "Keller",
    "Khoury",
    "Larsen",
    "Lopez",
    "Mansour",
    "Martin",
    "Meyer",
    "Morgan",
    "Moreau",
    "Nasser",
    "Novak",
    "Okafor",
    "Olsen",
    "Park",
    "Perez",
    "Quinn",
    "Reyes",
    "Rossi",
    "Saleh",
    "Santos",
    "Schmidt",
    "Silva",
    "Tanaka",
    "Torres",
    "Turner",
    "Vega",
    "Weber",
    "Young",
]
FAMILY_ARABIC = ["الحداد", "الخوري", "منصور", "ناصر", "صالح", "إبراهيم", "فرح"]
GIVEN_ARABIC = [
    "أمير",
    "فاطمة",
    "حسن",
    "كمال",
    "ليلى",
    "مايا",
    "نادية",
    "عمر",
    "رنا",
    "سارة",
    "طارق",
    "يارا",
    "يوسف",
]

# Where people are, and how often: cities, coarse places, and places outside the crisis.
PLACES: tuple[tuple[str, str, int], ...] = (
    ("Baghdad", "IQ", 300),
    ("Erbil", "IQ", 190),
    ("Basra", "IQ", 120),
    ("Sulaymaniyah", "IQ", 60),
    ("Mosul", "IQ", 45),
    ("Kirkuk", "IQ", 40),
    ("Najaf", "IQ", 35),
    ("Karbala", "IQ", 30),
    ("Dohuk", "IQ", 30),
    ("Ramadi", "IQ", 20),
    ("Fallujah", "IQ", 15),
    ("Tikrit", "IQ", 15),
    ("Baqubah", "IQ", 15),
    ("Anbar province", "IQ", 10),
    ("Nineveh", "IQ", 10),
    ("Iraq", "IQ", 25),
    ("Amman", "JO", 25),
    ("Istanbul", "TR", 15),
)
DAY = date(2014, 6, 15)


def invent(seed: int, people: int, now: datetime) -> Iterator[EnrolmentSaid]:
    """Parties of one to five until there are exactly ``people``."""
    random = Random(seed)
    left, number = people, 0
    while left:
        size = min(left, random.choices((1, 2, 3, 4, 5), (62, 18, 9, 8, 3))[0])
        number += 1
        left -= size
        yield _party(random, number, size, now)


def _party(random: Random, number: int, size: int, now: datetime) -> EnrolmentSaid:
    arabic = random.random() < 0.06
    family = random.choice(FAMILY_ARABIC if arabic else FAMILY)
    names = [f"{random.choice(GIVEN_ARABIC if arabic else GIVEN)} {family}" for _ in range(size)]
    minors = [index >= 2 and random.random() < 0.85 for index in range(size)]
    language = "ar" if arabic else random.choices(("en", "fr", "es"), (88, 7, 5))[0]
    by_phone_only = random.random() < 0.04
    adult_mail = size > 1 and random.random() < 0.3
    people = tuple(
        PersonSaid(
            name=name,
            minor=minor,
            mail=f"p{number}.second@demo.example"
            if index == 1 and adult_mail and not minor
            else "",
        )
        for index, (name, minor) in enumerate(zip(names, minors, strict=True))
    )
    phone = f"+96477{number:08d}" if by_phone_only or random.random() < 0.45 else ""
    return EnrolmentSaid(
        people=people,
        stays=_stays(random),
        legs=_legs(random),
        mail="" if by_phone_only else f"p{number}@demo.example",
        phone=phone,
        language=language,
        watches=("IQ",) if random.random() < 0.02 else (),
        # Most have shown that the address is theirs; the rest will get warnings without names.
        verified_at=now - timedelta(days=random.randint(1, 60)) if random.random() < 0.88 else None,
    )


def _stays(random: Random) -> tuple[StaySaid, ...]:
    place, country, _ = random.choices(PLACES, [weight for *_, weight in PLACES])[0]
    shape = random.random()
    if shape < 0.30:  # lives there
        return (StaySaid(place, DAY - timedelta(days=random.randint(60, 1500)), None, country),)
    if shape < 0.78:  # is there now
        arrive = DAY - timedelta(days=random.randint(0, 40))
        return (StaySaid(place, arrive, DAY + timedelta(days=random.randint(0, 40)), country),)
    if shape < 0.86:  # comes soon
        arrive = DAY + timedelta(days=random.randint(1, 25))
        return (StaySaid(place, arrive, arrive + timedelta(days=random.randint(2, 30)), country),)
    if shape < 0.94:  # has left, or should have
        depart = DAY - timedelta(days=random.randint(1, 30))
        return (StaySaid(place, depart - timedelta(days=random.randint(2, 30)), depart, country),)
    onward, there, _ = random.choice(PLACES)
    middle = DAY + timedelta(days=random.randint(-5, 5))
    return (
        StaySaid(place, middle - timedelta(days=7), middle, country),
        StaySaid(onward, middle, middle + timedelta(days=9), there),
    )


def _legs(random: Random) -> tuple[LegSaid, ...]:
    if random.random() > 0.05:
        return ()
    hour = datetime.fromisoformat("2014-06-15T00:00:00+00:00") + timedelta(
        hours=random.randint(0, 72)
    )
    return (
        LegSaid(
            mode="air",
            carrier="Invented Air",
            number=f"IA {random.randint(100, 999)}",
            departs_from="Baghdad, Iraq",
            departs_at=hour,
            arrives_in="Amman, Jordan",
            arrives_at=hour + timedelta(hours=2),
        ),
    )
