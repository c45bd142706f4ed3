"""The native programs that time an artifact on a phone: built here once for each processor, kept in the cache.

A *bundle* is a folder with ``runner``, the runtime's libraries and, where it is not linked with Android's own C
library, that library with its loader. It needs nothing of the phone but a kernel and a processor. The sources are in
``edgeisp/profile/native/``; ``$EDGEISP_RUNNERS`` names a folder of other bundles, ``RUNTIME-ABI``, such as those that
the ``CMakeLists.txt`` there makes with the Android NDK.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from importlib.resources import files
from pathlib import Path

from edgeisp.errors import BadInputError, UnavailableError
from edgeisp.files import cache_folder, whole

VARIABLE = "EDGEISP_RUNNERS"


@dataclass(frozen=True)
class Runtime:
    """A runtime whose own wheel holds what a native program is linked with."""

    name: str
    suffix: str
    package: str
    version: str
    """The one that the source is written for."""
    source: str
    libraries: tuple[str, ...]
    """Inside the wheel."""
    includes: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


RUNTIMES = {
    "executorch": Runtime(
        "executorch",
        ".pte",
        "executorch",
        "1.5.1",
        "executorch.cpp",
        tuple(
            f"executorch/lib/libexecutorch{part}.so"
            for part in ("", "_kernels_optimized", "_kernels_quantized", "_backend_xnnpack", "_threadpool")
        ),
        ("executorch/include", "executorch/include/executorch/runtime/core/portable_type/c10"),
        ("-std=c++20", "-DC10_USING_CUSTOM_GENERATED_MACROS"),
    ),
    "tflite": Runtime(
        "tflite", ".tflite", "ai-edge-litert", "2.3.0", "litert.c", ("ai_edge_litert/libLiteRt.so",)
    ),
}
"""By the name of the engine that runs the same files on this host."""


@dataclass(frozen=True)
class Abi:
    """A kind of processor, by Android's name for it."""

    name: str
    machine: str
    """The kernel's name for it."""
    compiler: str
    """Prefix of gcc and g++."""
    packages: str
    """What installs them on Debian and Ubuntu."""
    wheels: tuple[str, ...]
    loader: str

    @property
    def here(self) -> bool:
        """Whether it is this host's."""
        return platform.machine() == self.machine


ABIS = {
    "arm64-v8a": Abi(
        "arm64-v8a",
        "aarch64",
        "aarch64-linux-gnu-",
        "g++-aarch64-linux-gnu",
        ("manylinux_2_28_aarch64", "manylinux_2_27_aarch64", "manylinux2014_aarch64"),
        "ld-linux-aarch64.so.1",
    ),
    "x86_64": Abi(
        "x86_64",
        "x86_64",
        "x86_64-linux-gnu-",
        "g++",
        ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux2014_x86_64"),
        "ld-linux-x86-64.so.2",
    ),
}
SYSTEM = (
    "libc.so.6",
    "libm.so.6",
    "libdl.so.2",
    "libpthread.so.0",
    "librt.so.1",
    "libgcc_s.so.1",
    "libstdc++.so.6",
)


def runtime_of(path: Path) -> Runtime:
    """The runtime that runs ``path`` on a phone.

    Raises:
        UnavailableError: none of ours.
    """
    for runtime in RUNTIMES.values():
        if path.suffix == runtime.suffix:
            return runtime
    known = ", ".join(runtime.suffix for runtime in RUNTIMES.values())
    raise UnavailableError(
        f"no runner for {path.suffix or 'such'} files", where=path, cure=f"there is one for {known}"
    )


def abi_of(name: str) -> Abi:
    """Raises: BadInputError: not a processor that runners are built for."""
    if name not in ABIS:
        raise BadInputError(f"no runner can be built for {name!r}", cure=f"known: {', '.join(ABIS)}")
    return ABIS[name]


def find(runtime: Runtime, abi: Abi) -> Path:
    """The bundle of ``runtime`` for ``abi``: the user's own, else the built one.

    Raises:
        UnavailableError: none; the message says how to get one.
    """
    own = os.environ.get(VARIABLE)
    for folder in ([Path(own) / f"{runtime.name}-{abi.name}"] if own else []) + [home(runtime, abi)]:
        if (folder / "runner").is_file():
            return folder
    raise UnavailableError(
        f"no {runtime.name} runner for {abi.name} in {home(runtime, abi).parent}",
        cure=f"`edgeisp runners {abi.name}` builds it",
    )


def home(runtime: Runtime, abi: Abi) -> Path:
    """Where the built bundle is or will be; another source or runtime version has another place."""
    sources = b"".join((_sources() / name).read_bytes() for name in ("common.h", runtime.source))
    key = hashlib.sha256(sources + repr((runtime, abi)).encode()).hexdigest()[:8]
    return cache_folder("runners") / f"{runtime.name}-{runtime.version}-{abi.name}-{key}"


def build(runtime: Runtime, abi: Abi) -> Path:
    """Compile and gather the bundle, unless it is there already; its folder.

    Raises:
        UnavailableError: no compiler for ``abi``, or the wheel cannot be had.
    """
    folder = home(runtime, abi)
    if folder.is_dir():
        return folder
    compiler = abi.compiler + ("g++" if runtime.source.endswith(".cpp") else "gcc")
    if shutil.which(compiler) is None:
        raise UnavailableError(f"no compiler {compiler}", cure=f"apt-get install {abi.packages}")
    with tempfile.TemporaryDirectory() as scratch, whole(folder) as part:
        site = _site(runtime, abi, Path(scratch))
        part.mkdir()
        for library in runtime.libraries:
            shutil.copy(site / library, part)
        for library in (abi.loader, *SYSTEM):
            shutil.copy(_system(compiler, library), part)
        _compile(compiler, runtime, site, part)
    return folder


def _compile(compiler: str, runtime: Runtime, site: Path, part: Path) -> None:
    names = [Path(library).stem.removeprefix("lib") for library in runtime.libraries]
    command = [
        compiler,
        "-O2",
        "-w",
        *runtime.flags,
        f'-DRUNTIME="{runtime.package} {runtime.version}"',
        *(f"-I{site / folder}" for folder in runtime.includes),
        str(_sources() / runtime.source),
        "-o",
        str(part / "runner"),
        f"-L{part}",
        "-Wl,--no-as-needed",  # kernels and backends register themselves: nothing refers to them by name
        "-Wl,--allow-shlib-undefined",
        *(f"-l{name}" for name in names),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        first = next((line for line in done.stderr.splitlines() if "error" in line), done.stderr.strip())
        raise UnavailableError(
            f"{runtime.source} does not compile: {first}", cure=f"needs {compiler} 12 or newer"
        )


def _system(compiler: str, library: str) -> str:
    done = subprocess.run(
        [compiler, f"-print-file-name={library}"], capture_output=True, text=True, check=True
    )
    path = done.stdout.strip()
    if not Path(path).is_absolute():
        raise UnavailableError(f"{compiler} has no {library}", cure="install its C library")
    return path


def _site(runtime: Runtime, abi: Abi, scratch: Path) -> Path:
    """A folder with the unpacked wheel for ``abi``: this environment's own where that fits, else fetched by pip."""
    try:
        installed = distribution(runtime.package)
        if abi.here and sys.platform == "linux" and installed.version == runtime.version:
            return Path(str(installed.locate_file("")))
    except PackageNotFoundError:
        pass
    platforms = [word for name in abi.wheels for word in ("--platform", name)]
    wanted = [
        "--no-deps",
        "--only-binary=:all:",
        "--python-version",
        "3.11",
        *platforms,
        "--dest",
        str(scratch),
    ]
    pip = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "-q"]
    done = subprocess.run(
        [*pip, *wanted, f"{runtime.package}=={runtime.version}"], capture_output=True, text=True
    )
    wheels = list(scratch.glob("*.whl"))
    if done.returncode or not wheels:
        last = (done.stderr.strip().splitlines() or ["no wheel came"])[-1]
        raise UnavailableError(
            f"pip cannot fetch {runtime.package} {runtime.version} for {abi.name}: {last}",
            cure="check the network",
        )
    wanted_parts = (*runtime.libraries, *runtime.includes)
    with zipfile.ZipFile(wheels[0]) as wheel:
        wheel.extractall(scratch, [name for name in wheel.namelist() if name.startswith(wanted_parts)])
    return scratch


def _sources() -> Path:
    return Path(str(files("edgeisp.profile"))) / "native"
