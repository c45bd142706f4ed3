"""What adb says of phones that cannot be used: a server that speaks adb's own protocol stands in for them."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edgeisp.errors import BadInputError, EdgeISPError, UnavailableError
from edgeisp.profile.adb.device import DEVICE
from edgeisp.profile.adb.failures import classify
from edgeisp.profile.adb.phone import Said, choose, client
from edgeisp.profile.device import Plan
from edgeisp.profile.report import Health

pytest.importorskip("adbutils")


class Handler(socketserver.StreamRequestHandler):
    """``host:version`` and ``host:devices`` of the smart-socket protocol: a length in four hex digits, then text."""

    def handle(self) -> None:
        asked = self.rfile.read(int(self.rfile.read(4), 16)).decode()
        answers = {"host:version": "0029", "host:devices": self.server.phones}  # type: ignore[attr-defined]
        if asked not in answers:
            text = f"device '{asked}' not found"
            self.wfile.write(f"FAIL{len(text):04x}{text}".encode())
            return
        text = answers[asked]
        self.wfile.write(f"OKAY{len(text):04x}{text}".encode())


@pytest.fixture
def phones(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Sets what is plugged in: ``phones(SERIAL="unauthorized")``."""
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(server.server_address[1]))
    monkeypatch.setenv("ANDROID_ADB_SERVER_HOST", "127.0.0.1")
    monkeypatch.delenv("ANDROID_SERIAL", raising=False)

    def plug(**states: str) -> None:
        server.phones = "".join(f"{name}\t{state}\n" for name, state in states.items())  # type: ignore[attr-defined]

    plug()
    yield plug
    server.shutdown()
    server.server_close()


def test_no_phone_is_said_with_what_to_do(phones: Callable[..., None]) -> None:
    with pytest.raises(UnavailableError, match=r"no phone on adb.*USB debugging"):
        choose(None)
    (found,) = DEVICE.found()
    assert not found.ready and found.cure


@pytest.mark.parametrize(
    ("state", "cure"),
    [
        ("unauthorized", "accept this computer's key"),
        ("offline", "plug it in again"),
        ("no permissions", "udev rules"),
        ("recovery", "start Android"),
    ],
)
def test_phone_that_cannot_be_used_is_named_with_its_cure(
    phones: Callable[..., None], state: str, cure: str
) -> None:
    phones(A1=state)
    with pytest.raises(UnavailableError, match=cure) as caught:
        choose(None)
    assert caught.value.where == "A1"
    (found,) = DEVICE.found()
    assert (found.name, found.ready) == ("adb:A1", False)


def test_two_phones_need_a_serial(phones: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    phones(A1="device", B2="device")
    with pytest.raises(BadInputError, match=r"2 phones on adb.*adb:A1, adb:B2"):
        choose(None)
    assert choose("B2").serial == "B2"
    monkeypatch.setenv("ANDROID_SERIAL", "A1")
    assert choose(None).serial == "A1"


def test_phone_that_is_ready_is_taken_when_the_other_is_not(phones: Callable[..., None]) -> None:
    phones(A1="offline", B2="device")
    assert choose(None).serial == "B2"


def test_unknown_serial_names_the_closest(phones: Callable[..., None]) -> None:
    phones(R58M1234="device")
    with pytest.raises(BadInputError, match=r"did you mean 'R58M1234'|known: R58M1234"):
        choose("R58M1235")


def test_phone_that_vanished_is_an_error_of_one_line(phones: Callable[..., None]) -> None:
    phones(A1="device")
    with pytest.raises(EdgeISPError, match="does not answer"):
        DEVICE.describe("A1")


def test_server_that_cannot_be_started_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    absent = tmp_path / "adb"
    absent.write_text("#!/bin/sh\nexit 1\n")
    absent.chmod(0o755)
    monkeypatch.setenv("ADBUTILS_ADB_PATH", str(absent))
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", "1")
    with pytest.raises(UnavailableError, match="no adb server"):
        client()


@pytest.mark.parametrize(
    ("status", "error", "cause", "again"),
    [
        (137, "", "killed (137)", True),
        (139, "", "crashed (139)", True),
        (132, "", "wrong processor (132)", True),
        (126, "sh: ./runner: Exec format error", "wrong ABI", False),
        (3, "x.pte: not an ExecuTorch program", "cannot load it", False),
        (127, "CANNOT LINK EXECUTABLE", "the runtime is not on the phone", False),
        (1, "write: No space left on device", "out of space", False),
        (124, "", "took too long", False),
        (9, "odd", "exit status 9", True),
    ],
)
def test_exit_status_has_a_meaning(status: int, error: str, cause: str, again: bool) -> None:
    failure = classify(Said(status, "", error))
    assert cause in failure.cause
    assert failure.again is again


def test_heat_is_throttling_when_the_system_holds_back_the_clocks() -> None:
    assert not Health(at_s=0, status=0, celsius=31.0, clock_mhz=2800, allowed=1.0).throttled
    assert Health(at_s=0, status=3).throttled
    assert Health(at_s=0, allowed=0.6).throttled
    assert not Health(at_s=0).throttled


def test_options_that_do_not_go_together_are_refused_before_any_work(tmp_path: Path) -> None:
    absent = tmp_path / "absent"
    for plan, said in (
        (Plan(app="dev.edgeisp.demo", runner=absent), "an app and a program"),
        (Plan(apks=(absent,)), "which app"),
        (Plan(runner=absent), "no such file"),
        (Plan(app="no package"), "cannot read 'no package'"),
    ):
        with pytest.raises(BadInputError, match=said):
            DEVICE.reach("A1", plan)


def test_all_phones_are_those_that_are_ready(phones: Callable[..., None]) -> None:
    with pytest.raises(UnavailableError, match="no phone on adb is ready"):
        DEVICE.reach("all", Plan())
    phones(A1="device", B2="offline", C3="device")
    assert DEVICE.reach("all", Plan()) == ["A1", "C3"]
    assert DEVICE.reach("C3", Plan()) == ["C3"]
