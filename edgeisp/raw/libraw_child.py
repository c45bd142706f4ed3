"""The process in which untrusted RAW files are parsed: ``python -m edgeisp.raw.libraw_child FILE``.

LibRaw's decoders have had memory errors, so the process that holds the user's work never runs them. The answer
on stdout, a file, is the length of a message (`edgeisp.raw.facts.LENGTH`), the message, msgpack of `Decoded` or
`Failed`, and the samples; LibRaw's own complaints go to stderr.
"""

from __future__ import annotations

import contextlib
import resource
import sys
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import numpy as np
import rawpy
from numpy.typing import NDArray

from edgeisp.errors import BadInputError
from edgeisp.raw.facts import LENGTH, Decoded, Facts, Failed
from edgeisp.raw.tags import BAYER_ONLY, CameraTags, DngTags, no_bayer, read_tags

Samples = NDArray[np.uint16]
MEMORY_BYTES = 4 << 30
CPU_SECONDS = 60
EXIF_ORIENTATION = {0: 1, 1: 2, 2: 4, 3: 3, 4: 5, 5: 8, 6: 6, 7: 7}
"""LibRaw's ``flip`` to EXIF."""
PICTURES = {b"\xff\xd8\xff": "a JPEG", b"\x89PNG": "a PNG", b"GIF8": "a GIF", b"RIFF": "a WebP"}
LIBRAW_SMALLEST = 22
"""Pixels of the shortest side that LibRaw opens."""
LIBRAW_DEFAULT_WHITE = 65535
"""What LibRaw says, with a black level of 0, when it knows neither."""


def limit() -> None:
    """Bound this process's address space and CPU time, and write no core file."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):  # macOS refuses some
            resource.setrlimit(what, (most, resource.getrlimit(what)[1]))


def decode(path: Path) -> tuple[Decoded, Samples] | Failed:
    """What the file says of its mosaic, and the mosaic; or why there is none."""
    tags: DngTags | CameraTags | None = None
    try:
        tags = read_tags(path)
        with rawpy.imread(str(path)) as raw:
            facts, mosaic = _dng(raw, tags) if isinstance(tags, DngTags) else _camera(raw, tags)
            samples = np.array(mosaic, "<u2", order="C")  # a copy: LibRaw frees its own when the file closes
            return Decoded(facts, *samples.shape), samples
    except MemoryError:
        return Failed(f"decoding needs more than {MEMORY_BYTES >> 30} GiB", "give a smaller picture")
    except BadInputError as error:
        return Failed(error.what, error.cure)
    except OSError as error:
        return Failed(f"the file cannot be read ({error.strerror})", "check the path and its permissions")
    except (rawpy.LibRawError, NotImplementedError, RuntimeError) as error:
        if isinstance(tags, DngTags) and min(tags.shape) < LIBRAW_SMALLEST:
            height, width = tags.shape
            return Failed(
                f"{width}x{height} pixels: LibRaw opens none under {LIBRAW_SMALLEST}x{LIBRAW_SMALLEST}",
                "give a larger picture, or the sensor values alone with --raw-size",
            )
        what, cure = _explain(error, path)
        return Failed(what, cure, tags.facts if isinstance(tags, DngTags) else None)


def answer(path: Path, stream: BinaryIO) -> None:
    """Write what `decode` finds."""
    found = decode(path)
    said, samples = (found, None) if isinstance(found, Failed) else found
    message = msgspec.msgpack.encode(said)
    stream.write(LENGTH.pack(len(message)) + message)
    if samples is not None:
        stream.write(samples.data)


def _dng(raw: Any, tags: DngTags) -> tuple[Facts, Any]:
    samples = raw.raw_image
    if samples.shape != tags.shape:
        raise BadInputError(
            f"the tags say {tags.shape}, LibRaw decodes {samples.shape} samples", cure=BAYER_ONLY
        )
    top, left, bottom, right = tags.area
    return tags.facts, samples[top:bottom, left:right]


def _camera(raw: Any, tags: CameraTags | None) -> tuple[Facts, Any]:
    pattern, sizes = raw.raw_pattern, raw.sizes
    if raw.raw_type is not rawpy.RawType.Flat or pattern is None:
        raise BadInputError("the RAW is layered or already demosaiced", cure=BAYER_ONLY)
    if pattern.shape != (2, 2):
        raise no_bayer(*pattern.shape)
    if raw.color_desc != b"RGBG":
        raise BadInputError(f"the sensor's colours are {raw.color_desc.decode()}", cure=BAYER_ONLY)
    block = np.roll(pattern, (-sizes.top_margin, -sizes.left_margin), (0, 1)).ravel()
    matrix = raw.rgb_xyz_matrix[:3]
    black, gains = raw.black_level_per_channel, raw.camera_whitebalance[:3]
    unknown = raw.white_level == LIBRAW_DEFAULT_WHITE and not any(black)
    return Facts(
        dng=False,
        cfa="".join("RGBG"[color] for color in block),
        black=None if unknown else [float(black[color]) for color in block],
        white=None if unknown else float(raw.white_level),
        white_balance=[float(gain) for gain in gains] if min(gains) > 0 else None,
        color_matrix=matrix.ravel().tolist() if matrix.any() else None,
        iso=(tags.iso if tags else None) or round(raw.other.iso_speed) or None,
        orientation=EXIF_ORIENTATION[sizes.flip & 7],
        make=tags.make if tags else "",
        model=tags.model if tags else "",
    ), raw.raw_image_visible


def _explain(error: Exception, path: Path) -> tuple[str, str]:
    if isinstance(error, rawpy.LibRawTooBigError):
        return "the picture is larger than LibRaw decodes (2 GiB)", "give a smaller picture"
    if isinstance(error, rawpy.LibRawFileUnsupportedError):
        with path.open("rb") as stream:
            head = stream.read(8)
        give = "give a DNG, NEF, CR2, ARW or other Bayer RAW"
        for magic, name in PICTURES.items():
            if head.startswith(magic):
                return f"LibRaw cannot open it: {name}", give
        dump = "of a dump without a header say --raw-size WIDTHxHEIGHT --bits N --cfa RGGB"
        return "LibRaw cannot open it: no RAW file it knows", f"{give}; {dump}"
    if isinstance(error, rawpy.LibRawIOError):
        return "truncated or damaged: LibRaw runs out of bytes", "copy it from the camera again"
    return f"LibRaw cannot decode it ({type(error).__name__}: {error})", "copy it from the camera again"


if __name__ == "__main__":
    limit()
    answer(Path(sys.argv[1]), sys.stdout.buffer)
