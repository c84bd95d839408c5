"""The shape of the source: which part may import which, how large things get, and where a few things may stand."""

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple, TypeAlias

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "voxpop"
TESTS = ROOT / "tests"

# Tenants and people: every domain may import these three, and they may import each other downwards.
IDENTITY = {"auth", "accounts", "workspaces"}
DOMAINS = {*IDENTITY, "metrics", "feedback", "surveys", "features", "campaigns", "tickets"}
# A domain may import those to its right, near or far.
RIGHT_OF = {
    "tickets": {"campaigns", "surveys", "feedback", "metrics", *IDENTITY},
    "features": {"surveys", "feedback", "metrics", *IDENTITY},
    "campaigns": {"surveys", "feedback", "metrics", *IDENTITY},
    "surveys": {"feedback", "metrics", *IDENTITY},
    "feedback": {"metrics", *IDENTITY},
    "metrics": IDENTITY,
    **dict.fromkeys(IDENTITY, IDENTITY),
}
GROUND = {"types", "errors", "config", "logs", "i18n", "hosts", "cursors", "accept_language"}
BROKER, OUT = "kafka", {"outbox", "mail", "idempotency"}
BESIDES = {"worker", "demo"}  # they drive services, as a request would
PURE = re.compile(r"(tags|search_text|prompting|tokens|permissions|scores|formulas|texts|dates)\Z")
IMPURE = {
    "asyncio", "asyncpg", "httpx", "io", "litestar", "logging", "os", "pathlib", "random", "shutil", "signal", "socket",
    "structlog", "subprocess", "sys", "tempfile", "threading", "time", "urllib", "uuid7", "utcnow",
}  # fmt: skip

# How high a module of a domain stands; it imports its own height at most. What has no other name is a service.
MODELS, STORE, SERVICE = 1, 2, 3
HEIGHTS = [
    (
        re.compile(
            r"((\w+_)?models|errors|limits|tags|search_text|prompting|tokens|permissions|scores|formulas|texts|dates)\Z"
        ),
        MODELS,
    ),
    (re.compile(r"(\w+_)?store\Z"), STORE),
    (re.compile(r"((\w+_)?schemas|parameters|authenticator|guards|dependencies|cookies|browser_sessions)\Z"), 4),
    (re.compile(r"(\w+_)?(api|pages|endpoints)\Z|live_updates\Z"), 5),
]
# What one domain may know of another.
OPEN = {"service", "models", "scores", "formulas", "event_ingest"}
OPEN_OF_IDENTITY = OPEN | {
    "guards", "dependencies", "permissions", "members", "sessions", "rate_limits", "browser_sessions",
}  # fmt: skip

# Where whatever went wrong is caught, logged once and answered.
EDGES = {
    "__main__.py", "db/batcher.py", "mail.py", "web/fast_path.py",
    "worker/daily.py", "worker/loop.py", "worker/consumer.py", "worker/relay.py",
}  # fmt: skip

FILE_LINES, FUNCTION_LINES, PARAMETERS, TEST_LINES, TEMPLATE_LINES = 500, 60, 7, 50, 200
VERBS = (
    "get", "find", "list", "count", "insert", "upsert", "record",
    "add", "set", "touch", "end", "rename", "describe", "retune", "revoke",
    "delete", "lock", "take", "replace", "expire", "has", "is",
)  # fmt: skip
# Store functions of no workspace: they run before one is known.
BEFORE_A_WORKSPACE = {
    "list_workspaces", "find_keys", "list_job_progress",
    "find_workspaces", "find_sessions", "end_other_sessions", "delete_expired",
}  # fmt: skip

SQL = re.compile(r"\s*(SELECT|INSERT INTO|UPDATE \w+ SET|DELETE FROM|WITH \w+ AS|BEGIN|COMMIT|ROLLBACK)\b")
TRANSACTIONS = {"commit", "rollback", "acquire"}
CONNECTS = {"connect", "create_pool"}

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


class Module(NamedTuple):
    path: Path

    @property
    def name(self) -> str:
        """Below the package: `features.store`, `app`."""
        return self.path.relative_to(SOURCE).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")

    @property
    def place(self) -> str:
        return self.path.relative_to(SOURCE).as_posix()

    @property
    def part(self) -> str:
        return self.name.split(".")[0]

    @property
    def kind(self) -> str:
        return self.name.rpartition(".")[2]

    @property
    def tree(self) -> ast.Module:
        return parsed(self.path)

    @property
    def height(self) -> int:
        return next((height for pattern, height in HEIGHTS if pattern.match(self.kind)), SERVICE)


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def pythons() -> Iterator[Path]:
    """Every file with Python in it that is ours, scripts without a suffix too."""
    for folder in (SOURCE, TESTS, ROOT / "bench", ROOT / "build_tools"):
        for path in sorted(folder.rglob("*")):
            if path.suffix == ".py" or (path.is_file() and not path.suffix and "python" in first_line(path)):
                yield path


def first_line(path: Path) -> str:
    return path.read_bytes().split(b"\n", 1)[0].decode("latin-1")


MODULES = [Module(path) for path in sorted(SOURCE.rglob("*.py"))]
NAMES = {module.name: module for module in MODULES}
each_module = pytest.mark.parametrize("module", MODULES, ids=lambda module: module.place)


def imported(tree: ast.Module) -> Iterator[str]:
    """Everything a module imports, as dotted names; of `from x import y` both x and x.y."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def ours(module: Module) -> Iterator[Module]:
    """The modules of the product that this one imports."""
    for name in imported(module.tree):
        found = NAMES.get(name.removeprefix("voxpop.")) if name.startswith("voxpop.") else None
        if found and not found.path.name.startswith("__init__"):
            yield found


def may_import(one: Module, other: Module) -> bool:
    """Downwards only: ground, db, web, domains, app, commands; and among domains to the right only."""
    if other.part in GROUND:
        return one.part not in GROUND or other.part != "config" or one.part == "logs"
    if one.part in GROUND:
        return False
    if one.part == "db":
        return other.part == "db"
    if one.part == "web":
        return other.part in {"web", "db"}
    if one.part == BROKER or other.part == BROKER:
        return one.part == other.part or one.part == "worker"
    if one.part in OUT:
        return other.part == "db" or other.part in OUT
    if other.part in OUT:
        return one.height >= SERVICE
    if one.part in DOMAINS:
        return may_domain_import(one, other)
    if one.part == other.part:
        return True
    if one.part in BESIDES:
        return other.part == "db" or (other.part in DOMAINS and other.height <= SERVICE and other.height != STORE)
    if one.part == "app":
        return other.part in DOMAINS | {"web", "db"}
    return other.part != "__main__" and other.height != STORE


def may_domain_import(one: Module, other: Module) -> bool:
    if other.part == "db":
        return one.height > MODELS
    if other.part == "web":
        return one.height > SERVICE
    if other.part == one.part:
        return other.height <= one.height
    if {one.part, other.part} <= IDENTITY:
        return other.height < one.height or (other.height == one.height and other.height != STORE)
    if other.part not in RIGHT_OF[one.part]:
        return False
    known = OPEN_OF_IDENTITY if other.part in IDENTITY else OPEN
    return other.kind in known and other.height <= one.height


def strings(tree: ast.Module) -> Iterator[ast.Constant]:
    """Strings that are not docstrings."""
    documents = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents:
            yield node


def functions(tree: ast.Module) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def parameters(function: Function) -> list[str]:
    arguments = function.args
    names = [each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return [name for name in names if name not in {"self", "cls"}]


def catches_all(handler: ast.ExceptHandler) -> bool:
    """Whether it catches whatever there is and goes on; to undo and raise again is no catching."""
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    broad = any(each is None or ast.unparse(each) in {"Exception", "BaseException"} for each in types)
    last = handler.body[-1]
    return broad and not (isinstance(last, ast.Raise) and last.exc is None)


@each_module
def test_imports_run_downwards(module: Module) -> None:
    assert [other.name for other in ours(module) if not may_import(module, other)] == []


@pytest.mark.parametrize(
    ("one", "other", "allowed"),
    [
        ("app", "features.api", True),
        ("features.api", "features.service", True),
        ("features.service", "features.store", True),
        ("features.service", "surveys.service", True),
        ("features.api", "app", False),
        ("features.service", "features.api", False),
        ("features.service", "feedback.store", False),
        ("features.store", "features.service", False),
        ("features.models", "db.pool", False),
        ("features.service", "web.paging", False),
        ("feedback.service", "surveys.service", False),
        ("surveys.models", "features.models", False),
        ("metrics.store", "feedback.models", False),
        ("workspaces.service", "metrics.models", False),
        ("feedback.api", "auth.guards", True),
        ("feedback.service", "auth.guards", False),
        ("web.ops", "features.models", False),
        ("web.ops", "auth.permissions", False),
        ("db.pool", "web.ops", False),
        ("feedback.service", "outbox", True),
        ("feedback.models", "outbox", False),
        ("features.service", "kafka.consumer", False),
        ("worker.consumer", "kafka.consumer", True),
        ("errors", "types", True),
        ("types", "db.pool", False),
    ],
)
def test_what_may_import_what(one: str, other: str, allowed: bool) -> None:
    assert may_import(NAMES[one], NAMES[other]) is allowed


@pytest.mark.parametrize("module", [one for one in MODULES if PURE.match(one.kind)], ids=lambda module: module.place)
def test_pure_rules_have_no_reach_and_no_clock(module: Module) -> None:
    names = {word for name in imported(module.tree) for word in (name.split(".")[0], name.rpartition(".")[2])}
    calls = [node.func for node in ast.walk(module.tree) if isinstance(node, ast.Call)]
    called = {getattr(call, "attr", getattr(call, "id", "")) for call in calls}
    assert names & IMPURE == set()
    assert called & {"now", "today", "open", "print"} == set()
    assert [other.name for other in ours(module) if other.part in {"db", "web", "config"}] == []


def test_the_pure_modules_are_there() -> None:
    assert {"features.prompting", "auth.tokens", "metrics.scores"} <= {one.name for one in MODULES}


@each_module
def test_a_module_opens_with_what_it_owns(module: Module) -> None:
    document = ast.get_docstring(module.tree)
    assert document or not module.path.read_text("utf-8").strip()
    assert document is None or document.split("\n")[0].endswith((".", ":", "!", "?")), "one line, one sentence"


@each_module
def test_transactions_are_opened_and_ended_in_db_alone(module: Module) -> None:
    named = {node.attr for node in ast.walk(module.tree) if isinstance(node, ast.Attribute)}
    assert module.part in {"db", BROKER} or named & TRANSACTIONS == set()


def test_a_connection_is_lent_in_one_place() -> None:
    """So that every transaction begins as the application's role: there is no other door to the pool."""
    lending = [
        (module.name, node.attr)
        for module in MODULES
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute)
        and (node.attr == "acquire" or (node.attr in CONNECTS and getattr(node.value, "id", "") == "asyncpg"))
    ]
    assert [one for one in lending if one[0] == "db.pool"] == [("db.pool", "create_pool"), ("db.pool", "acquire")]
    assert {name for name, _ in lending} <= {
        "db.pool",
        "db.notify",
        "db.migrate",
        "db.schema",
        "db.embedded.supervisor",
        "db.embedded.cluster",
    }


@each_module
def test_statements_stand_in_stores(module: Module) -> None:
    if module.part in OUT | {"db"} or module.height == STORE:
        return
    assert [node.value for node in strings(module.tree) if SQL.match(str(node.value))] == []
    assert [node for node in ast.walk(module.tree) if getattr(getattr(node, "func", None), "id", "") == "Query"] == []


@pytest.mark.parametrize("module", [one for one in MODULES if one.height == STORE], ids=lambda module: module.place)
def test_functions_of_a_store(module: Module) -> None:
    for function in module.tree.body:
        if not isinstance(function, Function) or function.name.startswith("_"):
            continue
        scoped = ["tx"] if function.name in BEFORE_A_WORKSPACE else ["tx", "workspace"]
        assert parameters(function)[: len(scoped)] == scoped, function.name
        assert function.name.split("_")[0] in VERBS or function.name.endswith("_exists"), function.name
        result = ast.unparse(function.returns) if function.returns else ""
        assert not (function.name.startswith("get_") and "None" in result), f"{function.name} raises NotFound"
        assert not function.name.startswith("list_") or re.match("list|Sequence", result), f"{function.name} gives rows"


def test_statements_are_named_in_capitals() -> None:
    names = [
        target.id
        for module in MODULES
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Assign) and getattr(getattr(node.value, "func", None), "id", "") == "Query"
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
    assert len(names) > 20
    assert [name for name in names if not name.isupper()] == []


def test_only_the_edges_catch_everything() -> None:
    catching = {
        module.place
        for module in MODULES
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler) and catches_all(node)
    }
    assert catching - EDGES == set()


def too_large(measure: Callable[[Function], int], most: int, paths: list[Path]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}: {function.name} has {measure(function)}"
        for path in paths
        for function in functions(parsed(path))
        if measure(function) > most
    ]


def length(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def count_parameters(function: Function) -> int:
    return len(parameters(function))


def test_functions_are_short() -> None:
    tests = [path for path in pythons() if path.is_relative_to(TESTS)]
    assert too_large(length, FUNCTION_LINES, [path for path in pythons() if path not in tests]) == []
    assert too_large(length, TEST_LINES, tests) == []


def test_functions_have_few_parameters() -> None:
    assert too_large(count_parameters, PARAMETERS, list(pythons())) == []


def test_files_are_short() -> None:
    written = [path for suffix in ("py", "sql", "css", "js", "ts") for path in (ROOT / "src").rglob(f"*.{suffix}")]
    limits = {path: FILE_LINES for path in [*pythons(), *written]}
    limits |= {path: TEMPLATE_LINES for path in (SOURCE / "templates").rglob("*") if path.is_file()}
    mine = {path: most for path, most in limits.items() if "vendor" not in path.parts}
    assert [f"{path.relative_to(ROOT)}: {lines(path)}" for path, most in mine.items() if lines(path) > most] == []


def lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())
