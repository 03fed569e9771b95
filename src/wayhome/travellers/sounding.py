"""Names that sound alike: Mohammed, Muhammad, Мухаммед and محمد; ``A. Haddad`` and Amina Haddad."""

import re
from functools import lru_cache
from itertools import combinations

from rapidfuzz.distance import JaroWinkler

from wayhome.travellers.folding import fold, squeeze


def _spelt(letters: str, latin: str) -> dict[str, str]:
    return dict(zip(letters, latin.split(), strict=True))


_ARABIC = _spelt(
    "ابتثجحخدذرزسشصضطظعغفقكلمنهويءپچژڤ",
    "a b t th j h kh d dh r z s sh s d t z a gh f q k l m n h w y a p ch j v",
)
_CYRILLIC = _spelt(
    "абвгдежзийклмнопрстуфхцчшщъыьэюяіїєў",
    "a b v g d e zh z i i k l m n o p r s t u f kh ts ch sh sh - y - e yu ya i i e u",
)
_GREEK = _spelt(
    "αβγδεζηθικλμνξοπρστυφχψω",
    "a v g d e z i th i k l m n x o p r s t i f h ps o",
)
_LATIN = {ord(k): v.replace("-", "") for k, v in (_ARABIC | _CYRILLIC | _GREEK).items()}
# Articles and the like, which one office writes and the next leaves out.
_SMALL_WORDS = {"al", "el", "ul", "ad", "as", "an", "bin", "ibn", "bint", "ben", "de", "la", "van",
                "von", "der", "da", "del", "abd"}  # fmt: skip
# Spellings of one sound become one letter.
_SOUNDS = [
    (re.compile(pattern), letter)
    for pattern, letter in (
        ("tch|tsch|ch|sh|sch", "s"), ("dj|dzh|zh|j|g(?=[ei])", "j"), ("kh|gh|h", "h"),
        ("ph|f|v", "f"), ("th|dh|d|t", "t"), ("ck|q|k|c|g", "k"), ("x", "ks"),
        ("z|s|ts", "s"), ("b|p", "b"), ("[aeiouyw]", ""),
    )
]  # fmt: skip
_VOWELS = str.maketrans("eyouw", "iiuuu")
_DOUBLED = re.compile(r"(.)\1+")
_ALIKE = 0.88
MOST_WORDS = 5


@lru_cache(maxsize=50_000)
def _folded(name: str) -> str:
    return squeeze(fold(name))


@lru_cache(maxsize=50_000)
def words_of(name: str) -> tuple[str, ...]:
    """Words in Latin letters where their script can be spelt so, small words left out."""
    latin = [_plain_arabic(word).translate(_LATIN) for word in _folded(name).split()]
    return tuple(word for word in latin if word not in _SMALL_WORDS) or tuple(latin)


def _plain_arabic(word: str) -> str:
    """Without the article, and the ``h`` that ends many women's names and is not heard."""
    if not "\u0621" <= word[0] <= "\u06ff":
        return word
    word = word.removeprefix("ال") if len(word) > 4 else word
    return word.removesuffix("ه") if len(word) > 3 else word


@lru_cache(maxsize=50_000)
def skeleton(word: str) -> str:
    """The consonants as they sound: ``mohammed``, ``muhammad`` and ``mhmd`` are ``mhmt``. A word
    that has none, or is of characters that are no letters of sounds, stays as it is."""
    if not word.isascii():
        return word
    bare = _consonants(word)
    return bare if len(bare) > 1 else _DOUBLED.sub(r"\1", word.translate(_VOWELS))


def _consonants(word: str) -> str:
    for pattern, letter in _SOUNDS:
        word = pattern.sub(letter, word)
    return _DOUBLED.sub(r"\1", word)


def sounds(name: str) -> set[str]:
    """What names are found by that may be the same: two words each as they sound, in any order,
    and, for who writes an initial, the first letter with the last word. At most fifteen."""
    words = words_of(name)
    words = words[: MOST_WORDS - 1] + words[MOST_WORDS - 1 :][-1:]
    whole = [word for word in words if len(word) > 1 or not word.isascii()]
    bare = list(dict.fromkeys(map(skeleton, whole)))
    found = {" ".join(sorted(pair))[:60] for pair in combinations(bare, 2)}
    if not words:
        return set()  # nothing but signs
    if len(words) == 1:
        found.add(f"only {bare[0]}"[:60] if bare else words[0])
    if len(words) > 1:
        for first, last in ((words[0], words[-1]), (words[-1], words[0])):
            if last in whole:
                found.add(f"{_initial(first)}. {skeleton(last)}"[:60])
    return found


def _initial(word: str) -> str:
    return _consonants(word[0]) or "*"


def alike(one: str, other: str) -> str:
    """``"same"``, ``"alike"`` (other spelling or order), ``"initials"``, or ``""``: not alike.

    Each word of the shorter name must be a word of the longer one; two at least, or all of both.
    """
    if _folded(one) == _folded(other):
        return "same"
    short, long = sorted((words_of(one), words_of(other)), key=len)
    if sorted(short) == sorted(long):
        return "alike"
    if not short or (len(short) == 1 and len(long) > 1):
        return ""
    left = list(long)
    by_initial = 0
    for word in sorted(short, key=len, reverse=True):
        match = next((each for each in left if _sound_alike(word, each)), None)
        if match is None:
            match = next((each for each in left if _is_initial(word, each)), None)
            by_initial += 1
        if match is None:
            return ""
        left.remove(match)
    if by_initial == len(short):
        return ""
    return "initials" if by_initial else "alike"


def _sound_alike(one: str, other: str) -> bool:
    if one == other:
        return True
    if min(len(one), len(other)) < 3:
        return False
    return skeleton(one) == skeleton(other) or JaroWinkler.similarity(one, other) >= _ALIKE


def _is_initial(one: str, other: str) -> bool:
    if min(len(one), len(other)) > 1:
        return False
    return one[0] == other[0] or _initial(one) == _initial(other) != "*"
