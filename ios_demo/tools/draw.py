"""Sketches of the iOS app's screens, with the texts of its sources and a rendered picture: no phone took them.

    python3 ios_demo/tools/draw.py --ours OURS.jpg --phones PHONES.jpg -o docs/images/ios.jpg

SwiftUI's layout cannot be had outside Apple's systems: where things are is drawn by hand here, what they say is looked
up in ``App/Sources``, so that a text that is gone from there stops this. Numbers in circles are those of docs/ios.md.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from PIL import Image

APP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(APP.parent / "tools"))
from views import DECIDED, SCALE, View, compared, mark, measure, paint, place, scene_pictures, sheet, upright  # noqa: E402

SIZE = (360, 720)
COLORS = {"text": "#FF111111", "idle": "#FFD1D1D6", "accent": "#FF007AFF", "text_dim": "#FF8E8E93"}
SAID = set(re.findall(r'"((?:[^"\\]|\\.)*)"', "".join(p.read_text() for p in (APP / "App").rglob("*.swift"))))
CAPTION = (
    "Sketched by tools/draw.py with the texts of App/Sources and a rendered sample RAW; SwiftUI lays them out\n"
    "differently. Not taken on a phone; times, decibels and dates are placeholders, nobody measured them;\n"
    "right of the line, in the phone's place, is what LibRaw makes of the same RAW."
)


def said(text: str) -> str:
    """``text``, if the app says it."""
    if text not in SAID:
        raise SystemExit(f"App/Sources does not say {text!r}")
    return text


def text(content: str, size: int = 15, color: str = "#FF111111", **given: str) -> View:
    return View(
        "TextView",
        {
            "text": content,
            "textSize": f"{size}sp",
            "textColor": color,
            "layout_width": "match_parent",
            **given,
        },
    )


def button(label: str, prominent: bool = False, id_: str = "") -> View:
    ground, color = ("#FF007AFF", "#FFFFFFFF") if prominent else ("#FFE5E5EA", "#FF007AFF")
    return View(
        "Button",
        {
            "text": said(label),
            "textSize": "15sp",
            "background": ground,
            "textColor": color,
            "id": f"/{id_}",
            "layout_height": "44dp",
            "paddingLeft": "18dp",
            "paddingRight": "18dp",
            "layout_marginRight": "12dp",
        },
    )


def column(*views: View, **given: str) -> View:
    return View(
        "LinearLayout", {"orientation": "vertical", "layout_width": "match_parent", **given}, list(views)
    )


def row(*views: View, **given: str) -> View:
    return View(
        "LinearLayout",
        {
            "orientation": "horizontal",
            "gravity": "center_vertical",
            "layout_width": "match_parent",
            "paddingTop": "8dp",
            **given,
        },
        list(views),
    )


def bar(share: int, tag: str = "ProgressBar", **given: str) -> View:
    return View(tag, {"progress": str(share), "max": "100", "layout_width": "match_parent", **given})


def picture(image: Image.Image, *above: View, id_: str = "") -> View:
    stage = View(
        "FrameLayout",
        {
            "layout_height": "0dp",
            "layout_weight": "1",
            "id": f"/{id_}",
            "background": "#FF000000",
            "layout_width": "match_parent",
        },
        list(above),
    )
    stage.picture = image
    return stage


def banner(words: str, color: str) -> View:
    return text(words, 13, background=color, padding="8dp", layout_marginBottom="10dp", id="/banner")


def heading(title: str, **given: str) -> View:
    return text(said(title), 26, textStyle="bold", paddingBottom="8dp", **given)


def over_tabs(title: str, *views: View) -> View:
    """A sheet, which covers the tabs."""
    top = row(heading(title, layout_width="0dp", layout_weight="1"), button("Close"), paddingBottom="8dp")
    return column(top, *views, layout_height="match_parent", padding="14dp", background="#FFFFFFFF")


def screen(title: str, *views: View) -> View:
    tabs = row(
        *(
            text(said(name), 12, "#FF8E8E93", gravity="center", layout_weight="1", layout_width="0dp")
            for name in ("Camera", "RAW files", "Benchmark")
        )
    )
    rest = [] if any("layout_weight" in view.given for view in views) else [picture_room()]
    return column(
        heading(title),
        *views,
        *rest,
        tabs,
        layout_height="match_parent",
        padding="14dp",
        background="#FFFFFFFF",
    )


def picture_room() -> View:
    return View("View", {"layout_height": "0dp", "layout_weight": "1", "layout_width": "match_parent"})


def choice(label: str) -> View:
    return row(
        text(label, 15, "#FF007AFF", gravity="center", background="#FFF2F2F7", padding="8dp", id="/units")
    )


def screens(ours: Image.Image, phones: Image.Image) -> list[tuple[View, tuple[tuple[str, str], ...]]]:
    passed = banner("Core ML, all units: self-test passed, 64.8 dB", "#FFDDF3E0")
    over = banner(
        "Core ML, CPU: self-test passed, 126.8 dB\n"
        "Passed over: Core ML, all units computes something else: context 33.0 dB",
        "#FFFBE6CC",
    )
    overlay = text(
        "median 640 ms, p90 710 ms from shutter to picture\n41 frames, 1 over 1 s; fair",
        12,
        "#FFFFFFFF",
        background="#99000000",
        padding="6dp",
        layout_gravity="bottom",
        id="/overlay",
    )
    kinds, units = choice(said("Bayer RAW")), choice(said("all units"))
    decided = [
        text(
            said("What the model decided for this shot"), 13, textStyle="bold", paddingTop="4dp", id="/steps"
        ),
        *(text(f"{index}. {name}: {does}", 13) for index, (name, does) in enumerate(DECIDED, 1)),
    ]
    shots = [
        column(text(taken, 15), row(button("Render"), button("DNG"), button("Delete")), paddingTop="12dp")
        for taken in ("21 Nov 2026 at 14:05:10", "21 Nov 2026 at 14:02:31", "20 Nov 2026 at 18:47:02")
    ]
    return [
        (
            screen(
                "edgeisp",
                passed,
                picture(ours, overlay),
                kinds,
                units,
                row(button("Shoot", True, "shoot"), button("Stop preview")),
            ),
            (("banner", "1"), ("overlay", "2"), ("units", "3"), ("shoot", "4")),
        ),
        (
            screen(
                "edgeisp",
                over,
                picture(ours),
                kinds,
                units,
                text("Tile 51 of 88", 13, paddingTop="8dp"),
                bar(58),
                row(button("Cancel", id_="cancel"), paddingTop="20dp"),
            ),
            (("banner", "5"), ("cancel", "6")),
        ),
        (
            over_tabs(
                "Side by side",
                picture(compared(ours, phones, "#FFFFFFFF")),
                row(
                    text(said("edgeisp"), layout_width="wrap_content"),
                    bar(50, "SeekBar", layout_width="0dp", layout_weight="1", id="/line"),
                    text(said("phone"), layout_width="wrap_content"),
                ),
                text(
                    "4032 x 3024 in ... s on Core ML, all units", 13, gravity="center", paddingBottom="12dp"
                ),
                *decided,
                row(button("Save to Photos", True, "save"), paddingTop="12dp"),
            ),
            (("line", "7"), ("steps", "8"), ("save", "9")),
        ),
        (screen("RAW files", *shots), ()),
        (
            screen(
                "edgeisp",
                passed,
                picture(ours),
                kinds,
                units,
                text(
                    said(
                        "This RAW is not on disk yet. Make room, in the tab RAW files or elsewhere, and leave this app "
                        "open."
                    ),
                    13,
                    paddingTop="8dp",
                    paddingRight="34dp",
                    id="/unkept",
                ),
                row(button("Try again", True), button("Give it up")),
            ),
            (("unkept", "10"),),
        ),
    ]


def main() -> None:
    ours, phones, path = scene_pictures(__doc__)
    pictures = []
    for view, marks in screens(upright(ours), upright(phones)):
        made = Image.new("RGB", (SCALE * SIZE[0], SCALE * SIZE[1]), "white")
        measure(view, *made.size)
        place(view, 0, 0)
        paint(view, made, COLORS)
        mark(made, view, marks)
        framed = Image.new("RGB", (made.width + 4, made.height + 4), "#c7c7cc")
        framed.paste(made, (2, 2))
        pictures.append(framed)
    whole = sheet(pictures, CAPTION)
    whole.resize((whole.width // 2, whole.height // 2), Image.Resampling.LANCZOS).save(path, quality=88)


if __name__ == "__main__":
    main()
