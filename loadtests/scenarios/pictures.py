"""Pictures to upload, drawn here: real PNG files, each other than the last, and always the same."""

from __future__ import annotations

import struct
import zlib
from functools import cache
from random import Random

# What a web page asks a telephone for. Tiles of one colour are as much work to decode as a
# photograph of that size, and leave a hundredth of its bytes in the storage.
WIDTH, HEIGHT, TILE = 640, 480, 16
SIGNATURE = b"\x89PNG\r\n\x1a\n"
BITS, TRUE_COLOUR = 8, 2
PICTURES = 4
BOUNDARY = "petswipe-load-test"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"


@cache
def form(number: int) -> bytes:
    """Return the body of a form with one of PICTURES pictures as its file."""
    head = (
        f"--{BOUNDARY}\r\n"
        f'Content-Disposition: form-data; name="file"; filename="{number}.png"\r\n'
        "Content-Type: image/png\r\n\r\n"
    )
    return head.encode() + draw(number) + f"\r\n--{BOUNDARY}--\r\n".encode()


def draw(number: int) -> bytes:
    """Draw a PNG of coloured tiles."""
    source = Random(number)  # noqa: S311  # colours are no secret
    rows = []
    for _ in range(HEIGHT // TILE):
        colours = (source.randbytes(3) for _ in range(WIDTH // TILE))
        # The first byte of a line says that its bytes are no differences.
        rows.append((b"\0" + b"".join(colour * TILE for colour in colours)) * TILE)
    size = struct.pack(">IIBBBBB", WIDTH, HEIGHT, BITS, TRUE_COLOUR, 0, 0, 0)
    parts = ((b"IHDR", size), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(kind, content) for kind, content in parts)


def _chunk(kind: bytes, content: bytes) -> bytes:
    """Write a part of a PNG: length, kind, content and checksum (ISO/IEC 15948, 5.3)."""
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)
