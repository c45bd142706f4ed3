"""From a plain function to a Typer command: options that several verbs share are dataclasses, not copied text."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from importlib import import_module
from typing import Annotated, Any, get_origin, get_type_hints

import typer

from edgeisp.cli.console import Console

SETTINGS = {"help_option_names": ["--help", "-h"]}


def command(name: str, function: str, console: Console) -> Any:
    """The Typer command called ``name`` of ``function`` (``"module:attribute"``).

    A parameter of the function whose type is a dataclass stands for a group of options: the fields annotated for
    Typer become options of the command, and the function is given an instance made from them. `Console` is one.
    """
    module, attribute = function.split(":")
    verb: Callable[..., None] = getattr(import_module(module), attribute)
    parameters = list(inspect.signature(verb, eval_str=True).parameters.values())
    groups: dict[str, Any] = {p.name: p.annotation for p in parameters if is_dataclass(p.annotation)}
    parameters.sort(key=lambda p: p.annotation is Console)  # what all verbs share comes last in the help
    options = [o for p in parameters for o in (_options(groups[p.name]) if p.name in groups else [p])]

    def call(**values: Any) -> None:
        for slot, kind in groups.items():
            given = {option.name: values.pop(option.name) for option in _options(kind)}
            values[slot] = kind(**given, **({"stdout": console.stdout} if kind is Console else {}))
        verb(**values)

    keyword = [option.replace(kind=inspect.Parameter.KEYWORD_ONLY) for option in options]
    call.__signature__ = inspect.Signature(keyword)  # type: ignore[attr-defined]
    call.__doc__ = verb.__doc__
    app = typer.Typer(add_completion=False, context_settings=SETTINGS)
    app.command(name)(call)
    return typer.main.get_command(app)


def _options(group: Any) -> list[inspect.Parameter]:
    """The fields of a dataclass that are annotated for Typer, as parameters."""
    hints = get_type_hints(group, include_extras=True)
    kind = inspect.Parameter.KEYWORD_ONLY
    empty = inspect.Parameter.empty
    return [
        inspect.Parameter(
            f.name, kind, annotation=hints[f.name], default=empty if f.default is MISSING else f.default
        )
        for f in fields(group)
        if get_origin(hints[f.name]) is Annotated
    ]
