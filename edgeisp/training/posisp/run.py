"""The training of a policy: resumable, seeded, in one process or several."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

import msgspec
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.utils.data import DataLoader, default_collate

from edgeisp.errors import BadInputError, EdgeISPError, Terminated
from edgeisp.files import make_folder
from edgeisp.models.checkpoint import save
from edgeisp.posisp.network import KEY, PosISP
from edgeisp.posisp.pipeline import Pipeline
from edgeisp.processes import Processes
from edgeisp.training.fabric import launch, outlive_sigterm
from edgeisp.training.loop import DivergedError
from edgeisp.training.posisp.config import FREE, PolicyConfig
from edgeisp.training.posisp.evaluate import batches, figures, mean_loss
from edgeisp.training.posisp.objective import Batch, Outcome, outcome, policy_loss
from edgeisp.training.state import check_folder, deciding, read_state, write_state
from edgeisp.training.tasks import TASKS
from edgeisp.training.tasks.base import DownstreamTask, Examples, TaskOptions, check

STATE, LOG, WEIGHTS = "state.pt", "log.csv", "posisp.safetensors"
COLUMNS = ("step", "reward", "loss", "entropy", "temperature", "length")
HELD_OUT = range(2**40, 2**40 + 32)
"""Training examples that no run reaches, for choosing the order."""
CANDIDATES, CLIMBS = 8, 3
"""Sequences that the policy draws to choose from, and steps from the best of them to a neighbour."""
DECIDED, PATIENCE = 0.02, 200
"""A policy whose entropy stays below this share of the largest for so many steps, with no reward, has collapsed."""


class CollapsedError(BadInputError):
    """With these settings the policy settled on a sequence that gains nothing; the last good state is on disk."""


@dataclass(frozen=True)
class PolicyProgress:
    """What a run reports after each step."""

    step: int
    steps: int
    reward: float
    loss: float
    entropy: float
    """Of an open choice, as a share of the largest possible: 1 undecided, 0 decided."""
    temperature: float
    sequence: tuple[str, ...]
    """What would be deployed now."""


def train_policy(
    config: PolicyConfig,
    out: Path,
    *,
    resume: bool = False,
    report: Callable[[PolicyProgress], None] = lambda _: None,
    note: Callable[[str], None] = lambda text: None,
) -> tuple[Path, dict[str, Any]]:
    """Run ``config`` to its last step; the path of the weights and what they come to on test examples.

    ``out`` gets ``posisp.safetensors``, ``log.csv`` and ``state.pt``, from which ``resume=True`` goes on.

    Raises:
        BadInputError: the settings, the data or ``out`` do not fit.
        CheckpointError: the weights of the task's network do not fit.
        DivergedError: a reward is not a number.
        CollapsedError: the policy settled on something useless.
    """
    processes = Processes.here()
    with processes.together():
        check_folder(out / STATE, resume)
        fabric = launch("no", processes)
        run = PolicyRun(config, fabric, processes, note)
        run.start(out, resume)
    try:
        _learn(run, out, report)
    except (KeyboardInterrupt, Terminated):
        kept = (
            f"--resume goes on from step {run.saved}"
            if run.saved
            else "stopped before its first --save-every"
        )
        note(f"{out}: {kept}")
        raise
    return out / WEIGHTS, run.finish(out)


def _learn(run: PolicyRun, out: Path, report: Callable[[PolicyProgress], None]) -> None:
    config, unrewarded = run.config, 0
    for batch in run.batches():
        progress = run.advance(batch)
        report(progress)
        if not math.isfinite(progress.reward) or not math.isfinite(progress.loss):
            raise DivergedError(
                f"the reward is {progress.reward} at step {run.step}",
                where=out,
                cure=f"the state of step {run.saved} is kept: look at the data, or lower --lr-parameters",
            )
        useless = progress.entropy < DECIDED and progress.reward <= 0 and not run.order_fixed
        unrewarded = unrewarded + 1 if useless else 0
        if unrewarded > PATIENCE:
            raise CollapsedError(
                f"the policy has decided for {' '.join(progress.sequence) or 'nothing'} with a reward of "
                f"{progress.reward:.4f}",
                where=out,
                cure=f"start again with a larger --entropy than {config.entropy:g}, or a smaller --penalty",
            )
        last = run.step == config.steps
        if run.processes.first and (run.step % config.log_every == 0 or last):
            run.write_log(out / LOG, progress)
        if run.step % config.save_every == 0 or last:
            run.save(out)


class PolicyRun:
    """The state of a run."""

    def __init__(
        self, config: PolicyConfig, fabric: Fabric, processes: Processes, note: Callable[[str], None]
    ) -> None:
        torch.manual_seed(config.seed)
        self.config, self.fabric, self.processes, self.step, self.saved = config, fabric, processes, 0, 0
        if config.batch < processes.size:
            raise BadInputError(
                f"a batch of {config.batch} for {processes.size} processes",
                where="--batch",
                cure=f"give at least {processes.size}",
            )
        options = TaskOptions(
            data=config.data,
            network=config.network,
            weights=Path(config.weights) if config.weights else None,
            patch=config.patch,
            seed=config.seed,
            reader=config.reader,
            note=note,
        )
        self.task: DownstreamTask = TASKS.get(config.task)(options)
        self.task.eval().requires_grad_(False).to(fabric.device)
        self.examples = self.task.examples("train")
        check(self.task, self.examples, fabric.device)
        self.network = PosISP(Pipeline.of(config.modules, config.paper)).to(fabric.device)
        betas = (0.9, 0.99)
        self.for_order = torch.optim.Adam(self.network.order.parameters(), config.lr_order, betas)
        self.for_parameters = torch.optim.Adam(
            self.network.parameters_of.parameters(), config.lr_parameters, betas
        )
        self.order_fixed = bool(config.order)
        self.network.sequence = self.network.pipeline.ids(config.order)

    def start(self, out: Path, resume: bool) -> None:
        """Begin in ``out``, or go on with what stopped there."""
        if resume:
            self._restore(out / STATE)
        elif self.processes.first:
            make_folder(out)
            with (out / LOG).open("w", newline="") as stream:
                csv.writer(stream).writerow(COLUMNS)

    def batches(self) -> Iterator[Batch]:
        """This process's share of the batch of every step to come, a pure function of (seed, step, rank)."""
        size, to_come = self.config.batch, range(self.step, self.config.steps)
        loader: DataLoader[Batch | EdgeISPError] = DataLoader(
            _Items(self.examples),  # type: ignore[arg-type]
            batch_sampler=(list(self.processes.share(range(i * size, (i + 1) * size))) for i in to_come),
            num_workers=self.config.workers,
            worker_init_fn=outlive_sigterm,
            collate_fn=_collate,
        )
        for batch in loader:
            with self.processes.together():
                if isinstance(batch, EdgeISPError):
                    raise batch
            yield Batch(*(part.to(self.fabric.device) for part in batch))

    def advance(self, batch: Batch) -> PolicyProgress:
        """One update of both predictors. Nothing changes where the reward is not finite."""
        c, order = self.config, self.network.order
        if self.step >= c.settled and not self.order_fixed:
            self._fix_order()
        if self.order_fixed:
            return self._advance_parameters(batch)
        temperature = c.temperature(self.step)
        generator = torch.Generator().manual_seed(c.seed * 2**32 + self.step)  # resumed runs draw the same
        count = c.batch if c.paper else c.sequences
        drawn = order.sample(count, temperature, generator)
        sequences, mine = drawn.sequences(order.stop), slice(None)
        if c.paper:  # one per example: ours are those of our examples
            mine = slice(self.processes.rank, None, self.processes.size)
        made = outcome(self.network, self.task, batch, sequences[mine], shared=not c.paper)
        costs = self.network.pipeline.costs.to(drawn.tokens.device)[drawn.tokens].sum(1)
        rewards = self._rewards(made, mine, count) - c.penalty * costs
        loss = float(self._mean(made.loss.detach()))
        if math.isfinite(loss) and bool(torch.isfinite(rewards).all()):
            self._improve(self.for_parameters, made.loss, c.clip_parameters)
            self._improve(self.for_order, policy_loss(c, self.step, rewards, drawn), c.clip_order)
        self.step += 1
        names = self.network.pipeline.names
        return PolicyProgress(
            self.step,
            c.steps,
            float(rewards.mean()),
            loss,
            drawn.entropy.item(),
            temperature,
            tuple(names[i] for i in order.decode()),
        )

    def _advance_parameters(self, batch: Batch) -> PolicyProgress:
        """The paper's deployment: the order stands, the parameters go on."""
        sequence = self.network.sequence
        made = outcome(self.network, self.task, batch, [sequence], shared=True)
        loss, reward = float(self._mean(made.loss.detach())), float(self._mean(made.rewards[0]))
        if math.isfinite(loss):
            done = (self.step - self.config.settled) / max(1, self.config.steps - self.config.settled)
            for group in self.for_parameters.param_groups:
                group["lr"] = self.config.lr_parameters * 0.5 * (1 + math.cos(math.pi * done))
            self._improve(self.for_parameters, made.loss, self.config.clip_parameters)
        self.step += 1
        names = tuple(self.network.pipeline.names[i] for i in sequence)
        return PolicyProgress(self.step, self.config.steps, reward, loss, 0.0, 0.0, names)

    def _rewards(self, made: Outcome, mine: slice, count: int) -> Tensor:
        """``count`` rewards, the same in every process."""
        if not self.config.paper:
            return self._mean(made.rewards)
        everyone = torch.zeros(count, device=made.rewards.device)
        everyone[mine] = made.rewards
        return cast("Tensor", self.fabric.all_reduce(everyone, reduce_op="sum"))

    def _mean(self, value: Tensor) -> Tensor:
        return cast("Tensor", self.fabric.all_reduce(value, reduce_op="mean"))

    def _improve(self, optimizer: torch.optim.Optimizer, loss: Tensor, most: float) -> None:
        """A step on the mean gradient of all processes; none where no module ran, and so nothing has a gradient."""
        optimizer.zero_grad()
        if loss.requires_grad:
            loss.backward()
        learned = [p for group in optimizer.param_groups for p in group["params"]]
        for p in learned:
            p.grad = self._mean(torch.zeros_like(p) if p.grad is None else p.grad)
        nn.utils.clip_grad_norm_(learned, most)
        optimizer.step()

    def _fix_order(self) -> None:
        """The greedy sequence, a drawn one, or a neighbour of these: whichever loses least on held-out examples."""
        order = self.network.order
        generator = torch.Generator().manual_seed(self.config.seed)
        with torch.no_grad():
            drawn = order.sample(CANDIDATES, self.config.coldest, generator).sequences(order.stop)
        held_out = list(batches(self.examples, HELD_OUT, self.fabric.device))
        costs = self.network.pipeline.costs

        @cache
        def lost(sequence: tuple[int, ...]) -> float:
            spent = self.config.penalty * float(costs[list(sequence)].sum())
            return mean_loss(self.network, self.task, held_out, sequence) + spent

        best = min(dict.fromkeys([order.decode(), *drawn]), key=lost)
        for _ in range(CLIMBS):
            better = min(neighbours(best, len(self.network.pipeline.modules)), key=lost)
            if lost(better) >= lost(best):
                break
            best = better
        if not best:
            raise CollapsedError(
                f"no sequence gains anything on held-out examples, at step {self.step}",
                where="--penalty",
                cure=f"start again with a smaller --penalty than {self.config.penalty:g}, or with more --steps",
            )
        self.network.sequence = best
        self.order_fixed = True

    def write_log(self, path: Path, p: PolicyProgress) -> None:
        """One line."""
        with path.open("a", newline="") as stream:
            csv.writer(stream).writerow(
                [
                    p.step,
                    *(f"{v:.5f}" for v in (p.reward, p.loss, p.entropy, p.temperature)),
                    len(p.sequence),
                ]
            )

    def save(self, out: Path) -> None:
        """Weights and state, whole or not at all; the first process writes."""
        self.saved = self.step
        if not self.processes.first:
            return
        state = {
            "step": self.step,
            "config": msgspec.json.encode(self.config).decode(),
            "network": self.network.state_dict(),
            "sequence": list(self.network.sequence),
            "order_fixed": self.order_fixed,
            "for_order": self.for_order.state_dict(),
            "for_parameters": self.for_parameters.state_dict(),
        }
        write_state(out / STATE, state)
        self._write_weights(out, {})

    def finish(self, out: Path) -> dict[str, Any]:
        """Measure on test examples, and put the figures into the card of the weights."""
        if not self.order_fixed:
            self.network.sequence = self.network.order.decode()
        test = list(batches(self.task.examples("test"), range(self.task.test_size), self.fabric.device))
        found = figures(self.network, self.task, test)
        if self.processes.first:
            self._write_weights(out, {"figures": {f"{self.config.task}, {self.config.data}": found}})
        return found

    def _write_weights(self, out: Path, more: dict[str, Any]) -> None:
        sequence = self.network.sequence if self.order_fixed else self.network.order.decode()
        deployed = PosISP(self.network.pipeline, sequence)
        deployed.load_state_dict(self.network.state_dict())
        card = {
            "model": "posisp",
            "data": self.config.data,
            "steps": self.step,
            "training": deciding(self.config, FREE),
            KEY: {**deployed.card(), "task": self.config.task},
            **more,
        }
        save(out / WEIGHTS, deployed, card)

    def _restore(self, path: Path) -> None:
        state = read_state(path, self.config, FREE)
        self.network.load_state_dict(state["network"])
        self.network.sequence = tuple(state["sequence"])
        self.order_fixed = bool(state["order_fixed"])
        self.for_order.load_state_dict(state["for_order"])
        self.for_parameters.load_state_dict(state["for_parameters"])
        self.step = self.saved = int(state["step"])


def neighbours(sequence: tuple[int, ...], modules: int) -> list[tuple[int, ...]]:
    """What one change makes of it: two modules side by side exchanged, one left out, one more at the end."""
    places = range(len(sequence))
    exchanged = [(*sequence[:i], sequence[i + 1], sequence[i], *sequence[i + 2 :]) for i in places[:-1]]
    shorter = [sequence[:i] + sequence[i + 1 :] for i in places]
    longer = [(*sequence, i) for i in range(modules) if i not in sequence]
    return exchanged + shorter + longer


@dataclass(frozen=True)
class _Items:
    """Examples whose known errors come out of the loader's processes as they are."""

    examples: Examples

    def __getitem__(self, index: int) -> Any:
        try:
            return self.examples[index]
        except EdgeISPError as error:
            return error


def _collate(items: list[Any]) -> Batch | EdgeISPError:
    failed = [item for item in items if isinstance(item, EdgeISPError)]
    return failed[0] if failed else Batch(*default_collate(items))
