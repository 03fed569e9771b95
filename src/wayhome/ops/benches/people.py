"""A seeded world of people with names in many scripts, written straight into the tables."""

import json
from collections.abc import Callable, Sequence
from random import Random

from django.db import connection, transaction

from wayhome.work import clock
from wayhome.work.db import Parameter, stored

CHUNK = 20_000

_LATIN = (
    "Ann Anna Amina José María Jürgen Zoë Łukasz Søren Çağla Işık Nguyễn Thị Chloé Ngozi Kwame"
    " Mohammed Muhammad Mehmet Ahmed Fatima Yusuf Olga Ivan Jean Pierre Luca Giulia Ana Pedro"
    " Björn Astrid Liam Emma Noah Olivia Sofia Mateo Lucía Hans Greta Émile Inès Siobhán Tomáš",
    "Ash Asche Haddad Muñoz Müller Straße Yılmaz Øre Kowalski Nguyen Okafor Mensah Ali Hassan"
    " Demir Petrova Ivanov Dupont Rossi Bianchi Silva Santos Svensson Lind Murphy Smith Jones"
    " Weiß Groß Lefèvre Garnier O'Brien Novák Horvath Nagy Kaya Öztürk Al-Hassan Ben-David",
)
_ARABIC = (
    "محمد أحمد علي حسن حسين فاطمة زينب عائشة مريم يوسف إبراهيم عبدالله خالد سارة نور ليلى",
    "الحسن حداد العلي الأحمد منصور صالح الخطيب النجار عباس كريمی رضایی موسوی احمدی",
)
_CYRILLIC = (
    "Александр Дмитрий Мария Анна Ольга Иван Сергей Наталья Артём Юлия Олена Андрій Ірина",
    "Иванов Петрова Кузнецов Смирнова Попов Шевченко Ковальчук Ёлкин Васильева Бондаренко",
)
_GREEK = ("Γιώργος Μαρία Ελένη Νίκος Κώστας", "Παπαδόπουλος Γεωργίου Νικολάου Ιωάννου")
_INDIC = ("राम सीता अर्जुन प्रिया विजय", "शर्मा वर्मा सिंह गुप्ता पटेल")
_HAN_FAMILY = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_HAN_GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂华建国文玉红梅春海燕志雪"
_HANGUL_FAMILY = "김이박최정강조윤장임"
_HANGUL_GIVEN = "민수지영현우서연준호하은도윤예진시우주원재"
_KANA = ("タナカ サトウ スズキ ヤマモト 田中 佐藤 鈴木", "ハナコ タロウ ケンジ さくら 花子 健二")
_SYLLABLES = "babebodadedokakekolalelomamemineranoresarisotasetevizukinu"


def name(random: Random) -> str:
    """One name; two in five Latin, the rest in seven other scripts. A third of all Latin and Arabic
    family names are made of syllables, so that there are rare ones."""
    which = random.random()
    if which < 0.12:
        given = "".join(random.choices(_HAN_GIVEN, k=random.choice([1, 2, 2])))
        return random.choice(_HAN_FAMILY) + given
    if which < 0.18:
        return random.choice(_HANGUL_FAMILY) + "".join(random.choices(_HANGUL_GIVEN, k=2))
    pool = next(
        pool
        for share, pool in (
            (0.21, _KANA), (0.25, _INDIC), (0.28, _GREEK), (0.40, _CYRILLIC), (0.60, _ARABIC),
            (1.0, _LATIN),
        )
        if which < share
    )  # fmt: skip
    firsts, families = (half.split() for half in pool)
    words = [*random.choices(firsts, k=random.choice([1, 1, 1, 2])), random.choice(families)]
    if pool is _LATIN and random.random() < 0.33:
        starts = [
            2 * random.randrange(len(_SYLLABLES) // 2) for _ in range(random.choice([2, 3, 4]))
        ]
        words[-1] = "".join(_SYLLABLES[each : each + 2] for each in starts).title()
    return " ".join(words)


def fill(people: int, seed: int = 1, progress: Callable[[int], None] = lambda n: None) -> None:
    """Write ``people`` records with one registration each, numbered from one, found by nothing."""
    random = Random(seed)
    moment = stored(clock.now())
    for start in range(0, people, CHUNK):
        numbers = range(start + 1, min(start + CHUNK, people) + 1)
        names = {number: name(random) for number in numbers}
        travellers = [(number, names[number], moment) for number in numbers]
        registrations = [
            (
                number,
                number,
                "list",
                1,
                f"R{number}",
                json.dumps({"people": [{"name": names[number]}]}, ensure_ascii=False),
                moment,
                1,
            )
            for number in numbers
        ]
        with transaction.atomic():
            _write("traveller", "id, name, made_at", travellers)
            _write(
                "registration",
                "id, traveller_id, door, assurance, reference, original, made_at, link_epoch",
                registrations,
            )
        progress(numbers[-1])
    with connection.cursor() as cursor:
        for table in ("traveller", "registration"):
            cursor.execute(f"ANALYZE {table}")


def _write(table: str, columns: str, rows: Sequence[tuple[Parameter, ...]]) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(rows[0]))
            cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)
