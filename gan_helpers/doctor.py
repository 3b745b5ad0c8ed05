"""Is this machine ready for class? What is installed against what this package declares, without TensorFlow.

    from gan_helpers import doctor

    doctor.ready()          # one line for Python and each main package, then the verdict
"""

from __future__ import annotations

import platform
from importlib import metadata

from packaging.requirements import Requirement

MAIN = ("Python", "tensorflow", "tensorflow-gan", "tensorflow-datasets", "ipywidgets")


def versions() -> list[tuple[str, str, str | None, bool]]:
    """Python and every package that is needed: (name, versions that fit, installed one or None, fits).

    The ranges are those in the package's own metadata, so that they are written down in one place. Raises
    `RuntimeError` where gan-helpers itself isn't installed and so declares nothing.
    """
    try:
        declared = metadata.metadata("gan-helpers")
    except metadata.PackageNotFoundError as error:
        raise RuntimeError("gan-helpers isn't installed in this Python. Start the course with `make lab`, or "
                           "`pip install` its folder.") from error
    lines = [f"Python {declared['Requires-Python']}", *declared.get_all("Requires-Dist", [])]
    rows = []
    for need in map(Requirement, lines):
        if need.marker and not need.marker.evaluate({"extra": ""}):
            continue  # one of an optional group, such as the tests'
        found = _installed(need.name)
        fits = found is not None and need.specifier.contains(found, prereleases=True)
        rows.append((need.name, _range(need.specifier), found, fits))
    return rows


def ready() -> None:
    """Print whether the main packages fit, then every other one that doesn't, then the verdict."""
    rows = sorted(versions(), key=lambda row: MAIN.index(row[0]) if row[0] in MAIN else len(MAIN))
    for name, wanted, found, fits in rows:
        if fits and name in MAIN:
            print(f"{name} {wanted}: ok")
        elif not fits:
            print(f"{name} {wanted}: {'not installed' if found is None else f'no, this is {found}'}")
    if all(fits for *_, fits in rows):
        print("This machine is ready.")
    else:
        print("This machine isn't ready: run `make lab` again, or install with pip what is named above.")


def _installed(name: str) -> str | None:
    if name == "Python":
        return platform.python_version()
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _range(specifier) -> str:
    """`>=2.18, <2.22`: the lower bound first, whatever order the metadata has."""
    return ", ".join(sorted(map(str, specifier), key=lambda part: (part[0] == "<", part)))
