"""What every client of the brokers is told, and what is made of its complaints."""

import logging
from typing import Any

from confluent_kafka import KafkaError

from voxpop.config.settings import Settings

WORKSPACE = "voxpop-workspace"  # the header that names a workspace, of messages in and out

# librdkafka reports lost connections here, and says how many more there were.
log = logging.getLogger("voxpop.kafka")


def client_config(settings: Settings) -> dict[str, Any]:
    """What every client is told: where the brokers are, and who is calling."""
    given = {
        "bootstrap.servers": settings.kafka_bootstrap,
        "security.protocol": settings.kafka_security_protocol,
        "sasl.mechanism": settings.kafka_sasl_mechanism,
        "sasl.username": settings.kafka_sasl_username,
        "sasl.password": settings.kafka_sasl_password,
        "ssl.ca.location": settings.kafka_ssl_ca,
        "ssl.certificate.location": settings.kafka_ssl_certificate,
        "ssl.key.location": settings.kafka_ssl_key,
    }
    # Else brokers that are all away are asked, and complained of, twenty times a second. Brokers that have moved
    # meanwhile are found by a new client, which the consumer and the producer make by themselves.
    calm = {"client.id": "voxpop", "metadata.recovery.strategy": "none"}
    return calm | {key: str(value) for key, value in given.items() if value is not None}


def note_error(error: KafkaError) -> None:
    """The log has it already, but for what ends a client."""
    if error.fatal():
        log.error("The Kafka client can't go on: %s", error.str())
