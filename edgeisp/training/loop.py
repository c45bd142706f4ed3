"""The training loop: Lightning Fabric (CPU, GPU, several processes), EMA, exact resume, checkpoints written whole."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import msgspec
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.utils.data import DataLoader, default_collate

from edgeisp.data.open import Pairs, open_pairs
from edgeisp.data.patch import Patch
from edgeisp.data.subtasks import open_subtask
from edgeisp.errors import BadInputError, EdgeISPError
from edgeisp.files import make_folder
from edgeisp.models import MODELS
from edgeisp.models.checkpoint import load, save
from edgeisp.models.task import ISP, task_of
from edgeisp.processes import Processes
from edgeisp.training.broken import broken_gradient, broken_layer
from edgeisp.training.config import TrainConfig, check
from edgeisp.training.fabric import gpu_utilization, launch, outlive_sigterm
from edgeisp.training.log import Log, Progress
from edgeisp.training.objective import Batch, Objective, Trainee, likeness
from edgeisp.training.state import check_folder, deciding, read_state, write_state

STATE = "state.pt"


class DivergedError(BadInputError):
    """With these settings and data the loss is no longer a number; the last good state is on disk."""


def train(
    config: TrainConfig,
    out: Path,
    *,
    resume: bool = False,
    report: Callable[[Progress], None] = lambda _: None,
    objective: Callable[[TrainConfig], Objective] = likeness,
    build: Callable[[], nn.Module] | None = None,
) -> Path:
    """Run ``config`` to its last step and return the path of the weights (safetensors, EMA).

    ``out`` gets ``MODEL.safetensors``, ``log.csv``, TensorBoard events and ``state.pt``, from which ``resume=True``
    goes on to exactly the weights that an uninterrupted run ends with; on another number of processes, up to rounding.

    Args:
        config: settings of the run.
        out: a folder; of several processes only the first one writes to it.
        resume: go on with the run that stopped in ``out``.
        report: told after each step.
        objective: makes what is minimised; default: the loss of ``config`` between picture and target.
        build: makes what is trained; default: the network that ``config`` names.

    Raises:
        BadInputError: a setting is out of range, the data cannot be read, or ``out`` holds another run.
        UnavailableError: this machine lacks the devices or the precision.
        DivergedError: the loss became NaN or infinite.
        PeerError: another process of the run stopped.
    """
    processes = Processes.here()
    with processes.together():
        check(config)
        fabric = launch(config.amp, processes)
    run = Run.start(config, out, fabric, processes, resume, objective, build)
    weights = out / f"{config.model}.safetensors"
    with Log(out, processes, run.step) as log:
        started, first, busy = time.monotonic(), run.step, gpu_utilization(fabric.device)
        for parts in run.batches():
            loss = run.advance(parts)
            if run.broken:
                with processes.together():
                    raise DivergedError(
                        f"{run.broken} at step {run.step + 1}", where=out, cure=_cure(run.saved)
                    )
            rate = (run.step - first) / (time.monotonic() - started)
            logged = run.step % config.log_every == 0 or run.step == config.steps
            if logged:
                busy = gpu_utilization(fabric.device)
            progress = Progress(run.step, config.steps, loss, run.lr, rate, rate * config.batch, busy)
            if logged:
                log.write(progress)
            if run.step % config.save_every == 0 or run.step == config.steps:
                with processes.together():
                    run.save(out / STATE)
                    if processes.first:
                        save(weights, run.average, _card(config, run.step))
            report(replace(progress, saved=run.saved))
    return weights


def check_run(config: TrainConfig, out: Path, resume: bool) -> None:
    """Stop before anything is made where `train` could not begin, or go on, in ``out``.

    Raises:
        BadInputError: ``out`` holds a run and ``resume`` is not set, or the reverse, or it is one of other settings.
    """
    check_folder(out / STATE, resume)
    if resume:
        read_state(out / STATE, config, _FREE)


class Run:
    """The state of a run: everything that a resumed one must have to go on as if never stopped."""

    def __init__(
        self,
        config: TrainConfig,
        fabric: Fabric,
        processes: Processes,
        objective: Callable[[TrainConfig], Objective] = likeness,
        build: Callable[[], nn.Module] | None = None,
    ) -> None:
        torch.manual_seed(config.seed)
        self.config, self.fabric, self.processes, self.step, self.saved = config, fabric, processes, 0, 0
        self.broken = ""
        with processes.together():
            least = processes.size * config.accumulate
            if config.batch < least:
                raise BadInputError(
                    f"a batch of {config.batch} cannot be divided into {least} parts",
                    where="--batch",
                    cure=f"give at least {least}: processes times --accumulate",
                )
            build = build or MODELS.get(config.model).build
            network = build()
            _check_patch(network, config.patch)
            if config.init:
                network.load_state_dict(load(config.model, Path(config.init)).network.state_dict())
            self.average = build().requires_grad_(False)
            self.average.load_state_dict(network.state_dict())
            self.average.to(fabric.device)
            self.bare = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
            self.objective = objective(config)
        trainee = Trainee(self.bare, self.objective)
        learned = [p for p in trainee.parameters() if p.requires_grad]
        fused = config.amp != "fp16"  # fused, it would unscale gradients after they are clipped
        optimizer = torch.optim.AdamW(learned, config.lr, weight_decay=config.weight_decay, fused=fused)
        self.trainee, self.optimizer = fabric.setup(trainee, optimizer)
        self.pairs = self._open()

    @classmethod
    def start(
        cls,
        config: TrainConfig,
        out: Path,
        fabric: Fabric,
        processes: Processes,
        resume: bool,
        objective: Callable[[TrainConfig], Objective],
        build: Callable[[], nn.Module] | None,
    ) -> Run:
        """A fresh run in ``out``, or the one that stopped there."""
        path = out / STATE
        with processes.together():
            check_folder(path, resume)
        run = cls(config, fabric, processes, objective, build)
        with processes.together():
            if resume:
                run.restore(path)
            elif processes.first:
                make_folder(out)
        return run

    @property
    def lr(self) -> float:
        """Learning rate of the coming step: linear warm-up, then a cosine to 1 % of the peak."""
        c = self.config
        if self.step < c.warmup:
            return c.lr * (self.step + 1) / c.warmup
        turn = (self.step - c.warmup) / max(1, c.steps - c.warmup)
        return c.lr * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, turn))))

    def batches(self) -> Iterator[list[Batch]]:
        """For every step to come the parts of the batch that are this process's, a pure function of (seed, step, rank).

        Processes that read the same data read different items of it.
        """
        c, to_come = self.config, range(self.step, self.config.steps)
        shares = (self.processes.share(range(step * c.batch, (step + 1) * c.batch)) for step in to_come)
        loader: DataLoader[Batch | EdgeISPError] = DataLoader(
            _Items(self.pairs),  # type: ignore[arg-type]
            batch_sampler=(
                list(share[part :: c.accumulate]) for share in shares for part in range(c.accumulate)
            ),
            num_workers=c.workers,
            worker_init_fn=outlive_sigterm,
            persistent_workers=False,
            pin_memory=self.fabric.device.type == "cuda",
            collate_fn=_collate,
        )
        source = iter(loader)
        for _ in to_come:
            with self.processes.together():
                parts = [self._placed(next(source)) for _ in range(c.accumulate)]
            yield parts

    def advance(self, parts: list[Batch]) -> float:
        """One optimizer step on a batch, in parts; returns its loss.

        Where the loss or a gradient is no finite number, weights stay as they were and `broken` says which it is.
        """
        for group in self.optimizer.param_groups:
            group["lr"] = self.lr
        self.optimizer.zero_grad()
        total = torch.zeros((), device=self.fabric.device)
        done = self.step / self.config.steps
        for number, batch in enumerate(parts, 1):
            with self.fabric.no_backward_sync(self.trainee, enabled=number < len(parts)):
                loss = self.trainee(batch, done).sum() / self.config.batch
                self.fabric.backward(loss * self.processes.size)  # gradients are averaged over processes
            total += loss.detach()
        value = float(cast("Tensor", self.fabric.all_reduce(total, reduce_op="sum")))
        self.broken = self._broken(value, parts)
        if not self.broken:
            self.fabric.clip_gradients(
                self.trainee, self.optimizer, max_norm=self.config.clip, error_if_nonfinite=False
            )
            self.optimizer.step()
            self._move_average()
            self.step += 1
        return value

    def _broken(self, loss: float, parts: list[Batch]) -> str:
        if not math.isfinite(loss):
            layer = broken_layer(self.bare, parts)
            return f"the loss is {loss}" + (f", first in the layer {layer}" if layer else "")
        if self.config.amp == "fp16":  # the gradient scaler leaves such steps out and goes on
            return ""
        weight = broken_gradient(self.bare)
        return f"the gradient of {weight} is no number" if weight else ""

    @torch.no_grad()
    def _move_average(self) -> None:
        decay = min(self.config.ema, (1 + self.step) / (10 + self.step))
        averages: list[Tensor] = list(self.average.parameters())
        weights: list[Tensor] = list(self.bare.parameters())
        torch._foreach_lerp_(averages, weights, 1 - decay)

    def _open(self) -> Pairs:
        """The data; the first process goes ahead, so that what it prepares on disk is there for the others."""
        pairs: list[Pairs] = []
        for turn in (True, False):
            with self.processes.together():
                if self.processes.first is turn:
                    pairs.append(self._data())
        return pairs[0]

    def _data(self) -> Pairs:
        c, task = self.config, task_of(self.bare)
        if task != ISP:
            return open_subtask(
                task, c.data, patch=c.patch, seed=c.seed, aligned=c.aligned, skip_bad=c.skip_bad
            )
        return open_pairs(
            c.data, patch=c.patch, seed=c.seed, reader=c.reader, aligned=c.aligned, skip_bad=c.skip_bad
        )

    def _placed(self, batch: Batch | EdgeISPError) -> Batch:
        if isinstance(batch, EdgeISPError):
            raise batch
        placed = Batch(*(part.to(self.fabric.device, non_blocking=True) for part in batch))
        return placed._replace(raw=placed.raw.contiguous(memory_format=torch.channels_last))

    def save(self, path: Path) -> None:
        """Write the state, whole or not at all; the first process does."""
        self.saved = self.step
        if not self.processes.first:
            return
        state = {
            "step": self.step,
            "config": msgspec.json.encode(self.config).decode(),
            "network": self.bare.state_dict(),
            "average": self.average.state_dict(),
            "objective": self.objective.learned(),
            "optimizer": self.optimizer.state_dict(),
            "precision": self.fabric.strategy.precision.state_dict(),
        }
        write_state(path, state)

    def restore(self, path: Path) -> None:
        """Take over the state at ``path``; the settings must be those of the run that wrote it."""
        state = read_state(path, self.config, _FREE)
        self.bare.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.objective.load_state_dict(state["objective"], strict=False)
        self.optimizer.load_state_dict(state["optimizer"])
        self.fabric.strategy.precision.load_state_dict(state["precision"])
        self.step = self.saved = int(state["step"])


def _cure(saved: int) -> str:
    if saved:
        return f"the state of step {saved} is kept: go on from it with --resume and a lower --lr, or look at the data"
    return "no state was saved before: start with a lower --lr, or look at the data"


_FREE = {"accumulate", "workers", "save_every", "log_every", "lr"}
"""Settings that may be others when a run goes on: those that do not change what it computes, and the learning rate,
without which a run that diverged would diverge again. ``log.csv`` holds the rate of each step."""


def _check_patch(network: nn.Module, patch: int) -> None:
    stride = int(getattr(network, "stride", 1))
    if patch % stride:
        raise BadInputError(
            f"a patch of {patch} for a network of stride {stride}",
            where="--patch",
            cure=f"give a multiple of {stride}, such as {max(64, -(-patch // stride) * stride)}",
        )


@dataclass(frozen=True)
class _Items:
    """Training data whose known errors come out of the loader's processes as they are, not as text."""

    pairs: Pairs

    def __getitem__(self, index: int) -> Patch | EdgeISPError:
        try:
            return self.pairs[index]
        except EdgeISPError as error:
            return error


def _collate(items: list[Patch | EdgeISPError]) -> Batch | EdgeISPError:
    failed = [item for item in items if isinstance(item, EdgeISPError)]
    return failed[0] if failed else Batch(*default_collate(items))


def _card(config: TrainConfig, step: int) -> dict[str, Any]:
    return {
        "model": config.model,
        "data": config.data,
        "steps": step,
        "training": deciding(config, _FREE),
    }
