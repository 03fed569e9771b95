"""What is not certain about a region, in words for whoever signs it.

A doubt is no fault: the region is resolved as its doubts say. They are found in the expression
itself, so that a stored region tells the same ones for ever.
"""

from collections.abc import Iterator

from wayhome.places import pack
from wayhome.places import region as regions
from wayhome.places.locate import BORDER_M
from wayhome.places.resolve import SURE_SHARE
from wayhome.places.words import in_words

_FINE_KM = 2 * BORDER_M / 1000


def doubts(region: regions.AnyRegion) -> list[str]:
    """Sentences, each once, in the order of what they are about."""
    return list(dict.fromkeys(said for part in regions.everything(region) for said in _of(part)))


def _of(part: regions.AnyRegion) -> Iterator[str]:
    if isinstance(part, regions.City) and part.rough:
        yield (
            f"No outline of {part.name} is known: people within {part.radius_km * SURE_SHARE:g} km"
            f" of its centre are taken to be in it, those within {part.radius_km:g} km possibly."
        )
    elif isinstance(part, regions.Area) and pack.geometry(part.code) is None:
        yield (
            f"No outline of {pack.area(part.code).label} is known: people are found by the area"
            " recorded for them alone, and it is not drawn."
        )
    elif isinstance(part, regions.Near):
        yield from _of_strip(part)
    elif isinstance(part, regions.Side) and part.place is None:
        yield (
            f"“{in_words(part)}” begins half-way between the {_opposite(part.towards)} and the"
            f" {part.towards} end of {in_words(part.of)}."
        )
    elif (
        isinstance(part, regions.Side)
        and part.edge == "middle"
        and isinstance(part.place, regions.City | regions.Area)
    ):
        place = part.place
        name = place.name if isinstance(place, regions.City) else pack.area(place.code).label
        yield (
            f"{part.towards.capitalize()} of {name} begins at its middle: say “and including” or"
            " “but not including” to move it."
        )


def _of_strip(strip: regions.Near) -> Iterator[str]:
    if isinstance(strip.of, regions.Route):
        stops = " and ".join(dict.fromkeys(strip.of.names)) or "its points"
        yield (
            f"No road between {stops} is known: the straight line is taken, with {strip.km:g} km"
            " to each side."
        )
    elif isinstance(strip.of, regions.Border | regions.Coast | regions.Area) and (
        strip.km <= _FINE_KM
    ):
        line = "coast" if isinstance(strip.of, regions.Coast) else "border"
        yield (
            f"The {line} that is known lies up to {BORDER_M / 1000:g} km off in places: a strip of"
            f" {strip.km:g} km is about as wide as that."
        )


def _opposite(direction: regions.Direction) -> str:
    turned = {"north": "south", "south": "north", "east": "west", "west": "east"}
    return "-".join(turned[word] for word in direction.split("-"))
