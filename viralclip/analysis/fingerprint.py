"""One name for the code that looks at scenes and plans framings, as it is on this machine."""

import hashlib
import importlib.metadata
import platform
import re
import sys
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from viralclip.styles import all_styles

# What a module that is not ours is installed as; the first that is there counts.
_DISTRIBUTIONS = {
    "cv2": ("opencv-python-headless", "opencv-python", "opencv-contrib-python-headless"),
}
_ANALYST = "viralclip.analysis.analyst"
_FROM = re.compile(
    r"^[ \t]*from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n#]+)", re.MULTILINE
)
_IMPORT = re.compile(r"^[ \t]*import[ \t]+([^\n#]+)", re.MULTILINE)
_NAME = re.compile(r"\w+")
# The package's own root names all of its API for type checkers, and imports none of it.
_FOR_TYPES = re.compile(r"^if TYPE_CHECKING:\n(?:[ \t]+.*\n|\n)+", re.MULTILINE)


def looking_code() -> str:
    """The fingerprint of everything that decides what is seen in a scene.

    It is made of the analyst's own code, of all of ours that it imports, at whatever depth, and of
    the versions of the libraries among it: nobody has to remember to raise a number.
    """
    return _fingerprint((_ANALYST,))


def framing_code(style: str) -> str:
    """The same of what an analysed style shows of a scene: its code, too, decides that."""
    return _fingerprint((_ANALYST, type(all_styles()[style]).__module__))


@cache
def _fingerprint(roots: tuple[str, ...]) -> str:
    digest = hashlib.sha256(platform.python_version().encode())
    for root in roots:
        own, libraries = closure(root)
        for name in sorted(own):
            digest.update(f"{name}\0".encode() + own[name].read_bytes())
        for name in sorted(libraries):
            digest.update(f"{name} {version_of(name)}\0".encode())
    return digest.hexdigest()


@cache
def closure(root: str) -> tuple[dict[str, Path], frozenset[str]]:
    """The modules of the root's own package that it leads to, itself among them, and the libraries
    that they import; found in their text, as nothing heavy should be imported to know it."""
    package = root.partition(".")[0]
    own: dict[str, Path] = {}
    libraries: set[str] = set()
    waiting = [root]
    while waiting:
        name = waiting.pop()
        if name in own:
            continue
        if (path := _source(name)) is None:
            continue
        own[name] = path
        for found in _imports(name, path):
            if found.partition(".")[0] == package:
                waiting += _with_parents(found)
            else:
                libraries.add(found.partition(".")[0])
    return own, frozenset(libraries - sys.stdlib_module_names)


def version_of(library: str) -> str:
    """The version that is installed; empty where the library has none."""
    for name in _DISTRIBUTIONS.get(library, (library,)):
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return ""


def _imports(name: str, path: Path) -> Iterator[str]:
    """What the module imports, anywhere in its text; for its text to be parsed would take a second
    before the first clip. An import too many, as in a docstring, does no harm.
    """
    text = _FOR_TYPES.sub("", path.read_text(encoding="utf-8", errors="replace"))
    for dots, module, names in _FROM.findall(text):
        base = _absolute(name, path, module, len(dots))
        yield base
        # What is imported from a package may be a module of it.
        yield from (f"{base}.{found}" for found in _NAME.findall(names))
    for modules in _IMPORT.findall(text):
        yield from (part.split()[0] for part in modules.split(",") if part.strip())


def _absolute(name: str, path: Path, module: str, level: int) -> str:
    if not level:
        return module
    parts = name.split(".")
    package = parts if path.name == "__init__.py" else parts[:-1]
    return ".".join([*package[: len(package) - level + 1], *([module] if module else [])])


def _with_parents(name: str) -> list[str]:
    """A module and the packages it is in: they are run before it."""
    parts = name.split(".")
    return [".".join(parts[: end + 1]) for end in range(len(parts))]


@cache
def _source(name: str) -> Path | None:
    """The module's text, or None where there is no such module or it is no text.

    Looked for in its package's folder: the import system would import what it is in.
    """
    package, *parts = name.split(".")
    try:
        spec = find_spec(package)
    except ValueError:  # a program that is run is no module to be found
        return None
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder, *parts)
        for file in (path / "__init__.py", path.with_suffix(".py")):
            if file.is_file():
                return file
    return Path(spec.origin) if spec and spec.origin and not parts else None
