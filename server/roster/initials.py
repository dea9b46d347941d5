"""Pinyin initials of a firm's name, so that csdw finds 测试单位."""

_LONGEST = 100


def initials_of(name: str) -> str:
    """Lower case, letters and digits only: 测试单位201 -> csdw201.

    The dictionary is large (some 20 MB), so it is loaded only by a process that writes names.
    """
    from pypinyin import Style, lazy_pinyin  # noqa: PLC0415

    letters = "".join(lazy_pinyin(name, style=Style.FIRST_LETTER)).lower()
    return "".join(c for c in letters if c.isascii() and c.isalnum())[:_LONGEST]
