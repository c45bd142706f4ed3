"""AWS Device Farm: it runs an Android app's instrumentation, which finds the artifact beside it and times it."""

from __future__ import annotations

import io
import os
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeisp import extras
from edgeisp.errors import UnavailableError
from edgeisp.profile.device import Plan
from edgeisp.profile.farms import package
from edgeisp.profile.farms.base import (
    CutError,
    Farm,
    Fetched,
    Progress,
    QuotaError,
    RefusedError,
    Task,
    without,
)
from edgeisp.profile.farms.device import FarmDevice

URL, PROJECT, REGION = "EDGEISP_AWS_URL", "edgeisp", "us-west-2"
"""Device Farm lives in one region."""
MINUTES = 10
"""After which the farm ends a run: device minutes cost money."""
PATIENCE = 300.0
QUOTA = ("LimitExceededException", "NotEligibleException", "ServiceAccountException", "ThrottlingException")
REFUSED = (
    "AccessDeniedException",
    "ExpiredTokenException",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "UnrecognizedClientException",
)


@dataclass(frozen=True)
class AwsDeviceFarm:
    """The client is boto3; credentials come from where boto3 looks: the environment, a profile, a role."""

    name: str = "aws"
    title: str = "AWS Device Farm"

    def missing(self) -> str | None:
        if lack := extras.missing("aws"):
            return lack
        import boto3

        if boto3.Session().get_credentials() is None:
            return f"no credentials of {self.title}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
        return None

    def ready(self, plan: Plan) -> None:
        package.ready(plan)

    def phones(self) -> list[str]:
        filters = [{"attribute": "PLATFORM", "operator": "EQUALS", "values": ["ANDROID"]}]
        with _translated():
            pages = _client().get_paginator("list_devices").paginate(filters=filters)
            found = [device for page in pages for device in page["devices"]]
        free = [
            device["model"] for device in found if device.get("availability") != "TEMPORARY_NOT_AVAILABLE"
        ]
        return list(dict.fromkeys(free))

    def check(self, task: Task) -> None:
        package.check(task)

    def submit(self, task: Task) -> str:
        client = _client()
        with _translated():
            project = _project(client)
            app = _upload(client, project, task.apks[0].name, "ANDROID_APP", task.apks[0].read_bytes())
            test = _upload(
                client,
                project,
                task.apks[-1].name,
                "INSTRUMENTATION_TEST_PACKAGE",
                task.apks[-1].read_bytes(),
            )
            data = _upload(client, project, "edgeisp.zip", "EXTERNAL_DATA", package.zipped(task))
            run = client.schedule_run(
                projectArn=project,
                appArn=app,
                name=task.name,
                deviceSelectionConfiguration={
                    "filters": [{"attribute": "MODEL", "operator": "EQUALS", "values": [task.phone]}],
                    "maxDevices": 1,
                },
                test={"type": "INSTRUMENTATION", "testPackageArn": test},
                configuration={
                    "extraDataPackageArn": data,
                    "customerArtifactPaths": {"androidPaths": [f"/sdcard/{package.RESULTS}"]},
                },
                executionConfiguration={"jobTimeoutMinutes": MINUTES},
            )
        return str(run["run"]["arn"])

    def poll(self, job: str) -> Progress:
        with _translated():
            run = _client().get_run(arn=job)["run"]
        over = run["status"] == "COMPLETED"
        result = run.get("result", "")
        failed = f"{result} {run.get('message', '')}".strip() if over and result != "PASSED" else None
        return Progress(run["status"].lower().replace("_", " "), over=over, failed=failed)

    def fetch(self, job: str, task: Task) -> Fetched:
        with _translated():
            found = _client().list_artifacts(arn=job, type="FILE")["artifacts"]
            archives = [
                _get(artifact["url"]) for artifact in found if artifact["type"] == "CUSTOMER_ARTIFACT"
            ]
        results: dict[str, bytes] = {}
        for content in archives:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                results |= {Path(name).name: archive.read(name) for name in archive.namelist()}
        return package.fetched(task, results, f"{self.title}, {task.phone}")


def _client() -> Any:
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=10, read_timeout=60, retries={"max_attempts": 3, "mode": "standard"})
    return boto3.Session().client(
        "devicefarm", region_name=REGION, endpoint_url=os.environ.get(URL), config=config
    )


def _project(client: Any) -> str:
    """Ours, made if need be."""
    pages = client.get_paginator("list_projects").paginate()
    for project in (project for page in pages for project in page["projects"]):
        if project["name"] == PROJECT:
            return str(project["arn"])
    return str(client.create_project(name=PROJECT, defaultJobTimeoutMinutes=MINUTES)["project"]["arn"])


def _upload(client: Any, project: str, name: str, kind: str, content: bytes) -> str:
    made = client.create_upload(projectArn=project, name=name, type=kind)["upload"]
    headers = {"Content-Type": "application/octet-stream"}
    with urllib.request.urlopen(
        urllib.request.Request(made["url"], content, headers, method="PUT"), timeout=600
    ):
        pass
    deadline = time.monotonic() + PATIENCE
    while (state := client.get_upload(arn=made["arn"])["upload"])["status"] != "SUCCEEDED":
        if state["status"] == "FAILED":
            raise UnavailableError(f"{FARM.title} does not take it: {state.get('message', '')}", where=name)
        if time.monotonic() > deadline:
            raise CutError(f"{FARM.title} is still reading it after {PATIENCE:.0f} s", where=name)
        time.sleep(1)
    return str(made["arn"])


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=600) as response:
        content: bytes = response.read()
    return content


@contextmanager
def _translated() -> Iterator[None]:
    """The client's errors in our words, without secrets."""
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, NoCredentialsError

    try:
        yield
    except NoCredentialsError as error:
        raise RefusedError(f"no credentials of {FARM.title}", cure="set AWS_ACCESS_KEY_ID ...") from error
    except ClientError as error:
        code, said = error.response["Error"]["Code"], without(error, os.environ.get("AWS_SECRET_ACCESS_KEY"))
        if code in REFUSED:
            raise RefusedError(f"{FARM.title} refused the credentials ({code})", cure="renew them") from error
        if code in QUOTA:
            raise QuotaError(f"{FARM.title}: {said}", cure="raise the limit or buy device slots") from error
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500:
            raise CutError(f"{FARM.title}: {said}") from error
        raise UnavailableError(f"{FARM.title}: {said}") from error
    except (HTTPClientError, urllib.error.URLError, TimeoutError, ConnectionError) as error:
        raise CutError(f"{FARM.title} did not answer: {without(error)}", cure="check the network") from error
    except BotoCoreError as error:
        raise UnavailableError(f"{FARM.title}: {without(error)}") from error


FARM: Farm = AwsDeviceFarm()
DEVICE = FarmDevice(FARM)
