"""Qualcomm AI Hub's protocol: every body is parsed by the message type that the vendor's own client defines for it."""

from __future__ import annotations

import email
import io
from typing import Any

import h5py
import numpy as np
import qai_hub.public_api_pb2 as pb
from server import Handler

TOKEN = "s3cr3t-of-the-farm"
KIND = "application/x-protobuf"
OWNER = pb.User(id=1, email="a@b", default_project_id="p1")
DEVICE = pb.Device(name="Samsung Galaxy S24", os="14", attributes=["framework:tflite", "framework:onnx"])
STATES = [
    pb.JOB_STATE_CREATED,
    pb.JOB_STATE_PROVISIONING_DEVICE,
    pb.JOB_STATE_RUNNING_INFERENCE,
    pb.JOB_STATE_DONE,
]


class QaiHandler(Handler):
    def answer(self, body: bytes) -> tuple[int, str, bytes]:
        path, state = self.path.partition("?")[0], self.server.state
        if path.startswith("/upload/"):
            state[path.split("/")[2]] = self.form(body) if self.command == "POST" else body
            return 200, KIND, b""
        if path.startswith("/download/"):
            return 200, "application/octet-stream", self.outputs()
        if self.headers.get("Authorization") != f"token {TOKEN}":
            return 401, KIND, b""
        parts = path.split("/api/v1/")[-1].strip("/").split("/")
        self.server.asked.append(f"{self.command} {parts[-1]}")
        found = self.found(parts, body)
        if found is None:
            return 404, KIND, b""
        return (201 if self.command == "POST" else 200), KIND, found.SerializeToString()

    def found(self, parts: list[str], body: bytes) -> Any:
        state, url = self.server.state, self.server.url
        if parts[:2] == ["users", "auth"]:
            return OWNER
        if parts == ["devices"]:
            return pb.DeviceList(devices=[DEVICE], total_query_count=1)
        if parts[-1] == "models" and self.command == "POST":
            state["model type"] = pb.Model.FromString(body).model_type
            return pb.CreateUpdateResponse(id="m1")
        if "multipart_upload" in parts and self.command == "GET":
            made = pb.FileUploadResponse()
            made.multipart_url.urls.append(f"{url}/upload/model")
            made.multipart_url.upload_id, made.multipart_url.max_part_size = "u1", 1 << 28
            return made
        if "multipart_upload" in parts:
            return pb.CreateUpdateResponse(id="m1")
        if parts[-1] == "datasets" and self.command == "POST":
            pb.Dataset.FromString(body)
            return pb.CreateUpdateResponse(id="d1")
        if parts[-1] == "upload_url":
            return pb.FileUploadResponse(
                url=pb.FileUploadURL(url=f"{url}/upload/data", file_field_name="file")
            )
        if parts[-1] == "download_data":
            return pb.FileDownloadResponse(url=pb.FileDownloadURL(url=f"{url}/download/d2", filename="o.h5"))
        if parts[0] == "datasets":
            return (
                pb.CreateUpdateResponse(id="d1")
                if self.command == "PATCH"
                else pb.Dataset(dataset_id=parts[1])
            )
        if parts[0] == "models":
            return pb.Model(
                model_id="m1", model_type=state["model type"], file_upload_complete=True, owner=OWNER
            )
        if parts[-1] == "jobs" and self.command == "POST":
            state["job"] = pb.Job.FromString(body).inference_job
            return pb.CreateUpdateResponse(id="j1")
        if parts[-1] == "result":
            return self.result()
        return self.job() if parts[0] == "jobs" else None

    def form(self, body: bytes) -> bytes:
        """The file of a form, as a browser sends it."""
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        (part,) = email.message_from_bytes(head + body).get_payload()
        content: bytes = part.get_payload(decode=True)
        return content

    def job(self) -> Any:
        at = STATES[min(self.server.polls, len(STATES) - 1)]
        self.server.polls += 1
        made = pb.InferenceJob(
            inference_job_id="j1", job_state=at, name="n", is_profiling_on=True, device=DEVICE, user=OWNER
        )
        made.model.CopyFrom(pb.Model(model_id="m1", model_type=self.server.state["model type"], owner=OWNER))
        made.creation_time.GetCurrentTime()
        made.last_updated_time.GetCurrentTime()
        return pb.Job(inference_job=made)

    def result(self) -> Any:
        detail = pb.ProfileDetail(
            major_version=1,
            minor_version=2,
            execution_time=1200,
            cold_load_time=9000,
            after_execution_peak_memory=5 << 20,
            all_execution_times=[1200, 1300, 1400],
        )
        detail.layer_details.add(name="conv", compute_unit=pb.COMPUTE_UNIT_NPU, execution_time=800)
        detail.layer_details.add(name="cast", compute_unit=pb.COMPUTE_UNIT_CPU, execution_time=100)
        done = pb.InferenceJobResult(inference_job_id="j1", detail=detail, output_dataset_id="d2")
        return pb.JobResult(inference_job_result=done)

    def outputs(self) -> bytes:
        """The phone doubles its input; data sets are HDF5 files, ``data/INDEX/batch_INDEX``."""
        with h5py.File(io.BytesIO(self.server.state["data"])) as given:
            value = 2 * np.asarray(given["data/0/batch_0"])
        buffer = io.BytesIO()
        with h5py.File(buffer, "w") as made:
            group = made.create_group("data/0")
            group.attrs.update(name="rgb", order=0, batch_count=1)
            group.create_dataset("batch_0", data=value)
        return buffer.getvalue()
