"""The source of the product for layout tests: modules, imports, functions and strings."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple, TypeAlias

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "voxpop"
TESTS = ROOT / "tests"

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


class Module(NamedTuple):
    """One Python file of the product."""

    path: Path

    @property
    def name(self) -> str:
        """Below the product's package: `features.store`, `tickets.lists.service`, `app`."""
        return self.path.relative_to(SOURCE).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")

    @property
    def file(self) -> str:
        return self.path.relative_to(SOURCE).as_posix()

    @property
    def top(self) -> str:
        """The top package or module: `tickets`, `app`."""
        return self.name.split(".")[0]

    @property
    def package(self) -> str:
        """The package it is in, sub-packages included: `tickets.lists`."""
        return self.name.rpartition(".")[0]

    @property
    def kind(self) -> str:
        """The last part of its name, which says what kind of module it is: `store`."""
        return self.name.rpartition(".")[2]

    @property
    def tree(self) -> ast.Module:
        return parsed(self.path)


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def python_files() -> Iterator[Path]:
    """Every file of this repository with Python in it, scripts without a suffix included."""
    for folder in (SOURCE, TESTS, ROOT / "bench", ROOT / "build_tools"):
        for path in sorted(folder.rglob("*")):
            if path.suffix == ".py" or (path.is_file() and not path.suffix and "python" in _first_line(path)):
                yield path


def _first_line(path: Path) -> str:
    return path.read_bytes().split(b"\n", 1)[0].decode("latin-1")


MODULES = [Module(path) for path in sorted(SOURCE.rglob("*.py"))]
MODULE_NAMED = {module.name: module for module in MODULES}


def imported_names(tree: ast.Module) -> Iterator[str]:
    """Everything a module imports, as dotted names; of `from x import y` both x and x.y."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported_modules(module: Module) -> Iterator[Module]:
    """The modules of the product that this one imports."""
    for name in imported_names(module.tree):
        found = MODULE_NAMED.get(name.removeprefix("voxpop.")) if name.startswith("voxpop.") else None
        if found and not found.path.name.startswith("__init__"):
            yield found


def strings(tree: ast.Module) -> Iterator[ast.Constant]:
    """Strings that are not docstrings."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node


def functions(tree: ast.Module) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def parameters(function: Function) -> list[ast.arg]:
    arguments = function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return [each for each in every if each.arg not in {"self", "cls"}]


def tuple_length(parameter: ast.arg) -> int | None:
    """The number of elements if the parameter is a tuple of a fixed size, `tuple[datetime, str]`."""
    for node in ast.walk(parameter.annotation) if parameter.annotation else ():
        if isinstance(node, ast.Subscript) and ast.unparse(node.value) not in {"tuple", "Annotated"}:
            return None  # a list of tuples is data, not a bundle of parameters
        if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "tuple":
            elements = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            return None if any(ast.unparse(each) == "..." for each in elements) else len(elements)
    return None
