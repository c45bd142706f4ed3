from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeisp.errors import BadInputError
from edgeisp.export import manifest as m
from edgeisp.export import records as r
from edgeisp.files import sha256


def example(folder: Path) -> r.Manifest:
    """A manifest beside the file that it describes."""
    artifact = folder / "net.tflite"
    artifact.write_bytes(b"weights")
    port = r.Tensor(name="raw", shape=(1, 4, 8, 8))
    parity = r.Parity(psnr_db=130.0, max_error=1e-6)
    return r.Manifest(
        model="net",
        target="tflite",
        precision="fp32",
        functions={"tile": r.Function(file=artifact.name, inputs=(port,), outputs=(port,))},
        tile=(16, 16),
        stride=2,
        checkpoint=r.Checkpoint(name="net.safetensors", sha256="0" * 64),
        costs={"tile": r.Cost(parameters=1, macs=2)},
        rewrites={"tile": {}},
        tools={"torch": "2"},
        files=(r.File(name=artifact.name, sha256=sha256(artifact), bytes=7),),
        delegation={"tile": r.Delegation(backend="XNNPACK", delegated=19, total=20, portable={"erf": 1})},
        verification=r.Verified(
            engine="tflite",
            ran_on="x",
            psnr_db=130.0,
            threshold_db=90.0,
            max_error=1e-6,
            pictures=4,
            functions={"tile": parity},
        ),
    )


def test_manifest_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    written = example(tmp_path)
    m.write(written, m.path_of(tmp_path / "net.tflite"))
    assert m.read(tmp_path / "net.tflite") == written
    assert m.read(tmp_path / "net.tflite.edgeisp.json") == written
    assert written.delegation["tile"].share == 0.95


@pytest.mark.parametrize(
    ("outcome", "status"),
    [(r.Unverified(reason="no Mac"), "unverified"), (r.Failed(engine="x", reason="40 dB"), "failed")],
)
def test_status_of_the_verification_tells_the_three_outcomes_apart(
    tmp_path: Path, outcome: r.Verification, status: str
) -> None:
    changed = msgspec.structs.replace(example(tmp_path), verification=outcome)
    assert json.loads(m.encode(changed))["verification"]["status"] == status
    assert m.decode(m.encode(changed), tmp_path).verification == outcome


def test_committed_schema_is_that_of_the_code() -> None:
    text = (files("edgeisp.export") / "manifest.schema.json").read_text()
    assert json.loads(text) == json.loads(json.dumps(m.schema())), "run `python -m edgeisp.export.manifest`"


def changed(folder: Path, **fields: object) -> bytes:
    return json.dumps({**json.loads(m.encode(example(folder))), **fields}).encode()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"manifest": 2}, "manifest version 2, this edgeisp reads 1"),
        ({"surprise": 1}, "unknown field `surprise`"),
        ({"tile": [0, 16]}, "tile"),
        ({"precision": "fp8"}, "fp8"),
        ({"checkpoint": {"name": "x", "sha256": "short"}}, "sha256"),
        ({"verification": {"status": "fine"}}, "fine"),
    ],
)
def test_manifest_is_refused_by_name_when_a_field_is_wrong(
    tmp_path: Path, fields: dict[str, object], said: str
) -> None:
    with pytest.raises(BadInputError, match=said):
        m.decode(changed(tmp_path, **fields), tmp_path / "net.tflite.edgeisp.json")


@given(at=st.integers(min_value=0), byte=st.integers(0, 255))
def test_damaged_manifest_raises_nothing_but_a_typed_error(
    tmp_path_factory: pytest.TempPathFactory, at: int, byte: int
) -> None:
    content = bytearray(m.encode(example(tmp_path_factory.getbasetemp())))
    content[at % len(content)] = byte
    try:
        m.decode(bytes(content), Path("x"))
    except BadInputError:
        return


def test_read_refuses_when_the_manifest_is_absent(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="no such artifact"):
        m.read(tmp_path / "net.tflite")


def test_read_refuses_when_the_artifact_is_absent(tmp_path: Path) -> None:
    m.write(example(tmp_path), m.path_of(tmp_path / "net.tflite"))
    (tmp_path / "net.tflite").unlink()
    with pytest.raises(BadInputError, match="not there"):
        m.read(tmp_path / "net.tflite")


def test_read_refuses_when_a_file_lies_elsewhere(tmp_path: Path) -> None:
    outside = msgspec.structs.replace(
        example(tmp_path), files=(r.File(name="../x", sha256="0" * 64, bytes=1),)
    )
    m.write(outside, m.path_of(tmp_path / "net.tflite"))
    with pytest.raises(BadInputError, match="not a file name"):
        m.read(tmp_path / "net.tflite")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"functions": {}}, "no function is called tile"),
        ({"functions": {"tile": {"file": "other.tflite", "inputs": [], "outputs": []}}}, "in other.tflite"),
        ({"stride": 7}, "off the stride of 7"),
    ],
)
def test_read_refuses_when_the_manifest_contradicts_itself(
    tmp_path: Path, fields: dict[str, object], said: str
) -> None:
    m.path_of(tmp_path / "net.tflite").write_bytes(changed(tmp_path, **fields))
    with pytest.raises(BadInputError, match=said):
        m.read(tmp_path / "net.tflite")


def test_read_refuses_when_a_function_is_in_a_file_that_is_not_hashed(tmp_path: Path) -> None:
    whole = example(tmp_path)
    context = r.Function(file="context.tflite", inputs=(), outputs=())
    functions = {**whole.functions, "context": context}
    m.write(msgspec.structs.replace(whole, functions=functions), m.path_of(tmp_path / "net.tflite"))
    with pytest.raises(BadInputError, match="not among its files"):
        m.read(tmp_path / "net.tflite")
