"""The environment of templates, one for each language. A page has thousands of expressions, so their cost counts."""

from collections.abc import Callable
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path
from time import monotonic
from typing import Any, cast

from jinja2 import Environment, FileSystemLoader, StrictUndefined, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from voxpop.markup import to_html
from voxpop.types import MAX_EMAIL, MAX_INTEGER, MAX_KEY, MAX_NAME, MAX_PASSWORD, MIN_PASSWORD
from voxpop.web import static
from voxpop.web.filters import bdi, disable_forms, initials, maxlength, who
from voxpop.web.i18n import Texts, install_locale
from voxpop.web.linkify import linkify

MAX_LENGTHS = {"text": MAX_NAME, "key": MAX_KEY, "email": MAX_EMAIL, "password": MAX_PASSWORD}  # of fields, by type

# `{% set row = remember(_row) %}` keeps the latest results of a macro by its arguments. Only for templates that are
# imported without context: their macros see nothing else of a request. A text is not the markup that looks the same.
REMEMBERED_RESULTS = 2048


@cache
def template_environment(locale: str) -> Environment:
    environment = _Environment(
        loader=_Loader(Path(__file__).parent.parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "static": static.static_url,
        "version": version("voxpop"),
        "max_lengths": MAX_LENGTHS,
        "max_integer": MAX_INTEGER,
        "min_password": MIN_PASSWORD,
        "remember": lru_cache(maxsize=REMEMBERED_RESULTS, typed=True),
    }
    filters = (linkify, initials, bdi, maxlength, who, disable_forms)
    environment.filters |= {each.__name__: each for each in filters}
    install_locale(environment, locale)
    return environment


class _Context(Context):
    """Calls functions and macros as they are. Jinja would first look whether they take the context; none does."""

    def call(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        kwargs.pop("_block_vars", None)
        kwargs.pop("_loop_vars", None)
        return function(*args, **kwargs)


class _CodeGenerator(CodeGenerator):
    """Writes the values of expressions with `to_html`, and makes markup that is constant only once."""

    environment: "_Environment"

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        self.write("environment.to_html(")

    def visit_Const(self, node: nodes.Const, frame: Frame) -> None:
        if isinstance(node.value, Markup):
            self.write(f"environment.constants[{len(self.environment.constants)}]")
            self.environment.constants.append(node.value)
        else:
            super().visit_Const(node, frame)


class _Environment(Environment):
    context_class = _Context
    code_generator_class = _CodeGenerator
    to_html = staticmethod(to_html)

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.constants: list[Markup] = []

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        parsed = super()._parse(source, name, filename)
        template: nodes.Template = _Optimizer(cast("Texts", self.globals["t"])).visit(parsed)
        return template


class _Optimizer(NodeTransformer):
    """Moves work from rendering to compilation."""

    def __init__(self, t: Texts) -> None:
        self._t = t

    def visit_Call(self, call: nodes.Call) -> nodes.Node:
        """Translates `t("…")` without values."""
        self.generic_visit(call)
        match call:
            case nodes.Call(node=nodes.Name(name="t"), args=[nodes.Const(value=str(text))], kwargs=[], dyn_kwargs=None):
                return nodes.Const(self._t(text), lineno=call.lineno)
        return call

    def visit_Block(self, block: nodes.Block) -> nodes.Node:
        """Joins the parts of a block, which would otherwise pass through the generators of all layouts one by one."""
        self.generic_visit(block)
        if block.body:
            text = nodes.AssignBlock(nodes.Name("_block", "store"), None, block.body, lineno=block.lineno)
            block.body = [text, nodes.Output([nodes.Name("_block", "load")], lineno=block.lineno)]
        return block


class _Loader(FileSystemLoader):
    """Looks once a second whether a file has changed, because a page consists of thirty templates."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        source, file, is_current = super().get_source(environment, template)
        in_second = lru_cache(maxsize=1)(lambda second: is_current())
        return source, file, lambda: in_second(int(monotonic()))
