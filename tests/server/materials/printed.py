"""Reads a printed form as an eye does: the glyphs drawn on each page, turned back into characters."""

import io
import re
from collections.abc import Iterator

import pikepdf
from pikepdf import Page, Pdf

_CODE = re.compile(rb"<([0-9A-F]+)>")
_MISSING = "\N{REPLACEMENT CHARACTER}"  # glyph 0, the box that fonts draw for what they lack


def printed(pdf: bytes) -> list[str]:
    """The text of each page in the order in which it is drawn, without blanks."""
    with pikepdf.open(io.BytesIO(pdf)) as found:
        return ["".join(_runs(found, page)).replace(" ", "") for page in found.pages]


def sheet_size(pdf: bytes) -> tuple[int, int]:
    """Of the first page, in millimetres."""
    with pikepdf.open(io.BytesIO(pdf)) as found:
        left, low, right, high = (float(edge) for edge in found.pages[0].MediaBox)
    return round((right - left) / 72 * 25.4), round((high - low) / 72 * 25.4)


def _runs(found: Pdf, page: Page) -> Iterator[str]:
    fonts = {name: _characters(font.ToUnicode.read_bytes()) for name, font in page.Resources.Font.items()}
    known: dict[int, str] = {}
    for operands, operator in pikepdf.parse_content_stream(page):
        match str(operator):
            case "Tf":
                known = fonts[str(operands[0])]
            case "Tj":
                yield _text(bytes(operands[0]), known)
            case "TJ":
                yield from (_text(bytes(part), known) for part in operands[0] if isinstance(part, pikepdf.String))


def _text(codes: bytes, known: dict[int, str]) -> str:
    glyphs = (int.from_bytes(codes[at : at + 2], "big") for at in range(0, len(codes), 2))
    return "".join(known.get(glyph, _MISSING) if glyph else _MISSING for glyph in glyphs)


def _characters(cmap: bytes) -> dict[int, str]:
    """Glyph number: text, of a font's ToUnicode map."""
    known: dict[int, str] = {}
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", cmap, re.DOTALL):
        codes = _CODE.findall(block.upper())
        for glyph, text in zip(codes[::2], codes[1::2], strict=True):
            known[int(glyph, 16)] = bytes.fromhex(text.decode()).decode("utf-16-be")
    return known
