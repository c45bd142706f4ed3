"""Qualcomm AI Hub: it takes the artifact itself and runs it on real phones, on whatever unit its runtime picks."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgeisp import extras
from edgeisp.errors import BadInputError, UnavailableError
from edgeisp.profile.device import Plan
from edgeisp.profile.farms.base import (
    CutError,
    Farm,
    Fetched,
    Progress,
    QuotaError,
    RefusedError,
    Task,
    token,
    without,
)
from edgeisp.profile.farms.device import FarmDevice
from edgeisp.profile.report import Operator

TOKEN, URL = "QAIHUB_API_TOKEN", "EDGEISP_QAI_HUB_URL"
SUFFIXES = (".tflite", ".onnx")
UNAUTHORIZED = (401, 403)


@dataclass(frozen=True)
class QaiHub:
    """The client is qai-hub; the token is an account's."""

    name: str = "qai-hub"
    title: str = "Qualcomm AI Hub"

    def missing(self) -> str | None:
        if lack := extras.missing("qai-hub"):
            return lack
        if token(TOKEN, self.name) is None:
            return f"no token of {self.title}: set {TOKEN}, or `keyring set edgeisp {self.name}`"
        return None

    def ready(self, plan: Plan) -> None:
        if plan.apks:
            raise BadInputError(f"{self.title} runs no apps", where="--apk", cure="leave it out")

    def phones(self) -> list[str]:
        with _translated():
            return list(dict.fromkeys(device.name for device in _client().get_devices()))

    def check(self, task: Task) -> None:
        if task.path.suffix not in SUFFIXES:
            raise UnavailableError(f"{self.title} takes {', '.join(SUFFIXES)} files", where=task.path)

    def submit(self, task: Task) -> str:
        import qai_hub

        inputs = {port.name: [np.asarray(task.inputs[port.name])] for port in task.entry.inputs}
        with tempfile.TemporaryDirectory() as folder, _translated():
            job = _client().submit_inference_job(
                model=str(_one_function(task, Path(folder))),
                device=qai_hub.Device(task.phone),
                inputs=inputs,
                name=task.name,
                options=f"--max_profiler_iterations {task.runs}",
                retry=False,
                profile=True,
            )
        return str(job.job_id)

    def poll(self, job: str) -> Progress:
        with _translated():
            status = _client().get_job(job).get_status()
        failed = (status.message or "it says no more") if status.failure else None
        return Progress(status.code.lower().replace("_", " "), over=status.finished, failed=failed)

    def fetch(self, job: str, task: Task) -> Fetched:
        with _translated():
            done = _client().get_job(job)
            profile, outputs = done.download_profile(), done.download_output_data()
        summary = profile["execution_summary"]
        times = summary.get("all_inference_times") or [summary["estimated_inference_time"]]
        samples = tuple(_milliseconds(time) for time in times)
        memory = summary.get("estimated_inference_peak_memory") or None
        return Fetched(
            ran_on=f"{self.title}, {task.phone}",
            load_ms=_milliseconds(summary["first_load_time"]),
            first_ms=samples[0],
            samples_ms=samples,
            idle_bytes=None,
            peak_bytes=memory if memory is not None and memory > 0 else None,
            operators=tuple(_operator(layer) for layer in profile["execution_detail"]),
            outputs={} if outputs is None else _outputs(outputs, task),
        )


def _client() -> Any:
    import qai_hub

    secret = token(TOKEN, FARM.name)
    if secret is None:
        raise RefusedError(f"no token of {FARM.title}", cure=f"set {TOKEN}")
    where = os.environ.get(URL)
    urls = {"api_url": where, "web_url": where} if where else {}
    return qai_hub.Client(qai_hub.ClientConfig(api_token=secret, **urls))


def _one_function(task: Task, folder: Path) -> Path:
    """AI Hub runs a file's first graph: a TFLite file of one signature is written where it has several."""
    if task.path.suffix != ".tflite":
        return task.path
    from edgeisp.export.tflite_file import single

    path = folder / f"{task.path.stem}-{task.function}.tflite"
    path.write_bytes(single(task.path.read_bytes(), task.function))
    return path


def _operator(layer: dict[str, Any]) -> Operator:
    unit = layer["compute_unit"]
    kind = f"{layer.get('type') or 'layer'} on {unit}"
    return Operator(
        name=layer["name"],
        kind=kind,
        ms=_milliseconds(layer.get("execution_time", 0)),
        delegated=unit != "CPU",
    )


def _outputs(found: Any, task: Task) -> dict[str, Any]:
    """By the manifest's names; where the runtime has its own, in the order of the call."""
    ports = task.entry.outputs
    names = list(found) if all(port.name in found for port in ports) else [port.name for port in ports]
    values = dict(zip(names, found.values(), strict=False))
    return {
        p.name: np.asarray(values[p.name][0], np.float32).reshape(p.shape) for p in ports if p.name in values
    }


def _milliseconds(microseconds: float) -> float:
    return microseconds / 1e3


@contextmanager
def _translated() -> Iterator[None]:
    """The client's errors in our words, without the token."""
    import qai_hub.client
    import qai_hub.public_rest_api as api
    import requests

    try:
        yield
    except qai_hub.client.RateLimitedError as error:
        raise QuotaError(
            f"{FARM.title}: {_said(error)}", cure="wait for your running jobs, or ask for more"
        ) from error
    except (qai_hub.client.InternalError, requests.RequestException) as error:
        raise CutError(f"{FARM.title} did not answer: {_said(error)}", cure="check the network") from error
    except api.APIException as error:
        if error.status_code in UNAUTHORIZED:
            raise RefusedError(
                f"{FARM.title} refused the token", cure=f"a new one goes into {TOKEN}"
            ) from error
        if error.status_code == 429:
            raise QuotaError(f"{FARM.title}: {_said(error)}", cure="wait, or ask for more") from error
        raise UnavailableError(f"{FARM.title}: {_said(error)}") from error
    except qai_hub.client.UserError as error:
        said = _said(error)
        if "token" in said.lower() or "authenticat" in said.lower():
            raise RefusedError(
                f"{FARM.title} refused the token", cure=f"a new one goes into {TOKEN}"
            ) from error
        raise UnavailableError(f"{FARM.title}: {said}") from error


def _said(error: Exception) -> str:
    return without(error, token(TOKEN, FARM.name))


FARM: Farm = QaiHub()
DEVICE = FarmDevice(FARM)
