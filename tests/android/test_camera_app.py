"""The Android camera app: what lint would say of its manifest, layouts and strings, and its APK read back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

MAIN = Path(__file__).resolve().parents[2] / "android_demo" / "app" / "src" / "main"
STUBS = MAIN.parents[1] / "stubs"
ANDROID = "{http://schemas.android.com/apk/res/android}"
NEEDS_DESCRIPTION = {
    "ImageView",
    "ImageButton",
    "TextureView",
    "ProgressBar",
    "SeekBar",
    "Spinner",
    "ListView",
}
PERMISSIONS = {
    "CAMERA",
    "FOREGROUND_SERVICE",
    "FOREGROUND_SERVICE_DATA_SYNC",
    "POST_NOTIFICATIONS",
    "WRITE_EXTERNAL_STORAGE",
}

LAYOUTS = sorted(MAIN.glob("res/layout*/*.xml"))


def elements(path: Path) -> Iterator[ElementTree.Element]:
    return ElementTree.parse(path).iter()


def resources(kind: str) -> dict[str, str]:
    """Values of ``res/values`` by name."""
    found = chain.from_iterable(elements(path) for path in MAIN.glob("res/values/*.xml"))
    return {element.attrib["name"]: element.text or "" for element in found if element.tag == kind}


def used() -> set[tuple[str, str]]:
    """Resources that XML and Kotlin name, as kind and name."""
    xml = "".join(path.read_text() for path in MAIN.rglob("*.xml"))
    code = "".join(path.read_text() for path in MAIN.rglob("*.kt"))
    return set(re.findall(r'"@(\w+)/(\w+)"', xml)) | set(re.findall(r"(?<!android\.)\bR\.(\w+)\.(\w+)", code))


def seen(layout: Path) -> Iterator[ElementTree.Element]:
    """The elements of a layout with those that it includes."""
    for element in elements(layout):
        if element.tag == "include":
            yield from seen(MAIN / "res" / "layout" / f"{element.attrib['layout'].split('/')[1]}.xml")
        else:
            yield element


def test_app_asks_for_these_permissions_and_not_for_the_network() -> None:
    asked = [
        e.attrib[f"{ANDROID}name"]
        for e in elements(MAIN / "AndroidManifest.xml")
        if e.tag == "uses-permission"
    ]
    assert {name.removeprefix("android.permission.") for name in asked} == PERMISSIONS


def test_every_component_says_whether_it_is_exported_and_exists() -> None:
    for element in elements(MAIN / "AndroidManifest.xml"):
        if element.tag in ("activity", "service"):
            name = element.attrib[f"{ANDROID}name"]
            assert (MAIN / "kotlin/dev/edgeisp/camera" / f"{name[1:]}.kt").is_file()
            assert element.attrib[f"{ANDROID}exported"] == str(name == ".CameraActivity").lower()


def test_every_resource_that_is_named_exists_and_every_string_and_colour_is_named() -> None:
    own = {
        "string": set(resources("string")),
        "color": set(resources("color")),
        "style": set(resources("style")),
        "layout": {path.stem for path in MAIN.glob("res/layout/*.xml")},
        "drawable": {path.stem for path in MAIN.glob("res/drawable/*.xml")},
        "mipmap": {path.stem for path in MAIN.glob("res/mipmap*/*.xml")},
    }
    named = used()
    missing = {(kind, name) for kind, name in named if kind in own and name not in own[kind]}
    assert not missing
    values = "".join(path.read_text() for path in MAIN.glob("res/values/styles.xml"))
    for kind in ("string", "color"):
        unused = (
            own[kind] - {name for k, name in named if k == kind} - set(re.findall(rf"@{kind}/(\w+)", values))
        )
        assert not unused


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_layout_has_no_text_of_its_own_and_describes_what_is_no_text(layout: Path) -> None:
    for element in elements(layout):
        for name in ("text", "contentDescription", "hint"):
            assert element.attrib.get(f"{ANDROID}{name}", "@string/").startswith("@string/"), element.attrib
        if element.tag in NEEDS_DESCRIPTION or "." in element.tag:
            assert f"{ANDROID}contentDescription" in element.attrib, element.attrib
        if element.tag in ("Button", "ImageButton"):
            height = element.attrib[f"{ANDROID}layout_height"]
            assert int(height.removesuffix("dp")) >= 48, element.attrib


def test_landscape_has_what_portrait_has() -> None:
    wide = list(MAIN.glob("res/layout-land/*.xml"))
    assert wide
    for layout in wide:
        ids = [
            {e.attrib.get(f"{ANDROID}id") for e in seen(path)}
            for path in (layout, MAIN / "res/layout" / layout.name)
        ]
        assert ids[0] == ids[1]


def luminance(color: str) -> float:
    """Relative luminance of ``#AARRGGBB`` (WCAG 2.1)."""
    channels = [int(color[i : i + 2], 16) / 255 for i in (3, 5, 7)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def test_text_is_readable_on_what_it_stands_on() -> None:
    colors = resources("color")
    pairs = [("text", on) for on in ("background", "surface", "idle", "good", "warning", "bad")]
    for text, ground in [
        *pairs,
        ("text_dim", "background"),
        ("text_dim", "surface"),
        ("on_accent", "accent"),
    ]:
        light, dark = sorted((luminance(colors[text]), luminance(colors[ground])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, ground)


def test_what_is_newer_than_the_android_jar_is_asked_for_in_one_file() -> None:
    declared = "".join(path.read_text() for path in STUBS.rglob("*.java"))
    newer = set(re.findall(r"(\w+)(?:\([^)]*\);| = null;)", declared)) | {"NotificationChannel"}
    newer -= {"onThermalStatusChanged", "startForeground"}
    assert {"startForegroundService", "SENSOR_DYNAMIC_BLACK_LEVEL", "getCurrentThermalStatus"} <= newer
    for path in MAIN.rglob("*.kt"):
        named = {name for name in newer if re.search(rf"(?<!Newer\.)\b{name}\b", path.read_text())}
        assert not named or path.name == "Newer.kt", (path.name, named)


@pytest.fixture(scope="module")
def apk(build: Any) -> Path:
    """The camera app's APK."""
    path: Path = build.package(next(apk for apk in build.APKS if apk.module == "app"))
    return path


def test_apk_holds_the_components_of_its_manifest(build: Any, apk: Path) -> None:
    defined = build.defined(apk)
    for element in elements(MAIN / "AndroidManifest.xml"):
        if element.tag in ("application", "activity", "service", "instrumentation"):
            name = element.attrib[f"{ANDROID}name"].replace(".", "/")
            whole = f"dev/edgeisp/camera{name}" if name.startswith("/") else name
            assert f"L{whole};" in defined
    assert not [name for name in defined if name.startswith(("Lcom/google/", "Lorg/pytorch/", "Landroid/"))]


def test_apk_says_what_it_is_and_is_signed(build: Any, apk: Path) -> None:
    said = build.run(build.sdk("aapt2"), "dump", "badging", apk)
    assert "package: name='dev.edgeisp.camera'" in said
    assert "sdkVersion:'26'" in said and "targetSdkVersion:'36'" in said
    assert "launchable-activity: name='dev.edgeisp.camera.CameraActivity'" in said
    implied = {"READ_EXTERNAL_STORAGE"}  # up to Android 9, by writing
    assert (
        set(re.findall(r"uses-permission: name='android\.permission\.(\w+)'", said)) == PERMISSIONS | implied
    )
    assert "Verified using v2 scheme (APK Signature Scheme v2): true" in build.apksigner("verify", "-v", apk)
