"""Read a bulletin from JSON values, as files and other programs give it."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from wayhome.bulletins.services import BulletinSaid, TextSaid
from wayhome.places.errors import PlaceError
from wayhome.places.reading import read
from wayhome.places.region import parse
from wayhome.problems import Problem, Problems

_Line = Annotated[str, Field(max_length=200)]
_Words = Annotated[str, Field(max_length=20_000)]


class _Text(BaseModel):
    model_config = ConfigDict(extra="forbid")
    language: Annotated[str, Field(min_length=2, max_length=10)]
    headline: Annotated[str, Field(max_length=160)]
    body: _Words
    instruction: _Words = ""
    correction: _Words = ""


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: _Line
    region: str | dict[str, Any]
    source: _Line
    hazard: _Line
    texts: Annotated[tuple[_Text, ...], Field(max_length=20)]
    level: int | None = None
    distribution: _Line = "public"
    ask: _Line = "none"
    effective_at: AwareDatetime | None = None
    expires_at: AwareDatetime | None = None
    lead_days: Annotated[int, Field(ge=0, le=60)] = 7
    grace_days: Annotated[int, Field(ge=0, le=60)] = 7


def read_said(values: Mapping[str, Any]) -> BulletinSaid:
    """``region`` is words or an expression, times carry their zone; Problems names every fault."""
    try:
        said = _Said.model_validate(values)
    except ValidationError as error:
        raise Problems(
            [
                Problem(
                    ".".join(str(part) for part in fault["loc"]) or "file",
                    fault["msg"].lower(),
                    "mend the file",
                )
                for fault in error.errors()
            ]
        ) from error
    try:
        region = read(said.region) if isinstance(said.region, str) else parse(said.region)
    except PlaceError as error:
        raise Problem("region", error.problem, error.fix) from error
    plain = said.model_dump(exclude={"region", "texts"})
    texts = tuple(TextSaid(**text.model_dump()) for text in said.texts)
    return BulletinSaid(region=region, texts=texts, **plain)
