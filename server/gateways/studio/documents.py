"""Printable forms: typst with the data passed beside the template, so nothing typed is ever markup."""

import json
from pathlib import Path
from typing import Any

import noto_cjk_sans_otc
import typst

import config

_TEMPLATES = Path(config.__file__).with_name("documents")
_FONTS = Path(noto_cjk_sans_otc.__file__).parent


def render(document: str, values: dict[str, Any]) -> bytes:
    """A PDF of config/documents/<document>.typ."""
    template = _TEMPLATES / f"{Path(document).name}.typ"
    data = {"data": json.dumps(values, ensure_ascii=False)}
    return bytes(
        typst.compile(template, root=_TEMPLATES, font_paths=[_FONTS], ignore_system_fonts=True, sys_inputs=data)
    )
