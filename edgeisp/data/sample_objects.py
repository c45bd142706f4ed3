"""What stands in the sample scene: house, trees, meadow, and the still life on the table.

Every function draws onto the canvas it is given, which is twice as large as the photograph. Lengths are
shares of its height, so that any size looks alike.
"""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from edgeisp.data.textures import ball, wood
from edgeisp.raw.color import encode_srgb
from edgeisp.raw.image import Floats

Color = tuple[int, int, int]

CHECKER = (
    "735244 c29682 627a9d 576c43 8580b1 67bdaa d67e2c 505ba6 c15a63 5e3c6c 9dbc40 e0a32e "
    "383d96 469449 af363c e7c71f bb5695 0885a1 f3f3f2 c8c8c8 a0a0a0 7a7a79 555555 343434"
)
"""sRGB of the 24 patches of a ColorChecker, row by row (published averages)."""


def shore_trees(canvas: Image.Image, shore: float, rng: np.random.Generator) -> None:
    """A row of firs and bushes along the far end of the meadow."""
    draw, (width, height) = ImageDraw.Draw(canvas), canvas.size
    for x in np.sort(rng.uniform(-0.02, 0.30, 34)) * width:
        foot, tall = (shore + 0.012) * height, rng.uniform(0.035, 0.11) * height
        green = np.array([34, 62, 40]) * rng.uniform(0.7, 1.25)
        for level in np.linspace(0, 1, 16):
            y = foot - tall * (1 - level)
            half = (0.03 + 0.20 * level) * tall * rng.uniform(0.75, 1.1)
            shade = _shade(green, rng.uniform(0.8, 1.2))
            tip, base = y - 0.08 * tall, y + 0.07 * tall
            draw.polygon([(x, tip), (x - half, base), (x + half, base)], fill=shade)


def house(canvas: Image.Image, left: float, foot: float, rng: np.random.Generator) -> None:
    """A half-timbered house with a tiled roof and lit windows; ``left`` and ``foot`` place it."""
    draw, (width, height) = ImageDraw.Draw(canvas), canvas.size
    x0, y0, w, h = left * width, foot * height, 0.215 * height, 0.105 * height
    roof = 0.085 * height

    def box(x: float, y: float, dx: float, dy: float, color: Color) -> None:
        draw.rectangle([x0 + x * w, y0 - (y + dy) * h, x0 + (x + dx) * w, y0 - y * h], fill=color)

    box(0.72, 1.2, 0.09, 0.85, (120, 62, 50))
    box(0, 0, 1, 1, (226, 214, 190))
    box(0, 0, 1, 0.14, (128, 120, 112))
    for beam in (0.0, 0.24, 0.49, 0.73, 0.97):
        box(beam, 0.14, 0.028, 0.86, (84, 58, 40))
    box(0, 0.52, 1, 0.05, (84, 58, 40))
    box(0, 0.95, 1, 0.06, (84, 58, 40))
    for window in (0.065, 0.31, 0.80):
        for floor in (0.22, 0.64):
            box(window, floor, 0.13, 0.24, (250, 246, 236))
            box(
                window + 0.012,
                floor + 0.02,
                0.106,
                0.20,
                (255, 205, 110) if rng.random() < 0.6 else (70, 86, 104),
            )
            box(window + 0.06, floor + 0.02, 0.01, 0.20, (250, 246, 236))
    box(0.56, 0.06, 0.13, 0.44, (52, 84, 76))
    corners = ((-0.05, 1.0), (0.10, 1.0 + roof / h), (0.90, 1.0 + roof / h), (1.05, 1.0))
    draw.polygon([(x0 + x * w, y0 - y * h) for x, y in corners], fill=(150, 70, 48))
    rows = 15
    for row in range(rows):
        share, y = row / rows, y0 - h - roof * (1 - (row + 0.5) / rows)
        inset = 0.10 - 0.15 * (share + 0.5 / rows)
        tiles = np.arange(inset + 0.004 * (row % 2), 1 - inset, 0.021)
        for x in tiles:
            tile = _shade(np.array([166, 78, 52]), rng.uniform(0.72, 1.18))
            left_, top = x0 + float(x) * w, y - roof / rows / 2
            corner = (left_ + 0.018 * w, top + 0.92 * roof / rows)
            draw.rounded_rectangle([(left_, top), corner], 2, fill=tile)


def meadow(canvas: Image.Image, shore: float, rng: np.random.Generator) -> None:
    """Grass blades and flowers from the shore down to the viewer, growing as they come near."""
    draw, (width, height) = ImageDraw.Draw(canvas), canvas.size
    line = np.array(
        [(x, (shore + 0.012 * math.sin(x / width * 7)) * height) for x in range(0, width + 20, 20)]
    )
    draw.polygon([*map(tuple, line), (width, height), (0, height)], fill=(62, 88, 42))
    depth = np.sort(rng.random(_count(52000, height))) ** 0.8
    ends = rng.normal(0, 0.35, len(depth))
    for near, lean, x, tone in zip(depth, ends, rng.random(len(depth)), rng.random(len(depth)), strict=True):
        bottom = shore + 0.012 * math.sin(x * 7) + 0.002 + near * (1.0 - shore)
        blade = (0.004 + 0.030 * near) * height
        green = np.array([74, 104, 44]) + tone * np.array([70, 62, 12]) - (1 - near) * 12
        px, py = x * width, bottom * height
        draw.line(
            [px, py, px + lean * blade, py - blade],
            fill=_shade(green, 0.75 + 0.4 * tone),
            width=1 + int(4 * near),
        )
    petals = [(222, 60, 48), (244, 208, 64), (246, 244, 240), (150, 96, 190), (236, 130, 170)]
    for near in np.sort(rng.random(_count(1500, height))) ** 1.3:
        x, y = rng.random() * width, (shore + 0.012 + near * (1 - shore)) * height
        radius = (0.0007 + 0.0038 * near) * height
        color = petals[int(rng.integers(len(petals)))]
        for angle in np.arange(5) * 2 * math.pi / 5 + rng.random():
            cx, cy = x + radius * math.cos(angle), y + radius * math.sin(angle) * 0.7
            _disc(draw, cx, cy, 0.75 * radius, _shade(np.array(color), rng.uniform(0.85, 1.05)))
        _disc(draw, x, y, 0.5 * radius, (250, 190, 40))


def tree(canvas: Image.Image, foot: tuple[float, float], rng: np.random.Generator) -> None:
    """An old broad-leaved tree that frames the view: trunk, limbs, and leaves lit from the sun's side."""
    draw, (width, height) = ImageDraw.Draw(canvas), canvas.size
    x0, y0 = foot[0] * width, foot[1] * height
    crowns: list[tuple[float, float, float]] = []

    def limb(x: float, y: float, angle: float, length: float, thick: float) -> None:
        for step in range(12):
            bark = _shade(np.array([64, 48, 38]), rng.uniform(0.88, 1.06))
            x1, y1 = x + length / 12 * math.cos(angle), y - length / 12 * math.sin(angle)
            now = max(2, round(thick * (1 - 0.035 * step)))
            draw.line([x, y, x1, y1], fill=bark, width=now)
            _disc(draw, x1, y1, now / 2 - 0.5, bark)
            x, y, angle = x1, y1, angle + rng.normal(0, 0.02)
        if length < 0.05 * height:
            crowns.append((x, y, 0.036 * height))
            return
        for turn in rng.normal([-0.55, 0.05, 0.55], 0.16):
            limb(x, y, angle + turn, length * rng.uniform(0.62, 0.8), thick * 0.58)

    limb(x0, y0, math.pi / 2 - 0.06, 0.20 * height, 0.048 * height)
    for x, y, spread in crowns:
        for _ in range(_count(80, height)):
            dx, dy = rng.normal(0, spread, 2)
            light = np.clip(0.72 + 0.30 * (dx - dy) / spread / 2, 0.35, 1.5) * rng.uniform(0.75, 1.2)
            green = np.array([92, 118, 38]) if rng.random() < 0.86 else np.array([196, 142, 44])
            size = rng.uniform(0.0028, 0.0058) * height
            _leaf(draw, x + dx, y + dy, size, rng.uniform(0, math.pi), _shade(green, light))


def table(canvas: Image.Image, top: float, rng: np.random.Generator) -> None:
    """A wooden table across the foreground, with a bright front edge."""
    width, height = canvas.size
    edge = round(top * height)
    boards = wood((height - edge, width), rng, planks=4)
    depth = np.linspace(0, 1, height - edge, dtype=np.float32)[:, None, None]
    boards *= 0.8 + 0.45 * depth
    boards[: max(2, height // 400)] *= 1.6
    canvas.paste(_image(boards), (0, edge))


def still_life(canvas: Image.Image, rng: np.random.Generator) -> None:
    """Colour checker, balls, Siemens star, line chart and name plate, each with its shadow on the table."""
    height = canvas.size[1]
    unit = height / 100
    aspect = canvas.size[0] / height * 100

    def put(picture: Image.Image, x: float, bottom: float, contact: float = 1.0) -> None:
        _shadow(canvas, x * unit, bottom * unit, picture.size, contact)
        canvas.paste(picture, (round(x * unit), round(bottom * unit) - picture.size[1]), picture)

    put(name_plate(round(46 * unit), round(15 * unit)), aspect * 0.385, 85)
    put(checker(round(34 * unit), round(24 * unit)), aspect * 0.045, 93)
    put(star_card(round(23 * unit)), aspect * 0.80, 94)
    balls = [
        (0.315, 96.0, 12.5, (0.18, 0.18, 0.18), 0.0),
        (0.425, 97.0, 11.0, (0.62, 0.20, 0.015), 0.35),
        (0.520, 95.5, 9.0, (0.50, 0.025, 0.03), 0.9),
        (0.600, 97.5, 11.5, (0.20, 0.36, 0.04), 0.5),
        (0.705, 95.8, 9.5, (0.02, 0.10, 0.45), 1.0),
    ]
    for x, bottom, diameter, color, gloss in balls:
        put(_image(ball(round(diameter * unit), color, gloss, light=(0.45, 0.75))), aspect * x, bottom, 0.5)


def checker(width: int, height: int) -> Image.Image:
    """A colour checker: 4 rows of 6 patches on black card."""
    card = _card(width, height, (28, 28, 28))
    draw = ImageDraw.Draw(card)
    cell, gap = width / 6.25, width / 6.25 * 0.09
    for index, code in enumerate(CHECKER.split()):
        x, y = gap + cell * (index % 6 + 0.08), gap + (height - 2 * gap) / 4 * (index // 6)
        red, green, blue = bytes.fromhex(code)
        draw.rectangle(
            [x, y + gap, x + cell - 2 * gap, y + (height - 2 * gap) / 4 - gap], fill=(red, green, blue, 255)
        )
    return card


def star_card(size: int) -> Image.Image:
    """A Siemens star of 48 pairs on white card, with a grey step wedge under it."""
    card = _card(4 * size, round(4.6 * size), (240, 240, 238))
    draw = ImageDraw.Draw(card)
    center, radius, spokes = 2 * size, 1.8 * size, 48
    for spoke in range(spokes):
        angles = 2 * math.pi / spokes * (spoke + np.linspace(0, 0.5, 4))
        rim = [(center + radius * math.cos(a), center + radius * math.sin(a)) for a in angles]
        draw.polygon([(center, center), *rim], fill=(18, 18, 20, 255))
    for step in range(11):
        x = 4 * size * (0.05 + 0.9 * step / 11)
        grey = round(20 + 21.5 * step)
        draw.rectangle([x, 4.0 * size, x + 3.6 * size / 11, 4.4 * size], fill=(grey, grey, grey, 255))
    return card.reduce(4)


def name_plate(width: int, height: int) -> Image.Image:
    """The name in large letters, a line of small print, and gratings of periods from 8 to 3 pixels."""
    card = _card(width, height, (246, 244, 236))
    draw = ImageDraw.Draw(card)
    ink, red = (26, 34, 52, 255), (176, 32, 44, 255)
    draw.text((0.04 * width, 0.01 * height), "edgeisp", font=ImageFont.load_default(0.46 * height), fill=ink)
    small = ImageFont.load_default(0.105 * height)
    draw.text((0.045 * width, 0.62 * height), "Bayer in, picture out", font=small, fill=red)
    tiny = ImageFont.load_default(0.062 * height)
    draw.text(
        (0.045 * width, 0.80 * height),
        "0123456789 The quick brown fox jumps over the lazy dog",
        font=tiny,
        fill=ink,
    )
    for row, period in enumerate((16, 12, 8, 6)):
        y = height * (0.12 + 0.20 * row)
        for x in range(round(0.66 * width), round(0.79 * width), period):
            draw.rectangle([x, y, x + period // 2 - 1, y + 0.16 * height], fill=ink)
        for line in range(round(y), round(y + 0.16 * height), period):
            draw.rectangle([0.83 * width, line, 0.96 * width, line + period // 2 - 1], fill=ink)
    return card


def _count(most: int, height: int) -> int:
    """How many small things to draw: ``most`` at full size, fewer where they would be smaller than a pixel."""
    return round(most * min(1.0, height / 3200))


def _card(width: int, height: int, color: Color) -> Image.Image:
    return Image.new("RGBA", (width, height), (*color, 255))


def _image(linear: Floats) -> Image.Image:
    """Linear RGB (and coverage) as an 8-bit picture."""
    encoded = np.concatenate([encode_srgb(linear[..., :3]), linear[..., 3:]], 2)
    return Image.fromarray(np.clip(encoded * 255 + 0.5, 0, 255).astype(np.uint8))


def _shadow(canvas: Image.Image, x: float, bottom: float, size: tuple[int, int], contact: float) -> None:
    """A soft dark patch at the foot of an object; ``contact`` is the share of its width that touches."""
    width, height = size
    reach = round(0.22 * height)
    mask = Image.new("L", (width + 4 * reach, 4 * reach), 0)
    inset = (1 - contact) / 2 * width
    box = [1.2 * reach + inset, 1.4 * reach, width + 2.2 * reach - inset, 2.5 * reach]
    ImageDraw.Draw(mask).ellipse(box, fill=190)
    mask = mask.filter(ImageFilter.GaussianBlur(reach / 3))
    canvas.paste((12, 8, 6), (round(x - 2.0 * reach), round(bottom - 2.15 * reach)), mask)


def _shade(color: np.ndarray, factor: float) -> Color:
    red, green, blue = (int(v) for v in np.clip(color * factor, 0, 255))
    return red, green, blue


def _disc(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float, color: Color) -> None:
    draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=color)


def _leaf(draw: ImageDraw.ImageDraw, x: float, y: float, size: float, angle: float, color: Color) -> None:
    dx, dy = size * math.cos(angle), size * math.sin(angle)
    draw.polygon(
        [(x - dx, y - dy), (x + 0.45 * dy, y - 0.45 * dx), (x + dx, y + dy), (x - 0.45 * dy, y + 0.45 * dx)],
        fill=color,
    )
