"""Photos as phones, scanners and mischief make them, each written by code."""

import io
import struct
import zlib
from fractions import Fraction
from random import Random

from PIL import Image
from PIL.ExifTags import GPS, IFD, Base
from PIL.PngImagePlugin import PngInfo

SECRET = "39.9042N 116.4074E"  # what must not survive
TOP_LEFT = (200, 30, 30)
_REST = (30, 30, 200)


def two_coloured(size: tuple[int, int] = (80, 40), mode: str = "RGB") -> Image.Image:
    """Wider than high, blue, with a red top left quarter: turning it shows."""
    image = Image.new("RGB", size, _REST)
    image.paste(TOP_LEFT, (0, 0, size[0] // 2, size[1] // 2))
    return image.quantize(8) if mode == "P" else image.convert(mode)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def jpeg(**options: object) -> bytes:
    return saved(two_coloured(), "JPEG", **options)


def phone_photo(orientation: int = 6) -> bytes:
    """With the place, the phone, a comment and a preview in its metadata, lying on its side."""
    exif = Image.Exif()
    exif[Base.Orientation] = orientation
    exif[Base.Make] = "PhoneMaker"
    exif[Base.ImageDescription] = SECRET
    gps = exif.get_ifd(IFD.GPSInfo)
    gps[GPS.GPSLatitudeRef], gps[GPS.GPSLatitude] = "N", (Fraction(39), Fraction(54), Fraction(15))
    gps[GPS.GPSLongitudeRef], gps[GPS.GPSLongitude] = "E", (Fraction(116), Fraction(24), Fraction(27))
    xmp = f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{SECRET}</x:xmpmeta>'.encode()
    return jpeg(exif=exif, comment=SECRET.encode(), xmp=xmp, icc_profile=SECRET.encode() * 8)


def cmyk_jpeg() -> bytes:
    return saved(two_coloured(mode="CMYK"), "JPEG")


def progressive_jpeg() -> bytes:
    return jpeg(progressive=True)


def grey_jpeg() -> bytes:
    return saved(two_coloured(mode="L"), "JPEG")


def png(mode: str = "RGB") -> bytes:
    return saved(two_coloured(mode=mode), "PNG")


def told_png() -> bytes:
    """A PNG with words in text chunks."""
    words = PngInfo()
    words.add_text("Location", SECRET)
    words.add_itxt("Comment", SECRET, zip=True)
    exif = Image.Exif()
    exif[Base.ImageDescription] = SECRET
    return saved(two_coloured(), "PNG", pnginfo=words, exif=exif)


def glass_png() -> bytes:
    """Left half see-through."""
    image = two_coloured(mode="RGBA")
    image.putalpha(Image.new("L", image.size, 255))
    image.paste((0, 0, 0, 0), (0, 0, image.width // 2, image.height))
    return saved(image, "PNG")


def deep_grey_png() -> bytes:
    """16 bits a pixel: one half at 50 %, the other white."""
    image = Image.new("I;16", (80, 40), 0x8080)
    image.paste(0xFFFF, (40, 0, 80, 40))
    return saved(image, "PNG")


def noise_jpeg(megapixels: float, quality: int = 95) -> bytes:
    side = int((megapixels * 1_000_000) ** 0.5)
    return saved(Image.effect_noise((side, side), 60).convert("RGB"), "JPEG", quality=quality)


def touched_png() -> bytes:
    """Packed so loosely that another pixel in place of one upsets nothing but the checksum."""
    whole = bytearray(saved(two_coloured(), "PNG", compress_level=0))
    whole[len(whole) // 2] ^= 0xFF
    return bytes(whole)


def lying_photo(width: int, height: int) -> bytes:
    """A coloured photo coded as tightly as 5 MB ask for, said to lie on its side."""
    exif = Image.Exif()
    exif[Base.Orientation] = 6
    grain = Image.effect_noise((width // 4, height // 4), 40).resize((width, height))
    return saved(grain.convert("RGB"), "JPEG", quality=20, exif=exif)


def phone_pair() -> bytes:
    """A photo with a second one behind it, as phones with two lenses write them (MPO)."""
    return saved(two_coloured(), "MPO", save_all=True, append_images=[two_coloured((40, 20))], quality=90)


def plain_png(size: tuple[int, int], mode: str) -> bytes:
    """Few bytes for many pixels."""
    grey = Image.linear_gradient("L").resize(size)
    return saved(grey.convert("L" if mode.startswith("I") else "RGB").convert(mode), "PNG")


def tight_png(side: int) -> bytes:
    """Noise in two bits a pixel; whoever writes it with eight makes it larger."""
    noise = Random(1)
    rows = b"".join(b"\0" + noise.randbytes(side // 4) for _ in range(side))
    return _png_of(struct.pack(">IIBBBBB", side, side, 2, 0, 0, 0, 0), zlib.compress(rows))


def plain_jpeg(width: int, height: int) -> bytes:
    """Few bytes for many pixels."""
    return saved(Image.new("L", (width, height), 200), "JPEG", quality=30)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _png_of(head: bytes, packed: bytes) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


def boastful_png(width: int, height: int) -> bytes:
    """Says it is that large and holds next to nothing."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return _png_of(head, zlib.compress(bytes(4096)))


def bomb_png(width: int = 30_000, height: int = 30_000) -> bytes:
    """900 million pixels, all there, in less than a megabyte."""
    packer = zlib.compressobj(9)
    row = bytes(1 + width // 8)
    packed = b"".join([*(packer.compress(row) for _ in range(height)), packer.flush()])
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return _png_of(head, packed)


def wordy_png() -> bytes:
    """A small picture with a text chunk that unpacks to 64 MB."""
    text = _chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(64 * 1024 * 1024)))
    whole = png()
    return whole[:33] + text + whole[33:]


def opened(data: bytes) -> Image.Image:
    """Decoded, all of it."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def grown(data: bytes, size: int) -> bytes:
    """The same JPEG with comments that bring it to exactly `size` bytes."""
    out, missing = data[:2], size - len(data)
    while missing:
        piece = missing if missing <= 65_537 else min(65_537, missing - 4)
        out += b"\xff\xfe" + struct.pack(">H", piece - 2) + bytes(piece - 4)
        missing -= piece
    return out + data[2:]
