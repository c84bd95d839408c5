"""The layout of the source: which module may import which, where a few things may be, and how large things get."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.support.each import each
from tests.support.source import (
    MODULE_NAMED,
    MODULES,
    ROOT,
    SOURCE,
    TESTS,
    Function,
    Module,
    functions,
    imported_modules,
    imported_names,
    parameters,
    parsed,
    python_files,
    strings,
    tuple_length,
)

from voxpop.types import Origin

# Tenants and people: every domain may import these three, and they may import each other downwards.
IDENTITY = {"auth", "accounts", "workspaces"}
# The package of each origin of ratings: features, tickets, campaigns.
ORIGINS = {f"{origin}s" for origin in Origin}
BELOW_ORIGINS = {"surveys", "feedback", "metrics", *IDENTITY}
# A domain may import those to its right, near or far.
RIGHT_OF = {
    "dashboards": {*ORIGINS, *BELOW_ORIGINS},
    "widget": {*ORIGINS, *BELOW_ORIGINS},
    **dict.fromkeys(ORIGINS, BELOW_ORIGINS),
    "tickets": {"campaigns", *BELOW_ORIGINS},
    "surveys": {"feedback", "metrics", *IDENTITY},
    "feedback": {"metrics", *IDENTITY},
    "metrics": IDENTITY,
    **dict.fromkeys(IDENTITY, IDENTITY),
}
DOMAINS = RIGHT_OF.keys()
# Sub-packages of handlers. Only the composition root imports them, so they share code through the package above.
HANDLER_PACKAGES = {"tickets.api", "tickets.inbox", "tickets.portal"}
GROUND = {
    "types", "text", "email_addresses", "errors", "config", "logs", "i18n", "accept_language", "hosts", "cursors",
    "backoff", "search_text", "excerpts", "markup",
}  # fmt: skip
CLIENT = "client"  # for programs of customers: it imports no part of the server, which does not use it
BROKER, OUT = "kafka", {"outbox", "mail", "mail_headers", "idempotency", "idempotent_batcher"}
CALLERS_OF_SERVICES = {"worker", "demo"}  # they call services, as a request would
PURE = re.compile(
    r"(tags|filters|search_text|prompting|tokens|permissions|student_t|periods|scores|formulas|texts|dates|cursors"
    r"|accept_language|linkify|text|markup|backoff|email_addresses|mail_headers)\Z"
)
IMPURE = {
    "asyncio", "asyncpg", "httpx", "io", "litestar", "logging", "os", "pathlib", "random", "shutil", "signal", "socket",
    "structlog", "subprocess", "sys", "tempfile", "threading", "time", "urllib", "uuid7", "utcnow",
}  # fmt: skip

# The height of a module in its domain, by its file name, in sub-packages too. It imports its own height at most.
MODELS, STORE, SERVICE, REQUESTS, HANDLERS = 1, 2, 3, 4, 5
HEIGHTS = [
    (
        re.compile(
            r"((\w+_)?models|errors|limits|tags|filters|search_text"
            r"|prompting|tokens|permissions|student_t|periods|scores|formulas|texts|dates)\Z"
        ),
        MODELS,
    ),
    (re.compile(r"(\w+_)?store\Z"), STORE),
    (
        re.compile(
            r"((\w+_)?(schemas|parameters)|authenticator|publishable_access|guards|dependencies|cookies|browser_sessions"
            r"|form_submissions|streams)\Z"
        ),
        REQUESTS,
    ),
    (re.compile(r"(\w+_)?(api|pages|endpoints)\Z|live_updates\Z"), HANDLERS),
]
# What one domain may import of another.
PUBLIC = {
    "service", "models", "limits", "tags", "steps_store", "scores", "formulas", "periods", "survey_types", "lists",
    "event_ingest", "catalogue", "campaign_surveys", "errors",
}  # fmt: skip
PUBLIC_OF_IDENTITY = PUBLIC | {
    "guards", "dependencies", "permissions", "members", "sessions", "rate_limits", "browser_sessions",
    "form_submissions", "minute_limits", "publishable_access", "streams",
}  # fmt: skip

# The web framework. Modules below the handlers must work without a request.
FRAMEWORK = {"litestar", "uvicorn"}
FRAMEWORK_TOPS = {"web", "app", "server"}

# The outermost loops and handlers, which catch every exception and log it once.
CATCH_ALL = {
    "__main__.py", "db/batcher.py", "mail.py", "web/fast_path.py",
    "worker/daily.py", "worker/loop.py", "worker/consumer.py", "worker/relay.py",
}  # fmt: skip

FILE_LINES, FUNCTION_LINES, PARAMETERS, TEST_LINES, TEMPLATE_LINES = 500, 60, 7, 50, 200
VERBS = (
    "get", "find", "list", "count", "insert", "upsert", "record",
    "add", "set", "touch", "end", "rename", "describe", "retune", "revoke",
    "delete", "lock", "take", "replace", "expire", "has", "is",
)  # fmt: skip
# Store functions without a workspace: they run before one is known.
BEFORE_A_WORKSPACE = {
    "list_workspaces", "find_keys", "list_job_progress", "list_due_workspaces",
    "find_publishable_keys", "find_listed_origins",
    "find_workspaces", "find_sessions", "delete_expired",
    "delete_old_links", "delete_old_windows", "end_sessions_everywhere", "delete_links_everywhere",
}  # fmt: skip

SQL = re.compile(r"\s*(SELECT|INSERT INTO|UPDATE \w+ SET|DELETE FROM|WITH \w+ AS|BEGIN|COMMIT|ROLLBACK)\b")
TRANSACTIONS = {"commit", "rollback", "acquire"}
CONNECTS = {"connect", "create_pool"}

each_module = each(MODULES, lambda module: module.file)


def height(module: Module) -> int:
    """A module without a name of the list is a service."""
    return next((height for pattern, height in HEIGHTS if pattern.match(module.kind)), SERVICE)


def may_import(one: Module, other: Module) -> bool:
    """Downwards only: ground, db, web, domains, app, commands; and among domains to the right only."""
    if CLIENT in {one.top, other.top}:
        return one.top == other.top
    if other.top in GROUND:
        return one.top not in GROUND or other.top != "config" or one.top in {"config", "logs"}
    if one.top in GROUND:
        return False
    if one.top == "db":
        return other.top == "db"
    if one.top == "web":
        return other.top in {"web", "db"}
    if one.top == BROKER or other.top == BROKER:
        return one.top == other.top or one.top == "worker"
    if one.top in OUT:
        return other.top == "db" or other.top in OUT
    if other.top in OUT:
        return height(one) >= SERVICE
    if one.top in DOMAINS:
        return may_domain_import(one, other)
    if one.top == other.top:
        return True
    if one.top in CALLERS_OF_SERVICES:
        return other.top == "db" or (other.top in DOMAINS and height(other) <= SERVICE and height(other) != STORE)
    if one.top == "app":
        return other.top in DOMAINS | {"web", "db"}
    return other.top != "__main__" and height(other) != STORE


def may_domain_import(one: Module, other: Module) -> bool:
    if other.top == "db":
        return height(one) > MODELS
    if other.top == "web":
        return height(one) > SERVICE
    if other.top == one.top:
        is_private = other.package in HANDLER_PACKAGES and other.package != one.package
        return height(other) <= height(one) and not is_private
    if {one.top, other.top} <= IDENTITY:
        return height(other) < height(one) or (height(other) == height(one) and height(other) != STORE)
    if other.top not in RIGHT_OF[one.top]:
        return False
    public = PUBLIC_OF_IDENTITY if other.top in IDENTITY else PUBLIC
    return other.kind in public and height(other) <= height(one)


def catches_all(handler: ast.ExceptHandler) -> bool:
    """Whether it catches every exception and does not raise it again."""
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    broad = any(each is None or ast.unparse(each) in {"Exception", "BaseException"} for each in types)
    last = handler.body[-1]
    return broad and not (isinstance(last, ast.Raise) and last.exc is None)


@each_module
def test_imports_run_downwards(module: Module) -> None:
    assert [other.name for other in imported_modules(module) if not may_import(module, other)] == []


@pytest.mark.parametrize(
    ("one", "other", "allowed"),
    [
        ("app", "features.api", True),
        ("app", "tickets.inbox.sidebar", True),
        ("features.api", "features.service", True),
        ("features.service", "features.store", True),
        ("features.service", "surveys.service", True),
        ("features.api", "app", False),
        ("features.service", "features.api", False),
        ("features.service", "feedback.store", False),
        ("features.store", "features.service", False),
        ("features.models", "db.pool", False),
        ("features.service", "web.paging", False),
        ("features.analytics.service", "features.store", True),
        ("features.analytics.service", "features.api", False),
        ("tickets.inbox.pages", "tickets.lists.service", True),
        ("tickets.lists.store", "tickets.lists.service", False),
        ("tickets.portal.pages", "tickets.inbox.models", False),
        ("tickets.service", "tickets.portal.customer_tickets", False),
        ("feedback.service", "surveys.service", False),
        ("surveys.models", "features.models", False),
        ("metrics.store", "feedback.models", False),
        ("workspaces.service", "metrics.models", False),
        ("feedback.api", "auth.guards", True),
        ("feedback.service", "auth.guards", False),
        ("auth.guards", "tickets.lists.service", False),
        ("web.ops", "features.models", False),
        ("web.ops", "auth.permissions", False),
        ("web.openapi.docs", "web.pages", True),
        ("db.pool", "web.ops", False),
        ("db.embedded.cluster", "db.pool", True),
        ("feedback.service", "outbox", True),
        ("feedback.models", "outbox", False),
        ("features.service", "kafka.consumer", False),
        ("worker.consumer", "kafka.consumer", True),
        ("worker.daily", "metrics.store", False),
        ("errors", "types", True),
        ("types", "db.pool", False),
        ("client.synchronous", "client.api.tickets", True),
        ("client.shapes", "types", False),
        ("features.api", "client.signature", False),
    ],
)
def test_which_module_may_import_which(one: str, other: str, allowed: bool) -> None:
    assert may_import(MODULE_NAMED[one], MODULE_NAMED[other]) is allowed


def test_every_domain_has_its_place_in_the_order() -> None:
    tops = {module.top for module in MODULES if module.kind in {"service", "store", "api", "pages"}}
    assert tops - DOMAINS - {"web", CLIENT, *CALLERS_OF_SERVICES} == set()


@each_module
def test_only_handlers_and_what_serves_them_import_the_framework(module: Module) -> None:
    imports = {name.split(".")[0] for name in imported_names(module.tree)}
    may = module.top in FRAMEWORK_TOPS or height(module) >= REQUESTS
    assert may or imports & FRAMEWORK == set()


def state_values() -> dict[str, Module]:
    """The names in the application's state, each with the module that defines its class."""
    app = MODULE_NAMED["app"].tree
    classes = {
        alias.name: MODULE_NAMED[str(node.module).removeprefix("voxpop.")]
        for node in ast.walk(app)
        if isinstance(node, ast.ImportFrom) and str(node.module).removeprefix("voxpop.") in MODULE_NAMED
        for alias in node.names
    }
    (connect,) = [each for each in functions(app) if each.name == "connect"]
    variables = {each.arg: ast.unparse(each.annotation) for each in parameters(connect) if each.annotation}
    for node in ast.walk(connect):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and isinstance(node.targets[0], ast.Name):
            variables[node.targets[0].id] = ast.unparse(node.value.func)
    (state,) = [each for each in ast.walk(connect) if isinstance(each, ast.Call) and ast.unparse(each.func) == "State"]
    assert isinstance(state.args[0], ast.Dict)
    pairs = zip(state.args[0].keys, state.args[0].values, strict=True)
    return {ast.literal_eval(key): classes[variables[ast.unparse(value)]] for key, value in pairs if key}


def state_reads(module: Module) -> Iterator[str]:
    """The names that a module reads from the application's state: `app.state.x`, or `state.x` of a dependency."""
    yield from attributes_of(module.tree, r".*\bapp\.state")
    for function in functions(module.tree):
        for parameter in parameters(function):
            if parameter.annotation and ast.unparse(parameter.annotation) == "State":
                yield from attributes_of(function, parameter.arg)


def attributes_of(tree: ast.AST, holder: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and re.fullmatch(holder, ast.unparse(node.value)):
            yield node.attr


@each_module
def test_application_state_leads_downwards(module: Module) -> None:
    """A module reads only values whose class it may import; the composition root passes everything else."""
    values = state_values()
    assert {"database", "settings"} <= values.keys()
    upwards = [name for name in state_reads(module) if values[name] != module and not may_import(module, values[name])]
    assert upwards == []


@each([one for one in MODULES if PURE.match(one.kind)], lambda module: module.file)
def test_pure_rules_have_no_io_and_no_clock(module: Module) -> None:
    names = {word for name in imported_names(module.tree) for word in (name.split(".")[0], name.rpartition(".")[2])}
    calls = [node.func for node in ast.walk(module.tree) if isinstance(node, ast.Call)]
    called = {getattr(call, "attr", getattr(call, "id", "")) for call in calls}
    assert names & IMPURE == set()
    assert called & {"now", "today", "open", "print"} == set()
    assert [other.name for other in imported_modules(module) if other.top in {"db", "web", "config"}] == []


def test_the_pure_modules_are_there() -> None:
    assert {"features.prompting", "auth.permissions", "metrics.scores"} <= MODULE_NAMED.keys()


@each_module
def test_a_module_opens_with_what_it_owns(module: Module) -> None:
    document = ast.get_docstring(module.tree)
    assert document or not module.path.read_text("utf-8").strip()
    assert document is None or document.split("\n")[0].endswith((".", ":", "!", "?")), "one line, one sentence"


@each_module
def test_transactions_begin_and_end_in_db_alone(module: Module) -> None:
    named = {node.attr for node in ast.walk(module.tree) if isinstance(node, ast.Attribute)}
    assert module.top in {"db", BROKER} or named & TRANSACTIONS == set()


def test_the_pool_alone_lends_connections() -> None:
    """So every transaction begins with the application's role."""
    lending = [
        (module.name, node.attr)
        for module in MODULES
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute)
        and (node.attr == "acquire" or (node.attr in CONNECTS and getattr(node.value, "id", "") == "asyncpg"))
    ]
    assert [name for module, name in lending if module == "db.pool"] == ["create_pool", "acquire", "acquire"]
    assert {name for name, _ in lending} <= {
        "db.pool",
        "db.notify",
        "db.migrate",
        "db.schema",
        "db.embedded.supervisor",
        "db.embedded.cluster",
    }


@each_module
def test_sql_is_in_stores(module: Module) -> None:
    if module.top in OUT | {"db"} or height(module) == STORE:
        return
    assert [node.value for node in strings(module.tree) if SQL.match(str(node.value))] == []
    assert [node for node in ast.walk(module.tree) if getattr(getattr(node, "func", None), "id", "") == "Query"] == []


@each([one for one in MODULES if height(one) == STORE], lambda module: module.file)
def test_store_functions_name_their_scope_and_their_verb(module: Module) -> None:
    for function in module.tree.body:
        if not isinstance(function, Function) or function.name.startswith("_"):
            continue
        scope = ["tx"] if function.name in BEFORE_A_WORKSPACE else ["tx", "workspace"]
        assert [each.arg for each in parameters(function)][: len(scope)] == scope, function.name
        assert function.name.split("_")[0] in VERBS or function.name.endswith("_exists"), function.name
        result = ast.unparse(function.returns) if function.returns else ""
        assert not (function.name.startswith("get_") and "None" in result), f"{function.name} raises NotFound"
        assert not function.name.startswith("list_") or re.match("list|Sequence", result), f"{function.name} gives rows"


LOG_METHODS = {"debug", "info", "warning", "error", "exception"}


@each_module
def test_log_events_are_a_noun_and_a_verb(module: Module) -> None:
    calls = [node for node in ast.walk(module.tree) if isinstance(node, ast.Call) and node.args]
    events = [
        ast.unparse(call.args[0]).strip("'\"")
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in LOG_METHODS
        and getattr(call.func.value, "id", "") in {"log", "events"}
    ]
    assert [event for event in events if not re.fullmatch(r"[a-z_]+\.[a-z_]+", event)] == []


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


def test_only_the_outermost_handlers_catch_everything() -> None:
    catching = {
        module.file
        for module in MODULES
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler) and catches_all(node)
    }
    assert catching - CATCH_ALL == set()


def too_large(measure: Callable[[Function], int], limit: int, paths: list[Path]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}: {function.name} has {measure(function)}"
        for path in paths
        for function in functions(parsed(path))
        if measure(function) > limit
    ]


def count_function_lines(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def count_parameters(function: Function) -> int:
    """The elements of a tuple count as parameters."""
    return sum(tuple_length(each) or 1 for each in parameters(function))


def test_functions_are_short() -> None:
    tests = [path for path in python_files() if path.is_relative_to(TESTS)]
    assert too_large(count_function_lines, FUNCTION_LINES, [path for path in python_files() if path not in tests]) == []
    assert too_large(count_function_lines, TEST_LINES, tests) == []


def test_functions_have_few_parameters() -> None:
    assert too_large(count_parameters, PARAMETERS, list(python_files())) == []


def test_no_function_takes_a_tuple_of_unnamed_values() -> None:
    taking = {
        f"{module.file}:{function.name}"
        for module in MODULES
        for function in functions(module.tree)
        if any(tuple_length(each) for each in parameters(function))
    }
    assert taking == set(), "make a struct"


@pytest.mark.parametrize(
    ("annotation", "length"),
    [
        ("tuple[datetime, str]", 2),
        ("tuple[a, b, c] | None", 3),
        ("Annotated[tuple[a, b], Meta()]", 2),
        ("tuple[str, ...]", None),
        ("list[tuple[bytes, bytes]]", None),
        ("str", None),
    ],
)
def test_a_tuple_counts_by_its_elements(annotation: str, length: int | None) -> None:
    (function,) = functions(ast.parse(f"def f(x: {annotation}): ..."))
    assert tuple_length(parameters(function)[0]) == length


def test_files_are_short() -> None:
    folders = [ROOT / "src", ROOT / "widget"]
    written = [path for end in ("py", "sql", "css", "js", "ts") for each in folders for path in each.rglob(f"*.{end}")]
    limits = {path: FILE_LINES for path in [*python_files(), *written]}
    limits |= {path: TEMPLATE_LINES for path in (SOURCE / "templates").rglob("*") if path.is_file()}
    own = {
        path: limit
        for path, limit in limits.items()
        if not {"vendor", "widget"} & {*path.parts} or path.suffix == ".ts"
    }
    assert [f"{path.relative_to(ROOT)}: {count_lines(path)}" for path in own if count_lines(path) > own[path]] == []


def count_lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())
