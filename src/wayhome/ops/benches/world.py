"""A seeded world of stays for benchmarks, written straight into the matching table."""

from collections.abc import Iterator

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from wayhome.places import pack
from wayhome.places.keys import mortons
from wayhome.places.locate import locate_many
from wayhome.trips.models import NO_END
from wayhome.work.db import Parameter

CHUNK = 50_000
FIRST_DAY, DAYS = 16_000, 730  # two years of arrivals

COLUMNS = (
    "key, area, certainty, traveller_id, lon, lat, radius_m, stay_id, arrive, depart, departed"
)

Row = tuple[Parameter, ...]


def fill(stays: int, seed: int = 1) -> int:
    """Write ``stays`` stays, clustered on cities by population; returns the rows written.

    Jitter of kilometres about each city, lengths of days to years, a fifth without end, one in
    twenty known only by its area.
    """
    random = np.random.default_rng(seed)
    cities = list(pack.cities().values())
    population = np.array([city.population for city in cities], dtype=np.float64)
    share = population / population.sum()
    lon = np.array([city.lon for city in cities])
    lat = np.array([city.lat for city in cities])
    written = 0
    for start in range(0, stays, CHUNK):
        size = min(CHUNK, stays - start)
        chosen = random.choice(len(cities), size, p=share)
        here_lon = (lon[chosen] + random.normal(0, 0.08, size) + 180) % 360 - 180
        here_lat = np.clip(lat[chosen] + random.normal(0, 0.08, size), -89.9, 89.9)
        here_lon, here_lat = np.round(here_lon, 3), np.round(here_lat, 3)
        radius = random.choice([100, 1_000, 5_000], size, p=[0.6, 0.2, 0.2])
        arrive = FIRST_DAY + random.integers(0, DAYS, size)
        length = np.select(
            [random.random(size) < 0.7, random.random(size) < 0.6],
            [random.integers(0, 30, size), random.integers(30, 365, size)],
            NO_END,
        )
        coarse = random.random(size) < 0.05
        written += _write(_rows(start, here_lon, here_lat, radius, arrive, length, coarse))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE stay_match" if connection.vendor == "postgresql" else "ANALYZE")
    return written


def _rows(
    start: int,
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    radius: NDArray[np.int64],
    arrive: NDArray[np.int64],
    length: NDArray[np.int64],
    coarse: NDArray[np.bool_],
) -> Iterator[Row]:
    keys = mortons(lon, lat)
    areas = locate_many(lon, lat, radius)
    depart = np.where(length == NO_END, NO_END, arrive + length)
    for i, candidates in enumerate(areas):
        stay = start + i + 1
        days = (int(arrive[i]), int(depart[i]), False)
        if coarse[i] and candidates:
            yield (None, candidates[0][0], 2, stay, None, None, 0, stay, *days)
            continue
        for area, certainty in candidates or (("", 1),):
            yield (
                int(keys[i]),
                area,
                certainty,
                stay,
                float(lon[i]),
                float(lat[i]),
                int(radius[i]),
                stay,
                *days,
            )


def _write(rows: Iterator[Row]) -> int:
    values = list(rows)
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY stay_match ({COLUMNS}) FROM STDIN") as copy:
                for row in values:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * 11)
            cursor.executemany(f"INSERT INTO stay_match ({COLUMNS}) VALUES ({marks})", values)
    return len(values)
