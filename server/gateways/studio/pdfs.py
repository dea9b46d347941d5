"""PDFs: parsed whole and rebuilt from the drawing of their pages, so that nothing active survives."""

import io

import pikepdf
from pikepdf import Name, Object, ObjectStreamMode, Pdf, Stream

from server.gateways.studio.faults import Fault
from server.gateways.studio.private import strip_private
from server.gateways.studio.unpacking import require_modest_streams
from server.materials.studio import MAX_BYTES, MAX_PDF_PAGES, MAX_PIXELS

# What it takes to draw a page; actions, annotations, attachments and private data are not on the list.
_DRAWN = frozenset(
    {"/Type", "/MediaBox", "/CropBox", "/Rotate", "/UserUnit", "/Resources", "/Contents", "/Group", "/Parent"}
)
_MOST_OBJECTS = 50_000
_TAIL, _BLANK = 1024, b"\0\t\n\f\r "  # readers look this far back for the end mark


def clean_pdf(data: bytes) -> bytes:
    """Raises Fault."""
    if (
        b"%%EOF" not in data.rstrip(_BLANK)[-_TAIL:]
    ):  # else pages of a file that was cut off would be missing without a word
        raise Fault("damaged_file")
    try:
        with pikepdf.open(io.BytesIO(data), suppress_warnings=True) as source:
            _require_modest(source)
            clean = _rebuilt(source)
    except pikepdf.PasswordError as error:
        raise Fault("encrypted_pdf") from error
    except (pikepdf.PdfError, RuntimeError, ValueError, TypeError, LookupError) as error:
        raise Fault("damaged_file") from error
    if len(clean) > MAX_BYTES:
        raise Fault("file_too_large")
    return clean


def _require_modest(source: Pdf) -> None:
    if source.is_encrypted:  # also when it opens without a password: the copy would drop its restrictions
        raise Fault("encrypted_pdf")
    if not len(source.pages):
        raise Fault("damaged_file")
    if len(source.pages) > MAX_PDF_PAGES:
        raise Fault("too_many_pages")
    if len(source.objects) > _MOST_OBJECTS:
        raise Fault("too_complex")
    if any(_pixels(item) > MAX_PIXELS for item in source.objects if isinstance(item, Stream)):
        raise Fault("too_many_pixels")
    require_modest_streams(source)


def _pixels(stream: Object) -> int:
    if stream.get(Name.Subtype) != Name.Image:
        return 0
    return int(stream.get(Name.Width, 0)) * int(stream.get(Name.Height, 0))


def _rebuilt(source: Pdf) -> bytes:
    """Forms and seals are drawn into their pages first: they are annotations, and annotations go."""
    source.generate_appearance_streams()
    source.flatten_annotations("all")
    with pikepdf.new() as clean:
        clean.pages.extend(source.pages)
        for page in clean.pages:
            for key in set(page.obj.keys()) - _DRAWN:
                del page.obj[key]
        strip_private(clean)
        out = io.BytesIO()
        # Packed as tightly as it may have come: a refusal for its size would blame the user for our copy.
        clean.save(out, deterministic_id=True, object_stream_mode=ObjectStreamMode.generate)
    return out.getvalue()
