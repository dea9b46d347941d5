"""Photos: fully decoded, turned upright, written anew without metadata."""

import io
import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

from server.gateways.studio.faults import Fault
from server.materials.studio import MAX_BYTES, MAX_PIXELS

Image.MAX_IMAGE_PIXELS = MAX_PIXELS
_QUALITIES = (88, 80, 70, 60)
_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png"}


def clean_image(data: bytes) -> tuple[str, bytes]:
    """(content type, bytes). Raises Fault."""
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG")) as probe:
            probe.verify()
        image = Image.open(io.BytesIO(data), formats=("JPEG", "PNG"))
        image.load()
        kind = image.format or ""
        upright = ImageOps.exif_transpose(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Fault("too_many_pixels") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as error:
        raise Fault("damaged_file") from error
    return _TYPES[kind], _written(upright, kind)


def _written(image: Image.Image, kind: str) -> bytes:
    """Within 5 MB: a PNG that grew becomes smaller in colours, a JPEG in quality."""
    if kind == "PNG":
        plain = image if image.mode in ("1", "L", "LA", "P", "RGB", "RGBA") else image.convert("RGB")
        data = _saved(plain, "PNG", optimize=False)
        return data if len(data) <= MAX_BYTES else _saved(plain.convert("RGB").quantize(256), "PNG")
    colours = image if image.mode in ("L", "RGB") else image.convert("RGB")
    for quality in _QUALITIES:
        data = _saved(colours, "JPEG", quality=quality)
        if len(data) <= MAX_BYTES:
            return data
    raise Fault("file_too_large")


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    bare = image.copy()
    bare.info = {key: value for key, value in image.info.items() if key == "transparency"}
    bare.save(out, kind, **options)
    return out.getvalue()
