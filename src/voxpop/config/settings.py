"""The settings of the product: their types, ranges, defaults and descriptions."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import msgspec
import platformdirs
from msgspec import Meta

REDACTED = "***"

Text = Annotated[str, Meta(min_length=1)]
LogFormat = Literal["auto", "json", "text"]
LogLevel = Literal["debug", "info", "warning", "error"]
KafkaProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
KafkaMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
KafkaGroupProtocol = Literal["consumer", "classic"]
Days = Annotated[int, Meta(ge=1, le=3650)]


def _secret(description: str) -> Meta:
    return Meta(description=description, extra={"secret": True})


def _default_data_dir() -> Path:
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return Path("/var/lib/voxpop") if is_root else Path(platformdirs.user_data_dir("voxpop"))


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Every setting with its type, range and description. `docs/configuration.md` shows the same."""

    database_url: Annotated[
        Text | None,
        _secret(
            "PostgreSQL 15 or newer: `postgresql://user:password@host/name`. Several hosts can be separated by commas; "
            "the driver finds the primary. Unset: an embedded server in the data directory."
        ),
    ] = None
    migrate_url: Annotated[
        Text | None,
        _secret("The direct address of the database, for migrations and LISTEN, when `database_url` is a PgBouncer."),
    ] = None
    data_dir: Annotated[
        Path,
        Meta(
            description="The directory of the embedded server and its secrets. "
            "Unset: `/var/lib/voxpop` for root, otherwise the data directory of the user."
        ),
    ] = msgspec.field(default_factory=_default_data_dir)
    postgres_bin: Annotated[
        Path | None,
        Meta(description="The directory of `postgres` and `initdb` for the embedded server. Unset: that of the wheel."),
    ] = None
    host: Annotated[
        Text,
        Meta(description="The address to listen on."),
    ] = "127.0.0.1"
    port: Annotated[
        int,
        Meta(ge=0, le=65535, description="The port to listen on, 0 to 65535. 0 chooses a free port."),
    ] = 8000
    base_url: Annotated[
        str | None,
        Meta(
            description="The public address of the service, for example `https://voxpop.example.com`. Links start with "
            "it. Unset: `http://` with host and port."
        ),
    ] = None
    trusted_proxies: Annotated[
        str,
        Meta(
            description="Addresses or networks of proxies, separated by commas. Only their `X-Forwarded-For` and "
            "`X-Forwarded-Proto` headers are used. Empty: none."
        ),
    ] = ""
    demo: Annotated[
        bool,
        Meta(
            description="`true` loads demo data into an empty default workspace, and lets every visitor look at them "
            "without changing anything. The same as `voxpop serve --demo`."
        ),
    ] = False
    log_format: Annotated[
        LogFormat,
        Meta(description="`json`, `text`, or `auto`: text on a terminal, otherwise JSON."),
    ] = "auto"
    log_level: Annotated[
        LogLevel,
        Meta(description="The lowest level that is logged: `debug`, `info`, `warning` or `error`."),
    ] = "info"
    pool_size: Annotated[
        int,
        Meta(ge=1, le=500, description="The maximum number of database connections of a process, 1 to 500."),
    ] = 10
    metrics_token: Annotated[
        Text | None,
        _secret("The bearer token for `/metrics` from other machines. Unset: only this machine can read it."),
    ] = None
    queue_limit: Annotated[
        int,
        Meta(
            ge=1,
            le=1_000_000,
            description="The maximum number of requests that wait for a batch. Further requests get a 503.",
        ),
    ] = 10_000
    max_connections: Annotated[
        int,
        Meta(
            ge=1,
            le=1_000_000,
            description="The maximum number of open HTTP connections of a process. Further ones get a 503 and are "
            "closed.",
        ),
    ] = 2000
    shutdown_seconds: Annotated[
        int,
        Meta(
            ge=1, le=3600, description="Seconds for requests in progress to complete after the service is told to stop."
        ),
    ] = 10
    widget_key_limit: Annotated[
        int,
        Meta(
            ge=0,
            description="The maximum number of widget calls per minute for a publishable key, in each process. 0: no "
            "limit.",
        ),
    ] = 0
    widget_address_limit: Annotated[
        int,
        Meta(
            ge=0,
            description="The maximum number of widget calls per minute for a client address, in each process. 0: no "
            "limit.",
        ),
    ] = 600
    widget_user_limit: Annotated[
        int,
        Meta(
            ge=0, description="The maximum number of widget calls per minute for a user, in each process. 0: no limit."
        ),
    ] = 60
    kafka_bootstrap: Annotated[
        Text | None,
        Meta(
            description="Kafka bootstrap servers, for example `host:9092`, separated by commas. Unset: events arrive "
            "over HTTP only, and no messages are sent."
        ),
    ] = None
    kafka_group_id: Annotated[
        Text,
        Meta(description="The consumer group for events."),
    ] = "feedback"
    kafka_group_protocol: Annotated[
        KafkaGroupProtocol,
        Meta(description="`consumer` for Kafka 4 and newer, `classic` for older brokers."),
    ] = "consumer"
    kafka_topic_customer_events: Annotated[
        Text,
        Meta(description="The topic of incoming events."),
    ] = "customer-events.V1"
    kafka_topic_daily_metrics: Annotated[
        Text,
        Meta(description="The topic for the daily metrics of each campaign."),
    ] = "daily-metrics.V1"
    kafka_topic_feedback: Annotated[
        Text,
        Meta(description="The topic for ratings."),
    ] = "feedback.V1"
    kafka_workspace: Annotated[
        Text,
        Meta(description="The workspace of events without the header `voxpop-workspace`."),
    ] = "default"
    kafka_security_protocol: Annotated[
        KafkaProtocol,
        Meta(description="`PLAINTEXT`, `SSL`, `SASL_PLAINTEXT` or `SASL_SSL`."),
    ] = "PLAINTEXT"
    kafka_sasl_mechanism: Annotated[
        KafkaMechanism | None,
        Meta(description="`PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`, for protocols that start with SASL."),
    ] = None
    kafka_sasl_username: Annotated[
        Text | None,
        Meta(description="The user name for the brokers."),
    ] = None
    kafka_sasl_password: Annotated[
        Text | None,
        _secret("The password of that user."),
    ] = None
    kafka_ssl_ca: Annotated[
        Path | None,
        Meta(description="A file with the certificate authorities of the brokers. Unset: those of the system."),
    ] = None
    kafka_ssl_certificate: Annotated[
        Path | None,
        Meta(description="A file with the client certificate, if the brokers require one."),
    ] = None
    kafka_ssl_key: Annotated[
        Path | None,
        Meta(description="A file with the key of the client certificate."),
    ] = None
    outbox_keep_days: Annotated[
        Days,
        Meta(description="Days to keep messages after they were sent."),
    ] = 7
    outbox_unsent_days: Annotated[
        Days,
        Meta(description="Days to keep unsent messages when no brokers are set."),
    ] = 30
    dead_letter_days: Annotated[
        Days,
        Meta(description="Days to keep dead letters: events that could not be used."),
    ] = 30
    survey_expiry_days: Annotated[
        Days,
        Meta(description="Days after which a campaign survey expires once it was shown."),
    ] = 7
    unsent_survey_expiry_days: Annotated[
        Days | None,
        Meta(description="Days after which a campaign survey expires that was never shown. Unset: never."),
    ] = None

    smtp_url: Annotated[
        Text | None,
        _secret(
            "The mail server: `smtp://user:password@host:587` (STARTTLS, required with a password) or "
            '`smtps://user:password@host` (TLS). Unset: email is not sent and stays on the page "Outgoing email".'
        ),
    ] = None
    mail_from: Annotated[
        str | None,
        Meta(
            description="The sender address, for example `support@example.com`. The displayed name is that of the "
            "workspace. Unset: `voxpop@` with the host of the base address."
        ),
    ] = None
    mail_reply_to: Annotated[
        str | None,
        Meta(
            description="The address in `Reply-To`, for people who answer an email instead of opening its link. Voxpop "
            "does not read it. Unset: replies go to the sender address."
        ),
    ] = None

    @property
    def public_url(self) -> str:
        """The base of all links, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.base_url or f"http://{host}:{self.port}"

    @property
    def sends_email(self) -> bool:
        """Whether a mail server is set. Without one, emails stay on the page "Outgoing email"."""
        return self.smtp_url is not None

    def __rich_repr__(self) -> list[tuple[str, object]]:
        """Names and values without secrets, for `repr` and the logs."""
        values = ((name, getattr(self, name)) for name in self.__struct_fields__)
        return [(name, REDACTED if value and is_secret(name) else value) for name, value in values]

    def __repr__(self) -> str:
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"


FIELDS: dict[str, Any] = get_type_hints(Settings, include_extras=True)


def description(name: str) -> str:
    """The description of a setting."""
    return str(FIELDS[name].__metadata__[-1].description)


def is_secret(name: str) -> bool:
    """Whether the value is never shown and can be read from a file."""
    return bool(FIELDS[name].__metadata__[-1].extra)
