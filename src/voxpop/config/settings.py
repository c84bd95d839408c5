"""The settings, read once from flags, environment and files; no other module reads the environment."""

import difflib
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, get_type_hints
from urllib.parse import urlsplit

import msgspec
import platformdirs
from msgspec import Meta

from voxpop.types import EMAIL_PATTERN

PREFIX = "VOXPOP_"
FOR_TESTS = "VOXPOP_TEST_"  # the test suite's own names, which a process started by a test inherits
HIDDEN = "***"
DOTENV_LINE = re.compile(
    r"""(?:export\s+)?(?P<key>[A-Za-z_]\w*)\s*=\s*
    (?: '(?P<single>[^']*)'\s*(?:\#.*)?
      | "(?P<double>(?:\\.|[^"\\])*)"\s*(?:\#.*)?
      | (?P<bare>(?!['"]).*?)\s*(?:(?<=\s)\#.*)? )""",
    re.VERBOSE,
)

Text = Annotated[str, Meta(min_length=1)]
Value = str | int | bool | Path
LogFormat = Literal["auto", "json", "text"]
LogLevel = Literal["debug", "info", "warning", "error"]
KafkaProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
KafkaMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
KafkaGroupProtocol = Literal["consumer", "classic"]
Days = Annotated[int, Meta(ge=1, le=3650)]


class ConfigError(Exception):
    """The settings can't be used; `problems` has one line for each thing to put right."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def _secret(description: str) -> Meta:
    return Meta(description=description, extra={"secret": True})


def _default_data_dir() -> Path:
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return Path("/var/lib/voxpop") if as_root else Path(platformdirs.user_data_dir("voxpop"))


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Every setting with its type, bounds and documentation; `docs/configuration.md` shows the same."""

    database_url: Annotated[
        Text | None,
        _secret(
            "PostgreSQL 15 or newer, as `postgresql://user:password@host/name`; several hosts may be named, separated "
            "by commas, and the primary is found. Unset: an embedded server, started in the data directory."
        ),
    ] = None
    migrate_url: Annotated[
        Text | None,
        _secret("A direct address of that database, for migrations and LISTEN, where `database_url` is a PgBouncer."),
    ] = None
    data_dir: Annotated[
        Path,
        Meta(
            description="Where the embedded server and its secrets are kept. "
            "Unset: `/var/lib/voxpop` as root, else the user's own data directory."
        ),
    ] = msgspec.field(default_factory=_default_data_dir)
    postgres_bin: Annotated[
        Path | None,
        Meta(description="The directory of `postgres` and `initdb` for the embedded server. Unset: the wheel's."),
    ] = None
    host: Annotated[
        Text,
        Meta(description="The address to listen on."),
    ] = "127.0.0.1"
    port: Annotated[
        int,
        Meta(ge=0, le=65535, description="The port to listen on, 0 to 65535; 0 takes a free one."),
    ] = 8000
    base_url: Annotated[
        str | None,
        Meta(
            description="The address people reach the service at, as `https://voxpop.example.com`; links are built on "
            "it. Unset: `http://` with host and port."
        ),
    ] = None
    trusted_proxies: Annotated[
        str,
        Meta(
            description="Addresses or networks, separated by commas, whose `X-Forwarded-For` and `X-Forwarded-Proto` "
            "are believed. Empty: nobody's."
        ),
    ] = ""
    log_format: Annotated[
        LogFormat,
        Meta(description="`json`, `text`, or `auto`: text on a terminal, else JSON."),
    ] = "auto"
    log_level: Annotated[
        LogLevel,
        Meta(description="The least that is logged: `debug`, `info`, `warning` or `error`."),
    ] = "info"
    pool_size: Annotated[
        int,
        Meta(ge=1, le=500, description="The most database connections one process opens, 1 to 500."),
    ] = 10
    metrics_token: Annotated[
        Text | None,
        _secret("The bearer token that opens `/metrics` to other machines. Unset: this machine only."),
    ] = None
    queue_limit: Annotated[
        int,
        Meta(ge=1, le=1_000_000, description="How many writes may wait for their batch; beyond, the answer is 503."),
    ] = 10_000
    shutdown_seconds: Annotated[
        int,
        Meta(ge=1, le=3600, description="How long requests in flight may take once the service is told to stop."),
    ] = 10
    kafka_bootstrap: Annotated[
        Text | None,
        Meta(
            description="The brokers to begin with, as `host:9092`, separated by commas. Unset: events come over HTTP "
            "alone, and nothing leaves."
        ),
    ] = None
    kafka_group_id: Annotated[
        Text,
        Meta(description="The consumer group that takes events."),
    ] = "feedback"
    kafka_group_protocol: Annotated[
        KafkaGroupProtocol,
        Meta(description="`consumer` for brokers of Kafka 4 and newer, `classic` for older ones."),
    ] = "consumer"
    kafka_topic_customer_events: Annotated[
        Text,
        Meta(description="The topic that events arrive on."),
    ] = "customer-events.V1"
    kafka_topic_daily_metrics: Annotated[
        Text,
        Meta(description="The topic that a day's metrics of each campaign leave on."),
    ] = "daily-metrics.V1"
    kafka_topic_feedback: Annotated[
        Text,
        Meta(description="The topic that every rating leaves on."),
    ] = "feedback.V1"
    kafka_workspace: Annotated[
        Text,
        Meta(description="The workspace of events that name none in the header `voxpop-workspace`."),
    ] = "default"
    kafka_security_protocol: Annotated[
        KafkaProtocol,
        Meta(description="`PLAINTEXT`, `SSL`, `SASL_PLAINTEXT` or `SASL_SSL`."),
    ] = "PLAINTEXT"
    kafka_sasl_mechanism: Annotated[
        KafkaMechanism | None,
        Meta(description="`PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`, where the protocol begins with SASL."),
    ] = None
    kafka_sasl_username: Annotated[
        Text | None,
        Meta(description="Who to log in to the brokers as."),
    ] = None
    kafka_sasl_password: Annotated[
        Text | None,
        _secret("The password to it."),
    ] = None
    kafka_ssl_ca: Annotated[
        Path | None,
        Meta(description="The file of the authorities that sign the brokers' certificates. Unset: the system's."),
    ] = None
    kafka_ssl_certificate: Annotated[
        Path | None,
        Meta(description="The file of our own certificate, where the brokers ask for one."),
    ] = None
    kafka_ssl_key: Annotated[
        Path | None,
        Meta(description="The file of the key to our certificate."),
    ] = None
    outbox_keep_days: Annotated[
        Days,
        Meta(description="For how many days messages are kept once they have left."),
    ] = 7
    outbox_unsent_days: Annotated[
        Days,
        Meta(description="For how many days messages are kept that never left, where no brokers are set."),
    ] = 30
    dead_letter_days: Annotated[
        Days,
        Meta(description="For how many days events that could not be used are kept."),
    ] = 30
    survey_expiry_days: Annotated[
        Days,
        Meta(description="Days after which a campaign's survey that was shown can't be answered."),
    ] = 7
    unsent_survey_expiry_days: Annotated[
        Days | None,
        Meta(description="Days after which a campaign's survey that was never shown can't be answered. Unset: never."),
    ] = None

    smtp_url: Annotated[
        Text | None,
        _secret(
            "Where mail is handed over, as `smtp://user:password@host:587` (STARTTLS; required where there is a "
            'password) or `smtps://user:password@host` (TLS). Unset: mail stays on the page "Outgoing mail".'
        ),
    ] = None
    mail_from: Annotated[
        str | None,
        Meta(
            description="The address mail comes from, as `support@example.com`; the name beside it is the workspace's. "
            "Unset: `voxpop@` with the host of the base address."
        ),
    ] = None

    @property
    def public_url(self) -> str:
        """What links begin with; no slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.base_url or f"http://{host}:{self.port}"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        """Names and values with secrets hidden; `repr` and the logs show this."""
        values = ((name, getattr(self, name)) for name in self.__struct_fields__)
        return [(name, HIDDEN if value and is_secret(name) else value) for name, value in values]

    def __repr__(self) -> str:
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"


FIELDS: dict[str, Any] = get_type_hints(Settings, include_extras=True)


def description(name: str) -> str:
    """The documentation of a setting."""
    return str(FIELDS[name].__metadata__[-1].description)


def is_secret(name: str) -> bool:
    """Whether the setting is never shown, and may be read from a file."""
    return bool(FIELDS[name].__metadata__[-1].extra)


class Given(msgspec.Struct, frozen=True):
    """A value as some source gives it: where it was found, under which key, and as what."""

    label: str
    key: str
    raw: object


def load(
    *,
    overrides: Mapping[str, Value] = MappingProxyType({}),
    env: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> Settings:
    """Settings from `overrides` (flags) over environment over `.env` over `voxpop.toml` over defaults, or ConfigError.

    Both files are looked for in `directory`, the working directory unless given; relative paths start there as well.
    """
    directory = (directory or Path.cwd()).absolute()
    problems: list[str] = []
    sources = [
        [Given(f"--{key.replace('_', '-')}", key, value) for key, value in overrides.items()],
        _from_env("", os.environ if env is None else env),  # noqa: TID251 - the one place
        _from_env(".env: ", _dotenv(directory / ".env", problems)),
        [Given(f"voxpop.toml: {key}", key, raw) for key, raw in _toml(directory / "voxpop.toml", problems).items()],
    ]
    values: dict[str, Any] = {}
    for name, given in _strongest(sources, problems).items():
        try:
            values[name] = _value(name, given, directory)
        except (ValueError, OSError) as error:
            problems.append(f"{given.label}: {error}")
    if "migrate_url" in values and "database_url" not in values:
        problems.append("VOXPOP_MIGRATE_URL: it goes with VOXPOP_DATABASE_URL, which is not set")
    if problems:
        raise ConfigError(problems)
    return Settings(**values)


def _from_env(where: str, env: Mapping[str, str]) -> list[Given]:
    """The settings among the variables of an environment; an empty one counts as not set."""
    ours = [key for key in sorted(env) if key.startswith(PREFIX) and not key.startswith(FOR_TESTS) and env[key]]
    return [Given(where + key, key.removeprefix(PREFIX).lower(), env[key]) for key in ours]


def _dotenv(path: Path, problems: list[str]) -> dict[str, str]:
    """The pairs of a file of KEY=VALUE lines with quotes, comments and `export`; nothing is expanded."""
    pairs: dict[str, str] = {}
    for number, line in enumerate(map(str.strip, _text(path, problems).split("\n")), start=1):
        if match := DOTENV_LINE.fullmatch(line):
            pairs[match["key"]] = _unquoted(match)
        elif line and not line.startswith("#"):
            problems.append(f"{path.name}: line {number} is not KEY=VALUE")
    return pairs


def _unquoted(match: re.Match[str]) -> str:
    if (double := match["double"]) is not None:
        return re.sub(r"\\(.)", lambda escaped: {"n": "\n", "t": "\t"}.get(escaped[1], escaped[1]), double)
    return match["bare"] if match["single"] is None else match["single"]


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


def _strongest(sources: list[list[Given]], problems: list[str]) -> dict[str, Given]:
    """For each setting the first source that gives it; keys that name no setting are problems."""
    chosen: dict[str, Given] = {}
    for source in sources:
        here: dict[str, Given] = {}
        for given in source:
            name = _setting(given.key)
            if name is None:
                problems.append(f"{given.label}: there is no such setting{_hint(given)}")
            elif name in here:
                problems.append(f"{given.label}: {here[name].label} is set too; one of the two is enough")
            else:
                here[name] = given
        chosen = here | chosen
    return chosen


def _setting(key: str) -> str | None:
    """The setting a key stands for: its own, or with `_file` at the end a secret to be read from a file."""
    if key in FIELDS:
        return key
    name = key.removesuffix("_file")
    return name if name != key and name in FIELDS and is_secret(name) else None


def _hint(given: Given) -> str:
    known = [*FIELDS, *(f"{name}_file" for name in FIELDS if is_secret(name))]
    close = difflib.get_close_matches(given.key, known, n=1)
    if not close:
        return ""
    name = PREFIX + close[0].upper() if PREFIX in given.label else close[0]
    return f"; did you mean {name}?"


def _value(name: str, given: Given, directory: Path) -> object:
    """The value as the setting's type, or ValueError saying what is expected; never with a secret's value."""
    raw = given.raw
    if given.key != name:
        raw = (directory / str(raw)).read_text("utf-8").strip()
    try:
        value = msgspec.convert(raw, FIELDS[name], strict=False, dec_hook=_to_path)
    except msgspec.ValidationError as error:
        shown = HIDDEN if is_secret(name) else repr(str(raw))
        raise ValueError(f"{shown} does not fit: {error}. {description(name)}") from None
    if isinstance(value, Path):
        return directory / os.path.expanduser(value)
    return RULES[name](value) if name in RULES else value


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
    """Whether each of its hosts has a port that is one, or none."""
    try:
        hosts = urlsplit(url).netloc.rpartition("@")[2].split(",")
        return all(urlsplit(f"//{host}").port != 0 for host in hosts)
    except ValueError:
        return False


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"expected http://host or https://host, not {value!r}")
    return value.rstrip("/")


def _smtp_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path.strip("/"):
        raise ValueError("expected smtp://user:password@host:587 or smtps://user:password@host")
    return value


def _address(value: str) -> str:
    if not re.match(EMAIL_PATTERN, value):
        raise ValueError(f"expected an address like support@example.com, not {value!r}")
    return value


def _networks(value: str) -> str:
    """The same list without spaces, or ValueError naming every part that is no address or network."""
    parts = [part for part in map(str.strip, value.split(",")) if part]
    if wrong := [part for part in parts if not _is_network(part)]:
        raise ValueError(f"expected addresses or networks such as 10.0.0.0/8, not {', '.join(map(repr, wrong))}")
    return ",".join(parts)


def _is_network(part: str) -> bool:
    try:
        ip_network(part)
    except ValueError:
        return False
    return True


RULES: dict[str, Callable[[Any], object]] = {
    "database_url": _postgres_url,
    "migrate_url": _postgres_url,
    "base_url": _web_address,
    "trusted_proxies": _networks,
    "smtp_url": _smtp_url,
    "mail_from": _address,
}
