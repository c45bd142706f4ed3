"""AWS Device Farm's protocol; every request is held against botocore's own model of the service."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import botocore.session
from botocore.validate import ParamValidator
from server import Handler

SERVICE = botocore.session.get_session().get_service_model("devicefarm")
ARN = "arn:aws:devicefarm:us-west-2:123456789012:"
RUN = ARN + "run:1111aaaa-2222-bbbb-3333-cccc4444dddd"
STATES = ["SCHEDULING", "PENDING", "RUNNING", "COMPLETED"]


class AwsHandler(Handler):
    broken_body = json.dumps(
        {"__type": "LimitExceededException", "message": "no device minutes left"}
    ).encode()

    def answer(self, body: bytes) -> tuple[int, str, bytes]:
        kind = "application/x-amz-json-1.1"
        if self.command == "PUT":
            self.server.state[self.path] = body
            return 200, kind, b""
        if self.command == "GET":
            return 200, "application/zip", self.results()
        operation = self.headers["X-Amz-Target"].split(".")[1]
        request = json.loads(body)
        self.server.asked.append(operation)
        if "AWS4-HMAC-SHA256" not in self.headers.get("Authorization", ""):
            return 400, kind, json.dumps({"__type": "MissingAuthenticationTokenException"}).encode()
        if "Credential=WRONG" in self.headers["Authorization"]:
            return (
                400,
                kind,
                json.dumps({"__type": "UnrecognizedClientException", "message": "bad key"}).encode(),
            )
        errors = ParamValidator().validate(request, SERVICE.operation_model(operation).input_shape)
        if errors.has_errors():
            said = {"__type": "ArgumentException", "message": errors.generate_report()}
            return 400, kind, json.dumps(said).encode()
        if operation == "GetRun" and self.cut():
            return 500, kind, json.dumps({"__type": "InternalServiceException"}).encode()
        return 200, kind, json.dumps(getattr(self, operation)(request)).encode()

    def ListDevices(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"devices": [{"arn": ARN + "device:1", "model": "Pixel 8", "platform": "ANDROID"}]}

    def ListProjects(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"projects": self.server.state.get("projects", [])}

    def CreateProject(self, request: dict[str, Any]) -> dict[str, Any]:
        project = {"arn": ARN + "project:1111aaaa-2222-bbbb-3333-cccc4444dddd", "name": request["name"]}
        self.server.state["projects"] = [project]
        return {"project": project}

    def CreateUpload(self, request: dict[str, Any]) -> dict[str, Any]:
        arn = f"{ARN}upload:1111aaaa-2222-bbbb-3333-cccc4444dddd/{request['type']}"
        return {
            "upload": {
                "arn": arn,
                "url": f"{self.server.url}/upload/{request['type']}",
                "status": "INITIALIZED",
            }
        }

    def GetUpload(self, request: dict[str, Any]) -> dict[str, Any]:
        uploaded = f"/upload/{request['arn'].rsplit('/')[-1]}" in self.server.state
        return {"upload": {"arn": request["arn"], "status": "SUCCEEDED" if uploaded else "INITIALIZED"}}

    def ScheduleRun(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"run": {"arn": RUN, "status": "SCHEDULING"}}

    def GetRun(self, request: dict[str, Any]) -> dict[str, Any]:
        state = STATES[min(self.server.polls, len(STATES) - 1)]
        self.server.polls += 1
        result = self.server.state.get("result", "PASSED") if state == "COMPLETED" else "PENDING"
        return {
            "run": {"arn": request["arn"], "status": state, "result": result, "message": "the app stopped"}
        }

    def ListArtifacts(self, request: dict[str, Any]) -> dict[str, Any]:
        url = f"{self.server.url}/artifact.zip"
        kinds = ["CUSTOMER_ARTIFACT", "DEVICE_LOG"]
        return {
            "artifacts": [{"arn": ARN + kind, "type": kind, "url": url, "extension": "zip"} for kind in kinds]
        }

    def results(self) -> bytes:
        """The phone's side: the app reads the data package that was uploaded and computes."""
        with zipfile.ZipFile(io.BytesIO(self.server.state["/upload/EXTERNAL_DATA"])) as archive:
            files = {name.split("/")[-1]: archive.read(name) for name in archive.namelist()}
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, content in self.server.state["phone"](files).items():
                archive.writestr(f"sdcard/edgeisp/results/{name}", content)
        return buffer.getvalue()
