"""What a file is by its first bytes, and whether it would open as something else as well."""

import io
import struct
import zipfile

from server.gateways.studio.faults import Fault

JPEG, PNG, PDF = "image/jpeg", "image/png", "application/pdf"

_SIGNATURES = ((b"\xff\xd8\xff", JPEG), (b"\x89PNG\r\n\x1a\n", PNG), (b"%PDF-", PDF))
_FOREIGN = (b"<?php", b"<script", b"<html", b"<!doctype html", b"<svg")
_LENIENT = 1024  # readers look this far for %PDF-, browsers for markup


def content_type(data: bytes) -> str:
    """Raises Fault unsupported_type or mismatched_content."""
    found = next((kind for signature, kind in _SIGNATURES if data.startswith(signature)), None)
    if found is None:
        raise Fault("mismatched_content" if b"%PDF-" in data[:_LENIENT] else "unsupported_type")
    if _is_also_something_else(data, found):
        raise Fault("mismatched_content")
    return found


def _is_also_something_else(data: bytes, kind: str) -> bool:
    # Markup is looked for at the ends only: between them the bytes of a big photo spell "<svg" by chance, text in a
    # PDF may be honest, and the cleaned copy keeps nothing but picture or pages anyway.
    folded = (data[:_LENIENT] + data[-_LENIENT:]).lower()
    return (
        any(mark in folded for mark in _FOREIGN) or (kind != PDF and b"%PDF-" in data[:_LENIENT]) or _is_archive(data)
    )


def _is_archive(data: bytes) -> bool:
    """It has a readable directory of files; four bytes of its signature come up by chance."""
    try:
        return bool(zipfile.ZipFile(io.BytesIO(data)).filelist)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error):
        return False
