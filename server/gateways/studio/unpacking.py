"""How much the packed parts of a PDF unpack to, found out without ever holding it."""

import zlib
from collections.abc import Iterable, Iterator
from itertools import takewhile

from pikepdf import Array, Name, Object, Pdf, Stream

from server.gateways.studio.faults import Fault

MOST = 400_000_000  # bytes of one file: nine pages of colour at 300 dpi, unpacked, are 240 MB
_PIECE = 1 << 20


def require_modest_streams(source: Pdf) -> None:
    """Raises Fault too_complex, or damaged_file where a stream cannot be unpacked."""
    size = 0
    for item in source.objects:
        if isinstance(item, Stream):
            for piece in unpacked(item):
                size += len(piece)
                if size > MOST:
                    raise Fault("too_complex")


def unpacked(stream: Stream) -> Iterator[bytes]:
    """What its Flate filters make of it, as far as these come first; a picture's own coding stays."""
    pieces: Iterator[bytes] = iter([stream.read_raw_bytes()])
    for _ in takewhile(lambda name: name == Name.FlateDecode, filters_of(stream)):
        pieces = _inflated(pieces)
    return pieces


def filters_of(stream: Stream) -> list[Object]:
    """In the order in which they unpack."""
    found = stream.get(Name.Filter, Array())
    return list(found) if isinstance(found, Array) else [found]


def _inflated(pieces: Iterable[bytes]) -> Iterator[bytes]:
    unpacker = zlib.decompressobj()
    for piece in pieces:
        rest = piece
        while rest and not unpacker.eof:
            try:
                yield unpacker.decompress(rest, _PIECE)
            except zlib.error as error:
                raise Fault("damaged_file") from error
            rest = unpacker.unconsumed_tail
