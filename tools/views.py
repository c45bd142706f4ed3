"""Lays out and draws the subset of Android's views that the sample apps' drawings use; for their tools/draw.py.

Sizes are in pixels of the drawing, ``SCALE`` to a dp. What it draws is close to a phone's picture of the same layout,
and is not one: fonts, ripples and system bars are not Android's.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from PIL import Image, ImageDraw, ImageFont, ImageOps

SCALE = 2
GAP = 28
ANDROID = "{http://schemas.android.com/apk/res/android}"
NO_BREAK = "\u00a0"
SLOPES = (1.69, 1.39, 1.15, 1.02, 1.12, 1.09, 0.787, 0.914)
DECIDED = (
    ("gamma", "0.569"),
    ("exposure", f"0.201{NO_BREAK}EV"),
    ("fast-denoise", f"h{NO_BREAK}0.181"),
    ("tone", ", ".join(f"slope{NO_BREAK}{i}{NO_BREAK}{value}" for i, value in enumerate(SLOPES, 1))),
)
"""What the bundled policy of POS-ISP decides for `edgeisp sample`'s RAW, as `edgeisp posisp show` tells."""
TEXTS = {"TextView", "Button", "Spinner"}
FIXED = {"ProgressBar": 8, "SeekBar": 48, "Spinner": 48}
"""Heights in dp of what has no content to measure."""


class Resources:
    """Strings, colours, styles and layouts of ``res``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.values: dict[str, dict[str, str]] = {"string": {}, "color": {}}
        self.styles: dict[str, dict[str, str]] = {}
        for path in folder.glob("values/*.xml"):
            for element in ElementTree.parse(path).getroot():
                if element.tag == "style":
                    items = {
                        item.attrib["name"].removeprefix("android:"): item.text or "" for item in element
                    }
                    self.styles[element.attrib["name"]] = items
                else:
                    text = (element.text or "").replace("\\n", "\n").replace("\\'", "'")
                    self.values[element.tag][element.attrib["name"]] = text

    def value(self, given: str) -> str:
        kind, _, name = given.removeprefix("@").partition("/")
        if kind == "drawable":
            return self.drawable(name)
        return self.values.get(kind, {}).get(name, given)

    def drawable(self, name: str) -> str:
        """The fill of a drawable."""
        root = ElementTree.parse(self.folder / "drawable" / f"{name}.xml")
        fills = [e.attrib[f"{ANDROID}color"] for e in root.iter("solid")]
        return self.value(fills[0])


@dataclass
class View:
    """An element with its attributes, styles merged in, and where it was put."""

    tag: str
    given: dict[str, str]
    children: list[View] = field(default_factory=list)
    picture: Image.Image | None = None
    x: int = 0
    y: int = 0
    width: int = 0
    height: int = 0

    @property
    def id(self) -> str:
        return self.given.get("id", "").rpartition("/")[2]

    def dp(self, name: str, otherwise: float = 0) -> int:
        text = self.given.get(name)
        return round(SCALE * (float(text[:-2]) if text else otherwise))

    def sides(self, name: str) -> tuple[int, int, int, int]:
        """Left, top, right, bottom."""
        whole = self.dp(name) / SCALE
        left, top, right, bottom = (
            self.dp(f"{name}{side}", whole) for side in ("Left", "Top", "Right", "Bottom")
        )
        return left, top, right, bottom

    def each(self) -> Iterator[View]:
        yield self
        for child in self.children:
            yield from child.each()


def inflate(resources: Resources, path: Path, changes: Mapping[str, Mapping[str, str]]) -> View:
    """The views of a layout; ``changes`` are attributes by id, of a scene."""

    def view(element: ElementTree.Element) -> View:
        own = {name.removeprefix(ANDROID): text for name, text in element.attrib.items()}
        if element.tag == "include":
            name = own.pop("layout").partition("/")[2]
            made = inflate(resources, resources.folder / "layout" / f"{name}.xml", changes)
            made.given.update(own)
            return made
        style = resources.styles.get(own.get("style", "").removeprefix("@style/"), {})
        given = {**style, **own}
        given.update(changes.get(given.get("id", "").rpartition("/")[2], {}))
        given = {name: text if name == "id" else resources.value(text) for name, text in given.items()}
        children = [view(child) for child in element]
        return View(
            element.tag, given, [child for child in children if child.given.get("visibility") != "gone"]
        )

    return view(ElementTree.parse(path).getroot())


def font(view: View) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(SCALE * float(view.given.get("textSize", "14sp")[:-2]))


def wrapped(view: View, width: int) -> str:
    """The text with line ends where it would be too wide; the font has no glyph for spaces that do not break."""
    lines = []
    for paragraph in view.given.get("text", "").split("\n"):
        line = ""
        for word in paragraph.split(" "):
            longer = f"{line} {word}".strip()
            if line and font(view).getlength(longer.replace(NO_BREAK, " ")) > width:
                lines.append(line)
                longer = word
            line = longer
        lines.append(line)
    return "\n".join(lines).replace(NO_BREAK, " ")


def text_size(view: View, width: int) -> tuple[int, int]:
    draw = ImageDraw.Draw(Image.new("L", (1, 1)))
    left, _, right, _ = draw.multiline_textbbox((0, 0), wrapped(view, width), font(view))
    lines = wrapped(view, width).count("\n") + 1
    return round(right - left) + 1, round(
        lines * SCALE * 1.35 * float(view.given.get("textSize", "14sp")[:-2])
    )


def measure(view: View, width: int, height: int) -> None:
    """Give ``view`` its size in a room of ``width`` x ``height``, and its children theirs."""
    wanted = view.given.get("layout_width", "wrap_content"), view.given.get("layout_height", "wrap_content")
    left, top, right, bottom = view.sides("padding")
    room = [width, height]
    for axis, name in enumerate(("layout_width", "layout_height")):
        if wanted[axis].endswith("dp") and view.dp(name) > 0:
            room[axis] = view.dp(name)
    inner = room[0] - left - right, room[1] - top - bottom
    content = [0, 0]
    if view.tag == "LinearLayout":
        content = list(line(view, inner[0], inner[1], wanted))
    elif view.children:
        for child in view.children:
            measure(child, *inner)
            content = [max(content[0], child.width), max(content[1], child.height)]
    elif view.tag in TEXTS:
        content = list(text_size(view, inner[0]))
    if view.tag in FIXED:
        content[1] = SCALE * FIXED[view.tag]
    sizes = content[0] + left + right, content[1] + top + bottom
    view.width, view.height = (
        sizes[axis] if wanted[axis] == "wrap_content" else room[axis] for axis in (0, 1)
    )


def line(view: View, width: int, height: int, wanted: tuple[str, str]) -> tuple[int, int]:
    """Children of a LinearLayout one after the other; those with a weight share what is left."""
    axis = 1 if view.given.get("orientation") == "vertical" else 0
    room = (width, height)
    names = ("layout_width", "layout_height")

    def outer(child: View, way: int) -> int:
        sides = child.sides("layout_margin")
        return (child.width, child.height)[way] + sides[way] + sides[way + 2]

    def sized(child: View, length: int) -> None:
        sides = child.sides("layout_margin")
        given = [width - sides[0] - sides[2], height - sides[1] - sides[3]]
        given[axis] = length
        measure(child, *given)

    heavy = [child for child in view.children if "layout_weight" in child.given]
    for child in view.children:
        if child not in heavy:
            sized(child, room[axis])
    margins = sum(
        child.sides("layout_margin")[axis] + child.sides("layout_margin")[axis + 2] for child in heavy
    )
    left = room[axis] - margins - sum(outer(child, axis) for child in view.children if child not in heavy)
    for child in heavy:
        child.given[names[axis]] = "match_parent"
        sized(child, max(0, left // len(heavy)))
    along = room[axis] if heavy else sum(outer(child, axis) for child in view.children)
    across = max((outer(child, 1 - axis) for child in view.children), default=0)
    return (across, along) if axis else (along, across)


def place(view: View, x: int, y: int) -> None:
    """Put ``view`` at a point, and its children inside."""
    view.x, view.y = x, y
    left, top, right, bottom = view.sides("padding")
    inner = view.width - left - right, view.height - top - bottom
    gravity = view.given.get("gravity", "")
    if view.tag == "LinearLayout":
        axis = 1 if view.given.get("orientation") == "vertical" else 0
        sides = [child.sides("layout_margin") for child in view.children]
        sizes = [(child.width, child.height) for child in view.children]
        used = sum(size[axis] + side[axis] + side[axis + 2] for size, side in zip(sizes, sides, strict=True))
        at = (left, top)[axis] + ((inner[axis] - used) // 2 if gravity == "center" else 0)
        for child, size, side in zip(view.children, sizes, sides, strict=True):
            free = inner[1 - axis] - size[1 - axis] - side[1 - axis] - side[3 - axis]
            centred = gravity in ("center", "center_vertical" if axis == 0 else "center_horizontal")
            across = (left, top)[1 - axis] + side[1 - axis] + (free // 2 if centred else 0)
            at += side[axis]
            place(child, *((x + across, y + at) if axis else (x + at, y + across)))
            at += size[axis] + side[axis + 2]
        return
    for child in view.children:
        margins = child.sides("layout_margin")
        at_end = "bottom" in child.given.get("layout_gravity", "")
        down = inner[1] - child.height - margins[3] if at_end else margins[1]
        place(child, x + left + margins[0], y + top + down)


def paint(view: View, onto: Image.Image, colors: Mapping[str, str]) -> None:
    """Draw ``view`` and its children."""
    draw = ImageDraw.Draw(onto, "RGBA")
    box = (view.x, view.y, view.x + view.width - 1, view.y + view.height - 1)
    ground = rgba(view.given["background"]) if view.given.get("background", "").startswith("#") else None
    faded = view.given.get("enabled") == "false"
    if view.tag == "ImageButton":
        fill = (*ground[:3], 100 if faded else 255) if ground else None
        draw.ellipse(box, fill=fill, outline=rgba(colors["idle"]), width=5 * SCALE)
    elif view.tag == "Button":
        draw.rounded_rectangle(box, 24 * SCALE, fill=ground)
    elif ground:
        draw.rectangle(box, fill=ground)
    if view.picture:
        fitted = ImageOps.contain(view.picture, (view.width, view.height))
        onto.paste(
            fitted, (view.x + (view.width - fitted.width) // 2, view.y + (view.height - fitted.height) // 2)
        )
    middle = view.y + view.height // 2
    if view.tag in ("ProgressBar", "SeekBar"):
        share = float(view.given.get("progress", "500")) / float(view.given.get("max", "1000"))
        end = view.x + round(share * view.width)
        draw.line((view.x, middle, box[2], middle), rgba(colors["idle"]), 3 * SCALE)
        draw.line((view.x, middle, end, middle), rgba(colors["accent"]), 3 * SCALE)
        if view.tag == "SeekBar":
            knob = 8 * SCALE
            draw.ellipse((end - knob, middle - knob, end + knob, middle + knob), fill=rgba(colors["accent"]))
    if view.tag in TEXTS:
        write(view, draw, colors, faded)
    if view.tag == "Spinner":
        tip, up = box[2] - 14 * SCALE, middle - 3 * SCALE
        corners = [(tip, up), (tip + 10 * SCALE, up), (tip + 5 * SCALE, up + 6 * SCALE)]
        draw.polygon(corners, fill=rgba(colors["text_dim"]))
    for child in view.children:
        paint(child, onto, colors)


def write(view: View, draw: ImageDraw.ImageDraw, colors: Mapping[str, str], faded: bool) -> None:
    left, top, right, bottom = view.sides("padding")
    if view.tag == "Spinner":
        left = 12 * SCALE
    inner = view.width - left - right, view.height - top - bottom
    text = wrapped(view, inner[0])
    centred = view.tag == "Button" or view.given.get("gravity") == "center"
    upright = view.tag in ("Button", "Spinner")
    at = (view.x + left + (inner[0] // 2 if centred else 0), view.y + top + (inner[1] // 2 if upright else 0))
    anchor = ("m" if centred else "l") + ("m" if upright else "a")
    color = rgba(view.given.get("textColor", colors["text"]))
    bold = 1 if view.given.get("textStyle") == "bold" else 0
    draw.multiline_text(at, text, (*color[:3], 90 if faded else 255), font(view), anchor, spacing=3 * SCALE,
                        align="center" if centred else "left", stroke_width=bold)  # fmt: skip


def rgba(color: str) -> tuple[int, int, int, int]:
    """``#AARRGGBB``."""
    alpha, red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5, 7))
    return red, green, blue, alpha


def upright(picture: Image.Image) -> Image.Image:
    """What a phone held upright would see of the scene: 3:4 from its middle."""
    width = picture.height * 3 // 4
    left = (picture.width - width) * 45 // 100
    return picture.crop((left, 0, left + width, picture.height))


def compared(ours: Image.Image, phones: Image.Image, color: str) -> Image.Image:
    """Ours left of a line in the middle, the phone's right of it."""
    whole = ours.copy()
    half = whole.width // 2
    whole.paste(phones.resize(ours.size).crop((half, 0, *ours.size)), (half, 0))
    ImageDraw.Draw(whole).line((half, 0, half, whole.height), fill=rgba(color)[:3], width=4)
    return whole


def scene_pictures(about: str | None) -> tuple[Image.Image, Image.Image, Path]:
    """What the command line names: the scene by the network, the scene by the phone, and where the drawing goes."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--ours", "--phones", "-o"):
        parser.add_argument(name, type=Path, required=True)
    given = parser.parse_args()
    return Image.open(given.ours).convert("RGB"), Image.open(given.phones).convert("RGB"), given.o


def mark(picture: Image.Image, view: View, marks: Sequence[tuple[str, str]]) -> None:
    """Numbers in circles, at the right end of the views with these ids."""
    draw = ImageDraw.Draw(picture)
    for id_, number in marks:
        at = next(part for part in view.each() if part.id == id_)
        radius = 13 * SCALE
        x, y = min(at.x + at.width, picture.width) - radius - 4, max(at.y - radius // 2, radius + 2)
        draw.ellipse(
            (x - radius, y - radius, x + radius, y + radius), fill="#e91e63", outline="white", width=SCALE
        )
        draw.text((x, y), number, "white", ImageFont.load_default(14 * SCALE), "mm")


def sheet(pictures: Sequence[Image.Image], caption: str) -> Image.Image:
    """Portraits in a row, a landscape and the caption below."""
    tall = [p for p in pictures if p.height > p.width]
    wide = [p for p in pictures if p.height <= p.width]
    width = sum(p.width + GAP for p in tall) + GAP
    top = 2 * GAP + tall[0].height
    made = Image.new("RGB", (width, top + max([p.height for p in wide], default=150) + GAP), "white")
    left = GAP
    for picture in tall:
        made.paste(picture, (left, GAP))
        left += picture.width + GAP
    left = GAP
    for picture in wide:
        made.paste(picture, (left, top))
        left += picture.width + GAP
    ImageDraw.Draw(made).text((left, top), caption, "black", ImageFont.load_default(32), spacing=12)
    return made
