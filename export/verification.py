"""Parity of an artifact with PyTorch: opened from disk, run by an engine on natural pictures, compared."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeisp.data.samples import packed_samples, srgb_samples
from edgeisp.engines import ENGINES
from edgeisp.engines.base import Program, Tensors
from edgeisp.engines.chain import chained
from edgeisp.engines.torch import run
from edgeisp.export.records import Description, Failed, Parity, Verification, Verified
from edgeisp.models.functions import Function, functions_of
from edgeisp.models.task import ISP, SRGB_TO_SRGB, THUMBNAIL
from edgeisp.quantize import checkpoint
from edgeisp.raw.color import color_input
from edgeisp.raw.unprocess import random_camera

THRESHOLDS_DB = {"fp32": 90.0, "fp16": 55.0, "w8": 55.0, "w8a8": 50.0}
"""The lowest PSNR (peak 1) at which an artifact of a precision passes."""
IDENTICAL_DB = 200.0
ROUNDING, HALF, MARGIN_DB, LEAST_DB = 1e-6, {"coreml": 2.0**-11}, 4.0, 35.0
"""See `own_rounding`, for targets that compute what is float between int8 operations in float32 and in half precision;
see `lowered`: below the last, no int8 artifact passes."""
CHAIN = "chain"
"""What the parity of a whole tile is called where its modules are functions of their own."""
PICTURES, SEED = 4, 20240803


def verify(
    artifact: Path, manifest: Description, weights: Path | None, engine: str, threads: int = 0
) -> Verification:
    """Run every function of ``artifact`` by ``engine`` on the pictures and compare with the network it was made from.

    Raises:
        UnavailableError: the engine cannot run here.
        BadInputError: the artifact does not open.
    """
    program = ENGINES.get(engine).open(artifact, threads=threads)
    loaded = checkpoint.load(manifest.model, weights, manifest.precision)
    height, width = (side // loaded.task.scale for side in manifest.tile)
    functions = functions_of(loaded.network, height, width, manifest.packaging)
    pairs = compare(program, functions)
    if manifest.links:
        whole = compare(chained(program, manifest.links), functions_of(loaded.network, height, width))
        pairs[CHAIN] = whole["tile"]
    wanted = dict.fromkeys(pairs, THRESHOLDS_DB[manifest.precision])
    note = ""
    if manifest.precision == "w8a8" and any(pairs[name].psnr_db < limit for name, limit in wanted.items()):
        rounding = HALF.get(manifest.target, ROUNDING)
        wanted, note = lowered(wanted, own_rounding(functions, rounding), rounding)
    broken = [
        f"{name} {parity.psnr_db:.1f} dB, below {wanted[name]:g} dB"
        for name, parity in pairs.items()
        if not parity.psnr_db >= wanted[name]
    ]
    if broken:
        return Failed(engine=engine, reason="; ".join(broken), functions=pairs)
    threshold = min(wanted.values())
    return Verified(
        engine=engine,
        ran_on=program.ran_on,
        psnr_db=min(parity.psnr_db for parity in pairs.values()),
        threshold_db=threshold,
        max_error=max(parity.max_error for parity in pairs.values()),
        pictures=PICTURES,
        functions=pairs,
        note=note,
    )


def compare(program: Program, functions: Mapping[str, Function]) -> dict[str, Parity]:
    """Parity of each function of ``program`` with its PyTorch original, over all pictures."""
    errors: dict[str, list[NDArray[np.float64]]] = {name: [] for name in functions}
    for inputs, expected in references(functions):
        for name, function in functions.items():
            got = program.run(name, inputs[name])
            errors[name].append(
                np.concatenate([_difference(got[key], expected[name][key]) for key in function.outputs])
            )
    return {name: _parity(np.concatenate(parts)) for name, parts in errors.items()}


def parity_of(pairs: Iterable[tuple[NDArray[np.float32], NDArray[np.float32]]]) -> Parity:
    """How far arrays are from those that were expected, over all pairs of one and the other."""
    return _parity(np.concatenate([_difference(got, expected) for got, expected in pairs]))


def own_rounding(functions: Mapping[str, Function], rounding: float) -> dict[str, Parity]:
    """How far each int8 function is from itself when its input moves by ``rounding`` (relative, one sigma).

    A last bit of float moves some values across a rounding step, each step moves its neighbours in the next layer, and
    so on. A runtime whose float operations add in another order is such a move.
    """
    errors: dict[str, list[NDArray[np.float64]]] = {name: [] for name in functions}
    for index, (inputs, expected) in enumerate(references(functions)):
        rng = np.random.default_rng((SEED, index, 1))
        for name, function in functions.items():
            moved = {
                key: (value * (1 + rounding * rng.standard_normal(value.shape))).astype(np.float32)
                for key, value in inputs[name].items()
            }
            got = run(function, moved)
            errors[name].append(
                np.concatenate([_difference(got[key], expected[name][key]) for key in function.outputs])
            )
    return {name: _parity(np.concatenate(parts)) for name, parts in errors.items()}


def lowered(
    wanted: Mapping[str, float], own: Mapping[str, Parity], rounding: float
) -> tuple[dict[str, float], str]:
    """Limits that ask of no function to agree better than `MARGIN_DB` below its agreement with itself, and why."""
    limits = {
        name: max(LEAST_DB, min(limit, round(own[name].psnr_db - MARGIN_DB, 1)))
        for name, limit in wanted.items()
    }
    why = [
        f"limit of {name} lowered from {wanted[name]:g} to {limit:g} dB, since the int8 program agrees to only "
        f"{own[name].psnr_db:.1f} dB with itself when its input moves by {rounding:.1g}"
        for name, limit in limits.items()
        if limit < wanted[name]
    ]
    return limits, "; ".join(why)


def references(functions: Mapping[str, Function]) -> Iterator[tuple[dict[str, Tensors], dict[str, Tensors]]]:
    """For each picture: the inputs of every function, and the outputs that PyTorch computes.

    ``raw`` is a natural packed picture, ``picture`` a noisy sRGB one, ``color`` a camera's matrix; an input that
    another function puts out (``context``) is what PyTorch computes for the same picture. ``parameters`` of a module
    are drawn from the middle half of their ranges: at the ends they multiply rounding tenfold. Anything else is drawn
    from [0, 1).
    """
    makers = {out: name for name, function in functions.items() for out in function.outputs}
    for index in range(PICTURES):
        inputs: dict[str, Tensors] = {}
        expected: dict[str, Tensors] = {}

        def reference(
            name: str,
            inputs: dict[str, Tensors] = inputs,
            expected: dict[str, Tensors] = expected,
            index: int = index,
        ) -> Tensors:
            if name not in expected:
                function = functions[name]
                inputs[name] = {
                    key: reference(makers[key])[key] if key in makers else example(key, shape, index)
                    for key, shape in function.inputs.items()
                }
                expected[name] = run(function, inputs[name])
            return expected[name]

        for name in functions:
            reference(name)
        yield inputs, expected


def example(name: str, shape: tuple[int, ...], index: int) -> NDArray[np.float32]:
    """A value for an input that comes from outside, for picture ``index``."""
    if name in _SAMPLES:
        return _pictures(name, shape[2], shape[3])[index : index + 1]
    if name == "color":
        return color_input(random_camera(np.random.default_rng((SEED, index))).srgb_from_camera)[None]
    drawn: NDArray[np.float32] = np.random.default_rng([SEED, index]).random(shape, np.float32)
    return np.float32(0.25) + np.float32(0.5) * drawn if name == "parameters" else drawn


_SAMPLES = {ISP.source: packed_samples, THUMBNAIL: packed_samples, SRGB_TO_SRGB.source: srgb_samples}
"""What pictures look like, by the name of the input that takes them."""


@lru_cache(maxsize=4)
def _pictures(name: str, height: int, width: int) -> NDArray[np.float32]:
    return _SAMPLES[name](PICTURES, height, width, SEED)


def _difference(got: NDArray[np.float32], expected: NDArray[np.float32]) -> NDArray[np.float64]:
    if got.shape != expected.shape:
        return np.full(expected.size, np.inf)
    return np.abs(got.astype(np.float64) - expected).ravel()


def _parity(errors: NDArray[np.float64]) -> Parity:
    if not np.isfinite(errors).all():
        return Parity(psnr_db=-IDENTICAL_DB, max_error=float(np.finfo(np.float32).max))
    mse = float(np.mean(errors**2))
    psnr = IDENTICAL_DB if mse == 0 else min(IDENTICAL_DB, -10 * math.log10(mse))
    return Parity(psnr_db=round(psnr, 2), max_error=float(f"{errors.max():.3g}"))
