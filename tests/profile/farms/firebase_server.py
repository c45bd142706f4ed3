"""Firebase Test Lab's protocol with Cloud Storage. Bodies are held against Google's own discovery documents."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from google.auth.credentials import AnonymousCredentials
from googleapiclient.discovery import build
from server import Handler

SCHEMAS: dict[str, Any] = build(
    "testing", "v1", credentials=AnonymousCredentials(), static_discovery=True
)._rootDesc["schemas"]
STATES = ["VALIDATING", "PENDING", "RUNNING", "FINISHED"]
MODELS = [
    {"id": "shiba", "name": "Pixel 8", "form": "PHYSICAL", "supportedVersionIds": ["33", "34"]},
    {"id": "MediumPhone", "name": "Arm", "form": "VIRTUAL", "supportedVersionIds": ["34"]},
]


def faults(value: Any, schema: dict[str, Any], where: str = "") -> list[str]:
    """What of ``value`` the schema does not know: unknown fields, wrong types, words outside of an enumeration."""
    if "$ref" in schema:
        return faults(value, SCHEMAS[schema["$ref"]], where)
    kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": float}
    if not isinstance(value, kinds[schema["type"]]):
        return [f"{where} is no {schema['type']}"]
    if isinstance(value, list):
        return [said for item in value for said in faults(item, schema["items"], where)]
    if isinstance(value, dict):
        known = schema.get("properties", {})
        unknown = [f"{where}.{name} is unknown" for name in value if name not in known]
        each = (faults(value[name], known[name], f"{where}.{name}") for name in value if name in known)
        return unknown + [said for found in each for said in found]
    return [] if value in schema.get("enum", [value]) else [f"{where}: {value} is none of {schema['enum']}"]


class FirebaseHandler(Handler):
    broken_body = json.dumps(
        {"error": {"code": 429, "message": "Quota exceeded for test executions"}}
    ).encode()

    def answer(self, body: bytes) -> tuple[int, str, bytes]:
        parts = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        path = unquote(parts.path)
        objects = self.server.state.setdefault("objects", {})
        if "/upload/storage/v1/b/" in path:
            self.server.asked.append("upload")
            objects[query["name"]] = self.media(body)
            return self.json({"kind": "storage#object", "name": query["name"], "bucket": "b"})
        if path.startswith("/storage/v1/b/b/o/"):
            return 200, "application/octet-stream", self.pulled()[path.removeprefix("/storage/v1/b/b/o/")]
        if path == "/storage/v1/b/b/o":
            return self.json({"items": [{"name": name} for name in self.pulled()]})
        if path.endswith(":initializeSettings"):
            return self.json({"name": "projects/p/settings", "defaultBucket": "b"})
        if "testEnvironmentCatalog" in path:
            self.server.asked.append("catalog")
            return self.json({"androidDeviceCatalog": {"models": MODELS}})
        if path.endswith("/testMatrices") and self.command == "POST":
            return self.create(json.loads(body))
        if "/testMatrices/" in path:
            return self.json({"error": {"message": "try later"}}, 503) if self.cut() else self.poll()
        return self.json({"error": {"code": 404, "message": path}}, 404)

    def create(self, matrix: dict[str, Any]) -> tuple[int, str, bytes]:
        self.server.asked.append("create")
        if wrong := faults(matrix, {"$ref": "TestMatrix"}):
            return self.json({"error": {"code": 400, "message": "; ".join(wrong)}}, 400)
        self.server.state["matrix"] = matrix
        return self.json({"testMatrixId": "matrix-1", "state": "VALIDATING"})

    def poll(self) -> tuple[int, str, bytes]:
        state = STATES[min(self.server.polls, len(STATES) - 1)]
        self.server.polls += 1
        outcome = (
            {"outcomeSummary": self.server.state.get("result", "SUCCESS")} if state == "FINISHED" else {}
        )
        return self.json(
            {**self.server.state["matrix"], "testMatrixId": "matrix-1", "state": state, **outcome}
        )

    def pulled(self) -> dict[str, bytes]:
        """The phone's side: it was given the files to push, and its results folder was pulled."""
        matrix = self.server.state["matrix"]
        folder = matrix["resultStorage"]["googleCloudStorage"]["gcsPath"].removeprefix("gs://b/")
        files = {}
        for pushed in matrix["testSpecification"]["testSetup"]["filesToPush"]:
            name = pushed["regularFile"]["content"]["gcsPath"].removeprefix("gs://b/")
            files[pushed["regularFile"]["devicePath"].split("/")[-1]] = self.server.state["objects"][name]
        place = f"{folder}/shiba-34-en-portrait/artifacts/sdcard/edgeisp/results"
        return {f"{place}/{name}": content for name, content in self.server.state["phone"](files).items()}

    def media(self, body: bytes) -> bytes:
        """The content of a multipart upload, or the body of a simple one."""
        boundary = re.search(r'boundary="?([^";]+)', self.headers.get("Content-Type", ""))
        if boundary is None:
            return body
        part = body.split(b"--" + boundary[1].encode())[2]
        return (
            part.split(b"\n\n", 1)[1].removesuffix(b"\n")
            if b"\r\n\r\n" not in part
            else (part.split(b"\r\n\r\n", 1)[1].removesuffix(b"\r\n"))
        )

    def json(self, content: dict[str, Any], status: int = 200) -> tuple[int, str, bytes]:
        return status, "application/json", json.dumps(content).encode()
