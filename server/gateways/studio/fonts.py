"""The fonts of printable forms: the one that is installed with the service, and one for the rarest characters."""

from pathlib import Path

import noto_cjk_sans_otc

SHIPPED = Path(noto_cjk_sans_otc.__file__).parent

RARE = Path("/usr/share/fonts/truetype/hanazono")
"""Debian's fonts-hanazono: Extensions B to F whole, which GB 18030-2022 (level 3) asks of public services. Of these the
shipped font has what 通用规范汉字表 and its neighbours list."""

_END_OF_THE_FIRST_PLANE = "\uffff"


def fonts_for(text: str) -> list[Path]:
    """Folders. Opening the rare ones takes longer than drawing a form: only where there are such characters."""
    is_rare = max(text, default="") > _END_OF_THE_FIRST_PLANE
    return [SHIPPED, RARE] if is_rare and RARE.is_dir() else [SHIPPED]
