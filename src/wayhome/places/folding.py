"""How two spellings of one name are brought together.

``fold`` removes what varies by keyboard and typography (case, accents, punctuation, Arabic
letter forms). ``normalise`` also removes what varies by habit: the definite article and words
that say what kind of area it is. The names in the pack were normalised by these functions when
it was built, so a change here means building the pack again; ``VERSION`` guards that.
"""

import re
import unicodedata

VERSION = 1
"""Raise when the result of any function here changes, then build the pack again."""

LONGEST = 200
"""Characters of a name that are looked at; no place name is longer."""

_LETTERS = str.maketrans(
    {
        "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i",
        "ə": "a", "ħ": "h", "ŋ": "n", "ŧ": "t", "ŀ": "l", "ĸ": "k", "ƙ": "k", "ɓ": "b", "ɗ": "d",
        "ة": "ه", "ى": "ي", "ی": "ي", "ې": "ي", "ک": "ك", "ڪ": "ك", "ھ": "ه", "ہ": "ه", "ە": "ه",
        "ٱ": "ا", "ـ": "", "ء": "", "ё": "е", "ς": "σ",
    }
)  # fmt: skip
_SILENT = dict.fromkeys(map(ord, "'`´‘’‚‛ʻʼʽʾʿˈˊˋ՚׳״＇´ʹʺ\u200b\u200c\u200d\u200e\u200f\ufeff"))
# Marks of scripts whose readers leave them out. Vowel signs of Indic scripts stay.
_MARKS = re.compile("[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed]")
# Vowel signs of Indic and South-East Asian scripts belong to their word, though not to ``\w``.
_NOT_WORD = re.compile("[^\\w\u0900-\u109f\u1780-\u17d3]+|_+")

_ARTICLES = frozenset(["al", "el", "the", "ad", "ar", "as", "ash", "at", "az", "an", "adh", "ath"])
_ARTICLES |= {"ed", "ul", "ud"}
_KIND_WORDS = """
province provinces governorate governorates state states region regions oblast oblasts
district districts department departments county counties prefecture prefectures
municipality municipalities voivodeship canton cantons parish division territory krai kray
okrug rayon raion
provincia provincias provinz provincie provinsi estado estados departamento regiao distrito
departement bezirk gouvernement gouvernorat vilayet vilayeti ili
muhafazat muhafaza muhafazah muhafazasi mohafazah wilaya wilayat wilayah ostan viloyati viloyat
tinh mintaqah
محافظة محافظات ولاية إقليم استان منطقة صوبہ پارێزگای провинция область край округ мухафаза
"""
_LINKS = frozenset(["of", "de", "du", "des", "di", "da", "do"])
_HAN_KINDS = "省県縣县州"


def fold(text: str) -> str:
    """``text`` in lower case without accents, punctuation or variant letters, single-spaced."""
    text = unicodedata.normalize("NFKD", text[:LONGEST]).casefold().translate(_SILENT)
    text = unicodedata.normalize("NFC", _MARKS.sub("", text)).translate(_LETTERS)
    return " ".join(_NOT_WORD.sub(" ", text).split())


def normalise(text: str) -> str:
    """``fold`` without articles ("al-", "ad-", "the", ال) and words such as "province".

    Never empty where ``fold`` is not: a name made of nothing else is kept as it is.
    """
    folded = fold(text)
    words = _without_kinds(folded.split())
    return " ".join(bare for word in words if (bare := _bare(word)) not in _ARTICLES) or folded


def without_kind(text: str) -> str:
    """``fold`` without the words that name a kind of area, articles kept."""
    return " ".join(_without_kinds(fold(text).split()))


def names_a_kind(text: str) -> bool:
    """Whether ``text`` has a word such as "province" besides a name."""
    words = fold(text).split()
    return len(words) > 1 and any(word in _FOLDED_KINDS for word in words)


def _without_kinds(words: list[str]) -> list[str]:
    kept = [word for word in words if word not in _FOLDED_KINDS]
    if not kept:
        return words
    if len(kept) < len(words):  # "province of", "de la provincia"
        while len(kept) > 1 and kept[0] in _LINKS:
            kept = kept[1:]
        while len(kept) > 1 and kept[-1] in _LINKS:
            kept = kept[:-1]
    return kept


def _bare(word: str) -> str:
    if word.startswith("ال") and len(word) > 4:
        return word[2:]
    if len(word) > 2 and word[-1] in _HAN_KINDS:
        return word[:-1]
    return word


_FOLDED_KINDS = frozenset(fold(word) for word in _KIND_WORDS.split())
