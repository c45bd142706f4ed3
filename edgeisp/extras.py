"""What the optional parts need installed, read from edgeisp's own metadata so that ranges are written down once."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, packages_distributions, requires, version

from packaging.requirements import Requirement

from edgeisp.errors import UnavailableError


def missing(extra: str) -> str | None:
    """What ``extra`` still lacks here, with the one command that installs it; None where all of it is present."""
    absent = [need.name for need in _needs(extra) if _installed(need.name) is None]
    if not absent:
        return None
    return f"{', '.join(absent)} not installed: pip install 'edgeisp[{extra}]'"


def require(extra: str) -> None:
    """Stop where ``extra`` is not installed.

    Raises:
        UnavailableError: names what is absent and the one command that installs it.
    """
    reason = missing(extra)
    if reason:
        what, cure = reason.split(": ", 1)
        raise UnavailableError(what, cure=cure)


def broken(error: ImportError) -> UnavailableError | None:
    """What to say of a package that is installed and does not load, or lacks one that it needs; None if it is ours."""
    module = (error.name or "").partition(".")[0]
    if module == "edgeisp":
        return None
    package = packages_distributions().get(module, [module])[0]
    again = f"pip install --force-reinstall {package}" if package else "pip install --force-reinstall PACKAGE"
    return UnavailableError(
        f"{package or 'a package'} does not load: {error}", cure=f"install it again: {again}"
    )


def untested(extra: str) -> list[str]:
    """One line for each installed package of ``extra`` whose version is outside the tested range."""
    found = [(need, _installed(need.name)) for need in _needs(extra)]
    return [
        f"{need.name} {have} is outside the tested range {need.specifier}"
        for need, have in found
        if have is not None and not need.specifier.contains(have, prereleases=True)
    ]


def versions(extra: str) -> dict[str, str]:
    """Installed versions of the packages of ``extra``."""
    found = {need.name: _installed(need.name) for need in _needs(extra)}
    return {name: have for name, have in found.items() if have is not None}


def _needs(extra: str) -> list[Requirement]:
    every = [Requirement(text) for text in requires("edgeisp") or []]
    return [
        need
        for need in every
        if need.marker and need.marker.evaluate({"extra": extra}) and need.name != "edgeisp"
    ]


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
