"""Pictures that strangers send: measured before they are decoded, then written anew.

What comes out holds nothing but what can be seen.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO

from PIL import Image, ImageOps

from app.errors import ServiceError, Unprocessable, WrongMedia

if TYPE_CHECKING:
    from collections.abc import Mapping

# Pillow's own limit only warns at first, and ours is lower.
Image.MAX_IMAGE_PIXELS = None
# A picture of 24 megapixels takes a second of a processor and 100 MB while it is decoded.
THREADS = 2
# Pictures that are written anew, or wait in memory for the storage; the others wait on the disk.
ROOM = 4
# Cameras write ten scans; each costs a walk over the whole picture, however few bytes it has.
SCAN = b"\xff\xda"
MOST_SCANS = 256
WEBP_HEAD = 30
# The canvas of a WebP starts after these marks, in 14 or 24 bits a side.
SIDE_14, SIDE_24 = 0x3FFF, 3


@dataclass(frozen=True, slots=True)
class Kind:
    """A format that is taken, and how it is written."""

    name: str
    content_type: str
    extension: str
    options: Mapping[str, Any]


JPEG = Kind("JPEG", "image/jpeg", "jpg", {"quality": 88, "progressive": True})
PNG = Kind("PNG", "image/png", "png", {})
WEBP = Kind("WEBP", "image/webp", "webp", {"quality": 85, "method": 2})


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as this service has written it."""

    kind: Kind
    content: bytes
    width: int
    height: int


class Pictures:
    """A few threads that write pictures anew."""

    def __init__(self, max_pixels: int) -> None:
        """Take how many pixels are worth decoding."""
        self._max_pixels = max_pixels
        self._threads = ThreadPoolExecutor(THREADS, "pictures")
        # To be held from before a picture is read until it is stored.
        self.room = asyncio.Semaphore(ROOM)

    async def rewrite(self, file: BinaryIO) -> Picture:
        """Decode and encode the first frame, upright, without EXIF, place or colour profile.

        Raises WrongMedia for what is no JPEG, PNG or WebP, Unprocessable for what is too large or
        damaged.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, _rewrite, file, self._max_pixels)

    def close(self) -> None:
        """Let go of the threads."""
        self._threads.shutdown(wait=False)


def _rewrite(file: BinaryIO, max_pixels: int) -> Picture:
    file.seek(0)
    content = file.read()
    kind = _kind(content)
    if kind is JPEG and content.count(SCAN) > MOST_SCANS:
        raise Unprocessable("The picture has too many scans.")
    try:
        if kind is WEBP:
            # Pillow makes room for the canvas as soon as it opens the file.
            _refuse_huge(_canvas(content), max_pixels)
        with Image.open(BytesIO(content), formats=[kind.name]) as image:
            _refuse_huge(image.size, max_pixels)
            return _encode(_upright(image), kind)
    except ServiceError:
        raise
    except Exception as error:  # Pillow raises whatever a damaged file makes it stumble over.
        raise Unprocessable("The picture is damaged.") from error


def _kind(content: bytes) -> Kind:
    if content.startswith(b"\xff\xd8\xff"):
        return JPEG
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return WEBP
    raise WrongMedia("Send a picture: JPEG, PNG or WebP.")


def _canvas(content: bytes) -> tuple[int, int]:
    """Read the size from the first chunk of a WebP."""
    chunk = content[12:16]
    if len(content) >= WEBP_HEAD:
        if chunk == b"VP8 ":
            sides = (int.from_bytes(content[at : at + 2], "little") for at in (26, 28))
            width, height = (side & SIDE_14 for side in sides)
            return width, height
        if chunk == b"VP8L":
            bits = int.from_bytes(content[21:25], "little")
            return (bits & SIDE_14) + 1, (bits >> 14 & SIDE_14) + 1
        if chunk == b"VP8X":
            sides = (int.from_bytes(content[at : at + SIDE_24], "little") for at in (24, 27))
            width, height = (side + 1 for side in sides)
            return width, height
    raise Unprocessable("The picture is damaged.")


def _refuse_huge(size: tuple[int, int], max_pixels: int) -> None:
    width, height = size
    if width * height > max_pixels:
        raise Unprocessable(
            f"The picture has {width} × {height} pixels; at most {max_pixels} are taken."
        )


def _upright(image: Image.Image) -> Image.Image:
    image.load()
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # noqa: BLE001  # with damaged EXIF nobody knows which side is up
        return image


def _encode(image: Image.Image, kind: Kind) -> Picture:
    if image.mode.startswith("I"):
        # 16 bits a pixel: Pillow would cut off all that is brighter than 255.
        image = image.point(lambda value: value * (1 / 256)).convert("L")
    clear = kind is not JPEG and image.has_transparency_data
    plain = image.convert("RGBA" if clear else "RGB")
    # Comments and profiles are written from here.
    plain.info.clear()
    written = BytesIO()
    plain.save(written, kind.name, **kind.options)
    return Picture(kind, written.getvalue(), plain.width, plain.height)
