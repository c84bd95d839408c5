"""The configuration and error logging that consumer and producer share."""

import logging
from typing import Any

from confluent_kafka import KafkaError
from structlog import get_logger

from voxpop.config.settings import Settings

# librdkafka logs lost connections here, and how many more there were.
log = logging.getLogger("voxpop.kafka")
events = get_logger("voxpop.kafka")


def client_config(settings: Settings) -> dict[str, Any]:
    """The settings of every client: addresses and credentials."""
    configured = {
        "bootstrap.servers": settings.kafka_bootstrap,
        "security.protocol": settings.kafka_security_protocol,
        "sasl.mechanism": settings.kafka_sasl_mechanism,
        "sasl.username": settings.kafka_sasl_username,
        "sasl.password": settings.kafka_sasl_password,
        "ssl.ca.location": settings.kafka_ssl_ca,
        "ssl.certificate.location": settings.kafka_ssl_certificate,
        "ssl.key.location": settings.kafka_ssl_key,
    }
    # Otherwise unreachable brokers are contacted, and logged, twenty times a second. Brokers with new addresses are
    # found by a new client, which the consumer and the producer create when the old one fails.
    fixed = {"client.id": "voxpop", "metadata.recovery.strategy": "none"}
    return fixed | {key: str(value) for key, value in configured.items() if value is not None}


def log_error(error: KafkaError) -> None:
    """Logs fatal errors only; librdkafka logs the others itself."""
    if error.fatal():
        events.error("kafka.client_failed", reason=error.str())
