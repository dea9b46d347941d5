"""Printable forms: typst with the data passed beside the template, so nothing typed is ever markup."""

import json
from pathlib import Path
from typing import Any

import typst

import config
from server.gateways.studio.fonts import fonts_for

_TEMPLATES = Path(config.__file__).with_name("documents")


def render(document: str, values: dict[str, Any]) -> bytes:
    """A PDF of config/documents/<document>.typ."""
    template = _TEMPLATES / f"{Path(document).name}.typ"
    data = json.dumps(values, ensure_ascii=False)
    return bytes(
        typst.compile(
            template,
            root=_TEMPLATES,
            font_paths=fonts_for(data),
            ignore_system_fonts=True,
            sys_inputs={"data": data},
        )
    )
