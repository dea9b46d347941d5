"""What a field of a subscribe message may hold, by the type its key begins with (the platform's published table)."""

import re

_HAN = "〇\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_CLOCK = r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?"
_YEAR, _MONTH, _DAY = r"\d{4}", r"(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12]\d|3[01])"
_CHINESE_DATE = f"{_YEAR}年{_MONTH}月{_DAY}日"
_DATE = f"(?:{_CHINESE_DATE}|{_YEAR}-{_MONTH}-{_DAY}|{_YEAR}/{_MONTH}/{_DAY}|{_YEAR}[.]{_MONTH}[.]{_DAY})"
_MOMENT = f"(?:{_CHINESE_DATE} ?)?{_CLOCK}"
_DAY_AND_TIME = f"{_DATE}(?: ?{_CLOCK})?"

_TYPES = {
    "thing": r".{1,20}",
    "number": r"(?=.{1,32}$)[+-]?\d+(?:\.\d+)?",
    "letter": r"[A-Za-z]{1,32}",
    "symbol": r"[^\w\s]{1,5}",
    "character_string": r"[!-~]{1,32}",
    "time": f"{_MOMENT}(?:~{_MOMENT})?",
    "date": f"{_DAY_AND_TIME}(?:~{_DAY_AND_TIME})?",
    "amount": r"[¥￥$€£]?\d{1,10}(?:\.\d+)?元?",
    "phone_number": r"[\d+() -]{1,17}",
    "car_number": f"[{_HAN}A-Za-z0-9]{{1,8}}",
    "name": rf"[A-Za-z .'-]{{1,20}}|(?=.*[{_HAN}])[^\d]{{1,10}}",
    "phrase": f"[{_HAN}]{{1,5}}",
    "enum": r".{1,20}",
}
_KEY = re.compile(r"([a-z_]+?)\d+")
_PATTERNS = {kind: re.compile(pattern) for kind, pattern in _TYPES.items()}
_UNSEEN = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")


def fits(key: str, value: object) -> bool:
    """Whether a field with this key may hold `value`."""
    named = _KEY.fullmatch(key)
    if not named or named[1] not in _PATTERNS or not isinstance(value, str) or _UNSEEN.search(value):
        return False
    return bool(value.strip()) and _PATTERNS[named[1]].fullmatch(value) is not None
