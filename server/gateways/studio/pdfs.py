"""PDFs: parsed whole, stripped of everything that acts, written anew."""

import io

import pikepdf

from server.gateways.studio.faults import Fault
from server.materials.studio import MAX_BYTES, MAX_PDF_PAGES

_ACTING = ("/OpenAction", "/AA", "/JavaScript", "/AcroForm", "/Names", "/Metadata")
_FOREIGN = (b"<html", b"<script", b"<?php", b"PK\x03\x04")
_TAIL = 1024  # bytes after %%EOF that belong to no PDF


def clean_pdf(data: bytes) -> tuple[str, bytes]:
    """(content type, bytes). Raises Fault."""
    _refuse_foreign_tail(data)
    try:
        with pikepdf.open(io.BytesIO(data)) as pdf:
            if not 1 <= len(pdf.pages) <= MAX_PDF_PAGES:
                raise Fault("too_many_pages" if len(pdf.pages) else "damaged_file")
            return "application/pdf", _written(pdf)
    except pikepdf.PasswordError as error:
        raise Fault("encrypted_pdf") from error
    except (pikepdf.PdfError, RuntimeError, ValueError, TypeError) as error:
        raise Fault("damaged_file") from error


def _refuse_foreign_tail(data: bytes) -> None:
    after = data.rfind(b"%%EOF") + 5
    tail = data[after:] if after > 4 else b""
    if len(tail) > _TAIL or any(mark in tail.lower() for mark in (m.lower() for m in _FOREIGN)):
        raise Fault("mismatched_content")


def _written(pdf: pikepdf.Pdf) -> bytes:
    if pdf.is_encrypted:
        raise Fault("encrypted_pdf")
    for name in _ACTING:
        if name in pdf.Root:
            del pdf.Root[name]
    for page in pdf.pages:
        for name in ("/AA", "/Annots"):
            if name in page.obj:
                del page.obj[name]
    out = io.BytesIO()
    pdf.save(out)
    if out.tell() > MAX_BYTES:
        raise Fault("file_too_large")
    return out.getvalue()
