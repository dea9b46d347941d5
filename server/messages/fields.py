"""WeChat's rules for the values of template messages, and fitting a text to them (wechat.md 1.2 and 1.3)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter

from models.messages import Channel

_CUT = "…"
_UNPRINTABLE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_HAN = r"[\u3400-\u4dbf\u4e00-\u9fff]"
_CLOCK = r"(?:[01]?\d|2[0-3]):[0-5]\d"
_MONTH, _MONTHDAY = r"(?:1[0-2]|0?[1-9])", r"(?:3[01]|[12]\d|0?[1-9])"
_CHINESE_DAY = rf"\d{{4}}年{_MONTH}月{_MONTHDAY}日"
_DAY = rf"(?:{_CHINESE_DAY}|\d{{4}}([-/.]){_MONTH}\1{_MONTHDAY})"


@dataclass(frozen=True)
class _Rule:
    """`longest` counts UTF-16 units, as WeChat's own software does: a rare character outside the BMP is two."""

    longest: int
    shape: str  # compiled when first asked for: no process needs them all


def _range(moment: str) -> str:
    """One moment, or two joined by ~."""
    second = moment.replace("([-/.])", "[-/.]").replace(r"\1", "[-/.]")
    return rf"{moment}(?:~{second})?"


_RULES: Mapping[str, _Rule] = {
    "thing": _Rule(20, r".+"),
    "number": _Rule(32, r"-?\d+(?:\.\d+)?"),
    "letter": _Rule(32, r"[A-Za-z]+"),
    "symbol": _Rule(5, r"[^\w\s]+"),
    "character_string": _Rule(32, r"[!-~]+"),
    "time": _Rule(43, _range(rf"(?:{_CHINESE_DAY} )?{_CLOCK}")),
    "date": _Rule(43, _range(rf"{_DAY}(?: {_CLOCK})?")),
    "amount": _Rule(16, r"[¥￥$€£]?\d{1,10}(?:\.\d{1,2})?元?"),
    "phone_number": _Rule(17, r"[0-9+\-() ]+"),
    "car_number": _Rule(8, rf"{_HAN}?[A-Za-z0-9·]+{_HAN}?"),
    "name": _Rule(20, rf"[A-Za-z ·.]+|(?=.*{_HAN})(?:{_HAN}|[A-Za-z ·.]){{1,10}}"),
    "phrase": _Rule(5, rf"{_HAN}+"),
}
_LONGEST = {Channel.WECHAT: 20}  # a service account's message shows no more of any field, and says nothing of it

FIELD = rf"^(?:{'|'.join(_RULES)})\d{{1,2}}$"


def type_of(key: str) -> str:
    """thing1 -> thing."""
    return key.rstrip("0123456789")


def longest(channel: Channel, key: str) -> int:
    return min(_RULES[type_of(key)].longest, _LONGEST.get(channel, 99))


def width(text: str) -> int:
    """Its length in UTF-16 units."""
    return sum(2 if ord(character) > 0xFFFF else 1 for character in text)


def fits(channel: Channel, key: str, value: str) -> bool:
    """Whether WeChat takes `value` in the field `key` (thing1, date3) as it is."""
    shaped = re.fullmatch(_RULES[type_of(key)].shape, value) is not None
    return shaped and value == one_line(value) and width(value) <= longest(channel, key)


def one_line(text: str) -> str:
    """Line breaks and control characters are refused by WeChat: each run of them is one space."""
    return _UNPRINTABLE.sub(" ", text).strip()


def cut(text: str, room: int) -> str:
    """The text, or as much of it as fits with an ellipsis into `room` units, no character halved."""
    if width(text) <= room:
        return text
    kept = ""
    for character in text:
        if width(kept + character) >= room:
            break
        kept += character
    return kept.rstrip() + _CUT if room else ""


def blanks_of(text: str) -> list[str]:
    """The names of the values a text asks for, in order."""
    return [name for _, name, _, _ in Formatter().parse(text) if name is not None]


def fill_shortened(text: str, values: Mapping[str, str], free: frozenset[str], room: int) -> str:
    """The text filled so that it fits: only the values named in `free` are cut, the longest the most."""
    filled = {name: one_line(values[name]) for name in blanks_of(text)}
    cuttable = sorted((name for name in filled if name in free), key=lambda name: width(filled[name]))
    room -= width(text.format_map(filled | dict.fromkeys(cuttable, "")))
    for left, name in zip(range(len(cuttable), 0, -1), cuttable, strict=True):
        filled[name] = cut(filled[name], max(room // left, 0))
        room -= width(filled[name])
    return one_line(text.format_map(filled))
