"""PDFs come out with the drawing of their pages and nothing that acts, hides or was there before."""

import pytest

from server.gateways.studio.process import ChildStudio
from server.materials.studio import DamagedFile, EncryptedPdf, Invalid, TooComplex, TooManyPages, TooManyPixels
from tests.server.materials.papers import (
    active_pdf,
    all_objects,
    bomb_pdf,
    crowded_pdf,
    empty_pdf,
    form_pdf,
    hiding_pdf,
    huge_picture_pdf,
    locked_pdf,
    nested_pdf,
    pdf_of,
    scan_pdf,
    scans_in,
    text_of,
)
from tests.server.materials.photos import SECRET, TOP_LEFT, opened, phone_photo

BESIDE_THE_PAGES = (
    *("SCRIPT", "LAUNCHED", "LINK", "ATTACHED", "PRIVATE", "METADATA", "AUTHOR"),
    *("/OpenAction", "/AA", "/Annots", "/Names"),
)
REFUSED: dict[str, tuple[bytes, type[Invalid]]] = {
    "locked with a password": (locked_pdf("secret"), EncryptedPdf),
    "encrypted, though it opens for everybody": (locked_pdf(""), EncryptedPdf),
    "without pages": (empty_pdf(), DamagedFile),
    "nothing but its first line": (b"%PDF-1.7\n", DamagedFile),
    "cut off": (pdf_of(3)[:-200], DamagedFile),
    "nested 100,000 deep": (nested_pdf(100_000), DamagedFile),
    "51 pages": (pdf_of(51), TooManyPages),
    "a gigabyte when unpacked": (bomb_pdf(), TooComplex),
    "60,000 objects": (crowded_pdf(60_000), TooComplex),
    "a picture of more than 50 MP": (huge_picture_pdf(10_000, 5001), TooManyPixels),
}


async def test_the_pages_keep_their_text_and_order(studio: ChildStudio) -> None:
    original = pdf_of(12)

    cleaned = (await studio.check(original)).data

    assert text_of(cleaned) == text_of(original)
    assert "(page 12)" in text_of(cleaned)[11]


async def test_fifty_pages_are_accepted(studio: ChildStudio) -> None:
    assert len(text_of((await studio.check(pdf_of(50))).data)) == 50


async def test_scripts_programs_links_attachments_and_authors_are_gone_and_the_text_is_there(
    studio: ChildStudio,
) -> None:
    original = active_pdf()

    cleaned = (await studio.check(original)).data

    assert [trace for trace in BESIDE_THE_PAGES if trace not in all_objects(original)] == []
    assert [trace for trace in BESIDE_THE_PAGES if trace in all_objects(cleaned)] == []
    assert ["(still here)" in page for page in text_of(cleaned)] == [True]


async def test_what_hides_in_a_drawing_is_gone_and_the_drawing_is_there(studio: ChildStudio) -> None:
    traces = ["ATTACHED", "METADATA", "PRIVATE", "SCRIPT"]
    original = hiding_pdf()

    cleaned = all_objects((await studio.check(original)).data)

    assert [trace for trace in traces if trace not in all_objects(original)] == []
    assert [trace for trace in traces if trace in cleaned] == []
    assert "0 0 10 10 re f" in cleaned


async def test_an_answered_form_keeps_its_answer_as_drawing(studio: ChildStudio) -> None:
    """Seals and answers are annotations; they are drawn into the page before annotations go."""
    cleaned = all_objects((await studio.check(form_pdf("ZHANG SAN"))).data)

    assert "ZHANG SAN" in cleaned
    assert "/AcroForm" not in cleaned


@pytest.mark.parametrize("packed", [0, 1, 2])
async def test_a_photo_on_a_page_loses_its_place_and_keeps_its_picture(packed: int, studio: ChildStudio) -> None:
    taken = phone_photo()

    [kept] = scans_in((await studio.check(scan_pdf(taken, packed))).data)

    assert SECRET.encode() in taken
    assert [trace for trace in (SECRET.encode(), b"Exif", b"PhoneMaker", b"ICC_PROFILE") if trace in kept] == []
    assert opened(kept).tobytes() == opened(taken).tobytes()


async def test_a_photo_on_a_page_stays_as_the_page_shows_it(studio: ChildStudio) -> None:
    """PDF readers know nothing of EXIF: what lies there lies on purpose."""
    [kept] = scans_in((await studio.check(scan_pdf(phone_photo(6)))).data)

    picture = opened(kept)
    red = picture.getpixel((10, 10))
    assert picture.size == (80, 40)
    assert all(abs(a - b) < 30 for a, b in zip(red, TOP_LEFT, strict=True))


async def test_a_paper_of_very_many_parts_does_not_grow_beyond_the_limit_by_being_written_anew(
    studio: ChildStudio,
) -> None:
    original = crowded_pdf(40_000)

    cleaned = (await studio.check(original)).data

    assert len(cleaned) < 1.1 * len(original)


async def test_cleaning_a_cleaned_paper_changes_nothing(studio: ChildStudio) -> None:
    once = (await studio.check(active_pdf())).data

    assert (await studio.check(once)).data == once


@pytest.mark.parametrize("what", REFUSED)
async def test_a_paper_that_is_not_whole_or_not_modest_is_refused(what: str, studio: ChildStudio) -> None:
    paper, refusal = REFUSED[what]

    with pytest.raises(refusal):
        await studio.check(paper)
