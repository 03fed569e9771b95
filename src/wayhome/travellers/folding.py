"""Names made comparable: one spelling for what people type in many, in any script."""

import re
import unicodedata

# Marks that people leave out: accents, Arabic vowel signs, Hebrew points. Vowel signs of Indic
# scripts and of Thai are letters to their readers, and stay.
_MARKS = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
    "\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0640\u200b-\u200f\u2060\ufeff]"
)
_APOSTROPHES = re.compile("['`´‘’ʼʻʿʾ′＇]")
_LETTERS = str.maketrans(
    {
        "ٱ": "ا", "ى": "ي", "ة": "ه", "ی": "ي", "ې": "ي", "ے": "ي", "ک": "ك", "گ": "ك",
        "ہ": "ه", "ھ": "ه", "ۀ": "ه", "ە": "ه",
        "ı": "i", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th",
        "ħ": "h", "ŋ": "n", "ə": "e",
        "ё": "е", "ґ": "г", "ς": "σ",
        "ー": "",
    }
)  # fmt: skip
_SPELT_OUT = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "Ä": "ae", "Ö": "oe", "Ü": "ue",
     "Å": "aa", "Ø": "oe"}
)  # fmt: skip
# Scripts that put no blanks between the words of a name, or do so now and then.
_UNSPACED = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\U00020000-\U0003ffff"
_BLANK_INSIDE = re.compile(f"(?<=[{_UNSPACED}]) (?=[{_UNSPACED}])")
_HIRAGANA = {katakana: katakana - 0x60 for katakana in range(0x30A1, 0x30F7)}


def fold(text: str) -> str:
    """``"  José O'Neill-ẞorg"`` to ``"jose oneill ssorg"``: case, accents, width, Arabic letter
    forms, kana and digits of one kind; words apart by one blank."""
    text = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", text).casefold())
    text = unicodedata.normalize("NFC", _MARKS.sub("", text)).casefold()
    text = text.translate(_LETTERS).translate(_HIRAGANA)
    return " ".join("".join(map(_kept, text)).split())


def _kept(character: str) -> str:
    if character.isascii():
        return character if character.isalnum() else " "
    kind = unicodedata.category(character)
    if kind == "Nd":
        return str(unicodedata.digit(character))
    return character if kind[0] in "LMN" else " "


def spellings(name: str) -> tuple[str, ...]:
    """How a name may be looked for: folded, blanks between characters that need none left out;
    with umlauts spelt out too (``muller``, ``mueller``)."""
    composed = unicodedata.normalize("NFC", name)
    written = dict.fromkeys((composed, composed.translate(_SPELT_OUT)))
    return tuple(dict.fromkeys(squeeze(each) for each in map(fold, written) if each))


def squeeze(folded: str) -> str:
    """``"김 민수"`` to ``"김민수"``; words of other scripts stay apart."""
    return _BLANK_INSIDE.sub("", folded)
