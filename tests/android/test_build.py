"""The Android app without Gradle: the core's own tests on a JVM, and the APK read back with Android's tools."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

DEMO = Path(__file__).resolve().parents[2] / "android_demo"


@pytest.fixture(scope="module")
def bench(build: Any) -> Path:
    """The benchmark's APK."""
    path: Path = build.package(next(apk for apk in build.APKS if apk.module == "bench"))
    return path


def test_core_computes_what_python_does(build: Any) -> None:
    assert re.search(r"OK \((?:4[4-9]|[5-9]\d) tests\)", build.test())


def test_core_knows_nothing_of_android() -> None:
    files = list((DEMO / "core" / "src").rglob("*.kt"))
    assert files
    assert not [file.name for file in files if re.search(r"^import android", file.read_text(), re.MULTILINE)]


def test_apk_offers_the_instrumentations_that_the_contract_names(build: Any, bench: Path) -> None:
    tree = build.run(build.sdk("aapt2"), "dump", "xmltree", "--file", "AndroidManifest.xml", bench)
    offered = re.findall(r"E: instrumentation.*?:name\(\w+\)=\"([^\"]+)\"", tree, re.DOTALL)
    assert offered[0] == ".Benchmark" and set(offered[1:]) == {".GpuBenchmark", ".NpuBenchmark"}
    assert set(re.findall(r"targetPackage\(\w+\)=\"([^\"]+)\"", tree)) == {"dev.edgeisp.bench"}
    defined = build.defined(bench)
    assert {f"Ldev/edgeisp/bench/{name[1:]};" for name in offered} <= defined


def test_apk_holds_no_declarations_of_runtimes_and_asks_for_no_network(build: Any, bench: Path) -> None:
    defined = build.defined(bench)
    assert not [name for name in defined if name.startswith(("Lcom/google/", "Lorg/pytorch/", "Lorg/json/"))]
    said = build.run(build.sdk("aapt2"), "dump", "badging", bench)
    assert "INTERNET" not in said
    assert "sdkVersion:'26'" in said and "targetSdkVersion:'29'" in said


def test_apk_is_signed(build: Any, bench: Path) -> None:
    said = build.apksigner("verify", "-v", bench)
    assert "Verified using v2 scheme (APK Signature Scheme v2): true" in said


def test_gradle_and_this_build_agree(build: Any) -> None:
    catalogue = (DEMO / "gradle" / "libs.versions.toml").read_text()
    versions = dict(re.findall(r'^(\w+) = "([^"]+)"$', catalogue, re.MULTILINE))
    told = (DEMO / "runtimes/src/main/kotlin/dev/edgeisp/runtimes/Runtimes.kt").read_text()
    for runtime in ("litert", "executorch"):
        assert f'{runtime.upper()} = "{versions[runtime]}"' in told
    assert versions["minSdk"] == str(build.MIN_SDK)
    for apk in build.APKS:
        gradle = (DEMO / apk.module / "build.gradle.kts").read_text()
        assert f'applicationId = "{apk.package}"' in gradle
        assert f"targetSdk = {apk.target_sdk}" in gradle
