"""``edgeisp train``: weights from data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeisp.cli.console import Console
from edgeisp.cli.options import DataOptions, RawFormatOptions, ThreadOptions
from edgeisp.errors import BadInputError, Terminated

if TYPE_CHECKING:
    from edgeisp.models.task import Task
    from edgeisp.training.config import TrainConfig
    from edgeisp.training.log import Progress

PANEL = "How it is trained"


@dataclass(frozen=True)
class TrainOptions:
    """Settings of a run, by the fields of `edgeisp.training.config.TrainConfig`."""

    steps: Annotated[int, typer.Option("--steps", rich_help_panel=PANEL, help="Optimizer steps.")] = 20_000
    batch: Annotated[
        int, typer.Option("--batch", rich_help_panel=PANEL, help="Patches in a step, over all processes.")
    ] = 8
    accumulate: Annotated[
        int,
        typer.Option("--accumulate", rich_help_panel=PANEL, help="Parts of a batch, to need less memory."),
    ] = 1
    patch: Annotated[
        int,
        typer.Option("--patch", rich_help_panel=PANEL, help="Packed pixels; pictures are twice as large."),
    ] = 64
    lr: Annotated[float, typer.Option("--lr", rich_help_panel=PANEL, help="Peak learning rate.")] = 7e-4
    loss: Annotated[
        str,
        typer.Option(
            "--loss", rich_help_panel=PANEL, help="Weights of l1, charbonnier, ms-ssim, vgg and fft."
        ),
    ] = "l1=1,ms-ssim=0.05"
    vgg: Annotated[
        Path | None,
        typer.Option("--vgg", rich_help_panel=PANEL, help="torchvision's VGG-19 weights, for that loss."),
    ] = None
    amp: Annotated[
        str, typer.Option("--amp", rich_help_panel=PANEL, help="Mixed precision: no, bf16 or fp16 (GPU).")
    ] = "no"
    seed: Annotated[int, typer.Option("--seed", rich_help_panel=PANEL, help="Of weights and data.")] = 0
    workers: Annotated[
        int, typer.Option("--workers", rich_help_panel=PANEL, help="Processes that make batches.")
    ] = 1
    save_every: Annotated[
        int, typer.Option("--save-every", rich_help_panel=PANEL, help="Steps between checkpoints.")
    ] = 500
    log_every: Annotated[
        int, typer.Option("--log-every", rich_help_panel=PANEL, help="Steps between lines of the log.")
    ] = 50
    aligned: Annotated[
        bool,
        typer.Option(
            "--aligned", rich_help_panel=PANEL, help="Warp real pictures onto their RAW, with a mask."
        ),
    ] = False
    init: Annotated[
        str | None,
        typer.Option(
            "--init", rich_help_panel=PANEL, help="Start from these weights: a file, or a bundled name."
        ),
    ] = None


def train(
    console: Console,
    options: TrainOptions,
    raw: RawFormatOptions,
    given: DataOptions,
    threading: ThreadOptions,
    model: Annotated[str, typer.Argument(help="Network; `edgeisp models` lists them.")],
    data: Annotated[
        str,
        typer.Option(
            "--data", "-d", help="synthetic, pairs:DIR, dng:DIR, zrr:DIR, mai21:DIR; sidd:DIR to denoise."
        ),
    ] = "synthetic",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder of the run; default runs/MODEL.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where the run in the folder stopped, to the same weights.")
    ] = False,
) -> None:
    """Train a network; writes MODEL.safetensors, log.csv, TensorBoard events and the state to resume from.

    Ctrl-C or a kill loses at most --save-every steps. Several GPUs or machines: start it with torchrun.

    Examples:

    edgeisp train metaisp --data synthetic --steps 2000 -o runs/first

    edgeisp train metaisp --data pairs:my_phone --init base.safetensors --steps 5000 -o runs/mine

    edgeisp train metaisp --data synthetic --steps 2000 -o runs/first --resume

    edgeisp train metaisp --loss charbonnier=1,vgg=1 --vgg vgg19-dcbb9e9d.pth --amp bf16 --accumulate 4

    edgeisp train metaisp --data zrr:Zurich-RAW-to-DSLR-Dataset --aligned --patch 216

    edgeisp train lwisp-denoise --data sidd:SIDD_Small_sRGB_Only --steps 20000

    torchrun --nproc-per-node 2 -m edgeisp train metaisp --batch 16
    """
    from edgeisp.extras import require

    check_trainable(model)
    require("train")
    from edgeisp.data.open import GENERATED, check_name
    from edgeisp.training.config import TrainConfig, settings

    check_name(data, *GENERATED)
    config = settings(
        TrainConfig, model=model, data=data, reader=raw.reader(), **vars(given), **vars(options)
    )
    folder = out or Path("runs") / model
    from edgeisp.training.loop import train as run  # torch, for which no typing error should wait

    threading.apply()
    with shown(console, model, config, folder) as report:
        run(config, folder, resume=resume, report=report)


def check_trainable(model: str) -> None:
    """Whether ``model`` learns from pairs.

    Raises:
        BadInputError: no such network, or its order of modules is what is learned.
    """
    from edgeisp.models import MODELS

    MODELS.check(model)
    if model == "posisp":
        raise BadInputError(
            "posisp learns an order of modules, not from pairs alone",
            where=model,
            cure="`edgeisp posisp train --task enhance`",
        )


@contextmanager
def shown(
    console: Console, what: str, config: TrainConfig, folder: Path
) -> Iterator[Callable[[Progress], None]]:
    """Decodes the data, shows a bar while the block trains, fed by what it yields, and then the run's result."""
    from edgeisp.data.open import GENERATED
    from edgeisp.models import MODELS
    from edgeisp.models.task import ISP
    from edgeisp.processes import Processes

    here = Processes.here()
    with here.together():
        if config.data not in GENERATED and here.first:
            task = MODELS.get(config.model).task
            if task == ISP:
                _decode(console, config)
            else:
                _decode_stored(console, config, task)
    with watched(console, what, config.steps, folder) as (report, last):
        yield report
    weights = folder / f"{config.model}.safetensors"
    facts = {"weights": str(weights), "log": str(folder / "log.csv"), "steps": config.steps}
    if last:
        now = last[-1]
        facts |= {
            "loss": now.loss,
            "steps_per_second": round(now.steps_per_second, 3),
            "patches_per_second": round(now.patches_per_second, 2),
            "gpu_percent": now.gpu_percent,
        }
    speed = f", {facts['patches_per_second']:g} patches/s" if last else ""
    if last and last[-1].gpu_percent is not None:
        speed += f", GPU {last[-1].gpu_percent:.0f} % busy"
    console.result(
        facts, f"{weights}  after {config.steps} steps{speed}; log and TensorBoard events in {folder}"
    )


@contextmanager
def watched(
    console: Console, what: str, steps: int, folder: Path
) -> Iterator[tuple[Callable[[Progress], None], list[Progress]]]:
    """A bar while the block trains, fed by what it yields; where a signal ends the block, what --resume goes on from.

    Also yields the list that holds the last progress that was told, if any.
    """
    last: list[Progress] = []
    with console.progress(f"training {what}", total=steps) as advance:

        def report(now: Progress) -> None:
            advance(now.step - (last[-1].step if last else 0), f"{what}, loss {now.loss:.4f}")
            last[:] = [now]

        try:
            yield report, last
        except (KeyboardInterrupt, Terminated):
            console.note(f"{folder}: {_stopped(last)}")
            raise


def _stopped(last: list[Progress]) -> str:
    if not last:
        return "stopped before the first step"
    saved = last[-1].saved
    kept = (
        f"--resume goes on from step {saved}" if saved else "before the first --save-every: nothing to resume"
    )
    return f"stopped after step {last[-1].step} of {last[-1].steps}; {kept}"


def _decode(console: Console, config: TrainConfig) -> None:
    """Fill the cache of decoded frames before the run, with a bar; the run then finds them there."""
    from edgeisp.data.cache import stored_frames
    from edgeisp.data.open import GENERATED, open_set

    pairs = open_set(config.data, config.reader, *GENERATED).whole(config.skip_bad)
    for note in pairs.notes:
        console.note(note)
    entries = pairs.of("train")
    with console.progress("decoding", total=len(entries)) as advance:
        found = stored_frames(
            pairs, entries, aligned=config.aligned, skip_bad=config.skip_bad, report=advance
        )
    _tell_left_out(console, len(found), len(entries))


def _decode_stored(console: Console, config: TrainConfig, task: Task) -> None:
    """The same for pairs before and after."""
    from edgeisp.data.subtasks import checked, stored

    source = stored(task, config.data, "synthetic").whole(config.skip_bad)
    with console.progress("decoding", total=len(source.entries)) as advance:
        found = checked(source, config.patch, config.skip_bad, advance)
    _tell_left_out(console, len(found), len(source.entries))


def _tell_left_out(console: Console, found: int, total: int) -> None:
    if found < total:
        console.warn(f"{total - found} of {total} pairs cannot be used and are left out")
