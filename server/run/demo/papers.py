"""Scanned-looking papers of realistic size, made on the spot: a page of print with grain, as JPG or PDF."""

import io
import random
from pathlib import Path

import noto_cjk_sans_otc
import pikepdf
from PIL import Image, ImageDraw, ImageFont

_A4 = (1240, 1754)  # 150 dpi
_FONT = str(Path(noto_cjk_sans_otc.__file__).with_name("NotoSansCJK-Regular.ttc"))


def photo(title: str, seed: int) -> bytes:
    """A JPG of about half a megabyte, as a phone takes of a paper."""
    buffer = io.BytesIO()
    _page(title, seed).save(buffer, "JPEG", quality=82)
    return buffer.getvalue()


def scan(title: str, pages: int, seed: int) -> bytes:
    """A PDF of scanned pages."""
    buffer = io.BytesIO()
    images = [_page(f"{title}（第{n + 1}页）", seed + n) for n in range(pages)]
    images[0].save(buffer, "PDF", save_all=True, append_images=images[1:], resolution=150)
    with pikepdf.open(io.BytesIO(buffer.getvalue())) as pdf:
        out = io.BytesIO()
        pdf.save(out)
    return out.getvalue()


def _page(title: str, seed: int) -> Image.Image:
    chance = random.Random(seed)  # noqa: S311 - grain, not secrets
    page = Image.effect_noise(_A4, 18).point(lambda level: min(255, level + 115)).convert("RGB")
    draw = ImageDraw.Draw(page)
    draw.text((120, 140), title, fill=(25, 25, 35), font=ImageFont.truetype(_FONT, 44))
    small = ImageFont.truetype(_FONT, 26)
    for line in range(24):
        text = "".join(chr(chance.randint(0x4E00, 0x4FFF)) for _ in range(chance.randint(18, 32)))
        draw.text((120, 260 + line * 54), text, fill=(60, 60, 70), font=small)
    draw.ellipse((860, 1380, 1120, 1640), outline=(190, 30, 30), width=8)
    return page.rotate(chance.uniform(-0.8, 0.8), fillcolor=(235, 235, 235))
