"""Firebase Test Lab: it runs an Android app's instrumentation; files travel through a Cloud Storage bucket."""

from __future__ import annotations

import io
import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
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

PROJECT, BUCKET, URL = "GOOGLE_CLOUD_PROJECT", "EDGEISP_FIREBASE_BUCKET", "EDGEISP_FIREBASE_URL"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
TIMEOUT = "600s"
"""After which the farm ends a run: device minutes cost money."""
OVER = ("FINISHED", "ERROR", "CANCELLED", "INVALID", "UNSUPPORTED_ENVIRONMENT", "INCOMPATIBLE_ENVIRONMENT",
        "INCOMPATIBLE_ARCHITECTURE")  # fmt: skip


@dataclass(frozen=True)
class FirebaseTestLab:
    """The client is Google's API client; credentials are Application Default Credentials."""

    name: str = "firebase"
    title: str = "Firebase Test Lab"

    def missing(self) -> str | None:
        if lack := extras.missing("firebase"):
            return lack
        if not os.environ.get(PROJECT):
            return f"no project of {self.title}: set {PROJECT}, and GOOGLE_APPLICATION_CREDENTIALS"
        return None

    def ready(self, plan: Plan) -> None:
        package.ready(plan)

    def phones(self) -> list[str]:
        with _translated():
            catalog = _service("testing", "v1").testEnvironmentCatalog()
            models = catalog.get(environmentType="ANDROID").execute()["androidDeviceCatalog"]["models"]
        real = [
            model for model in models if model.get("form") == "PHYSICAL" and model.get("supportedVersionIds")
        ]
        return [f"{model['id']}-{model['supportedVersionIds'][-1]}" for model in real]

    def check(self, task: Task) -> None:
        package.check(task)

    def submit(self, task: Task) -> str:
        model, _, version = task.phone.rpartition("-")
        folder = f"edgeisp/{uuid.uuid4().hex}"
        with _translated():
            bucket = _bucket()
            pushed = []
            for name, content in package.files(task).items():
                _put(bucket, f"{folder}/{name}", content)
                target = f"/sdcard/{package.FOLDER}/{name}"
                file = {"content": {"gcsPath": f"gs://{bucket}/{folder}/{name}"}, "devicePath": target}
                pushed.append({"regularFile": file})
            for name, apk in zip(("app.apk", "test.apk"), (task.apks[0], task.apks[-1]), strict=True):
                _put(bucket, f"{folder}/{name}", apk.read_bytes())
            body = {
                "clientInfo": {"name": "edgeisp"},
                "testSpecification": {
                    "testTimeout": TIMEOUT,
                    "disablePerformanceMetrics": True,
                    "disableVideoRecording": True,
                    "androidInstrumentationTest": {
                        "appApk": {"gcsPath": f"gs://{bucket}/{folder}/app.apk"},
                        "testApk": {"gcsPath": f"gs://{bucket}/{folder}/test.apk"},
                    },
                    "testSetup": {
                        "filesToPush": pushed,
                        "directoriesToPull": [f"/sdcard/{package.RESULTS}"],
                    },
                },
                "environmentMatrix": {
                    "androidDeviceList": {
                        "androidDevices": [
                            {
                                "androidModelId": model,
                                "androidVersionId": version,
                                "locale": "en",
                                "orientation": "portrait",
                            }
                        ]
                    }
                },
                "resultStorage": {"googleCloudStorage": {"gcsPath": f"gs://{bucket}/{folder}/results"}},
            }
            matrices = _service("testing", "v1").projects().testMatrices()
            made = matrices.create(
                projectId=os.environ[PROJECT], body=body, requestId=uuid.uuid4().hex
            ).execute()
        return str(made["testMatrixId"])

    def poll(self, job: str) -> Progress:
        with _translated():
            matrix = _matrix(job)
        state = matrix["state"]
        passed = state == "FINISHED" and matrix.get("outcomeSummary") == "SUCCESS"
        reason = matrix.get("invalidMatrixDetails") or matrix.get("outcomeSummary") or state
        over = state in OVER
        return Progress(state.lower(), over=over, failed=str(reason) if over and not passed else None)

    def fetch(self, job: str, task: Task) -> Fetched:
        with _translated():
            place = _matrix(job)["resultStorage"]["googleCloudStorage"]["gcsPath"].removeprefix("gs://")
            bucket, _, prefix = place.partition("/")
            results = _pulled(bucket, prefix)
        return package.fetched(task, results, f"{self.title}, {task.phone}")


def _service(name: str, version: str) -> Any:
    from googleapiclient.discovery import build, build_from_document
    from googleapiclient.discovery_cache import get_static_doc

    where = os.environ.get(URL)
    if where:  # another server gets no credentials of Google's; uploads follow the document's own root
        from google.auth.credentials import AnonymousCredentials

        document = json.loads(get_static_doc(name, version))
        document |= {"rootUrl": f"{where}/", "baseUrl": f"{where}/{document['servicePath']}"}
        return build_from_document(document, credentials=AnonymousCredentials())
    import google.auth

    credentials, _ = google.auth.default(scopes=[SCOPE])
    return build(name, version, credentials=credentials, static_discovery=True)


def _matrix(job: str) -> dict[str, Any]:
    matrices = _service("testing", "v1").projects().testMatrices()
    found: dict[str, Any] = matrices.get(projectId=os.environ[PROJECT], testMatrixId=job).execute()
    return found


def _bucket() -> str:
    """The user's, else the one that Test Lab keeps for the project."""
    if own := os.environ.get(BUCKET):
        return own
    projects = _service("toolresults", "v1beta3").projects()
    return str(projects.initializeSettings(projectId=os.environ[PROJECT]).execute()["defaultBucket"])


def _put(bucket: str, name: str, content: bytes) -> None:
    from googleapiclient.http import MediaIoBaseUpload

    media = MediaIoBaseUpload(io.BytesIO(content), "application/octet-stream")
    _service("storage", "v1").objects().insert(bucket=bucket, name=name, media_body=media).execute()


def _pulled(bucket: str, prefix: str) -> dict[str, bytes]:
    """The files of the results folder, by their own names."""
    objects = _service("storage", "v1").objects()
    found, page = {}, None
    while True:
        answer = objects.list(bucket=bucket, prefix=prefix, pageToken=page).execute()
        for item in answer.get("items", ()):
            if package.RESULTS in item["name"]:
                content = objects.get_media(bucket=bucket, object=item["name"]).execute()
                found[PurePosixPath(item["name"]).name] = content
        page = answer.get("nextPageToken")
        if page is None:
            return found


@contextmanager
def _translated() -> Iterator[None]:
    """The client's errors in our words, without secrets."""
    import httplib2
    from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError, TransportError
    from googleapiclient.errors import HttpError

    try:
        yield
    except DefaultCredentialsError as error:
        raise RefusedError(
            f"no credentials of {FARM.title}", cure="set GOOGLE_APPLICATION_CREDENTIALS, or `gcloud auth`"
        ) from error
    except TransportError as error:
        raise CutError(f"{FARM.title} did not answer: {without(error)}", cure="check the network") from error
    except GoogleAuthError as error:
        raise RefusedError(f"{FARM.title} refused the credentials", cure="renew them") from error
    except HttpError as error:
        said = without(error.reason)
        if error.status_code == 429 or "quota" in said.lower():
            raise QuotaError(
                f"{FARM.title}: {said}", cure="wait until tomorrow, or switch billing on"
            ) from error
        if error.status_code in (401, 403):
            raise RefusedError(f"{FARM.title} refused the credentials: {said}", cure="renew them") from error
        if error.status_code >= 500:
            raise CutError(f"{FARM.title}: {said}") from error
        raise UnavailableError(f"{FARM.title}: {said}") from error
    except (httplib2.HttpLib2Error, OSError) as error:
        raise CutError(f"{FARM.title} did not answer: {without(error)}", cure="check the network") from error


FARM: Farm = FirebaseTestLab()
DEVICE = FarmDevice(FARM)
