"""Whether a stay's place is in a resolved region: no, possibly or certainly.

``place_certainty`` is the definition, written to be read. ``atom_values`` answers the same for
many matching rows at once and must agree with it; a test holds the two together.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wayhome.places.pack import code_number
from wayhome.places.resolve import CERTAIN, NO, POSSIBLE, AreaAtom, Atom, Resolved, ShapeAtom


@dataclass(frozen=True)
class StayPlace:
    """Where a stay is: the areas recorded for it, and a point if one is known.

    ``areas`` pairs current area codes with how sure each is (2 certain, 1 possible). ``lon`` and
    ``lat`` are WGS84 degrees or both None; ``radius_m`` says how far from the point the person
    may be, in metres.
    """

    areas: tuple[tuple[str, int], ...]
    lon: float | None = None
    lat: float | None = None
    radius_m: int = 0


def place_certainty(place: StayPlace, resolved: Resolved) -> int:
    """0 if the place is not in the region, 1 if possibly, 2 if certainly."""
    return resolved.combine([_in_atom(place, atom) for atom in resolved.atoms])


def _in_atom(place: StayPlace, atom: Atom) -> int:
    if isinstance(atom, ShapeAtom) and place.lon is not None and place.lat is not None:
        return _in_shape(place.lon, place.lat, place.radius_m, atom)
    value = NO
    for code, certainty in place.areas:
        if code in atom.within:
            value = max(value, certainty)
        elif code in atom.around:
            value = max(value, POSSIBLE)
    return value


def _in_shape(lon: float, lat: float, radius_m: int, atom: ShapeAtom) -> int:
    point = np.array([lon]), np.array([lat])
    if atom.shape.covers(*point)[0]:
        return CERTAIN
    # On a slanted edge a point is inside or outside by its last digit: one answer for everyone.
    away = float(atom.shape.distance_m(*point)[0])
    reach = radius_m + atom.slack_m
    return POSSIBLE if reach > 0 and away <= reach else NO


def atom_values(
    atom: Atom,
    codes: NDArray[np.generic],
    certainty: NDArray[np.int8],
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    radius_m: NDArray[np.int64],
) -> NDArray[np.int8]:
    """The value (n,) of an atom for n matching rows, int8.

    A row is one recorded area of a stay: ``codes`` (strings, or integers from
    ``pack.code_number``), its ``certainty`` (2 or 1), and the stay's point (nan where it has
    none) and radius in metres. A stay's value is the largest among its rows.
    """
    values = np.zeros(len(codes), np.int8)
    pointless = np.ones(len(codes), bool)
    if isinstance(atom, ShapeAtom):
        pointless = np.isnan(lon) | np.isnan(lat)
        (at,) = (~pointless).nonzero()
        if len(at):
            values[at] = _shape_values(atom, lon[at], lat[at], radius_m[at])
    (by_area,) = pointless.nonzero()
    if len(by_area):
        recorded = codes[by_area]
        inside = _among(recorded, atom.within)
        near = _among(recorded, atom.around) & ~inside
        values[by_area] = np.where(inside, certainty[by_area], np.where(near, POSSIBLE, NO))
    return values


def _shape_values(
    atom: ShapeAtom,
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    radius_m: NDArray[np.int64],
) -> NDArray[np.int8]:
    inside = atom.shape.covers(lon, lat)
    values = np.where(inside, CERTAIN, NO).astype(np.int8)
    (left,) = (~inside).nonzero()
    if len(left):
        reach = np.asarray(radius_m, float)[left] + atom.slack_m
        near = atom.shape.near(lon[left], lat[left], reach)
        values[left[near]] = POSSIBLE
    return values


def _among(codes: NDArray[np.generic], wanted: frozenset[str]) -> NDArray[np.bool_]:
    if codes.dtype.kind in "iu":
        return np.isin(codes, [code_number(code) for code in wanted])
    if codes.dtype.kind == "O":
        return np.fromiter((code in wanted for code in codes), bool, len(codes))
    return np.isin(codes, sorted(wanted)) if wanted else np.zeros(len(codes), bool)


__all__ = ["AreaAtom", "StayPlace", "atom_values", "place_certainty"]
