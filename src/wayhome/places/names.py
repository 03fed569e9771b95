"""Names of places: their normal form, the places that bear them, and the one that is meant."""

from wayhome.places.choosing import the_one
from wayhome.places.finding import ALL_KINDS, Kind, Match, Sureness, bearers, find, label
from wayhome.places.folding import normalise

__all__ = [
    "ALL_KINDS",
    "Kind",
    "Match",
    "Sureness",
    "bearers",
    "find",
    "label",
    "normalise",
    "the_one",
]
