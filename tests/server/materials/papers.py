"""PDFs honest and otherwise, each written by code."""

import io
import zlib

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, Stream, String


def pdf_of(pages: int = 1, text: str = "page") -> bytes:
    with pikepdf.new() as made:
        for number in range(1, pages + 1):
            _add_page(made, f"{text} {number}")
        return _written(made)


def _add_page(made: Pdf, text: str) -> Dictionary:
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    page = made.add_blank_page(page_size=(595, 842)).obj
    page.Resources = Dictionary(Font=Dictionary(F1=font))
    page.Contents = Stream(made, f"BT /F1 24 Tf 72 720 Td ({text}) Tj ET".encode())
    return page


def _written(made: Pdf, **options: object) -> bytes:
    out = io.BytesIO()
    made.save(out, **options)
    return out.getvalue()


def locked_pdf(password: str) -> bytes:
    """With an empty password it opens for everybody, but is encrypted all the same."""
    with pikepdf.new() as made:
        _add_page(made, "locked")
        return _written(made, encryption=pikepdf.Encryption(owner="owner", user=password))


def empty_pdf() -> bytes:
    with pikepdf.new() as made:
        return _written(made)


def active_pdf() -> bytes:
    """Everything a PDF can do beside being looked at, and one line of text."""
    with pikepdf.new() as made:
        page = _add_page(made, "still here")
        script = Dictionary(S=Name.JavaScript, JS=String("app.alert('SCRIPT')"))
        launch = Dictionary(S=Name.Launch, F=String("LAUNCHED.exe"))
        link = Dictionary(S=Name.URI, URI=String("https://LINK.example"))
        made.Root.OpenAction = made.make_indirect(script)
        made.Root.AA = Dictionary(WC=launch)
        made.Root.Names = Dictionary(JavaScript=Dictionary(Names=Array([String("x"), script])))
        page.AA = Dictionary(O=launch)
        page.Annots = Array([_note(made, link), _note(made, launch)])
        page.PieceInfo = Dictionary(Secret=String("PRIVATE"))
        page.Metadata = Stream(made, b"<x>METADATA</x>")
        made.attachments["ATTACHED.exe"] = b"MZ ATTACHED"
        made.docinfo["/Author"] = "AUTHOR"
        return _written(made)


def _note(made: Pdf, action: Dictionary) -> pikepdf.Object:
    box = Array([0, 0, 100, 100])
    return made.make_indirect(Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=box, A=action))


def hiding_pdf() -> bytes:
    """What is needed to draw the page carries what is not."""
    with pikepdf.new() as made:
        page = _add_page(made, "still here")
        carried = Dictionary(Type=Name.Filespec, EF=Dictionary(F=Stream(made, b"MZ ATTACHED")))
        stamp = Stream(made, b"0 0 10 10 re f", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 10, 10]))
        stamp.Metadata, stamp.AF = Stream(made, b"<x>METADATA</x>"), Array([made.make_indirect(carried)])
        stamp.PieceInfo = Dictionary(Editor=Dictionary(Private=String("PRIVATE")))
        stamp.Resources = Dictionary(Properties=Dictionary(P0=Dictionary(JS=String("SCRIPT"))))
        page.Resources.XObject = Dictionary(Fm0=stamp)
        return _written(made)


def scan_pdf(jpeg: bytes, packed: int = 0) -> bytes:
    """A page with a JPEG on it as a scanning program puts it there, `packed` times deflated."""
    with pikepdf.new() as made:
        page = _add_page(made, "scan")
        for _ in range(packed):
            jpeg = zlib.compress(jpeg)
        picture = Stream(made, jpeg, Type=Name.XObject, Subtype=Name.Image, Width=80, Height=40, BitsPerComponent=8)
        picture.ColorSpace, picture.Filter = Name.DeviceRGB, Array([Name.FlateDecode] * packed + [Name.DCTDecode])
        page.Resources.XObject = Dictionary(Im0=picture)
        return _written(made, stream_decode_level=pikepdf.StreamDecodeLevel.none)


def scans_in(data: bytes) -> list[bytes]:
    """The JPEGs on the pages, as they are stored."""
    with pikepdf.open(io.BytesIO(data)) as found:
        objects = [item for item in found.objects if isinstance(item, Stream) and item.get("/Subtype") == Name.Image]
        return [item.read_raw_bytes() for item in objects]


def form_pdf(answer: str) -> bytes:
    """A form with one answered field that has no drawing of its own, as some programs leave it."""
    with pikepdf.new() as made:
        page = _add_page(made, "form")
        look = String("/Helv 12 Tf 0 g")
        fonts = Dictionary(
            Font=Dictionary(Helv=Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica))
        )
        field = Dictionary(
            Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=String("name"), V=String(answer), DA=look, F=4
        )
        field.Rect = Array([72, 600, 400, 620])
        page.Annots = Array([made.make_indirect(field)])
        made.Root.AcroForm = Dictionary(Fields=page.Annots, DA=look, DR=fonts, NeedAppearances=True)
        return _written(made)


def bomb_pdf() -> bytes:
    """A page whose drawing unpacks to a gigabyte."""
    return _with_filter(zlib.compress(zlib.compress(bytes(1024**3), 9), 9), [Name.FlateDecode, Name.FlateDecode])


def _with_filter(packed: bytes, filters: list[Name]) -> bytes:
    with pikepdf.new() as made:
        page = _add_page(made, "bomb")
        page.Contents = Stream(made, packed, Filter=Array(filters))
        return _written(made, stream_decode_level=pikepdf.StreamDecodeLevel.none, compress_streams=False)


def huge_picture_pdf(width: int, height: int) -> bytes:
    """A page with a picture that says it is that large."""
    with pikepdf.new() as made:
        page = _add_page(made, "picture")
        picture = Stream(made, zlib.compress(b"\0"), Type=Name.XObject, Subtype=Name.Image, Filter=Name.FlateDecode)
        picture.Width, picture.Height = width, height
        picture.ColorSpace, picture.BitsPerComponent = Name.DeviceGray, 8
        page.Resources.XObject = Dictionary(Im0=picture)
        return _written(made)


def crowded_pdf(objects: int) -> bytes:
    """One page and very many objects."""
    with pikepdf.new() as made:
        page = _add_page(made, "crowd")
        page.Resources.Properties = Array([made.make_indirect(Dictionary(N=n)) for n in range(objects)])
        return _written(made, object_stream_mode=pikepdf.ObjectStreamMode.generate)


def nested_pdf(depth: int) -> bytes:
    """A page tree that is its own ancestor, or arrays within arrays: what makes parsers call themselves."""
    return pdf_of().replace(b"/Resources", b"/X " + b"[" * depth + b"]" * depth + b" /Resources", 1)


def text_of(data: bytes) -> list[str]:
    """What is drawn on each page, as plain content."""
    with pikepdf.open(io.BytesIO(data)) as found:
        return [page.Contents.read_bytes().decode("latin-1") for page in found.pages]


def all_objects(data: bytes) -> str:
    """Everything that is in it, unpacked: for finding what hides."""
    with pikepdf.open(io.BytesIO(data)) as found:
        level = pikepdf.StreamDecodeLevel.generalized
        plain = _written(found, qdf=True, compress_streams=False, stream_decode_level=level)
    return plain.decode("latin-1")
