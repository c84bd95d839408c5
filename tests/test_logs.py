"""Logging: the records of all libraries in one stream, as JSON or text, without private values."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
import structlog

from voxpop import logs
from voxpop.config.settings import Settings

API_KEY = "vxp_0198c0ffee_Ab-Cd_123"


@pytest.fixture(autouse=True)
def _restore_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    out, err = capsys.readouterr()
    assert out == ""  # stdout is for the results of commands
    return [json.loads(line) for line in err.splitlines()]


def test_a_record_has_time_level_logger_and_context(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", "json")
    with structlog.contextvars.bound_contextvars(request_id="r1"):
        structlog.get_logger("voxpop.web").info("answered %s", 200, path="/x", key=UUID(int=7), took=0.5)
    (line,) = lines(capsys)
    at = datetime.fromisoformat(line.pop("timestamp"))
    assert abs((datetime.now(UTC) - at).total_seconds()) < 60
    assert line == {
        "event": "answered 200",
        "path": "/x",
        "key": str(UUID(int=7)),
        "took": 0.5,
        "request_id": "r1",
        "level": "info",
        "logger": "voxpop.web",
    }


@pytest.mark.parametrize("name", ["uvicorn.access", "asyncio", "another.library"])
def test_loggers_of_the_standard_library_use_the_same_stream(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", "json")
    logging.getLogger(name).warning("%s - %d", "GET /x", 200)
    (line,) = lines(capsys)
    assert (line["event"], line["logger"], line["level"]) == ("GET /x - 200", name, "warning")
    assert line["timestamp"].endswith("Z")


def test_noisy_loggers_write_errors_only(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", "json")
    for name in ("uvicorn.error", "asyncpg.pool"):
        logging.getLogger(name).warning("invalid request")
        logging.getLogger(name).error("failure")
    assert [line["event"] for line in lines(capsys)] == ["failure"] * 2


def test_a_second_configuration_replaces_the_first(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("debug", "text")
    logs.configure("warning", "json")
    structlog.get_logger("voxpop").info("no")
    logging.getLogger("else").info("no")
    structlog.get_logger("voxpop").error("yes")
    assert [line["event"] for line in lines(capsys)] == ["yes"]


@pytest.mark.parametrize(
    "key",
    [
        "comment",
        "comment_en",
        "notes",
        "email",
        "user_email",
        "requester_e-mail",
        "token",
        "metrics_token",
        "Authorization",
        "password",
        "Set-Cookie",
        "secret",
    ],
)
@pytest.mark.parametrize("level", ["debug", "info", "error"])
def test_private_values_are_redacted(key: str, level: str, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("debug", "json")
    getattr(structlog.get_logger("voxpop"), level)("x", **{key: "dull", "body": {"deep": [{key: 12345}]}})
    (line,) = lines(capsys)
    assert line[key] == "[hidden]"
    assert line["body"] == {"deep": [{key: "[hidden]"}]}


def test_other_values_are_kept(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", "json")
    fields = {"feature_key": "export-csv", "emails_sent": 3, "comments": 2, "note": None, "at": "a@b", "email": None}
    structlog.get_logger("voxpop").info("x", **fields)
    (line,) = lines(capsys)
    assert line.items() >= fields.items()


@pytest.mark.parametrize("format", ["json", "text"])
def test_api_keys_and_email_addresses_are_redacted_everywhere(format: Any, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("debug", format)
    log = structlog.get_logger("voxpop")
    log.debug(f"Bearer {API_KEY} of o'neil+x@mail.example.com", url="/f?user_email=u%2Bt%40x.com&limit=1")
    log.info("x", items=[{"a": (API_KEY,)}], error=ValueError(API_KEY), settings=Settings(metrics_token="t0p"))
    logging.getLogger("uvicorn.access").info('"%s"', "GET /f?user_email=u@x.com")
    try:
        raise RuntimeError(f"no customer u@x.com for {API_KEY}")
    except RuntimeError:
        log.exception("failed")
        logging.getLogger("asyncio").exception("failed")
    err = capsys.readouterr().err
    assert not [word for word in ("vxp_", "0198c0ffee", "neil", "x.com", "example.com", "t0p") if word in err]
    assert err.count("RuntimeError: no customer [hidden] for [hidden]") == 2
    assert "limit=1" in err


def test_the_row_in_a_database_error_is_redacted(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", "json")
    first = 'violates "rating_fits"\nDETAIL:  Failing row (9, so\n\nslow).\nHINT:  Look.'
    second = 'violates "x"\nDETAIL:  Failing row (so slow).'
    try:
        try:
            raise ValueError(first)
        except ValueError as error:
            raise RuntimeError(second) from error
    except RuntimeError:
        structlog.get_logger("voxpop").exception("failed")
    (line,) = lines(capsys)
    assert "slow" not in line["exception"]
    assert "DETAIL: [hidden]\nHINT:  Look." in line["exception"]
    assert line["exception"].endswith('RuntimeError: violates "x"\nDETAIL: [hidden]')


@pytest.mark.parametrize(("terminal", "is_json"), [(True, False), (False, True)])
def test_the_automatic_format_is_text_on_a_terminal(
    terminal: bool, is_json: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal)
    logs.configure("info", "auto")
    structlog.get_logger("voxpop").info("hello")
    assert capsys.readouterr().err.startswith("{") is is_json


def test_a_long_line_is_redacted_quickly() -> None:
    started = datetime.now(UTC)
    logs.redact(None, "info", {"event": "a" * 1_000_000 + "@" + "b." * 100_000})
    assert (datetime.now(UTC) - started).total_seconds() < 2
