"""Photos: fully decoded, turned upright, written anew without metadata."""

import io
import struct
import zlib
from collections.abc import Iterator

from PIL import Image, ImageOps

from server.gateways.studio.faults import Fault
from server.materials.studio import MAX_BYTES, MAX_PIXELS

Image.MAX_IMAGE_PIXELS = None  # the check below is stricter and has a name
_QUALITIES = (88, 75, 60)
_REDUCTIONS = (1, 2, 4)  # each side divided by so much
_FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG"}
_PLAIN_MODES = ("1", "L", "LA", "P", "RGB", "RGBA")
# What Pillow raises for broken input.
_BROKEN = (OSError, SyntaxError, ValueError, TypeError, LookupError, EOFError, struct.error, zlib.error)


def clean_image(data: bytes, content_type: str) -> bytes:
    """The picture alone, in its own format. Raises Fault."""
    kind = _FORMATS[content_type]
    try:
        upright = ImageOps.exif_transpose(_decoded(data, kind))
        plain = _plain(upright, kind)
    except _BROKEN as error:
        raise Fault("damaged_file") from error
    return _written(plain, kind)


def _decoded(data: bytes, kind: str) -> Image.Image:
    with Image.open(io.BytesIO(data), formats=[kind]) as probe:
        if probe.width * probe.height > MAX_PIXELS:
            raise Fault("too_many_pixels")
        probe.verify()  # the checksums of a PNG; the image is spent afterwards
    image = Image.open(io.BytesIO(data), formats=[kind])
    image.load()  # a cut JPEG passes verify() and fails here
    return image


def _plain(image: Image.Image, kind: str) -> Image.Image:
    """In a mode its format can keep, with its transparent colour and no other word of metadata."""
    transparency = image.info.get("transparency") if image.mode in _PLAIN_MODES else None
    if kind == "JPEG":
        image = image if image.mode in ("L", "RGB") else image.convert("RGB")
    elif image.mode not in _PLAIN_MODES:
        image = _eight_bits(image)
    image.info = {} if transparency is None else {"transparency": transparency}
    return image


def _eight_bits(image: Image.Image) -> Image.Image:
    """16-bit grey keeps its brightness: a plain convert() would turn all above 255 white."""
    if image.mode.startswith("I"):
        return image.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    return image.convert("RGBA")


def _written(image: Image.Image, kind: str) -> bytes:
    """The first of ever smaller encodings that keeps within 5 MB. Raises Fault."""
    for data in _jpegs(image) if kind == "JPEG" else _pngs(image):
        if len(data) <= MAX_BYTES:
            return data
    raise Fault("file_too_large")


def _jpegs(image: Image.Image) -> Iterator[bytes]:
    """Coarser first, then with fewer pixels, because a refusal would blame the user for our encoder."""
    for times in _REDUCTIONS:
        smaller = image.reduce(times)
        for quality in _QUALITIES:
            yield _saved(smaller, "JPEG", quality=quality)


def _pngs(image: Image.Image) -> Iterator[bytes]:
    yield _saved(image, "PNG")
    colours = image.convert("RGBA" if "transparency" in image.info or image.mode in ("LA", "RGBA") else "RGB")
    for times in _REDUCTIONS:
        yield _saved(colours.reduce(times).quantize(256), "PNG")


def _saved(image: Image.Image, kind: str, **options: int) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()
