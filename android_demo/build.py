"""Build and test the Android app without Gradle and without an Android SDK; see README.md for what that proves.

    python3 build.py test      the core's tests, on this machine's JVM
    python3 build.py apk       the camera app and the benchmark as signed APKs (debug key), into build/
    python3 build.py fetch     the tools, once: 130 MB into ~/.cache/edgeisp/android-toolchain

Tools come from Debian 11 and npm (tools/fetch.sh); Java 11 or later must be there. Nothing is compiled twice: what a
step made is kept with the hash of what it was made from. android.jar is of API 23: what is newer is declared
(app/stubs), or left out of manifests (`NEWER`). The runtimes are declarations too (runtimes/stubs), so the APKs made
here hold none. Gradle builds the real ones.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

HERE = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "edgeisp"
TOOLS = CACHE / "android-toolchain"
BUILD = Path(os.environ.get("EDGEISP_ANDROID_BUILD", HERE / "build"))
GOLDEN = HERE.parent / "tests" / "golden"
ANDROID = "http://schemas.android.com/apk/res/android"
MIN_SDK, VERSION = 26, "0.1"
NEWER = ("requestLegacyExternalStorage", "foregroundServiceType")
"""Attributes of a manifest that API 23 does not know."""
DEX_SAFE = ("-Xlambdas=class", "-Xsam-conversions=class", "-Xstring-concat=inline")
"""dx knows no invokedynamic."""


class Unbuildable(Exception):
    """Something is missing or wrong; the message says what, and what to do."""


@dataclass(frozen=True)
class Apk:
    """A package: its module, what else it is made of, and the system it is meant for; as in its build.gradle.kts."""

    module: str
    package: str
    parts: tuple[str, ...]
    target_sdk: int


APKS = (
    Apk("app", "dev.edgeisp.camera", ("core", "runtimes", "app"), 36),
    Apk("bench", "dev.edgeisp.bench", ("core", "runtimes", "bench"), 29),
)


# Tools ---------------------------------------------------------------------------------------------------------------


def fetch() -> None:
    """Fetch the tools, unless those of today's list are there."""
    wanted = _digest([HERE / "tools" / "fetch.sh", HERE / "tools" / "toolchain.sha256"])
    stamp = TOOLS / "complete"
    for tool in ("java", "javac", "keytool"):
        if not shutil.which(tool):
            raise Unbuildable(f"{tool} is not here: apt-get install default-jdk-headless")
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    for tool in ("apt-get", "dpkg-deb", "npm"):
        if not shutil.which(tool):
            raise Unbuildable(
                f"{tool} is not here, which fetches the tools: Debian or Ubuntu with npm is needed"
            )
    part = TOOLS.with_name(f"{TOOLS.name}.{os.getpid()}.part")
    try:
        done = subprocess.run(["sh", HERE / "tools" / "fetch.sh", part], capture_output=True, text=True)
        if done.returncode:
            raise Unbuildable(f"the tools cannot be fetched: {(done.stderr.strip() or '?').splitlines()[-1]}")
        (part / "complete").write_text(wanted)
        shutil.rmtree(TOOLS, ignore_errors=True)
        part.rename(TOOLS)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def sdk(tool: str) -> Path:
    return TOOLS / "root" / "usr" / "lib" / "android-sdk" / "build-tools" / "debian" / tool


def jar(name: str) -> Path:
    return TOOLS / "root" / "usr" / "share" / "java" / name


def kotlin(name: str) -> Path:
    return TOOLS / "kotlin" / "lib" / f"{name}.jar"


def android_jar() -> Path:
    return TOOLS / "root" / "usr" / "lib" / "android-sdk" / "platforms" / "android-23" / "android.jar"


def run(*command: object, ok: Sequence[int] = (0,)) -> str:
    """What a command prints. Native tools find their libraries beside them."""
    root = TOOLS / "root" / "usr" / "lib"
    libraries = [root / "x86_64-linux-gnu" / "android", root / "x86_64-linux-gnu", root, root / "p7zip"]
    environment = (
        {**os.environ, "LD_LIBRARY_PATH": ":".join(map(str, libraries))}
        if str(command[0]) != "java"
        else None
    )
    done = subprocess.run([str(part) for part in command], env=environment, capture_output=True, text=True)
    if done.returncode not in ok:
        raise Unbuildable(f"{Path(str(command[0])).name} failed:\n{done.stdout}{done.stderr}".rstrip())
    return done.stdout + done.stderr


# Steps ---------------------------------------------------------------------------------------------------------------


def step(name: str, inputs: Sequence[Path], work: Callable[[Path], object]) -> Path:
    """``BUILD/name``, a folder that ``work`` fills, made again when an input or the flags have changed."""
    folder, stamp = BUILD / name, BUILD / f"{name}.made"
    wanted = f"{_digest(inputs)} {MIN_SDK} {DEX_SAFE}"
    if not (folder.is_dir() and stamp.is_file() and stamp.read_text() == wanted):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        work(folder)
        stamp.write_text(wanted)
    return folder


def sources(*folders: Path) -> list[Path]:
    """Every file in them; hashes are by name and content."""
    return sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())


def kotlinc(to: Path, given: Sequence[Path], classpath: Sequence[Path], *options: str) -> None:
    names = ["compiler", "stdlib", "script-runtime", "reflect"]
    own = [
        *(kotlin(f"kotlin-{name}") for name in names),
        kotlin("kotlinx-coroutines-core-jvm"),
        kotlin("annotations-13.0"),
    ]
    path = ":".join(map(str, [kotlin("kotlin-stdlib"), *classpath]))
    compiler = ("java", "-Xmx1500m", "-XX:TieredStopAtLevel=1", "-cp", ":".join(map(str, own)))
    run(
        *(*compiler, "org.jetbrains.kotlin.cli.jvm.K2JVMCompiler", "-kotlin-home", TOOLS / "kotlin"),
        *(
            "-no-stdlib",
            "-no-reflect",
            "-jvm-target",
            "1.8",
            "-Werror",
            *options,
            "-cp",
            path,
            "-d",
            to,
            *given,
        ),
    )


def main_of(module: str) -> Path:
    return HERE / module / "src" / "main"


def newer() -> Path:
    """The classes of Android that have members newer than API 23 which the app uses, with these: to be found first."""
    given = [*sources(HERE / "app" / "stubs"), HERE / "tools" / "Newer.java"]

    def work(to: Path) -> None:
        declared = [path for path in given if path.parent.name != "tools"]
        compile_java(to / "declared", declared)
        run("java", "-cp", kotlin("kotlin-compiler"), HERE / "tools" / "Newer.java", android_jar(), to / "declared",
            to / "classes")  # fmt: skip

    return step("newer", given, work) / "classes"


def compile_java(to: Path, given: Sequence[Path]) -> None:
    run("javac", "--release", 8, "-Xlint:-options", "-cp", android_jar(), "-d", to, *given)


def link(apk: Apk, to: Path, *options: object) -> None:
    """Manifest and resources to ``bare.apk``."""
    compiled = []
    if (main_of(apk.module) / "res").is_dir():
        run(sdk("aapt2"), "compile", "--dir", main_of(apk.module) / "res", "-o", to / "res.zip")
        compiled = [to / "res.zip"]
    run(sdk("aapt2"), "link", "-I", android_jar(), "--manifest", manifest(apk, to), *options,
        "--min-sdk-version", MIN_SDK, "--target-sdk-version", apk.target_sdk, "--version-code", 1,
        "--version-name", VERSION, "-o", to / "bare.apk", *compiled)  # fmt: skip


def names(apk: Apk) -> Path:
    """The classes of ``R``."""
    main = main_of(apk.module)

    def work(to: Path) -> None:
        link(apk, to, "--java", to / "java")
        compile_java(to / "classes", sources(to / "java"))

    return step(f"{apk.module}-R", [main / "AndroidManifest.xml", *sources(main / "res")], work) / "classes"


def classes(module: str) -> Path:
    """A module's main sources, compiled against API 23 and what is declared beyond it."""
    if module == "stubs":
        given = sources(HERE / "runtimes" / "stubs")
        return step("stubs", given, lambda to: kotlinc(to, given, [android_jar()], "-no-jdk"))
    needs = {
        "core": [],
        "runtimes": ["core", "stubs"],
        "bench": ["core", "runtimes"],
        "app": ["core", "runtimes"],
    }
    before = [classes(need) for need in needs[module]]
    given = sources(main_of(module) / "kotlin")
    hashed = [*given, *(BUILD / f"{need}.made" for need in needs[module])]
    if module == "app":
        given += sources(main_of("bench") / "kotlin")
        before = [newer(), names(APKS[0]), *before]
        hashed = [*hashed, *given, BUILD / "newer.made", BUILD / "app-R.made"]
    path = [*before, android_jar()]

    def work(to: Path) -> None:
        kotlinc(to, given, path, "-no-jdk", *DEX_SAFE)
        if module == "app":
            shutil.copytree(names(APKS[0]), to, dirs_exist_ok=True)

    return step(module, hashed, work)


def java() -> list[object]:
    """The command that runs classes of the core and of its tests; the name of one is to follow."""
    main = classes("core")
    given = sources(HERE / "core" / "src" / "test")
    path = [main, jar("com.android.json.jar"), jar("junit4.jar"), jar("hamcrest-all.jar")]
    path += [kotlin("kotlin-test"), kotlin("kotlin-test-junit")]
    hashed = [*given, BUILD / "core.made"]
    made = step("core-test", hashed, lambda to: kotlinc(to, given, path, f"-Xfriend-paths={main}"))
    return ["java", "-cp", ":".join(map(str, [made, kotlin("kotlin-stdlib"), *path]))]


def test() -> str:
    """What JUnit says of the core's tests, against the golden files."""
    names = [f"dev.edgeisp.core.{file.stem}" for file in sources(HERE / "core" / "src" / "test")]
    tests = [name for name in names if name.endswith("Test")]
    return run(*java(), f"-Dedgeisp.golden={GOLDEN}", "org.junit.runner.JUnitCore", *tests)


def dex(to: Path, *folders: Path) -> None:
    run("java", "-Xmx2000m", "-cp", jar("com.android.dx.jar"), "com.android.dx.command.Main", "--dex",
        f"--min-sdk-version={MIN_SDK}", f"--output={to / 'classes.dex'}", *folders)  # fmt: skip


def stdlib(to: Path) -> None:
    """Kotlin's library as dex. META-INF holds a module-info that dx refuses."""
    with zipfile.ZipFile(kotlin("kotlin-stdlib")) as archive:
        wanted = [n for n in archive.namelist() if n.endswith(".class") and not n.startswith("META-INF")]
        archive.extractall(to / "classes", wanted)
    dex(to, to / "classes")
    shutil.rmtree(to / "classes")


def manifest(apk: Apk, to: Path) -> Path:
    """The module's manifest, without what API 23 does not know, and with what Gradle writes into it."""
    ElementTree.register_namespace("android", ANDROID)
    tree = ElementTree.parse(main_of(apk.module) / "AndroidManifest.xml")
    tree.getroot().set("package", apk.package)
    for element in tree.iter():
        for name in NEWER:
            element.attrib.pop(f"{{{ANDROID}}}{name}", None)
    tree.write(to / "AndroidManifest.xml", encoding="utf-8", xml_declaration=True)
    return to / "AndroidManifest.xml"


def package(apk: Apk) -> Path:
    """``BUILD/NAME.apk``: linked, dexed, aligned, signed, and verified."""
    parts = [classes(module) for module in apk.parts]
    own = step(
        f"{apk.module}-dex", [BUILD / f"{part}.made" for part in apk.parts], lambda to: dex(to, *parts)
    )
    library = step("stdlib-dex", [kotlin("kotlin-stdlib")], stdlib)
    work = BUILD / f"{apk.module}-apk"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    bare, aligned, done = work / "bare.apk", work / "aligned.apk", BUILD / f"edgeisp-{apk.module}-debug.apk"
    assets = main_of(apk.module) / "assets"
    link(apk, work, *(("-A", assets) if assets.is_dir() else ()))
    with zipfile.ZipFile(bare, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.write(own / "classes.dex", "classes.dex")
        archive.write(library / "classes.dex", "classes2.dex")
    run(sdk("zipalign"), "-f", "-p", 4, bare, aligned)
    apksigner(
        "sign",
        "--ks",
        key(),
        "--ks-pass",
        "pass:android",
        "--min-sdk-version",
        MIN_SDK,
        "--out",
        done,
        aligned,
    )
    apksigner("verify", "--min-sdk-version", MIN_SDK, done)
    shutil.rmtree(work)
    return done


def apksigner(*arguments: object) -> str:
    path = f"{jar('apksigner.jar')}:{jar('apksig.jar')}"
    return run("java", "-cp", path, "com.android.apksigner.ApkSignerTool", *arguments)


def defined(apk: Path) -> set[str]:
    """The classes that an APK defines, as ``Ldev/edgeisp/core/Frame;``; those it only calls are not among them."""
    return set(re.findall(r"Class descriptor\s*: '([^']+)'", run(sdk("dexdump"), apk)))


def key() -> Path:
    """A throw-away key for debugging, kept so that a new build installs over an old one."""
    path = CACHE / "android-debug.jks"
    if not path.is_file():
        words = "-storepass android -keypass android -alias debug -keyalg RSA -keysize 2048 -validity 10000"
        run("keytool", "-genkeypair", "-keystore", path, *words.split(), "-dname", "CN=edgeisp debug")
    return path


def _digest(paths: Sequence[Path]) -> str:
    whole = hashlib.sha256()
    for path in paths:
        whole.update(path.name.encode() + path.read_bytes())
    return whole.hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="+", choices=("fetch", "test", "apk"))
    wanted = parser.parse_args().what
    try:
        fetch()
        if "test" in wanted:
            sys.stdout.write(test())
        if "apk" in wanted:
            for apk in APKS:
                sys.stdout.write(f"{package(apk)}\n")
    except Unbuildable as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
