"""Regions: expressions over areas and shapes, as they are stored and exchanged.

A region says what was meant, in a form that stays readable for years: version 1 is a JSON
object ``{"version": 1, "region": {"kind": ...}}``. What it covers is worked out by ``resolve``.
Coordinates are WGS84 degrees, longitude first. Everything here raises ``PlaceError`` with the
field ``region`` (or the path inside it) when a region cannot be used.

Besides areas and shapes there are *lines* (borders, coasts, routes), which are no regions by
themselves: a strip along one is, and so is the part of a region to one side.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

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
    ``rough``: the city is meant and its outline is not known; people near the centre are surely in
    it, those further away possibly.
    """

    kind: Literal["city"] = "city"
    city_id: int = Field(ge=1, le=2**53)
    name: Annotated[str, Field(min_length=1, max_length=200)]
    lon: Longitude
    lat: Latitude
    radius_km: Radius
    rough: bool = False


class Polygon(_Part):
    """A polygon: an outer ring, then holes; each closed, of (lon, lat) pairs.

    An edge that jumps by more than 180 degrees of longitude crosses the antimeridian. ``name``
    is what the officer calls it, such as a ring road.
    """

    kind: Literal["polygon"] = "polygon"
    rings: tuple[tuple[tuple[float, float], ...], ...]
    name: Annotated[str, Field(max_length=200)] = ""

    @field_validator("rings")
    @classmethod
    def _drawable(
        cls, value: tuple[tuple[tuple[float, float], ...], ...]
    ) -> tuple[tuple[tuple[float, float], ...], ...]:
        rings.check(value, MOST_VERTICES)
        return value


Codes = Annotated[tuple[str, ...], Field(min_length=1, max_length=50)]


class _Edge(_Part):
    of: Codes

    @field_validator("of")
    @classmethod
    def _known(cls, codes: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(pack.area(code).code for code in codes)


class Border(_Edge):
    """Where the areas ``of`` meet those ``beside`` them; all their land borders where none is
    named (of a country with countries, of a subdivision with any area)."""

    kind: Literal["border"] = "border"
    beside: Annotated[tuple[str, ...], Field(max_length=50)] = ()

    @field_validator("beside")
    @classmethod
    def _known_too(cls, codes: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(pack.area(code).code for code in codes)


class Coast(_Edge):
    """Where the areas meet the sea, or water that no area has."""

    kind: Literal["coast"] = "coast"


class Route(_Part):
    """A line through points (lon, lat), straight between them; ``names`` of the cities there, as
    many as there are points, or none."""

    kind: Literal["route"] = "route"
    points: Annotated[tuple[tuple[Longitude, Latitude], ...], Field(min_length=2, max_length=5000)]
    names: tuple[Annotated[str, Field(max_length=200)], ...] = ()

    @model_validator(mode="after")
    def _named_each(self) -> Self:
        if self.names and len(self.names) != len(self.points):
            raise PlaceError("names", "they are not as many as the points", "name each, or none")
        if len(set(self.points)) < 2:
            raise PlaceError("points", "they are all the same", "give two that differ")
        return self


Line = Annotated[Border | Coast | Route, Field(discriminator="kind")]
AnyLine = Border | Coast | Route


class Near(_Part):
    """Everything within ``km`` kilometres of a line, or of an area or polygon and inside it."""

    kind: Literal["near"] = "near"
    km: Radius
    of: Annotated[Border | Coast | Route | Area | Polygon, Field(discriminator="kind")]


Direction = Literal[
    "north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west"
]
Edge = Literal["beyond", "middle", "with"]


class Side(_Part):
    """The part of ``of`` that lies ``towards`` a direction of a place or a route.

    ``edge`` says where it begins: ``beyond`` the place ("west of, but not including, Ramadi"), at
    its ``middle`` ("west of Ramadi"), or ``with`` all of it ("west of and including Ramadi").
    Without a place it is that half of ``of`` itself ("northern Sinai").
    """

    kind: Literal["side"] = "side"
    of: "Region"
    towards: Direction
    place: Annotated[Area | City | Circle | Polygon | Route | None, Field(discriminator="kind")] = (
        None
    )
    edge: Edge = "middle"


class Union(_Part):
    """Everything that is in any of its parts."""

    kind: Literal["union"] = "union"
    parts: Annotated[tuple["Region", ...], Field(min_length=1, max_length=MOST_PARTS)]


class Intersection(_Part):
    """What is in all of its parts."""

    kind: Literal["intersection"] = "intersection"
    parts: Annotated[tuple["Region", ...], Field(min_length=1, max_length=MOST_PARTS)]


class Except(_Part):
    """What is in ``base`` and not in ``minus``."""

    kind: Literal["except"] = "except"
    base: "Region"
    minus: "Region"


class Rest(_Part):
    """What of ``of`` no other part of the same bulletin names. ``levels`` works it out; until then
    it covers nothing and is refused."""

    kind: Literal["rest"] = "rest"
    of: "Region"


Leaf = Area | City | Circle | Polygon | Near
AnyRegion = Area | City | Circle | Polygon | Near | Side | Union | Intersection | Except | Rest
Region = Annotated[AnyRegion, Field(discriminator="kind")]
for _each in (Side, Union, Intersection, Except, Rest):
    _each.model_rebuild()
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
    if sum(map(_vertices, everything(region))) > MOST_VERTICES:
        raise PlaceError(
            "region", f"it has more than {MOST_VERTICES} vertices", "simplify its polygons"
        )
    return region


def dump(region: AnyRegion) -> dict[str, Any]:
    """The region as plain values for JSON, with its version."""
    return {"version": VERSION, "region": region.model_dump(mode="json")}


def parts(region: AnyRegion) -> tuple[AnyRegion, ...]:
    """The regions that a region is made of, in the order in which they are said."""
    if isinstance(region, Union | Intersection):
        return region.parts
    if isinstance(region, Except):
        return region.base, region.minus
    return (region.of,) if isinstance(region, Side | Rest) else ()


def everything(region: AnyRegion) -> Iterator[AnyRegion]:
    """A region and all that it is made of, outer before inner, in the order in which they stand."""
    left: list[AnyRegion] = [region]
    while left:
        part = left.pop()
        yield part
        left.extend(reversed(parts(part)))


def leaves(region: AnyRegion) -> list[Leaf]:
    """Areas and shapes of a region in the order in which they stand."""
    return [part for part in everything(region) if isinstance(part, Leaf)]


def _vertices(part: AnyRegion) -> int:
    shapes = [getattr(part, name, None) for name in ("of", "place")]
    return 1 + sum(
        sum(map(len, shape.rings)) if isinstance(shape, Polygon) else len(shape.points)
        for shape in (part, *shapes)
        if isinstance(shape, Polygon | Route)
    )


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
                below.extend(part[key] for key in ("base", "minus", "of", "place") if key in part)
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
    names = [str(kind.model_fields["kind"].default) for kind in get_args(AnyRegion)]
    path = [str(step) for step in first["loc"] if step not in names]
    return PlaceError(
        ".".join(["region", *path[:8]]),
        first["msg"][0].lower() + first["msg"][1:],
        f"see the kinds of region: {', '.join(names)}",
    )
