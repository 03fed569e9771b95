"""Regions: expressions over areas and shapes, as they are stored and exchanged.

A region says what was meant, in a form that stays readable for years: version 1 is a JSON
object ``{"version": 1, "region": {"kind": ...}}``. What it covers is worked out by ``resolve``.
Coordinates are WGS84 degrees, longitude first. Everything here raises ``PlaceError`` with the
field ``region`` (or the path inside it) when a region cannot be used.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator

from wayhome.places import pack, rings
from wayhome.places.errors import PlaceError

VERSION = 1
MOST_PARTS = 500
"""Areas and shapes in one region, counted at every depth."""
DEEPEST = 12
MOST_VERTICES = 50_000
LONGEST_JSON = 5_000_000
WIDEST_KM = 5_000
"""Largest radius of a circle."""

Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Radius = Annotated[float, Field(gt=0, le=WIDEST_KM, allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Area(_Part):
    """A whole area of the pack, by code."""

    kind: Literal["area"] = "area"
    code: str

    @field_validator("code")
    @classmethod
    def _known(cls, code: str) -> str:
        return pack.area(code).code


class Circle(_Part):
    """Everything within ``radius_km`` of a point, measured on the ellipsoid."""

    kind: Literal["circle"] = "circle"
    lon: Longitude
    lat: Latitude
    radius_km: Radius


class City(_Part):
    """Everything within ``radius_km`` of a city's centre.

    Name and coordinates are kept beside the id, so that what was stored keeps its meaning.
    """

    kind: Literal["city"] = "city"
    city_id: int = Field(ge=1, le=2**53)
    name: Annotated[str, Field(min_length=1, max_length=200)]
    lon: Longitude
    lat: Latitude
    radius_km: Radius


class Polygon(_Part):
    """A polygon: an outer ring, then holes; each closed, of (lon, lat) pairs.

    An edge that jumps by more than 180 degrees of longitude crosses the antimeridian.
    """

    kind: Literal["polygon"] = "polygon"
    rings: tuple[tuple[tuple[float, float], ...], ...]

    @field_validator("rings")
    @classmethod
    def _drawable(
        cls, value: tuple[tuple[tuple[float, float], ...], ...]
    ) -> tuple[tuple[tuple[float, float], ...], ...]:
        rings.check(value, MOST_VERTICES)
        return value


class Union(_Part):
    """Everything that is in any of its parts."""

    kind: Literal["union"] = "union"
    parts: Annotated[tuple["Region", ...], Field(min_length=1, max_length=MOST_PARTS)]


class Except(_Part):
    """What is in ``base`` and not in ``minus``."""

    kind: Literal["except"] = "except"
    base: "Region"
    minus: "Region"


Region = Annotated[
    Area | City | Circle | Polygon | Union | Except,
    Field(discriminator="kind"),
]
AnyRegion = Area | City | Circle | Polygon | Union | Except
Union.model_rebuild()
Except.model_rebuild()
_ADAPTER: TypeAdapter[AnyRegion] = TypeAdapter(Region)


def parse(value: str | bytes | Mapping[str, Any]) -> AnyRegion:
    """The region in JSON text or in what JSON text holds; with or without its version."""
    data = _loaded(value) if isinstance(value, str | bytes) else dict(value)
    if not isinstance(data, dict):
        raise PlaceError("region", "it is not a JSON object", "give an object with a kind")
    if "version" in data or "region" in data:
        if data.get("version") != VERSION or not isinstance(data.get("region"), Mapping):
            raise PlaceError(
                "region", "its version is not known", f"give version {VERSION} and a region"
            )
        data = dict(data["region"])
    _bounded(data)
    try:
        region = _ADAPTER.validate_python(data)
    except ValidationError as error:
        raise _explained(error) from None
    if sum(_vertices(part) for part in leaves(region)) > MOST_VERTICES:
        raise PlaceError(
            "region", f"it has more than {MOST_VERTICES} vertices", "simplify its polygons"
        )
    return region


def dump(region: AnyRegion) -> dict[str, Any]:
    """The region as plain values for JSON, with its version."""
    return {"version": VERSION, "region": region.model_dump(mode="json")}


def leaves(region: AnyRegion) -> list[Area | City | Circle | Polygon]:
    """Areas and shapes of a region in the order in which they stand."""
    found: list[Area | City | Circle | Polygon] = []
    left: list[AnyRegion] = [region]
    while left:
        part = left.pop()
        if isinstance(part, Union):
            left.extend(reversed(part.parts))
        elif isinstance(part, Except):
            left.extend((part.minus, part.base))
        else:
            found.append(part)
    return found


def fingerprint(region: AnyRegion) -> str:
    """SHA-256 in hexadecimal of what the region means.

    The same for regions that differ only in the order, nesting or repetition of what is joined,
    in former and current codes, in where a ring starts and which way it runs, or in the name
    and id of a city at the same point. Coordinates are compared to a millionth of a degree.
    """
    return hashlib.sha256(_canonical(region).encode()).hexdigest()


def _canonical(region: AnyRegion) -> str:
    if isinstance(region, Area):
        value: list[Any] = ["area", region.code]
    elif isinstance(region, City | Circle):
        value = ["circle", _whole(region.lon), _whole(region.lat), round(region.radius_km * 1000)]
    elif isinstance(region, Polygon):
        turned = [rings.canonical(ring) for ring in region.rings]
        value = ["polygon", turned[0], *sorted(turned[1:])]
    elif isinstance(region, Union):
        parts = sorted({_canonical(part) for part in _flat(region)})
        if len(parts) == 1:
            return parts[0]
        value = ["union", *parts]
    else:
        value = ["except", _canonical(region.base), _canonical(region.minus)]
    return json.dumps(value, separators=(",", ":"))


def _flat(union: Union) -> list[AnyRegion]:
    parts: list[AnyRegion] = []
    for part in union.parts:
        parts.extend(_flat(part) if isinstance(part, Union) else [part])
    return parts


def _whole(degrees: float) -> int:
    return round(degrees * 1_000_000)


def _vertices(part: AnyRegion) -> int:
    return sum(map(len, part.rings)) if isinstance(part, Polygon) else 1


def _loaded(text: str | bytes) -> Any:
    if len(text) > LONGEST_JSON:
        raise PlaceError("region", "it is too long", f"keep it under {LONGEST_JSON} characters")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise PlaceError("region", "it is not JSON", "give a JSON object with a kind") from None


def _bounded(data: Mapping[str, Any]) -> None:
    """Refuse what is too deep or too wide before anything recurses into it."""
    level: list[Any] = [data]
    seen = 0
    for _ in range(DEEPEST):
        below: list[Any] = []
        for part in level:
            if isinstance(part, Mapping):
                parts = part.get("parts")
                below.extend(parts if isinstance(parts, list | tuple) else ())
                below.extend(part[key] for key in ("base", "minus") if key in part)
        seen += len(below)
        if seen > 2 * MOST_PARTS:
            raise PlaceError(
                "region", f"it has more than {MOST_PARTS} parts", "name larger areas, or split it"
            )
        if not below:
            return
        level = below
    raise PlaceError("region", f"it nests deeper than {DEEPEST}", "join parts in one union")


def _explained(error: ValidationError) -> PlaceError:
    first = error.errors(include_url=False)[0]
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, PlaceError):
        return cause
    names = ("area", "city", "circle", "polygon", "union", "except")
    path = [str(step) for step in first["loc"] if step not in names]
    return PlaceError(
        ".".join(["region", *path[:8]]),
        first["msg"][0].lower() + first["msg"][1:],
        f"see the kinds of region: {', '.join(names)}",
    )
