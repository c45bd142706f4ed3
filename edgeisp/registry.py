"""Names to objects: an explicit list of our own, entry points of everybody else's, and "did you mean"."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Generic, TypeVar

from edgeisp.errors import BadInputError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint, EntryPoints

T = TypeVar("T")


class Registry(Generic[T]):
    """A lazily imported table of named objects.

    Args:
        kind: what the names stand for, as error messages call it ("model", "target", "engine").
        builtin: name -> ``"module:attribute"``; nothing is imported before it is asked for.
        group: the entry point group through which other packages add names.
    """

    def __init__(self, kind: str, builtin: Mapping[str, str], group: str) -> None:
        self.kind, self.group, self._builtin = kind, group, dict(builtin)

    def _offers(self) -> EntryPoints:
        from importlib.metadata import entry_points  # a third of the start-up time of `edgeisp --help`

        return entry_points(group=self.group)

    def _plugins(self) -> dict[str, EntryPoint]:
        return {point.name: point for point in self._offers() if point.name not in self._builtin}

    def refuse_twice(self, names: Sequence[str]) -> None:
        """Stop where one of ``names`` stands for two things; `get` would take ours, or any of two packages'.

        Raises:
            BadInputError: a name is registered twice; the message says by whom.
        """
        offers = self._offers()
        for name in names:
            by = [self._builtin[name]] if name in self._builtin else []
            by += [point.value for point in offers if point.name == name]
            if len(by) > 1:
                raise BadInputError(
                    f"the {self.kind} {name!r} is registered twice, by {' and by '.join(by)}",
                    cure=f"uninstall or rename one (entry point group {self.group})",
                )

    def names(self) -> list[str]:
        """All known names: our own in their listed order, then those of other packages."""
        return [*self._builtin, *sorted(self._plugins())]

    def check(self, name: str, where: str | None = None) -> None:
        """Stop where `get` would find no such name; imports nothing.

        Args:
            name: what to look for.
            where: the option that it was given by.

        Raises:
            BadInputError: no such name; the message lists the closest ones.
        """
        if name not in self._builtin and name not in self._plugins():
            raise BadInputError(f"no {self.kind} is called {name!r}", where=where, cure=self.cure(name))

    def cure(self, name: str) -> str:
        """What to do about a ``name`` that is not known."""
        return did_you_mean(name, self.names())

    def get(self, name: str) -> T:
        """The object called ``name``.

        Raises:
            BadInputError: no such name; the message lists the closest ones.
        """
        self.check(name)
        if name in self._builtin:
            module, attribute = self._builtin[name].split(":")
            found: T = getattr(import_module(module), attribute)
            return found
        plugin = self._plugins()[name]
        try:
            return plugin.load()  # type: ignore[no-any-return]
        except Exception as error:
            raise BadInputError(
                f"the {self.kind} {name!r} of package {plugin.value!r} does not load: {error}",
                cure=f"mend or uninstall that package (entry point group {self.group})",
            ) from error


def did_you_mean(name: str, names: list[str]) -> str:
    """One sentence that names the closest of ``names``, or all of them."""
    close = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.65)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(names)}"
