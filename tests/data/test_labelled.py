"""Annotated data sets in every layout: the same scene, found where it is drawn."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgeisp.data.labelled import LABELLED, open_labelled, rod
from edgeisp.data.labelled.base import LabelledSet
from edgeisp.data.labelled.light import of_file
from edgeisp.data.scenery import Annotated
from edgeisp.errors import BadInputError
from edgeisp.raw import Assumptions, write_dng
from edgeisp.raw.color import planar
from edgeisp.raw.image import NoiseProfile
from edgeisp.raw.reader import RawReader
from edgeisp.raw.unprocess import DAYLIGHT_MATRICES, Camera, unprocess

WIDTH, HEIGHT = 96, 64
BOX = (24, 8, 56, 40)
"""Left, top, right, bottom of the red square."""
COUNT = 6


def drawn() -> np.ndarray:
    picture = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    picture[BOX[1] : BOX[3], BOX[0] : BOX[2]] = 220, 40, 40
    return picture


def save(path: Path) -> None:
    """The scene as a picture, or as a RAW file that a camera held upright or not recorded."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix != ".dng":
        Image.fromarray(drawn()).save(path)
        return
    orientation = {"2": 1, "4": 6, "6": 8}.get(path.stem, 3)
    turned = {1: drawn(), 3: drawn()[::-1, ::-1], 6: np.rot90(drawn()), 8: np.rot90(drawn(), -1)}[orientation]
    camera = Camera(DAYLIGHT_MATRICES["Nikon D90"], (2.0, 1.0, 1.5), NoiseProfile(0, 0), "GRBG", 64, 4095)
    raw = unprocess(planar(np.ascontiguousarray(turned)), camera, np.random.default_rng(0))
    write_dng(replace(raw, orientation=orientation), path)


def coco(folder: Path) -> None:
    left, top, right, bottom = BOX
    box = [left, top, right - left, bottom - top]
    polygon = [[left, top, right, top, right, bottom, left, bottom]]
    for split, count in (("train2017", 4), ("val2017", 2)):
        for i in range(count):
            save(folder / split / f"{i}.jpg")
        whole = {
            "categories": [{"id": 7, "name": "cat"}, {"id": 18, "name": "dog"}],
            "images": [{"id": 10 + i, "file_name": f"{i}.jpg"} for i in range(count)],
            "annotations": [
                {"image_id": 10 + i, "category_id": 18, "bbox": box, "segmentation": polygon}
                for i in range(count)
            ],
        }
        (folder / "annotations").mkdir(exist_ok=True)
        (folder / "annotations" / f"instances_{split}.json").write_text(json.dumps(whole))


def lis(folder: Path) -> None:
    coco(folder)
    for split, name in (("train", "train2017"), ("test", "val2017")):
        (folder / "annotations" / f"instances_{name}.json").rename(
            folder / "annotations" / f"lis_coco_png_{split}+1.json"
        )
        whole = json.loads((folder / "annotations" / f"lis_coco_png_{split}+1.json").read_text())
        for image in whole["images"]:
            image["file_name"] = f"{split}{image['id']}.png"
            save(folder / "RAW-dark" / "JPEGImages" / image["file_name"])
        (folder / "annotations" / f"lis_coco_png_{split}+1.json").write_text(json.dumps(whole))


def yolo(folder: Path) -> None:
    left, top, right, bottom = BOX
    centre = (left + right) / 2 / WIDTH, (top + bottom) / 2 / HEIGHT
    size = (right - left) / WIDTH, (bottom - top) / HEIGHT
    for split, count in (("train", 4), ("val", 2)):
        for i in range(count):
            save(folder / "images" / split / f"{i}.png")
            text = folder / "labels" / split / f"{i}.txt"
            text.parent.mkdir(parents=True, exist_ok=True)
            text.write_text(f"1 {centre[0]} {centre[1]} {size[0]} {size[1]}\n")
    (folder / "data.yaml").write_text("names:\n  0: cat\n  1: dog\n")


def xml(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    edges = dict(zip(("xmin", "ymin", "xmax", "ymax"), (BOX[0] + 1, BOX[1] + 1, BOX[2], BOX[3]), strict=True))
    box = "".join(f"<{key}>{value}</{key}>" for key, value in edges.items())
    path.write_text(f"<annotation><object><name>dog</name><bndbox>{box}</bndbox></object></annotation>")


def voc(folder: Path) -> None:
    for i in range(COUNT):
        save(folder / "JPEGImages" / f"{i}.jpg")
        xml(folder / "Annotations" / f"{i}.xml")
    (folder / "ImageSets" / "Main").mkdir(parents=True)
    (folder / "ImageSets" / "Main" / "train.txt").write_text("0\n1\n2\n3\n")
    (folder / "ImageSets" / "Main" / "val.txt").write_text("4\n5\n")


def lod(folder: Path) -> None:
    for i in range(2, 2 * COUNT + 1, 2):
        save(folder / "RAW_dark" / f"{i}.dng")
        xml(folder / "RAW-dark-Annotations" / f"{i}.xml")


def hdr(folder: Path) -> None:
    linear = (drawn() / 255.0) ** 2.2
    mosaic = np.zeros((HEIGHT, WIDTH))
    for place, channel in (((0, 0), 0), ((0, 1), 1), ((1, 0), 1), ((1, 1), 2)):
        mosaic[place[0] :: 2, place[1] :: 2] = linear[place[0] :: 2, place[1] :: 2, channel]
    samples = (mosaic * 1e5).astype(np.uint32)
    stacked = np.stack([samples & 255, samples >> 8 & 255, samples >> 16], -1).astype(np.uint8)
    points = [[BOX[2], BOX[3]], [BOX[0], BOX[1]]]
    for i in range(COUNT):
        for name in ("raws", "annos"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "raws" / f"day-{i}.raw").write_bytes(stacked.tobytes())
        (folder / "annos" / f"day-{i}.json").write_text(
            json.dumps({"shapes": [{"label": "dog", "points": points}]})
        )


def folders(folder: Path) -> None:
    for split in ("train", "test"):
        for i in range(3):
            save(folder / split / "dog" / f"{i}.jpg")


LAYOUTS: dict[str, Callable[[Path], None]] = {
    "coco": coco,
    "yolo": yolo,
    "voc": voc,
    "lod": lod,
    "lis": lis,
    "rod": hdr,
    "folders": folders,
}


@pytest.fixture(autouse=True)
def apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(rod, "ROWS", HEIGHT)
    monkeypatch.setattr(rod, "COLUMNS", WIDTH)


def opened(kind: str, folder: Path) -> LabelledSet:
    return open_labelled(f"{kind}:{folder}", RawReader())


def test_every_layout_is_tried() -> None:
    assert set(LAYOUTS) == set(LABELLED.names())


@pytest.mark.parametrize("kind", sorted(set(LAYOUTS) - {"folders"}))
def test_objects_are_where_the_light_is_red(kind: str, tmp_path: Path) -> None:
    LAYOUTS[kind](tmp_path)
    scenery = Annotated(opened(kind, tmp_path), patch=48, seed=0)
    for index in range(scenery.tests):
        for shot in (scenery.shot("test", index), scenery.shot("train", index)):
            kinds = shot.scene.objects[:, 0]
            assert scenery.kinds[int(kinds[0])] == "dog"
            left, top, right, bottom = shot.scene.objects[0, 1:]
            assert np.allclose([left, top, right, bottom], BOX, atol=1.01)
            red = shot.scene.picture[0] > 2 * shot.scene.picture[1]
            assert np.mean(red == (shot.scene.mask > 0)) > 0.97
            rows, columns = np.nonzero(red)
            assert np.allclose([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], BOX, atol=2)
            inner = shot.raw[:, 6:18, 14:26]
            assert inner[0].mean() > 2 * inner[1].mean()


def test_kept_light_is_the_light_that_was_read(tmp_path: Path) -> None:
    lod(tmp_path)
    first = Annotated(opened("lod", tmp_path), patch=24, seed=0).shot("train", 3)
    kept = list((tmp_path / "cache").rglob("*.npz"))
    again = Annotated(opened("lod", tmp_path), patch=24, seed=0).shot("train", 3)
    assert kept
    assert np.array_equal(first.raw, again.raw)
    assert np.array_equal(first.scene.picture, again.scene.picture)


def test_every_fifth_picture_tests_when_a_layout_knows_no_splits(tmp_path: Path) -> None:
    lod(tmp_path)
    source = opened("lod", tmp_path)
    assert [len(source.of(split)) for split in ("train", "test")] == [5, 1]  # type: ignore[arg-type]


def test_pictures_in_folders_show_what_the_folder_is_called(tmp_path: Path) -> None:
    folders(tmp_path)
    (tmp_path / "test" / "cat").mkdir()
    source = opened("folders", tmp_path)
    assert source.kinds == ("cat", "dog")
    assert {thing.kind for one in source.pictures for thing in one.things} == {1}


def test_run_lengths_are_read_as_outlines(tmp_path: Path) -> None:
    coco(tmp_path)
    path = tmp_path / "annotations" / "instances_val2017.json"
    whole = json.loads(path.read_text())
    before, height = BOX[0] * HEIGHT + BOX[1], BOX[3] - BOX[1]
    counts = [before, *([height, HEIGHT - height] * (BOX[2] - BOX[0] - 1)), height]
    counts.append(HEIGHT * WIDTH - sum(counts))
    for each in whole["annotations"]:
        each["segmentation"] = {"counts": counts, "size": [HEIGHT, WIDTH]}
    path.write_text(json.dumps(whole))
    mask = Annotated(opened("coco", tmp_path), patch=48, seed=0).shot("test", 0).scene.mask
    expected = np.zeros_like(mask)
    expected[BOX[1] : BOX[3], BOX[0] : BOX[2]] = 2
    assert np.array_equal(mask, expected)


@pytest.mark.parametrize(
    ("kind", "spoil", "said"),
    [
        ("coco", "annotations/instances_train2017.json", "not annotations in COCO's format"),
        ("yolo", "labels/train/0.txt", "is no box"),
        ("yolo", "data.yaml", "does not name the kinds"),
        ("voc", "Annotations/0.xml", "not an annotation as Pascal VOC"),
        ("rod", "annos/day-0.json", "not labelme's JSON"),
    ],
)
def test_spoilt_annotation_is_named(kind: str, spoil: str, said: str, tmp_path: Path) -> None:
    LAYOUTS[kind](tmp_path)
    (tmp_path / spoil).write_text("nonsense")
    with pytest.raises(BadInputError, match=said) as caught:
        opened(kind, tmp_path)
    assert str(caught.value.where).endswith(spoil)


@pytest.mark.parametrize("kind", ["coco", "lod", "voc"])
def test_absent_pictures_are_counted(kind: str, tmp_path: Path) -> None:
    LAYOUTS[kind](tmp_path)
    next(path for path in tmp_path.rglob("*") if path.suffix in (".jpg", ".dng")).unlink()
    with pytest.raises(BadInputError, match="1 of 6 annotated pictures are absent"):
        opened(kind, tmp_path)


@pytest.mark.parametrize("suffix", [".tif", ".tiff"])
def test_tiff_is_a_picture_unless_it_holds_a_mosaic(suffix: str, tmp_path: Path) -> None:
    save(tmp_path / "2.dng")
    raw = (tmp_path / "2.dng").rename(tmp_path / f"raw{suffix}")
    save(tmp_path / f"picture{suffix}")
    (tmp_path / f"broken{suffix}").write_bytes(b"II*\0")
    assert of_file(RawReader(), raw).color is not None
    assert of_file(RawReader(), tmp_path / f"picture{suffix}").color is None
    with pytest.raises(BadInputError, match=f"broken{suffix}"):
        of_file(RawReader(), tmp_path / f"broken{suffix}")


def test_empty_folders_show_the_layout(tmp_path: Path) -> None:
    for kind in LABELLED.names():
        (tmp_path / kind).mkdir()
        with pytest.raises(BadInputError):
            opened(kind, tmp_path / kind)


def test_frame_of_another_size_is_refused(tmp_path: Path) -> None:
    hdr(tmp_path)
    for path in (tmp_path / "raws").iterdir():
        path.write_bytes(b"\0" * 100)
    with pytest.raises(BadInputError, match="100 bytes, not the 18432"):
        Annotated(opened("rod", tmp_path), patch=48, seed=0).shot("test", 0)


def test_assumed_layout_of_the_mosaic_is_used_for_frames_that_say_none(tmp_path: Path) -> None:
    hdr(tmp_path)
    reader = RawReader(assume=Assumptions(cfa="BGGR"))
    source = open_labelled(f"rod:{tmp_path}", reader)
    picture = Annotated(source, patch=48, seed=0).shot("test", 0).scene.picture
    assert picture[2, 24, 40] > 2 * picture[0, 24, 40]
