"""Where quantizers go and where their ranges start: NNCF inserts them, we read them off.

NNCF (Neural Network Compression Framework) is slow to import and talks a lot: run `scheme` in a process of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn

from edgeisp.errors import EdgeISPError
from edgeisp.models.functions import ISPNetwork
from edgeisp.quantize.calibration import Calibration
from edgeisp.quantize.layers import HIGH, LOW, Affine, Ranges
from edgeisp.quantize.network import FLOAT_OPS, convolutions, joined

Estimator = Literal["minmax", "percentile"]
OUTLIERS = 1e-4
"""Share of values at each end that ``percentile`` leaves outside, in each picture."""


def scheme(
    network: ISPNetwork,
    calibration: Calibration,
    keep_float: tuple[str, ...],
    estimator: Estimator,
    threads: int = 0,
) -> dict[str, Ranges]:
    """Ranges of every convolution of a deployable network but those in ``keep_float``.

    ``minmax`` takes the true extremes over all pictures; NNCF's own default averages them, which clips highlights.
    ``threads`` are PyTorch's in this process; 0 leaves them as they are.
    """
    if threads:
        torch.set_num_threads(threads)
    layers = {name: conv for name, conv in convolutions(network).items() if name not in keep_float}
    pictures = [
        (torch.from_numpy(raw[None]), torch.from_numpy(color[None]))
        for raw, color in zip(calibration.raw, calibration.color, strict=True)
    ]
    outputs = _output_ranges(network, layers, pictures, estimator)
    inputs = _input_ranges(network, layers, pictures, estimator)
    if missed := [name for name in layers if name not in inputs or name not in outputs]:
        raise EdgeISPError(
            f"NNCF put no quantizer before {', '.join(missed)}",
            cure="are these layers used at all? else leave them out with --keep-float",
        )
    return joined(network, {name: Ranges(inputs[name], outputs[name]) for name in layers})


def _input_ranges(
    network: ISPNetwork,
    layers: dict[str, nn.Conv2d],
    pictures: Sequence[tuple[Tensor, ...]],
    estimator: Estimator,
) -> dict[str, Affine]:
    """By layer: the range of the quantizer through which NNCF leads its input; shared where a tensor is."""
    import nncf
    from nncf.quantization import advanced_parameters as advanced
    from nncf.quantization.advanced_parameters import QuantizationParameters
    from nncf.quantization.range_estimator import RangeEstimatorParameters

    quantized = nncf.quantize(
        network,
        nncf.Dataset(pictures),
        subset_size=len(pictures),
        preset=nncf.QuantizationPreset.MIXED,
        target_device=nncf.TargetDevice.ANY,
        ignored_scope=nncf.IgnoredScope(types=list(FLOAT_OPS), validate=False),
        advanced_parameters=advanced.AdvancedQuantizationParameters(
            overflow_fix=advanced.OverflowFix.DISABLE,
            disable_bias_correction=True,
            activations_quantization_params=QuantizationParameters(per_channel=False),
            activations_range_estimator_params=RangeEstimatorParameters(
                _collector(estimator, "MIN"), _collector(estimator, "MAX")
            ),
        ),
    )
    return _read_off(quantized, list(layers), pictures[0])


def _collector(estimator: Estimator, end: Literal["MIN", "MAX"]) -> Any:
    from nncf.quantization import range_estimator as estimators

    return estimators.StatisticsCollectorParameters(
        statistics_type=estimators.StatisticsType["QUANTILE" if estimator == "percentile" else end],
        aggregator_type=estimators.AggregatorType[end],
        quantile_outlier_prob=OUTLIERS,
    )


def _read_off(quantized: nn.Module, names: list[str], picture: tuple[Tensor, ...]) -> dict[str, Affine]:
    """Run one picture and follow the memory of tensors from quantizers to convolutions.

    NNCF names its quantizers by operation and call, not by module, and puts one in front of the layout operations that
    lead to a convolution; views share their memory, so this finds it all the same.
    """
    from nncf.torch.function_hook.wrapper import get_hook_storage
    from nncf.torch.quantization.layers import BaseQuantizer

    made: dict[int, tuple[nn.Module, Tensor]] = {}
    found: dict[str, nn.Module] = {}
    inside: list[tuple[str, int]] = []

    def after_quantizer(module: nn.Module, args: Any, output: Tensor) -> None:
        made[output.data_ptr()] = module, output  # held, so that its address is not given to another
        if inside and output.data_ptr() == inside[-1][1]:  # else it is of the weights, or of the output
            found[inside[-1][0]] = module

    def before_convolution(name: str, x: Tensor) -> None:
        inside.append((name, x.data_ptr()))
        if x.data_ptr() in made:
            found[name] = made[x.data_ptr()][0]

    handles = []
    for module in get_hook_storage(quantized).modules():
        if isinstance(module, BaseQuantizer):
            module.disable_quantization()  # to run, it would compile a C++ extension; it is only passed through
            handles.append(module.register_forward_hook(after_quantizer))
    for name in names:
        conv = quantized.get_submodule(name)
        handles.append(conv.register_forward_pre_hook(lambda m, args, n=name: before_convolution(n, args[0])))
        handles.append(conv.register_forward_hook(lambda m, args, y: inside.pop() and None))
    with torch.no_grad():
        quantized(*picture)
    for handle in handles:
        handle.remove()
    return {name: _affine(module) for name, module in found.items()}


def _affine(quantizer: Any) -> Affine:
    quantizer.set_levels()
    low, _, scale, zero_point = quantizer.get_parameters_for_torch_fq()
    shift = low - LOW  # unsigned levels become signed ones
    return Affine(float(scale), max(LOW, min(HIGH, int(zero_point) - int(shift))))


def _output_ranges(
    network: ISPNetwork,
    layers: dict[str, nn.Conv2d],
    pictures: Sequence[tuple[Tensor, ...]],
    estimator: Estimator,
) -> dict[str, Affine]:
    """NNCF quantizes what goes into a convolution; int8 kernels need to know what comes out as well."""
    bounds: dict[str, tuple[float, float]] = {}

    def observe(name: str, y: Tensor) -> None:
        low, high = _bounds(y, estimator)
        before = bounds.get(name, (0.0, 0.0))
        bounds[name] = min(low, before[0]), max(high, before[1])

    handles = [
        conv.register_forward_hook(lambda m, args, y, n=name: observe(n, y)) for name, conv in layers.items()
    ]
    with torch.no_grad():
        for picture in pictures:
            network(*picture)
    for handle in handles:
        handle.remove()
    return {name: Affine.covering(*pair) for name, pair in bounds.items()}


def _bounds(y: Tensor, estimator: Estimator) -> tuple[float, float]:
    if estimator == "minmax":
        return float(y.min()), float(y.max())
    values = y.flatten().sort().values
    outside = int(OUTLIERS * len(values))
    return float(values[outside]), float(values[-1 - outside])
