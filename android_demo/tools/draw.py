"""Pictures of the app's screens, drawn from its layouts, strings and colours: no phone took them.

    python3 android_demo/tools/draw.py --ours OURS.jpg --phones PHONES.jpg -o docs/images/android.jpg

``OURS`` and ``PHONES`` stand for what the camera sees: two pictures of one scene. Numbers in circles are those of the
list in docs/android.md.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

APP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(APP.parent / "tools"))
from views import (  # noqa: E402
    DECIDED,
    SCALE,
    Resources,
    compared,
    inflate,
    mark,
    measure,
    paint,
    place,
    scene_pictures,
    sheet,
    upright,
)

RES = APP / "app" / "src" / "main" / "res"
PORTRAIT, LANDSCAPE = (360, 720), (720, 360)
CAPTION = (
    "Drawn from app/src/main/res by tools/draw.py, with a rendered sample RAW. Not taken on a phone;\n"
    "times, decibels and dates are placeholders, nobody measured them; right of the line, in the phone's\n"
    "place, is what LibRaw makes of the same RAW."
)


@dataclass(frozen=True)
class Scene:
    """A screen in one state."""

    layout: str
    changes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Attributes by id."""
    marks: tuple[tuple[str, str], ...] = ()
    """Which number stands on which id."""
    size: tuple[int, int] = PORTRAIT
    shows: str = ""
    """Id of the view that shows a picture: the scene's, or for ``pictures`` both with the line."""
    rows: tuple[Mapping[str, Mapping[str, str]], ...] = ()
    """Of a list: changes of each row."""


SHOWN = {"visibility": "visible"}


def scenes(resources: Resources) -> tuple[Scene, ...]:
    """The screens of docs/android.md; texts are the app's own, filled in."""

    def text(name: str, *values: object) -> dict[str, str]:
        filled = resources.values["string"][name]
        for index, value in enumerate(values, 1):
            for kind in ("s", "d", ".1f"):
                filled = filled.replace(f"%{index}${kind}", str(value))
        return {"text": filled}

    passed = {**text("self_test_passed", "LiteRT GPU 2.3.0", "71.3"), "background": "@color/good"}
    over = text(
        "self_test_passed_over",
        "LiteRT CPU 2.3.0",
        "118.9",
        "LiteRT GPU computes something else: context 31.2 dB",
    )
    engine, off = {"text": "LiteRT GPU"}, {"enabled": "false"}
    rendering = {
        "work": SHOWN,
        "work_text": text("tile", 51, 88),
        "work_bar": {"progress": "51", "max": "88"},
        "shutter": off,
        "live": off,
        "banner": {**over, "background": "@color/warning"},
        "engine": {"text": "LiteRT CPU"},
    }
    denied = {"problem": SHOWN, "banner": passed, "engine": engine, "shutter": off, "live": off}
    live = {
        "banner": passed,
        "engine": engine,
        "overlay": {**SHOWN, **text("overlay", 84, 97, 212, 9, 100, "light")},
        "live": text("live_stop"),
    }
    facts = text("facts", 4032, 3024, "...", "LiteRT GPU 2.3.0")
    steps = [text("step", index, *step)["text"] for index, step in enumerate(DECIDED, 1)]
    decided = {**SHOWN, "text": "\n".join([text("steps")["text"], *steps])}
    rows = tuple(
        {
            "taken": {"text": taken},
            "state": text(state),
            "render": text(action),
            **({"export": off} if state == "shot_without_dng" else {}),
        }
        for taken, state, action in (
            ("21 November, 14:05", "shot_rendered", "look"),
            ("21 November, 14:02", "shot_with_dng", "render"),
            ("20 November, 18:47", "shot_without_dng", "render"),
        )
    )
    return (
        Scene(
            "camera",
            live,
            (("banner", "1"), ("overlay", "2"), ("engine", "3"), ("shutter", "4")),
            shows="live_picture",
        ),
        Scene("camera", rendering, (("banner", "5"), ("work_bar", "6"), ("cancel", "7")), shows="viewfinder"),
        Scene(
            "compare",
            {"facts": facts, "steps": decided},
            (("divider", "8"), ("steps", "9"), ("save", "10")),
            shows="pictures",
        ),
        Scene("shots", {}, (("list", "11"),), rows=rows),
        Scene("camera", denied, (("problem_title", "12"),)),
        Scene("camera", live, (), LANDSCAPE, "live_picture"),
    )


def drawn(resources: Resources, scene: Scene, ours: Image.Image, phones: Image.Image) -> Image.Image:
    folder = "layout-land" if scene.size == LANDSCAPE else "layout"
    changes = {id_: {k: resources.value(v) for k, v in given.items()} for id_, given in scene.changes.items()}
    if scene.shows:
        changes[scene.shows] = {**changes.get(scene.shows, {}), **SHOWN}
    view = inflate(resources, resources.folder / folder / f"{scene.layout}.xml", changes)
    if scene.size == PORTRAIT:
        ours, phones = upright(ours), upright(phones)
    for part in view.each():
        if scene.shows and part.id == scene.shows:
            part.picture = (
                compared(ours, phones, resources.values["color"]["accent"])
                if scene.shows == "pictures"
                else ours
            )
        if part.id == "list":
            for row in scene.rows:
                part.children.append(inflate(resources, resources.folder / "layout" / "shot.xml", row))
                part.children[-1].given["layout_marginBottom"] = "8dp"
            part.tag = "LinearLayout"
            part.given["orientation"] = "vertical"
    width, height = (SCALE * side for side in scene.size)
    measure(view, width, height)
    place(view, 0, 0)
    picture = Image.new("RGB", (width, height))
    paint(view, picture, resources.values["color"])
    mark(picture, view, scene.marks)
    return picture


def main() -> None:
    ours, phones, path = scene_pictures(__doc__)
    resources = Resources(RES)
    made = sheet([drawn(resources, scene, ours, phones) for scene in scenes(resources)], CAPTION)
    made.resize((made.width // 2, made.height // 2), Image.Resampling.LANCZOS).save(path, quality=90)


if __name__ == "__main__":
    main()
