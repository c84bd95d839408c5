"""A real Apache Kafka broker of one node, which Maven downloads once and which runs from a temporary directory."""

import hashlib
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from tests.support.directories import temporary_directory

POM = Path(__file__).with_name("pom.xml")
PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
READY_SECONDS = 60
JAVA = ["java", "-Xms512m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]

# Sessions are short, so that partitions of a killed member are soon reassigned.
PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.consumer.min.session.timeout.ms=1000
group.consumer.session.timeout.ms=2000
group.consumer.min.heartbeat.interval.ms=200
group.consumer.heartbeat.interval.ms=300
num.network.threads=2
num.io.threads=2
log.cleaner.dedupe.buffer.size=4194304
"""


def libraries() -> Path:
    """The directory of the jars, downloaded if missing. Concurrent sessions keep one download."""
    wanted = hashlib.sha256(POM.read_bytes()).hexdigest()[:16]
    folder = Path(platformdirs.user_cache_dir("voxpop-tests")) / f"kafka-{wanted}"
    if not folder.exists():
        for tool in ("java", "mvn"):
            assert shutil.which(tool), (
                "Kafka's tests need Java 17 and Maven: apt-get install openjdk-17-jre-headless maven"
            )
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
            fetched = Path(temporary) / "jars"
            command = [
                "mvn",
                "-B",
                "-q",
                "-f",
                str(POM),
                PLUGIN,
                "-DincludeScope=runtime",
                f"-DoutputDirectory={fetched}",
            ]
            subprocess.run(command, check=True, timeout=600)
            if not folder.exists():
                fetched.rename(folder)
    return folder


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Broker:
    """A broker that can be stopped and started again on the same port with the same data."""

    def __init__(self, folder: Path) -> None:
        self._java = [
            *JAVA,
            "-Djava.net.preferIPv4Stack=true",
            f"-Djava.io.tmpdir={folder}",
            "-cp",
            f"{libraries()}/*",
        ]
        self._log = folder / "broker.log"
        self._properties = folder / "server.properties"
        port, controller = free_ports(2)
        self.address = f"127.0.0.1:{port}"
        values = {"port": port, "controller": controller, "data": folder / "data"}
        self._properties.write_text(PROPERTIES.format(**values))
        tool = [
            "kafka.tools.StorageTool",
            "format",
            "--standalone",
            "-t",
            str(uuid.uuid4()),
            "-c",
            str(self._properties),
        ]
        subprocess.run([*self._java, *tool], check=True, timeout=60, capture_output=True)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts the broker and returns once a topic can be created; the port opens earlier."""
        quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
        with self._log.open("ab") as log:
            command = [*self._java, quiet, "kafka.Kafka", str(self._properties)]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                return self.make_topic(f"ready-{uuid.uuid4().hex}", 1, seconds=2)
            except (KafkaException, TimeoutError):
                time.sleep(0.1)
        self.stop()
        raise AssertionError(f"The broker does not start:\n{self._log.read_text(errors='replace')[-4000:]}")

    def stop(self) -> None:
        """Kills the broker, as an outage does; it would take 15 seconds to stop by itself."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    @property
    def is_up(self) -> bool:
        return self._process is not None

    def make_topic(self, name: str, partitions: int = 3, *, seconds: float = 10) -> None:
        # A new client each time: one that has lived through an outage may stop answering.
        client = AdminClient({"bootstrap.servers": self.address, "log_level": 0})
        made = client.create_topics([NewTopic(name, partitions, 1)], request_timeout=seconds)
        made[name].result(seconds + 1)


@contextmanager
def running() -> Iterator[Broker]:
    with temporary_directory() as folder:
        broker = Broker(folder)
        broker.start()
        try:
            yield broker
        finally:
            broker.stop()
