"""From fp32 weights to a quantized checkpoint: calibrate, insert, train if asked to, freeze."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from edgeisp import child
from edgeisp.errors import BadInputError, EdgeISPError
from edgeisp.models import MODELS
from edgeisp.models import checkpoint as fp32
from edgeisp.models.checkpoint import LoadedModel
from edgeisp.models.functions import ISPNetwork
from edgeisp.models.task import ISP
from edgeisp.quantize import checkpoint
from edgeisp.quantize.calibration import Calibration, calibration_set
from edgeisp.quantize.config import QuantizeConfig, check
from edgeisp.quantize.layers import Ranges
from edgeisp.quantize.network import deployable, float_layers, with_qdq
from edgeisp.quantize.scheme import Calibrated


@dataclass(frozen=True, eq=False)
class Plan:
    """A network ready to be quantized."""

    config: QuantizeConfig
    source: LoadedModel
    """The fp32 network."""
    network: ISPNetwork
    """Its deployable form."""
    calibration: Calibration
    scheme: dict[str, Ranges]
    """Of every convolution that will be int8."""
    float_layers: dict[str, str]
    """The others, with the reason."""

    def keeping(self, names: list[str], reason: str) -> Plan:
        """The same with ``names`` left in float."""
        scheme = {name: ranges for name, ranges in self.scheme.items() if name not in names}
        return Plan(
            self.config,
            self.source,
            self.network,
            self.calibration,
            scheme,
            {**self.float_layers, **dict.fromkeys(names, reason)},
        )

    def post_training(self) -> ISPNetwork:
        """The frozen network without any training."""
        return with_qdq(self.network, self.scheme)


def plan(
    config: QuantizeConfig, weights: Path | None, stage: Callable[[str], None] = lambda what: None
) -> Plan:
    """Calibrate and let NNCF insert the quantizers, in a process of its own.

    Raises:
        BadInputError: a name or a setting does not fit, or the calibration pictures do not do.
        CheckpointError: the weights are not the fp32 weights of the network.
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
    stage("reading calibration pictures")
    calibration = calibration_set(config.data, config.calibration, config.patch, config.seed, config.reader)
    stage(f"inserting quantizers, {len(calibration)} pictures")
    try:
        scheme, _ = child.call(
            "edgeisp.quantize.insertion:scheme", network, calibration, tuple(floats), config.estimator
        )
    except child.ChildDied as died:
        raise EdgeISPError(
            f"NNCF died ({died.cause}): {died.last_line}", cure="run `edgeisp doctor`; with -v for the log"
        ) from died
    return Plan(config, source, network, calibration, scheme, floats)


def write(path: Path, plan: Plan, network: ISPNetwork, method: str) -> None:
    """Write the frozen ``network`` with everything that tells how it was made."""
    config = plan.config
    calibrated = Calibrated(config.data, len(plan.calibration), plan.calibration.sha256, config.estimator)
    described = checkpoint.quantization(
        network,
        method="ptq" if method == "ptq" else "qat",
        calibration=calibrated,
        teacher=plan.source.sha256,
        float_layers=plan.float_layers,
    )
    card = {key: value for key, value in plan.source.card.items() if key != "figures"}
    checkpoint.save(path, network, described, {**card, "quantizing": msgspec.to_builtins(config)})
