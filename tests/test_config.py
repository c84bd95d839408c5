"""Settings: their sources, invalid values, secrets, and their documentation."""

import io
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
from dotenv.parser import parse_stream
from rich.pretty import pretty_repr

from voxpop.config.loading import ConfigError, load
from voxpop.config.settings import Settings, description, is_secret

DOCUMENT = Path(__file__).parents[1] / "docs" / "configuration.md"
SECRET = "postgresql://ann:s3cret@db1,db2:6432/voxpop?sslpassword=s3cret"


def read(directory: Path, env: dict[str, str] | None = None, **overrides: str | int | bool | Path) -> Settings:
    return load(overrides=overrides, env=env or {}, directory=directory)


def problems(directory: Path, env: dict[str, str] | None = None, **overrides: str | int | bool | Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(directory, env, **overrides)
    return caught.value.problems


def test_defaults(tmp_path: Path) -> None:
    settings = read(tmp_path)
    assert (settings.host, settings.port, settings.database_url) == ("127.0.0.1", 8000, None)
    assert settings == Settings()


@pytest.mark.parametrize(("uid", "directory"), [(0, "/var/lib/voxpop"), (1000, "/somewhere/voxpop")])
def test_the_default_data_directory_depends_on_the_user(
    uid: int, directory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere")
    assert Settings().data_dir == Path(directory)


def test_sources_have_an_order_of_precedence(tmp_path: Path) -> None:
    (tmp_path / "voxpop.toml").write_text("port = 1\npool_size = 1\nqueue_limit = 1\nshutdown_seconds = 1\n")
    (tmp_path / ".env").write_text("VOXPOP_PORT=2\nVOXPOP_POOL_SIZE=2\nVOXPOP_QUEUE_LIMIT=2\n")
    settings = read(tmp_path, {"VOXPOP_PORT": "3", "VOXPOP_POOL_SIZE": "3"}, port=4)
    assert (settings.port, settings.pool_size, settings.queue_limit, settings.shutdown_seconds) == (4, 3, 2, 1)


def test_environment_and_working_directory_are_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("VOXPOP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("VOXPOP_PORT", "81")
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("VOXPOP_HOST=::1\n")
    assert load().public_url == "http://[::1]:81"


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("VOXPOP_HOST=plain", "plain"),
        ("  export VOXPOP_HOST = spaced  # why", "spaced"),
        ("VOXPOP_HOST=a#b", "a#b"),
        ("VOXPOP_HOST='single # \\n'", "single # \\n"),
        ('VOXPOP_HOST="double \\" # \\\\" # why', 'double " # \\'),
        ('VOXPOP_HOST="two\\nlines"', "two\nlines"),
        ("VOXPOP_HOST=$HOME", "$HOME"),
        ("VOXPOP_HOST=one\nVOXPOP_HOST=two", "two"),
        ("\ufeffVOXPOP_HOST=marked\r", "marked"),
        ("# VOXPOP_HOST=no\n\nOTHER=ignored", "127.0.0.1"),
        ("VOXPOP_HOST= # comment", "127.0.0.1"),
        ("VOXPOP_HOST='two\nlines'", "two\nlines"),
    ],
)
def test_dotenv_lines_are_parsed(tmp_path: Path, line: str, value: str) -> None:
    (tmp_path / ".env").write_bytes(f"{line}\n".encode())
    assert read(tmp_path).host == value


def test_the_dotenv_parser_reports_errors_with_their_line() -> None:
    """`dotenv.parser` has the bindings that `dotenv_values` drops."""
    invalid, valid, bare = parse_stream(io.StringIO("A='open\nB=2\nC\n"))
    assert (invalid.error, invalid.original.line) == (True, 1)
    assert (valid.key, valid.value, valid.error) == ("B", "2", False)
    assert (bare.key, bare.value) == ("C", None)


@pytest.mark.parametrize("name", ["mail_from", "mail_reply_to"])
def test_the_addresses_of_emails_are_checked(tmp_path: Path, name: str) -> None:
    variable = f"VOXPOP_{name.upper()}"
    assert getattr(read(tmp_path, {variable: "help@почта.рф"}), name) == "help@почта.рф"
    expected = f"{variable}: expected an email address such as support@example.com, not 'help'"
    assert problems(tmp_path, {variable: "help"}) == [expected]


def test_all_problems_are_listed_at_once(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("VOXPOP_LOG_LEVEL=loud\nnonsense\nVOXPOP_HOST='open\n")
    (tmp_path / "voxpop.toml").write_text("pool_sizes = 3\nbase_url = 'voxpop.example.com'\n")
    env = {"VOXPOP_PORT": "65536", "VOXPOP_DATABSE_URL": "x", "VOXPOP_TRUSTED_PROXIES": "::1, 10.0.0.1/8, me"}
    found = problems(tmp_path, env, queue_limit=0)
    beginnings = [
        ".env: line 2 is not KEY=VALUE",
        ".env: line 3 is not KEY=VALUE",
        "VOXPOP_DATABSE_URL: unknown setting; did you mean VOXPOP_DATABASE_URL?",
        "voxpop.toml: pool_sizes: unknown setting; did you mean pool_size?",
        "voxpop.toml: base_url: expected http://host or https://host, not 'voxpop.example.com'",
        ".env: VOXPOP_LOG_LEVEL: 'loud' is invalid",
        "VOXPOP_PORT: '65536' is invalid: Expected `int` <= 65535. The port to listen on",
        "VOXPOP_TRUSTED_PROXIES: expected addresses or networks such as 10.0.0.0/8, not '10.0.0.1/8', 'me'",
        "--queue-limit: '0' is invalid",
    ]
    assert [line[: len(start)] for line, start in zip(found, beginnings, strict=True)] == beginnings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "8.5"),
        ("PORT", "-1"),
        ("PORT", "eighty"),
        ("POOL_SIZE", "501"),
        ("SHUTDOWN_SECONDS", "0"),
        ("DATABASE_URL", "mysql://db/voxpop"),
        ("DATABASE_URL", "postgresql://"),
        ("MIGRATE_URL", "db1"),
        ("BASE_URL", "ftp://voxpop.example.com"),
        ("BASE_URL", "https://voxpop.example.com/?a=b"),
        ("TRUSTED_PROXIES", "*"),
        ("LOG_FORMAT", "xml"),
        ("NOWHERE_NEAR_A_NAME", "1"),
        ("HOST_FILE", "host.txt"),
    ],
)
def test_an_invalid_setting_is_refused(tmp_path: Path, name: str, value: str) -> None:
    assert len(problems(tmp_path, {f"VOXPOP_{name}": value})) == 1


def test_values_are_normalized(tmp_path: Path) -> None:
    env = {"VOXPOP_BASE_URL": "https://example.com/voxpop/", "VOXPOP_TRUSTED_PROXIES": " 10.0.0.0/8 , ::1,"}
    settings = read(tmp_path, env, data_dir=Path("data"), postgres_bin="~/pg")
    assert settings.public_url == "https://example.com/voxpop"
    assert settings.trusted_proxies == "10.0.0.0/8,::1"
    assert (settings.data_dir, settings.postgres_bin) == (tmp_path / "data", Path.home() / "pg")


def test_empty_variables_and_those_of_the_test_suite_are_ignored(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("VOXPOP_PORT=2\n")
    assert read(tmp_path, {"VOXPOP_PORT": "", "VOXPOP_TEST_DATABASE_URL": "x"}).port == 2


def test_a_secret_can_be_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text(f"{SECRET}\n")
    (tmp_path / "voxpop.toml").write_text("database_url = 'postgresql://weaker'\nmetrics_token_file = 'url'\n")
    settings = read(tmp_path, {"VOXPOP_DATABASE_URL_FILE": "url"})
    assert (settings.database_url, settings.metrics_token) == (SECRET, SECRET)


def test_an_unusable_secret_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    env = {"VOXPOP_METRICS_TOKEN_FILE": "empty", "VOXPOP_DATABASE_URL_FILE": "gone"}
    gone, empty = problems(tmp_path, env)
    assert gone.startswith("VOXPOP_DATABASE_URL_FILE: [Errno 2]")
    assert empty.startswith("VOXPOP_METRICS_TOKEN_FILE: *** is invalid: Expected `str` of length >= 1")
    both = problems(tmp_path, {"VOXPOP_METRICS_TOKEN": "x", "VOXPOP_METRICS_TOKEN_FILE": "empty"})
    assert both == ["VOXPOP_METRICS_TOKEN_FILE: VOXPOP_METRICS_TOKEN is set too; remove one of them"]


@pytest.mark.parametrize("content", [b"port = ", b"port = 1\nport = 2", b"\xff"])
def test_an_invalid_toml_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "voxpop.toml").write_bytes(content)
    (problem,) = problems(tmp_path)
    assert problem.startswith("voxpop.toml: ")


def test_a_directory_instead_of_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    assert problems(tmp_path)[0].startswith(".env: [Errno 21]")


def test_secrets_are_never_shown(tmp_path: Path) -> None:
    settings = read(tmp_path, database_url=SECRET, migrate_url=SECRET, metrics_token="s3cret")
    shown = f"{settings} {settings!r} {pretty_repr(settings)}"
    assert "s3cret" not in shown
    assert "database_url='***'" in shown
    wrong: dict[str, Any] = {"database_url": "s3cret", "metrics_token": 5, "migrate_url": b"s3cret"}
    assert "s3cret" not in "".join(problems(tmp_path, **wrong))


def row(field: msgspec.inspect.Field) -> str:
    unset = field.default in (None, msgspec.NODEFAULT)
    default = "unset" if unset else "empty" if field.default == "" else f"`{field.default}`"
    return f"| `VOXPOP_{field.name.upper()}` | {default} | {description(field.name)} |"


def test_every_setting_is_documented() -> None:
    expected = [row(field) for field in msgspec.inspect.type_info(Settings).fields]  # type: ignore[attr-defined]
    documented = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("| `VOXPOP_")]
    assert documented == expected, "the table should read:\n" + "\n".join(expected)


def test_the_secrets_that_can_be_read_from_files_are_documented() -> None:
    expected = {f"`VOXPOP_{name.upper()}_FILE`" for name in Settings.__struct_fields__ if is_secret(name)}
    assert {word.strip(",.;:") for word in DOCUMENT.read_text().split() if "_FILE`" in word} == expected
