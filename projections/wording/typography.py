"""How numbers, days and times are written in each language, and the spaces that French typography asks for."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Literal, NamedTuple

Language = Literal["en", "fr"]
LANGUAGES: tuple[Language, ...] = ("en", "fr")

NARROW = "\u202f"
"""Narrow no-break space: before ; : ! ? and inside guillemets, between the hours and the `h`, between groups of digits."""

MONTHS = {
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    "fr": (
        *("janvier", "février", "mars", "avril", "mai", "juin"),
        *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
    ),
}
SYMBOLS = {"GBP": "£", "EUR": "€"}
MINOR_UNITS = 100

# A colon inside a time or an address takes no space: only one that ends a word and is followed by a space or by nothing.
_BEFORE_MARKS = re.compile(r"[ \u00a0\u202f]*([;!?]|:(?=\s|$))")
_OPENING = re.compile(r"«[ \u00a0\u202f]*")
_CLOSING = re.compile(r"[ \u00a0\u202f]*»")


class Words(NamedTuple):
    """One idea in both languages."""

    en: str
    fr: str

    def format(self, **values: object) -> Words:
        """Both with their fields filled in; a field that is itself `Words` gives each language its own."""
        each = [{name: getattr(v, lang, v) if isinstance(v, Words) else v for name, v in values.items()} for lang in LANGUAGES]
        return Words(self.en.format(**each[0]), self.fr.format(**each[1]))


def french(text: str) -> str:
    """Text with its punctuation spaced as French has it. Text already spaced is left as it is."""
    text = _BEFORE_MARKS.sub(rf"{NARROW}\1", text)
    return _CLOSING.sub(f"{NARROW}»", _OPENING.sub(f"«{NARROW}", text))


def words(en: str, fr: str) -> Words:
    """A row of a table: the French may be typed with ordinary spaces."""
    return Words(en, french(fr))


def is_one(quantity: int, lang: Language) -> bool:
    """Whether a quantity takes the singular: in French nought does too."""
    return abs(quantity) < 2 if lang == "fr" else abs(quantity) == 1


def numbered(text: str, quantity: int, lang: Language) -> str:
    """Text with its marks of the plural, `(s)`, set or left out."""
    return text.replace("(s)", "" if is_one(quantity, lang) else "s")


def format_number(number: int, lang: Language) -> str:
    """12,000 in English, 12 000 in French."""
    return f"{number:,}".replace(",", NARROW if lang == "fr" else ",")


def format_day(day: date, lang: Language) -> str:
    """27 August 2015, 27 août 2015; the first of a month is `1er` in French."""
    number = "1er" if lang == "fr" and day.day == 1 else str(day.day)
    return f"{number} {MONTHS[lang][day.month - 1]} {day.year}"


def format_time(at: datetime, lang: Language) -> str:
    """03:12 in English, 3 h 12 in French. The caller has put it in the zone it is to be read in."""
    return f"{at.hour}{NARROW}h{NARROW}{at.minute:02d}" if lang == "fr" else f"{at.hour:02d}:{at.minute:02d}"


def format_amount(minor_units: int, currency: str, lang: Language) -> str:
    """£12,000 in English, 12 000 £ in French; pence or cents are written only where there are any."""
    whole, rest = divmod(minor_units, MINOR_UNITS)
    number = format_number(whole, lang)
    if rest:
        number += ("," if lang == "fr" else ".") + f"{rest:02d}"
    symbol = SYMBOLS.get(currency)
    if lang == "fr":
        return f"{number}{NARROW}{symbol or currency}"
    return f"{symbol}{number}" if symbol else f"{currency} {number}"
