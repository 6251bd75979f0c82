"""`python -m bench house`: how the code is built, measured on its syntax trees."""

import ast
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bench.figures import Figure
from bench.reasons import LONG, WIDE

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "viralclip"
# Where people write, and the endings of what they write there; `.gen.` names what a program wrote.
WRITTEN = {
    "viralclip": (".py",),
    "bench": (".py",),
    "deploy": (".py",),
    "web/src": (".ts", ".svelte", ".css"),
}
MOST_LINES = 300
MOST_ENTRANCE_LINES = 40
MOST_MEMBERS = 8
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One file of the package."""

    name: str
    path: Path
    lines: int
    tree: ast.Module

    @cached_property
    def functions(self) -> tuple[_Function, ...]:
        return tuple(node for node in ast.walk(self.tree) if isinstance(node, _Function))

    @cached_property
    def classes(self) -> tuple[ast.ClassDef, ...]:
        return tuple(node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef))


def measure(_folder: Path, *, short: bool) -> list[Figure]:  # noqa: ARG001 - nothing is left out
    """Of the whole package, and the length of every file that people write; nothing is run."""
    modules = tuple(read(PACKAGE))
    return [*_of_functions(modules), *_of_files(modules), *_of_classes(modules), _knots(modules)]


def read(package: Path) -> Iterator[Module]:
    for path in sorted(package.rglob("*.py")):
        inside = path.relative_to(package.parent).with_suffix("")
        text = path.read_text(encoding="utf-8")
        name = ".".join(inside.parts).removesuffix(".__init__")
        yield Module(name, path, text.count("\n"), ast.parse(text))


def long_files(root: Path) -> dict[str, int]:
    """The lines of each file of the repository that has more than it should."""
    lines = {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8").count("\n")
        for folder, endings in WRITTEN.items()
        for path in sorted((root / folder).rglob("*"))
        if path.suffix in endings and ".gen." not in path.name
    }
    return {name: many for name, many in lines.items() if many > MOST_LINES}


def ports(modules: Iterable[Module]) -> dict[str, int]:
    """The methods of each protocol."""
    return {
        each.name: sum(isinstance(node, _Function) for node in each.body)
        for module in modules
        for each in module.classes
        if "Protocol" in {_last(base) for base in each.bases}
    }


def bags(modules: Iterable[Module]) -> dict[str, int]:
    """The fields of each dataclass."""
    return {
        each.name: sum(isinstance(node, ast.AnnAssign) for node in each.body)
        for module in modules
        for each in module.classes
        if "dataclass" in {_last(mark) for mark in each.decorator_list}
    }


def entrances(modules: Iterable[Module]) -> dict[str, int]:
    """The lines of each package's `__init__.py`."""
    return {each.name: each.lines for each in modules if each.path.name == "__init__.py"}


def knotted(modules: Iterable[Module]) -> list[str]:
    """Modules that import each other, in whatever number of steps, when they are loaded."""
    every = tuple(modules)
    known = {module.name for module in every}
    arrows = {module.name: set(_imports(module, known)) for module in every}
    return sorted(name for name in arrows if name in _reached(name, arrows))


def function_lines(modules: Iterable[Module]) -> list[int]:
    """How long each function is, the shortest first."""
    functions = (function for module in modules for function in module.functions)
    return sorted((function.end_lineno or 0) - function.lineno + 1 for function in functions)


def nine_in_ten(lines: Sequence[int]) -> int:
    """What nine in ten of the sorted lengths are at most."""
    return lines[int(0.9 * len(lines))]


def names(module: Module) -> Iterator[str]:
    """What the module gives a name to: classes, functions, arguments, variables and fields."""
    yield module.path.stem
    for node in ast.walk(module.tree):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                yield name
            case ast.AsyncFunctionDef(name=name) | ast.arg(arg=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name
            case _:
                pass


def _of_functions(modules: tuple[Module, ...]) -> list[Figure]:
    lines = function_lines(modules)
    share, raw = one_caller(modules)
    return [
        Figure("lines of a function, median", statistics.median(lines), "", f"n={len(lines)}"),
        Figure(
            "lines of a function, nine in ten at most",
            nine_in_ten(lines),
            "",
            f"most {lines[-1]}",
            at_most=25,
        ),
        Figure("private functions with one caller, of all", share, "%", raw, at_most=10),
    ]


def one_caller(modules: Iterable[Module]) -> tuple[float, str]:
    """Private functions of up to three lines that are named in one other place of their file."""
    found, count = 0, 0
    for module in modules:
        named = Counter(_used(module.tree))
        for function in module.functions:
            count += 1
            is_private = function.name.startswith("_") and not function.name.startswith("__")
            found += is_private and named[function.name] == 1 and _body_lines(function) <= 3
    return 100 * found / count, f"{found} of up to three lines, of {count}"


def _body_lines(function: _Function) -> int:
    body = [each for each in function.body if not _is_docstring(each)]
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _used(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr


def _of_files(modules: tuple[Module, ...]) -> list[Figure]:
    whole = sum(module.lines for module in modules)
    lines = entrances(modules).values()
    share, raw = 100 * sum(lines) / whole, f"{sum(lines)} of {whole}"
    long = {name: lines for name, lines in long_files(ROOT).items() if name not in LONG}
    title = f"files of more than {MOST_LINES} lines without a reason"
    return [
        Figure("lines in __init__.py", share, "%", raw, at_most=2),
        Figure("lines of the longest __init__.py", max(lines), "", "", at_most=MOST_ENTRANCE_LINES),
        Figure(title, len(long), "", _listed(long), at_most=0),
    ]


def _of_classes(modules: tuple[Module, ...]) -> list[Figure]:
    return [
        _widest("methods of the widest port without a reason", ports(modules)),
        _widest("fields of the widest bag without a reason", bags(modules)),
    ]


def _widest(title: str, sizes: Mapping[str, int]) -> Figure:
    unexplained = {name: size for name, size in sizes.items() if name not in WIDE}
    ranked = sorted(unexplained.items(), key=lambda pair: -pair[1])
    raw = ", ".join(f"{name} {size}" for name, size in ranked[:5])
    return Figure(title, max(unexplained.values()), "", raw, at_most=MOST_MEMBERS)


def _last(node: ast.expr) -> str:
    """The name that is called, subscripted or reached last: `Port[X]`, `a.Port`, `port(...)`."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Call(func=inner) | ast.Subscript(value=inner):
            return _last(inner)
        case _:
            return ""


def _knots(modules: tuple[Module, ...]) -> Figure:
    found = knotted(modules)
    return Figure("modules in a circle of imports", len(found), "", ", ".join(found), at_most=0)


def _imports(module: Module, names: set[str]) -> Iterator[str]:
    """What is imported at the top of the file, but for types only."""
    for node in module.tree.body:
        if isinstance(node, ast.ImportFrom) and node.module:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name for name in inner if name in names)
            if node.module in names and any(name not in names for name in inner):
                yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in names)


def _reached(name: str, arrows: Mapping[str, set[str]]) -> set[str]:
    found, left = set[str](), [*arrows[name]]
    while left:
        at = left.pop()
        if at not in found:
            found.add(at)
            left += arrows[at]
    return found


def _listed(sizes: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {size}" for name, size in sizes.items())
