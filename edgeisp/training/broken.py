"""Where a value that is no finite number comes from."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from edgeisp.training.objective import Batch


def broken_layer(network: nn.Module, batches: Sequence[Batch]) -> str | None:
    """The first layer with weights, in the order of calls, whose output on one of ``batches`` is not finite."""
    found: list[str] = []

    def look(name: str, output: object) -> None:
        if isinstance(output, Tensor) and not torch.isfinite(output).all():
            found.append(name)

    handles = [
        module.register_forward_hook(lambda m, args, y, n=name: look(n, y))
        for name, module in network.named_modules()
        if isinstance(getattr(module, "weight", None), Tensor)
    ]
    with torch.no_grad():
        for batch in batches:
            network(batch.raw, batch.color)
    for handle in handles:
        handle.remove()
    return found[0] if found else None


def broken_gradient(network: nn.Module) -> str | None:
    """The first weight whose gradient is not finite."""
    grads = {name: weight.grad for name, weight in network.named_parameters() if weight.grad is not None}
    finite = torch.isfinite(torch.stack(torch._foreach_norm(list(grads.values()))))
    if finite.all():  # one wait for the device
        return None
    return list(grads)[int(finite.int().argmin())]
