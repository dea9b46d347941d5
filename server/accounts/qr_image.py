"""A QR code as a PNG picture."""

from io import BytesIO

import segno


def draw_qr(url: str, *, scale: int = 8) -> bytes:
    """PNG bytes with the quiet zone of four modules that scanners need; `scale` is pixels a module."""
    picture = BytesIO()
    segno.make_qr(url, error="m").save(picture, kind="png", scale=scale, border=4)
    return picture.getvalue()
