"""A target and an engine of another package: PyTorch's own exported programs, ``.pt2``; and three that go wrong."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from edgeisp.export.records import Delegation
from edgeisp.export.target import Report


@dataclass(frozen=True)
class Pt2Target:
    name: str = "pt2"
    suffix: str = ".pt2"
    precisions: tuple = ("fp32",)
    rewrites: tuple = ()
    delegation: Mapping = None

    def missing(self):
        return None

    def engine(self):
        return "pt2"

    def versions(self):
        return {"torch": str(torch.__version__)}

    def file_of(self, function, path):
        return path

    def convert(self, functions, path, precision, metadata):
        function = functions["tile"]
        inputs = tuple(torch.zeros(shape) for shape in function.inputs.values())
        torch.export.save(torch.export.export(self.module(function), inputs), path)
        return Report(self.delegation or {})

    def module(self, function):
        return function.module


class SkewedTarget(Pt2Target):
    """Converts to something slightly different."""

    def module(self, function):
        module = function.module
        for buffer in (*module.parameters(), *module.buffers()):
            buffer.data *= 1.01
        return module


class CrashingTarget(Pt2Target):
    def convert(self, functions, path, precision, metadata):
        os.kill(os.getpid(), signal.SIGSEGV)


class KillingTarget(Pt2Target):
    """Converts well, to a file on which its engine dies."""

    def engine(self):
        return "killing"


@dataclass(frozen=True)
class Pt2Engine:
    name: str = "pt2"
    suffixes: tuple = (".pt2",)
    parallel: bool = False

    def missing(self):
        return None

    def open(self, path, *, threads=0):
        return Pt2Program(torch.export.load(Path(path)).module())


@dataclass(frozen=True)
class Pt2Program:
    module: object
    ran_on: str = f"torch {torch.__version__}"

    def run(self, function, inputs):
        return {"rgb": self.module(torch.from_numpy(inputs["raw"])).detach().numpy()}


class KillingEngine(Pt2Engine):
    def open(self, path, *, threads=0):
        print("about to fall over", flush=True)  # noqa: T201
        os.kill(os.getpid(), signal.SIGABRT)


TARGET = Pt2Target()
SKEWED = SkewedTarget("skewed")
CRASHING = CrashingTarget("crashing")
KILLING = KillingTarget("killing")
PARTIAL = Pt2Target(
    "partial", delegation={"tile": Delegation(backend="NPU", delegated=1, total=2, portable={"erf": 1})}
)
ENGINE = Pt2Engine()
KILLING_ENGINE = KillingEngine("killing")
