"""The files of the places pack: how they are written and read.

``shapes.npz`` holds the polygons: coordinates are whole multiples of 0.0001 degrees, each
stored as the difference from the one before and split into byte planes, which compresses to
about two bytes a vertex. ``areas.json.gz`` and ``cities.json.gz`` are lists and columns of
plain values. ``names.npz`` is the index of normalised names. ``PROVENANCE.json`` says
where everything comes from and holds a SHA-256 checksum of each file.
"""

import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from wayhome.places.folding import VERSION

DATA = Path(__file__).parent / "data"
FILES = ("areas.json.gz", "cities.json.gz", "names.npz", "shapes.npz", "aliases.tsv")
STEP = 10_000
"""Steps of the coordinate grid in one degree: about 11 m at the equator."""


def write_json(path: Path, value: object) -> None:
    """Write ``value`` as compressed JSON, byte for byte the same for the same value."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def read_json(name: str) -> Any:
    """The value stored in the pack file ``name``."""
    return json.loads(gzip.decompress((DATA / name).read_bytes()))


def write_shapes(path: Path, codes: Sequence[str], shapes: Sequence[BaseGeometry]) -> None:
    """Write one multipolygon (WGS84 lon/lat, already on the grid) for each code."""
    _, coordinates, offsets = shapely.to_ragged_array(list(shapes))
    grid = np.rint(coordinates * STEP).astype(np.int32)
    steps = np.diff(grid, axis=0, prepend=np.zeros((1, 2), np.int32))
    planes = steps.T.astype("<i4").reshape(-1).view(np.uint8).reshape(-1, 4).T
    np.savez_compressed(
        path,
        planes=np.ascontiguousarray(planes),
        codes=np.array(codes),
        rings=offsets[0].astype(np.int32),
        polygons=offsets[1].astype(np.int32),
        areas=offsets[2].astype(np.int32),
    )


def read_shapes() -> dict[str, BaseGeometry]:
    """Multipolygons by area code, WGS84 lon/lat."""
    with np.load(DATA / "shapes.npz", allow_pickle=False) as file:
        planes: NDArray[np.uint8] = file["planes"]
        steps = np.ascontiguousarray(planes.T).reshape(-1).view("<i4").reshape(2, -1).T
        coordinates = np.ascontiguousarray(np.cumsum(steps, axis=0) / STEP)
        offsets = (file["rings"], file["polygons"], file["areas"])
        kind = shapely.GeometryType.MULTIPOLYGON
        shapes = shapely.from_ragged_array(kind, coordinates, offsets)
        return dict(zip(file["codes"].tolist(), shapes, strict=True))


def write_names(path: Path, index: dict[str, list[int]]) -> None:
    """Write the index of normalised names: numbers of places by name."""
    counts = [len(targets) for targets in index.values()]
    np.savez_compressed(
        path,
        folding=np.array(VERSION),
        names=np.frombuffer("\n".join(index).encode(), np.uint8),
        starts=np.cumsum([0, *counts]).astype(np.int32),
        targets=np.array([t for targets in index.values() for t in targets], np.int32),
    )


def read_names() -> tuple[dict[str, int], list[int], list[int]]:
    """Row of each normalised name, the start of each row, and the numbers in all rows."""
    with np.load(DATA / "names.npz", allow_pickle=False) as file:
        if int(file["folding"]) != VERSION:
            raise RuntimeError("the places pack is older than the folding of names: build it again")
        names = file["names"].tobytes().decode().split("\n")
        return dict(zip(names, range(len(names)), strict=True)), *_lists(file)


def _lists(file: Mapping[str, NDArray[np.int32]]) -> tuple[list[int], list[int]]:
    return file["starts"].tolist(), file["targets"].tolist()


def checksum(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def damaged_files() -> list[str]:
    """Names of pack files whose content is not what PROVENANCE.json says; empty if all is well."""
    stated = json.loads((DATA / "PROVENANCE.json").read_text(encoding="utf-8"))["sha256"]
    return [
        name
        for name in FILES
        if not (DATA / name).is_file() or checksum(DATA / name) != stated.get(name)
    ]
