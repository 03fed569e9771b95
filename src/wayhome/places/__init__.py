"""Where: areas, cities, names, regions, matching keys and the places pack.

This room answers every question about place: which area a name or a point means, what a
region covers, whether a stay is certainly, possibly or not in it, and how a region looks on a
map. It keeps its facts in a read-only pack of open data beside the code. It may touch nothing
but that pack: its algorithms are pure, know no database, no network and no Django, and all
other rooms may import them.
"""

from wayhome.places.errors import PlaceError

__all__ = ["PlaceError"]
