"""What a file is, is read from its bytes; what would open as two things is refused (reliability.md §3, uploads)."""

import io
import zipfile

import pytest

from server.gateways.studio.process import ChildStudio
from server.materials.studio import (
    MAX_BYTES,
    REFUSALS,
    EmptyFile,
    FileTooLarge,
    Invalid,
    MismatchedContent,
    UnsupportedType,
)
from tests.server.materials.papers import pdf_of
from tests.server.materials.photos import grown, jpeg, noise_jpeg, opened, png, saved, two_coloured


def archive() -> bytes:
    """A ZIP, as office documents and Java programs are."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("word/document.xml", bytes(10_000_000))
    return out.getvalue()


PHP = b"<?php system($_GET['c']); ?>"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
HONEST = {"image/jpeg": jpeg, "image/png": png, "application/pdf": pdf_of}
FOREIGN: dict[str, bytes] = {
    "a text": "身份证".encode(),
    "nothing but NUL": bytes(4096),
    "an SVG": SVG,
    "a page of HTML": b"<!DOCTYPE html><html><script>alert(1)</script></html>",
    "a program": b"MZ" + bytes(400),
    "a ZIP bomb": archive(),
    "a GIF": saved(two_coloured(), "GIF"),
    "a WebP": saved(two_coloured(), "WEBP"),
    "a BMP": saved(two_coloured(), "BMP"),
    "a GIF that is a ZIP": b"GIF89a" + archive(),
    "a PHP program": PHP,
    "only the first bytes of a name": b"\xff\xd8",
}
TWO_THINGS: dict[str, bytes] = {
    "a photo that is a ZIP": jpeg() + archive(),
    "a PNG that is a ZIP": png() + archive(),
    "a PDF that is a ZIP": pdf_of() + archive(),
    "a photo that is a PDF": jpeg(comment=pdf_of()),
    "a page of HTML that is a PDF": b"<html><script>alert(1)</script>" + pdf_of(),
    "a PDF that begins as HTML": pdf_of().replace(b"\n", b"\n<script>alert(1)</script>\n", 1),
    "a PDF that ends as HTML": pdf_of(12) + b"<html><body>",
    "a photo with PHP in its comment": jpeg(comment=PHP),
    "a photo with PHP behind its end": noise_jpeg(0.01) + PHP,
    "a PNG with PHP behind its end": png() + PHP,
}


@pytest.mark.parametrize("kind", HONEST)
async def test_the_content_decides_what_a_file_is(kind: str, studio: ChildStudio) -> None:
    checked = await studio.check(HONEST[kind]())

    assert checked.content_type == kind


@pytest.mark.parametrize("what", FOREIGN)
async def test_what_is_neither_picture_nor_pdf_is_refused(what: str, studio: ChildStudio) -> None:
    with pytest.raises(UnsupportedType):
        await studio.check(FOREIGN[what])


@pytest.mark.parametrize("what", TWO_THINGS)
async def test_a_file_that_is_two_things_is_refused(what: str, studio: ChildStudio) -> None:
    with pytest.raises(MismatchedContent):
        await studio.check(TWO_THINGS[what])


async def test_a_program_deep_in_a_photo_does_not_survive(studio: ChildStudio) -> None:
    """Between its ends a big photo may spell anything by chance, so it is not searched, but written anew."""
    photo = noise_jpeg(0.01)
    hiding = photo[:2] + b"\xff\xfe\x10\x00" + bytes(2048) + PHP + bytes(0x1000 - 2 - 2048 - len(PHP)) + photo[2:]

    checked = await studio.check(hiding)

    assert PHP in hiding
    assert PHP not in checked.data
    assert opened(checked.data).size == opened(photo).size


async def test_an_empty_file_is_refused(studio: ChildStudio) -> None:
    with pytest.raises(EmptyFile):
        await studio.check(b"")


async def test_a_file_of_exactly_5_mb_is_accepted(studio: ChildStudio) -> None:
    checked = await studio.check(grown(jpeg(), MAX_BYTES))

    assert checked.content_type == "image/jpeg"


async def test_one_byte_more_is_refused(studio: ChildStudio) -> None:
    with pytest.raises(FileTooLarge):
        await studio.check(grown(jpeg(), MAX_BYTES + 1))


def test_every_refusal_says_in_chinese_what_is_wrong_and_no_two_say_the_same() -> None:
    said: dict[str, type[Invalid]] = {refusal.message: refusal for refusal in REFUSALS.values()}

    assert len(said) == len(REFUSALS)
    assert [text for text in said if not any("一" <= letter <= "鿿" for letter in text)] == []
    assert {refusal.status for refusal in said.values()} == {422}
