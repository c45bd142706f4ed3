"""Lightning Fabric for the processes at hand: one process, one device; ``torchrun`` starts more of them."""

from __future__ import annotations

import signal

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from lightning_fabric.strategies.ddp import DDPStrategy

from edgeisp.errors import UnavailableError
from edgeisp.processes import PATIENCE, Processes
from edgeisp.training.config import Amp

_PRECISIONS = {"no": "32-true", "bf16": "bf16-mixed", "fp16": "16-mixed"}


def outlive_sigterm(_: int) -> None:
    """For the workers of a loader: SIGTERM to the whole group is the run's to answer, which ends them as well."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def launch(amp: Amp, processes: Processes) -> Fabric:
    """A Fabric that is ready to set up modules; gradients are averaged over ``processes``.

    Raises:
        UnavailableError: fp16 without a GPU, or more processes on this machine than it has GPUs.
    """
    gpus = torch.cuda.device_count()
    if amp == "fp16" and not gpus:
        raise UnavailableError("fp16 needs a GPU", where="--amp", cure="take bf16, or leave --amp out")
    if gpus and processes.local_size > gpus:
        raise UnavailableError(
            f"{processes.local_size} processes, but {gpus} GPUs here",
            cure=f"start it with torchrun --nproc-per-node {gpus}",
        )
    several = processes.size > 1
    fabric = Fabric(
        accelerator=("cuda" if gpus else "cpu") if several else "auto",
        strategy=DDPStrategy(timeout=PATIENCE) if several else "auto",
        devices=processes.local_size,
        num_nodes=processes.size // processes.local_size,
        precision=_PRECISIONS[amp],  # type: ignore[arg-type]
        plugins=[TorchElasticEnvironment()] if several else None,
        loggers=[],
    )
    fabric.launch()
    return fabric


def gpu_utilization(device: torch.device) -> float | None:
    """Share of the last moments in which the GPU computed, in %; None without one or without ``nvidia-ml-py``."""
    if device.type != "cuda":
        return None
    try:
        return float(torch.cuda.utilization(device))
    except Exception:  # NVML's own errors, such as that of a GPU in MIG mode, have no other base
        return None
