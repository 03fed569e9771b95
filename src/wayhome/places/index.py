"""Trees and orders over the pack's areas, made once when first needed."""

from functools import lru_cache

import shapely

from wayhome.places import pack


@lru_cache(maxsize=1)
def polygons() -> tuple[list[str], shapely.STRtree]:
    """Codes of the areas with a polygon of their own, and a tree of those polygons."""
    shapes = pack.shapes()
    return list(shapes), shapely.STRtree(list(shapes.values()))


@lru_cache(maxsize=1)
def deepest_first() -> list[str]:
    """All area codes, every area before those around it."""
    return sorted(pack.areas(), key=lambda code: (-len(pack.ancestors(code)), code))
