"""What hides in a PDF page beside its drawing: attachments, scripts, and what a phone wrote into a photo."""

import re

from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream

from server.gateways.studio.unpacking import filters_of, unpacked

# Never needed to draw, wherever they stand.
_HIDDEN = frozenset(
    {"/AA", "/AF", "/EF", "/EmbeddedFiles", "/JS", "/JavaScript", "/LastModified", "/Metadata", "/OPI", "/OpenAction"}
    | {"/PieceInfo", "/StructParent", "/StructParents"}
)
_MARKER = re.compile(rb"\xff+([^\x00\xd0-\xd7\xff])")  # of a JPEG segment; the others belong to its coded data
_END, _ALONE = 0xD9, frozenset({0x01, 0xD8, 0xD9})
_COMMENT, _APPLICATIONS = 0xFE, range(0xE0, 0xF0)
_COLOURS = frozenset({0xE0, 0xEE})  # JFIF and Adobe segments say how colours are coded


def strip_private(pdf: Pdf) -> None:
    """Take it out of every object."""
    for item in pdf.objects:
        _strip(item)
        if isinstance(item, Stream) and _is_photo(item):
            photo = without_metadata(b"".join(unpacked(item)))
            item.write(photo, filter=Name.DCTDecode, decode_parms=_colour_hints(item))


def _colour_hints(stream: Stream) -> Dictionary | None:
    """What the last filter is told about the coding of colours."""
    told = stream.get(Name.DecodeParms)
    last = told[-1] if isinstance(told, Array) and len(told) else told
    return last if isinstance(last, Dictionary) else None


def _is_photo(stream: Stream) -> bool:
    """A JPEG, as scanning programs put it into a page; nobody packs it in other ways than these."""
    packed, coded = filters_of(stream)[:-1], filters_of(stream)[-1:]
    return coded == [Name.DCTDecode] and all(name == Name.FlateDecode for name in packed)


def without_metadata(jpeg: bytes) -> bytes:
    """The same coded picture without EXIF, GPS, XMP, comments, and without whatever follows its end."""
    kept, at = bytearray(), 0
    while found := _MARKER.search(jpeg, at):
        marker, end = found[1][0], found.end()
        end += 0 if marker in _ALONE else int.from_bytes(jpeg[end : end + 2], "big")
        kept += jpeg[at : found.start()]
        if marker != _COMMENT and (marker not in _APPLICATIONS or marker in _COLOURS):
            kept += jpeg[found.start() : end]
        if marker == _END:
            return bytes(kept)
        at = end
    return bytes(kept + jpeg[at:])


def _strip(item: Object) -> None:
    """From one object and what is written inside it; what it refers to has its own turn."""
    if isinstance(item, Dictionary | Stream):
        for key in _HIDDEN & set(item.keys()):
            del item[key]
        inside = [item[key] for key in item.keys()]  # noqa: SIM118 - pikepdf's objects are no mappings
    else:
        inside = list(item) if isinstance(item, Array) else []
    for part in inside:
        if isinstance(part, Object) and not part.is_indirect:
            _strip(part)
