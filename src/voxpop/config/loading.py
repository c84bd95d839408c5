"""Reads the settings from flags, the environment, `.env` and `voxpop.toml`. No other module reads the environment."""

import difflib
import io
import os
import tomllib
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import msgspec
from dotenv.parser import parse_stream

from voxpop.config.settings import FIELDS, REDACTED, Settings, description, is_secret
from voxpop.email_addresses import email_error

PREFIX = "VOXPOP_"
TEST_PREFIX = "VOXPOP_TEST_"  # variables of the test suite, which processes started by a test inherit

Value = str | int | bool | Path


class ConfigError(Exception):
    """The settings are invalid. `problems` has one line for each error."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class SourceValue(msgspec.Struct, frozen=True):
    """A value from one source, before validation. `label` names its origin in messages."""

    label: str
    key: str
    raw: object


def load(
    *,
    overrides: Mapping[str, Value] = MappingProxyType({}),
    env: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> Settings:
    """Reads the settings. Flags (`overrides`) come first, then the environment, `.env`, `voxpop.toml` and the defaults.

    Both files and relative paths are in `directory`, by default the working directory. Raises ConfigError.
    """
    directory = (directory or Path.cwd()).absolute()
    problems: list[str] = []
    sources = [
        [SourceValue(f"--{key.replace('_', '-')}", key, value) for key, value in overrides.items()],
        _from_env("", os.environ if env is None else env),  # noqa: TID251 - the one place that reads it
        _from_env(".env: ", _dotenv(directory / ".env", problems)),
        [
            SourceValue(f"voxpop.toml: {key}", key, raw)
            for key, raw in _toml(directory / "voxpop.toml", problems).items()
        ],
    ]
    values = _values(_by_precedence(sources, problems), directory, problems)
    if "migrate_url" in values and "database_url" not in values:
        problems.append("VOXPOP_MIGRATE_URL: it needs VOXPOP_DATABASE_URL, which is not set")
    if problems:
        raise ConfigError(problems)
    return Settings(**values)


def _from_env(label: str, env: Mapping[str, str]) -> list[SourceValue]:
    """The settings among the variables. An empty variable counts as not set."""
    keys = [key for key in sorted(env) if key.startswith(PREFIX) and not key.startswith(TEST_PREFIX) and env[key]]
    return [SourceValue(label + key, key.removeprefix(PREFIX).lower(), env[key]) for key in keys]


def _dotenv(path: Path, problems: list[str]) -> dict[str, str]:
    """The variables of a `.env` file. Values are not expanded."""
    values: dict[str, str] = {}
    for binding in parse_stream(io.StringIO(_text(path, problems))):
        if binding.error or (binding.key is not None and binding.value is None):
            line = binding.original.line + _leading_newlines(binding.original.string)
            problems.append(f"{path.name}: line {line} is not KEY=VALUE")
        elif binding.key is not None and binding.value is not None:
            values[binding.key] = binding.value
    return values


def _leading_newlines(text: str) -> int:
    return text[: len(text) - len(text.lstrip())].count("\n")


def _toml(path: Path, problems: list[str]) -> dict[str, object]:
    try:
        return tomllib.loads(_text(path, problems))
    except tomllib.TOMLDecodeError as error:
        problems.append(f"{path.name}: {error}")
        return {}


def _text(path: Path, problems: list[str]) -> str:
    try:
        return path.read_text("utf-8-sig")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{path.name}: {error}")
        return ""


def _by_precedence(sources: list[list[SourceValue]], problems: list[str]) -> dict[str, SourceValue]:
    """The value of the first source for each setting. Unknown keys are problems."""
    chosen: dict[str, SourceValue] = {}
    for source in sources:
        values: dict[str, SourceValue] = {}
        for source_value in source:
            name = _setting(source_value.key)
            if name is None:
                problems.append(f"{source_value.label}: unknown setting{_hint(source_value)}")
            elif name in values:
                problems.append(f"{source_value.label}: {values[name].label} is set too; remove one of them")
            else:
                values[name] = source_value
        chosen = values | chosen
    return chosen


def _setting(key: str) -> str | None:
    """The setting of a key. The suffix `_file` names the file of a secret."""
    if key in FIELDS:
        return key
    name = key.removesuffix("_file")
    return name if name != key and name in FIELDS and is_secret(name) else None


def _hint(source_value: SourceValue) -> str:
    known = [*FIELDS, *(f"{name}_file" for name in FIELDS if is_secret(name))]
    close = difflib.get_close_matches(source_value.key, known, n=1)
    if not close:
        return ""
    name = PREFIX + close[0].upper() if PREFIX in source_value.label else close[0]
    return f"; did you mean {name}?"


def _values(chosen: Mapping[str, SourceValue], directory: Path, problems: list[str]) -> dict[str, Any]:
    """The settings that can be converted to their types; the others are problems."""
    values: dict[str, Any] = {}
    for name, source_value in chosen.items():
        try:
            values[name] = _value(name, source_value, directory)
        except (ValueError, OSError) as error:
            problems.append(f"{source_value.label}: {error}")
    return values


def _value(name: str, source_value: SourceValue, directory: Path) -> object:
    """Converts a value to the type of its setting. Raises ValueError, without the value of a secret."""
    raw = source_value.raw
    if source_value.key != name:
        raw = (directory / str(raw)).read_text("utf-8").strip()
    try:
        value = msgspec.convert(raw, FIELDS[name], strict=False, dec_hook=_to_path)
    except msgspec.ValidationError as error:
        shown = REDACTED if is_secret(name) else repr(str(raw))
        raise ValueError(f"{shown} is invalid: {error}. {description(name)}") from None
    if isinstance(value, Path):
        return directory / os.path.expanduser(value)
    return VALIDATORS[name](value) if name in VALIDATORS else value


def _to_path(kind: type, raw: object) -> object:
    if kind is Path and isinstance(raw, str | Path):
        return Path(raw)
    raise ValueError("Expected a path")


def _postgres_url(value: str) -> str:
    scheme, _, rest = value.partition("://")
    if scheme not in ("postgresql", "postgres") or not rest or not _has_readable_hosts(value):
        raise ValueError("expected postgresql://user:password@host:port/name, with special characters as %XX")
    return value


def _has_readable_hosts(url: str) -> bool:
    """Whether the port of each host, if any, is a valid number."""
    try:
        hosts = urlsplit(url).netloc.rpartition("@")[2].split(",")
        return all(urlsplit(f"//{host}").port != 0 for host in hosts)
    except ValueError:
        return False


def _base_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"expected http://host or https://host, not {value!r}")
    return value.rstrip("/")


def _smtp_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path.strip("/"):
        raise ValueError("expected smtp://user:password@host:587 or smtps://user:password@host")
    return value


def _email(value: str) -> str:
    if email_error(value):
        raise ValueError(f"expected an email address such as support@example.com, not {value!r}")
    return value


def _networks(value: str) -> str:
    """The list without spaces. Raises ValueError with each part that is not an address or network."""
    parts = [part for part in map(str.strip, value.split(",")) if part]
    if invalid := [part for part in parts if not _is_network(part)]:
        raise ValueError(f"expected addresses or networks such as 10.0.0.0/8, not {', '.join(map(repr, invalid))}")
    return ",".join(parts)


def _is_network(part: str) -> bool:
    try:
        ip_network(part)
    except ValueError:
        return False
    return True


VALIDATORS: dict[str, Callable[[Any], object]] = {
    "database_url": _postgres_url,
    "migrate_url": _postgres_url,
    "base_url": _base_url,
    "trusted_proxies": _networks,
    "smtp_url": _smtp_url,
    "mail_from": _email,
    "mail_reply_to": _email,
}
