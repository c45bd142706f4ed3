"""The training loop: Lightning Fabric (CPU, GPU, several processes), EMA, exact resume, checkpoints written whole."""

from __future__ import annotations

import csv
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import msgspec
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.utils.data import DataLoader

from edgeisp.data.open import Pairs, open_pairs
from edgeisp.errors import BadInputError, EdgeISPError
from edgeisp.files import whole
from edgeisp.models import MODELS
from edgeisp.models.checkpoint import load, save
from edgeisp.training.config import TrainConfig, check
from edgeisp.training.losses import picture_loss

STATE = "state.pt"
LOG = "log.csv"


class DivergedError(EdgeISPError):
    """The loss is no longer a number; the last good state is on disk."""


@dataclass(frozen=True)
class Progress:
    """What a run reports after each step."""

    step: int
    steps: int
    loss: float
    lr: float
    steps_per_second: float


def train(
    config: TrainConfig,
    out: Path,
    *,
    resume: bool = False,
    report: Callable[[Progress], None] = lambda _: None,
) -> Path:
    """Run ``config`` to its last step and return the path of the weights (safetensors, EMA).

    ``out`` gets ``MODEL.safetensors``, ``log.csv``, TensorBoard events and ``state.pt``, from which ``resume=True``
    goes on to exactly the weights that an uninterrupted run ends with.

    Raises:
        BadInputError: a setting is out of range, the data cannot be read, or ``out`` holds another run.
        DivergedError: the loss became NaN or infinite.
    """
    check(config)
    fabric = Fabric(accelerator="auto", devices="auto", loggers=[])
    fabric.launch()
    run = Run.start(config, out, fabric, resume)
    weights = out / f"{config.model}.safetensors"
    with Log(out, fabric, run.step) as log:
        started, first = time.monotonic(), run.step
        for batch in run.batches():
            loss = run.advance(*batch)
            if not math.isfinite(loss):
                raise DivergedError(
                    f"the loss is {loss} at step {run.step}",
                    where=out,
                    cure=f"the state of step {run.saved} is kept: go on from it with a lower --lr, or look at the data",
                )
            rate = (run.step - first) / (time.monotonic() - started)
            progress = Progress(run.step, config.steps, loss, run.lr, rate)
            report(progress)
            if run.step % config.log_every == 0:
                log.write(progress)
            if run.step % config.save_every == 0 or run.step == config.steps:
                run.save(out / STATE)
                if fabric.is_global_zero:
                    save(weights, run.average, _card(config, run.step))
    return weights


class Run:
    """The state of a run: everything that a resumed one must have to go on as if never stopped."""

    def __init__(self, config: TrainConfig, fabric: Fabric) -> None:
        torch.manual_seed(config.seed)
        self.config, self.fabric, self.step, self.saved = config, fabric, 0, 0
        network = MODELS.get(config.model).build()
        if config.init:
            network.load_state_dict(load(config.model, Path(config.init)).network.state_dict())
        self.average = MODELS.get(config.model).build().requires_grad_(False)
        self.average.load_state_dict(network.state_dict())
        network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        optimizer = torch.optim.AdamW(
            network.parameters(), config.lr, weight_decay=config.weight_decay, fused=True
        )
        self.bare = network
        self.network, self.optimizer = fabric.setup(network, optimizer)
        self.average.to(fabric.device)
        self.pairs: Pairs = open_pairs(
            config.data, patch=config.patch, seed=config.seed, reader=config.reader
        )

    @classmethod
    def start(cls, config: TrainConfig, out: Path, fabric: Fabric, resume: bool) -> Run:
        """A fresh run in ``out``, or the one that stopped there."""
        path = out / STATE
        if path.exists() and not resume:
            raise BadInputError(
                "holds an earlier run", where=out, cure="add --resume to go on with it, or choose another -o"
            )
        if resume and not path.exists():
            raise BadInputError("no run to resume", where=out, cure="leave --resume out to start one")
        out.mkdir(parents=True, exist_ok=True)
        run = cls(config, fabric)
        if resume:
            run.restore(path)
        return run

    @property
    def lr(self) -> float:
        """Learning rate of the coming step: linear warm-up, then a cosine to 1 % of the peak."""
        c = self.config
        if self.step < c.warmup:
            return c.lr * (self.step + 1) / c.warmup
        turn = (self.step - c.warmup) / max(1, c.steps - c.warmup)
        return c.lr * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, turn))))

    def batches(self) -> Iterator[tuple[Tensor, ...]]:
        """Batches of `Patch` fields from the current step to the last, a pure function of (seed, step, rank)."""
        c, f = self.config, self.fabric
        share = range(f.global_rank, c.batch, f.world_size)
        indices = [[step * c.batch + i for i in share] for step in range(self.step, c.steps)]
        loader: DataLoader[tuple[Tensor, ...]] = DataLoader(
            self.pairs,  # type: ignore[arg-type]
            batch_sampler=indices,
            num_workers=c.workers,
            persistent_workers=False,
            pin_memory=f.device.type == "cuda",
        )
        for batch in loader:
            yield tuple(part.to(f.device) for part in batch)

    def advance(self, raw: Tensor, color: Tensor, target: Tensor, mask: Tensor) -> float:
        """One optimizer step on a batch of `edgeisp.data.patch.Patch`; returns the loss.

        Weights stay as they were where the loss is not finite.
        """
        for group in self.optimizer.param_groups:
            group["lr"] = self.lr
        output = self.network(raw.contiguous(memory_format=torch.channels_last), color)
        loss = picture_loss(output * mask, target * mask, self.config.ms_ssim)
        mean = self.fabric.all_reduce(loss.detach(), reduce_op="mean")
        value = float(cast("Tensor", mean))
        if math.isfinite(value):
            self.optimizer.zero_grad()
            self.fabric.backward(loss)
            self.fabric.clip_gradients(
                self.network, self.optimizer, max_norm=self.config.clip, error_if_nonfinite=False
            )
            self.optimizer.step()
            self._move_average()
        self.step += 1
        return value

    @torch.no_grad()
    def _move_average(self) -> None:
        decay = min(self.config.ema, (1 + self.step) / (10 + self.step))
        averages: list[Tensor] = list(self.average.parameters())
        weights: list[Tensor] = list(self.bare.parameters())
        torch._foreach_lerp_(averages, weights, 1 - decay)

    def save(self, path: Path) -> None:
        """Write the state, whole or not at all."""
        self.saved = self.step
        if not self.fabric.is_global_zero:
            return
        state = {
            "step": self.step,
            "config": msgspec.json.encode(self.config).decode(),
            "network": self.bare.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        with whole(path) as part:
            torch.save(state, part)

    def restore(self, path: Path) -> None:
        """Take over the state at ``path``; the settings must be those of the run that wrote it."""
        state = torch.load(path, map_location="cpu", weights_only=True)
        before = msgspec.json.decode(state["config"], type=TrainConfig)
        changed = [
            f
            for f in TrainConfig.__struct_fields__
            if getattr(before, f) != getattr(self.config, f) and f not in _FREE
        ]
        if changed:
            told = ", ".join(f"{f} {getattr(before, f)!r} -> {getattr(self.config, f)!r}" for f in changed)
            raise BadInputError(
                f"another run stopped here ({told})", where=path, cure="resume with the same settings"
            )
        self.bare.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = self.saved = int(state["step"])


_FREE = {"workers", "save_every", "log_every"}
"""Settings that do not change what a run computes."""


class Log:
    """``log.csv`` and TensorBoard events of a run; lines after the step it resumes from are dropped."""

    def __init__(self, out: Path, fabric: Fabric, step: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self.active = fabric.is_global_zero
        if not self.active:
            return
        path, kept = out / LOG, []
        if step and path.exists():
            with path.open() as stream:
                kept = [row for row in csv.reader(stream) if row and row[0].isdigit() and int(row[0]) <= step]
        self._file = path.open("w", newline="")
        self._csv = csv.writer(self._file)
        self._csv.writerows([["step", "loss", "lr", "steps_per_second"], *kept])
        self._events = SummaryWriter(str(out), purge_step=step)

    def __enter__(self) -> Log:
        return self

    def write(self, p: Progress) -> None:
        if not self.active:
            return
        self._csv.writerow([p.step, f"{p.loss:.6f}", f"{p.lr:.3e}", f"{p.steps_per_second:.3f}"])
        self._file.flush()
        for name in ("loss", "lr"):
            self._events.add_scalar(f"train/{name}", getattr(p, name), p.step)

    def __exit__(self, *_: object) -> None:
        if self.active:
            self._file.close()
            self._events.close()


def _card(config: TrainConfig, step: int) -> dict[str, Any]:
    return {
        "model": config.model,
        "data": config.data,
        "steps": step,
        "training": msgspec.to_builtins(config),
    }


def parameters(network: nn.Module) -> int:
    """Number of trainable parameters."""
    return sum(p.numel() for p in network.parameters() if p.requires_grad)
