"""How regions are said in each language."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from wayhome.places.region import Direction

Language = Literal["en", "fr", "es", "ar"]


@dataclass(frozen=True)
class Phrases:
    """The words of one language; braces stand for what is said of the region."""

    language: str
    comma: str
    conjunction: str
    semicolon: str
    more: str
    except_: str
    parts_within: str
    parts_in: str
    rest: str
    near: str
    city: str
    surroundings: str
    area: str
    border: str
    borders: str
    coast: str
    route: str
    half: str
    beyond: str
    middle: str
    including: str
    drawn: str
    around: str
    at: str
    directions: Mapping[Direction, str]
    halves: Mapping[Direction, str]


_DIRECTIONS: tuple[Direction, ...] = (
    "north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west",
)  # fmt: skip


def _eight(words: str) -> dict[Direction, str]:
    return dict(zip(_DIRECTIONS, words.split(","), strict=True))


_ENGLISH = Phrases(
    language="en",
    comma=", ",
    conjunction=" and ",
    semicolon="; ",
    more="{count} more",
    except_="{base} except {minus}",
    parts_within="the parts of {of} {within}",
    parts_in="the parts of {of} that are in {within}",
    rest="the rest of {of}",
    near="within {km} km of {of}",
    city="{name} city",
    surroundings="the {km} km around {of}",
    area="the area of {of}",
    border="the border of {of} with {beside}",
    borders="the borders of {of}",
    coast="the coast of {of}",
    route="the route {stops}",
    half="the {direction} half of {of}",
    beyond="the part of {of} {direction} of, but not including, {place}",
    middle="the part of {of} {direction} of the middle of {place}",
    including="the part of {of} {direction} of and including {place}",
    drawn="a drawn area of {size} km² {where}",
    around="around {of}",
    at="at {of}",
    directions=_eight("north,north-east,east,south-east,south,south-west,west,north-west"),
    halves=_eight(
        "northern,north-eastern,eastern,south-eastern,southern,south-western,western,north-western"
    ),
)
_FRENCH = Phrases(
    language="fr",
    comma=", ",
    conjunction=" et ",
    semicolon=" ; ",
    more="{count} autres",
    except_="{base}, sauf {minus}",
    parts_within="les parties de {of} situées {within}",
    parts_in="les parties de {of} situées dans {within}",
    rest="le reste de {of}",
    near="à moins de {km} km de {of}",
    city="la ville de {name}",
    surroundings="les {km} km autour de {of}",
    area="l’étendue de {of}",
    border="la frontière de {of} avec {beside}",
    borders="les frontières de {of}",
    coast="la côte de {of}",
    route="l’itinéraire {stops}",
    half="la moitié {direction} de {of}",
    beyond="la partie de {of} {direction} de {place}, sans l’inclure",
    middle="la partie de {of} {direction} du milieu de {place}",
    including="la partie de {of} {direction} de {place}, y compris ce lieu",
    drawn="une zone dessinée de {size} km² {where}",
    around="autour de {of}",
    at="à {of}",
    directions=_eight(
        "au nord,au nord-est,à l’est,au sud-est,au sud,au sud-ouest,à l’ouest,au nord-ouest"
    ),
    halves=_eight("nord,nord-est,est,sud-est,sud,sud-ouest,ouest,nord-ouest"),
)
_SPANISH = Phrases(
    language="es",
    comma=", ",
    conjunction=" y ",
    semicolon="; ",
    more="{count} más",
    except_="{base}, excepto {minus}",
    parts_within="las partes de {of} situadas {within}",
    parts_in="las partes de {of} situadas en {within}",
    rest="el resto de {of}",
    near="a menos de {km} km de {of}",
    city="la ciudad de {name}",
    surroundings="los {km} km alrededor de {of}",
    area="el territorio de {of}",
    border="la frontera de {of} con {beside}",
    borders="las fronteras de {of}",
    coast="la costa de {of}",
    route="el trayecto {stops}",
    half="la mitad {direction} de {of}",
    beyond="la parte de {of} {direction} de {place}, sin incluir ese lugar",
    middle="la parte de {of} {direction} del centro de {place}",
    including="la parte de {of} {direction} de {place}, incluido ese lugar",
    drawn="una zona dibujada de {size} km² {where}",
    around="alrededor de {of}",
    at="en {of}",
    directions=_eight(
        "al norte,al noreste,al este,al sureste,al sur,al suroeste,al oeste,al noroeste"
    ),
    halves=_eight("norte,noreste,este,sureste,sur,suroeste,oeste,noroeste"),
)
_ARABIC = Phrases(
    language="ar",
    comma="، ",
    conjunction=" و",
    semicolon="؛ ",
    more="{count} غيرها",
    except_="{base} باستثناء {minus}",
    parts_within="أجزاء {of} الواقعة {within}",
    parts_in="أجزاء {of} الواقعة في {within}",
    rest="بقية {of}",
    near="على مسافة لا تتجاوز {km} كم من {of}",
    city="مدينة {name}",
    surroundings="محيط {km} كم حول {of}",
    area="نطاق {of}",
    border="حدود {of} مع {beside}",
    borders="حدود {of}",
    coast="ساحل {of}",
    route="الطريق {stops}",
    half="النصف {direction} من {of}",
    beyond="الجزء من {of} الواقع {direction} {place} دون أن يشمله",
    middle="الجزء من {of} الواقع {direction} وسط {place}",
    including="الجزء من {of} الواقع {direction} {place} بما في ذلك هذا المكان",
    drawn="منطقة مرسومة مساحتها {size} كم² {where}",
    around="حول {of}",
    at="عند {of}",
    directions=_eight("شمال,شمال شرق,شرق,جنوب شرق,جنوب,جنوب غرب,غرب,شمال غرب"),
    halves=_eight(
        "الشمالي,الشمالي الشرقي,الشرقي,الجنوبي الشرقي,الجنوبي,الجنوبي الغربي,الغربي,الشمالي الغربي"
    ),
)
_BY_LANGUAGE = {each.language: each for each in (_ENGLISH, _FRENCH, _SPANISH, _ARABIC)}


def phrases(language: str) -> Phrases:
    """Those of a language tag ("fr", "fr-CA"); English where it is not spoken here."""
    return _BY_LANGUAGE.get(language.partition("-")[0].lower(), _ENGLISH)
