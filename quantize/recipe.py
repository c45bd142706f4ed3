"""From fp32 weights to a quantized checkpoint: calibrate, insert, train if asked to, freeze."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import torch

from edgeisp import child
from edgeisp.errors import BadInputError, EdgeISPError
from edgeisp.models import MODELS
from edgeisp.models import checkpoint as fp32
from edgeisp.models.checkpoint import LoadedModel
from edgeisp.models.functions import ISPNetwork
from edgeisp.models.task import ISP
from edgeisp.quantize import checkpoint
from edgeisp.quantize.calibration import calibration_set
from edgeisp.quantize.config import QuantizeConfig
from edgeisp.quantize.layers import Ranges
from edgeisp.quantize.network import deployable, float_layers, joined, scheme_of, thawed, with_qdq
from edgeisp.quantize.scheme import Calibrated
from edgeisp.training.config import check


@dataclass(frozen=True, eq=False)
class Plan:
    """A network ready to be quantized."""

    config: QuantizeConfig
    source: LoadedModel
    """The fp32 network."""
    network: ISPNetwork
    """Its deployable form."""
    scheme: dict[str, Ranges]
    """Of every convolution that will be int8."""
    float_layers: dict[str, str]
    """The others, with the reason."""
    calibrated: Calibrated
    """What the ranges were read from."""
    start: ISPNetwork | None = None
    """Its deployable form with the weights of the quantized checkpoint that training goes on from."""

    def keeping(self, names: list[str], reason: str) -> Plan:
        """The same with ``names`` left in float."""
        scheme = {name: ranges for name, ranges in self.scheme.items() if name not in names}
        return replace(
            self, scheme=scheme, float_layers={**self.float_layers, **dict.fromkeys(names, reason)}
        )

    def post_training(self) -> ISPNetwork:
        """The frozen network without any training."""
        return with_qdq(self.network, self.scheme)


def plan(
    config: QuantizeConfig,
    weights: Path | None,
    start: Path | None = None,
    stage: Callable[[str], None] = lambda what: None,
) -> Plan:
    """Calibrate and let NNCF insert the quantizers, in a process of its own; or take both over from ``start``.

    Raises:
        BadInputError: a name or a setting does not fit, or the calibration pictures do not do.
        CheckpointError: the weights are not the fp32 weights of the network, or ``start`` not quantized ones.
        EdgeISPError: NNCF failed.
    """
    check(config)
    if MODELS.get(config.model).task != ISP:
        raise BadInputError(
            f"{config.model} takes no RAW picture to sRGB",
            cure="quantize takes networks that do: `edgeisp models`",
        )
    source = fp32.load(config.model, weights)
    network = deployable(source.network)
    floats = float_layers(network, config.keep_float)
    if start:
        return _continued(config, source, network, floats, start)
    stage("reading calibration pictures")
    calibration = calibration_set(config.data, config.calibration, config.patch, config.seed, config.reader)
    stage(f"inserting quantizers, {len(calibration)} pictures")
    try:
        scheme, _ = child.call(
            "edgeisp.quantize.insertion:scheme",
            network,
            calibration,
            tuple(floats),
            config.estimator,
            torch.get_num_threads(),
        )
    except child.ChildDied as died:
        raise EdgeISPError(
            f"NNCF died ({died.cause}): {died.last_line}", cure="run `edgeisp doctor`; with -v for the log"
        ) from died
    calibrated = Calibrated(config.data, len(calibration), calibration.sha256, config.estimator)
    return Plan(config, source, network, scheme, floats, calibrated)


def _continued(
    config: QuantizeConfig, source: LoadedModel, network: ISPNetwork, floats: dict[str, str], path: Path
) -> Plan:
    start = checkpoint.load(config.model, path, "w8a8")
    described = checkpoint.described_by(start.card, start.path)
    scheme = {name: ranges for name, ranges in scheme_of(start.network).items() if name not in floats}
    return Plan(
        msgspec.structs.replace(config, start=start.sha256),
        source,
        network,
        joined(network, scheme),
        {**described.float_layers, **floats},
        described.calibration,
        thawed(start.network),
    )


def write(path: Path, plan: Plan, network: ISPNetwork, method: str) -> None:
    """Write the frozen ``network`` with everything that tells how it was made."""
    config = plan.config
    described = checkpoint.quantization(
        network,
        method="ptq" if method == "ptq" else "qat",
        calibration=plan.calibrated,
        teacher=plan.source.sha256,
        float_layers=plan.float_layers,
    )
    card = {key: value for key, value in plan.source.card.items() if key != "figures"}
    checkpoint.save(path, network, described, {**card, "quantizing": msgspec.to_builtins(config)})
