"""Photos come out upright, in their colours, and with nothing but the picture in them."""

import io

import pytest
from PIL import Image

from server.gateways.studio.process import ChildStudio
from server.materials.studio import MAX_BYTES, DamagedFile, TooManyPixels
from tests.server.materials.photos import (
    SECRET,
    TOP_LEFT,
    boastful_png,
    bomb_png,
    cmyk_jpeg,
    deep_grey_png,
    glass_png,
    grey_jpeg,
    jpeg,
    lying_photo,
    noise_jpeg,
    opened,
    phone_pair,
    phone_photo,
    plain_jpeg,
    plain_png,
    png,
    progressive_jpeg,
    tight_png,
    told_png,
    touched_png,
    wordy_png,
)

Corner = tuple[int, int]
WIDE, HIGH = (80, 40), (40, 80)
# EXIF orientation: how a photo of 80 x 40 with a red top left quarter stands upright, and where its red then is.
UPRIGHT: dict[int, tuple[tuple[int, int], Corner]] = {
    1: (WIDE, (10, 10)),
    2: (WIDE, (70, 10)),
    3: (WIDE, (70, 30)),
    4: (WIDE, (10, 30)),
    5: (HIGH, (10, 10)),
    6: (HIGH, (30, 10)),
    7: (HIGH, (30, 70)),
    8: (HIGH, (10, 70)),
}
COLOURED = {
    "plain": jpeg,
    "progressive": progressive_jpeg,
    "CMYK": cmyk_jpeg,
    "two pictures in one": phone_pair,
    "PNG": png,
    "PNG with palette": lambda: png("P"),
    "PNG with transparency": lambda: png("RGBA"),
}
SPOILT = {
    "a JPEG that ends early": jpeg()[:-40],
    "the first half of a JPEG": noise_jpeg(0.1)[:8000],
    "a JPEG without a picture": jpeg()[:20],
    "a PNG that ends early": png()[:-30],
    "a PNG with a changed byte": png()[:60] + b"\x55" + png()[61:],
    "a PNG with a changed pixel": touched_png(),
    "a PNG that says it is larger than it is": boastful_png(7000, 7000),
    "a PNG whose words unpack to 64 MB": wordy_png(),
}


def is_red(colour: object) -> bool:
    return isinstance(colour, tuple) and all(abs(a - b) < 30 for a, b in zip(colour, TOP_LEFT, strict=False))


@pytest.mark.parametrize("orientation", UPRIGHT)
async def test_a_photo_that_lies_is_put_upright(orientation: int, studio: ChildStudio) -> None:
    size, corner = UPRIGHT[orientation]

    picture = opened((await studio.check(phone_photo(orientation))).data)

    assert picture.size == size
    assert is_red(picture.getpixel(corner))
    assert not picture.getexif()


async def test_place_phone_preview_and_comments_are_dropped(studio: ChildStudio) -> None:
    taken = phone_photo()

    kept = (await studio.check(taken)).data

    traces = [SECRET.encode(), b"PhoneMaker", b"Exif", b"xmpmeta", b"ICC_PROFILE"]
    assert [trace for trace in traces if trace not in taken] == []
    assert [trace for trace in traces if trace in kept] == []


async def test_the_words_in_a_png_are_dropped(studio: ChildStudio) -> None:
    kept = opened((await studio.check(told_png())).data)

    assert (kept.info, dict(kept.getexif())) == ({}, {})
    assert opened(told_png()).info["Location"] == SECRET


@pytest.mark.parametrize("kind", COLOURED)
async def test_a_photo_keeps_its_colours(kind: str, studio: ChildStudio) -> None:
    picture = opened((await studio.check(COLOURED[kind]())).data).convert("RGB")

    red, blue = picture.getpixel((10, 10)), picture.getpixel((70, 30))
    assert (picture.size, is_red(red), is_red(blue)) == (WIDE, True, False)


async def test_a_grey_photo_stays_grey(studio: ChildStudio) -> None:
    assert opened((await studio.check(grey_jpeg())).data).mode == "L"


async def test_a_grey_png_of_16_bits_keeps_its_brightness(studio: ChildStudio) -> None:
    picture = opened((await studio.check(deep_grey_png())).data)

    assert (picture.mode, picture.getpixel((10, 10)), picture.getpixel((70, 10))) == ("L", 128, 255)


async def test_a_see_through_png_stays_see_through(studio: ChildStudio) -> None:
    picture = opened((await studio.check(glass_png())).data)

    assert [picture.getpixel(at)[3] for at in ((10, 10), (70, 10))] == [0, 255]


@pytest.mark.parametrize("what", SPOILT)
async def test_a_damaged_picture_is_refused(what: str, studio: ChildStudio) -> None:
    with pytest.raises(DamagedFile):
        await studio.check(SPOILT[what])


@pytest.mark.parametrize("size", [(8000, 5000), (8000, 6000), (10_000, 5000)], ids=["40 MP", "48 MP", "50 MP"])
async def test_a_photo_of_a_good_camera_is_accepted_whole(size: tuple[int, int], studio: ChildStudio) -> None:
    """decisions D29: up to 50 MP if the file is not larger than 5 MB."""
    checked = await studio.check(plain_jpeg(*size))

    assert Image.open(io.BytesIO(checked.data)).size == size


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "I;16"])
async def test_a_png_of_50_mp_fits_into_the_bounded_child(mode: str, studio: ChildStudio) -> None:
    checked = await studio.check(plain_png((8160, 6120), mode))

    assert Image.open(io.BytesIO(checked.data)).size == (8160, 6120)


async def test_a_photo_of_50_mp_that_lies_on_its_side_is_kept_though_it_was_coded_very_tightly(
    studio: ChildStudio,
) -> None:
    """Written anew it is larger than 5 MB: the copy loses pixels, but nobody is told that his file is too large."""
    photo = lying_photo(8160, 6120)
    assert 4_000_000 < len(photo) <= MAX_BYTES

    checked = await studio.check(photo)

    width, height = Image.open(io.BytesIO(checked.data)).size
    assert len(checked.data) <= MAX_BYTES
    assert (width, height) in [(6120, 8160), (3060, 4080), (1530, 2040)]


async def test_a_png_that_grows_beyond_5_mb_is_kept_in_fewer_colours(studio: ChildStudio) -> None:
    """Its writer found a tighter way to pack it than ours does."""
    photo = tight_png(4500)
    assert 4_500_000 < len(photo) <= MAX_BYTES

    checked = await studio.check(photo)

    assert len(checked.data) <= MAX_BYTES
    assert Image.open(io.BytesIO(checked.data)).format == "PNG"


@pytest.mark.parametrize("photo", [plain_jpeg(10_000, 5001), boastful_png(100_000, 100_000), bomb_png()])
async def test_more_pixels_are_refused_before_any_is_decoded(photo: bytes, studio: ChildStudio) -> None:
    with pytest.raises(TooManyPixels):
        await studio.check(photo)
