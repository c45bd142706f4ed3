from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from edgeisp.errors import BadInputError
from edgeisp.registry import Registry, did_you_mean


def registry() -> Registry[object]:
    builtin = {"square": "math:sqrt", "absent": "edgeisp.no_such_module:THING"}
    return Registry("function", builtin, group="edgeisp.test_functions")


def test_registry_imports_only_the_module_that_is_asked_for() -> None:
    import math

    assert registry().get("square") is math.sqrt
    assert registry().names() == ["square", "absent"]


@pytest.mark.parametrize(
    ("name", "cure"), [("sqare", "did you mean 'square'?"), ("zzz", "known: square, absent")]
)
def test_registry_names_the_closest_or_all_when_a_name_is_unknown(name: str, cure: str) -> None:
    with pytest.raises(BadInputError) as caught:
        registry().get(name)
    assert caught.value.what == f"no function is called {name!r}"
    assert caught.value.cure == cure


def test_did_you_mean_ignores_case() -> None:
    assert did_you_mean("MetaISP", ["lwisp", "metaisp"]) == "did you mean 'metaisp'?"


def ask(plugin: Path, expression: str) -> str:
    """Evaluate an expression over MODELS in a process that sees the plug-in package."""
    program = (
        f"import sys; sys.path.insert(0, {str(plugin)!r})\n"
        "from edgeisp.models import MODELS\n"
        "from edgeisp.errors import BadInputError\n"
        f"try: print({expression})\n"
        "except BadInputError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True, cwd=plugin
    )
    return done.stdout.strip()


def test_model_of_another_package_is_found_when_it_is_installed(plugin: Path) -> None:
    assert ask(plugin, "'tiny' in MODELS.names(), MODELS.get('tiny').title") == "True Half-size colour"


def test_own_model_wins_when_another_package_takes_its_name(plugin: Path) -> None:
    said = ask(plugin, "MODELS.get('metaisp').build.__module__, MODELS.names().count('metaisp')")
    assert said == "edgeisp.models.metaisp 1"


def test_broken_plugin_is_named_when_it_is_asked_for(plugin: Path) -> None:
    message = ask(plugin, "MODELS.get('broken')")
    assert "edgeisp_tiny:MISSING" in message
    assert "edgeisp.models" in message


def test_broken_plugin_harms_nobody_when_another_name_is_asked_for(plugin: Path) -> None:
    assert ask(plugin, "MODELS.get('metaisp').name") == "metaisp"
