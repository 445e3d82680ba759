"""What `up` can be told, and the port of every server that follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.local.ports import HOST

if TYPE_CHECKING:
    from pathlib import Path

    from app.local.ports import Ports


@dataclass(frozen=True, slots=True)
class StackOptions:
    """What `up` can be told. Ports are wishes: a taken one is avoided and named."""

    out: Path
    generated: Path
    tools: Path
    workers: int = 2
    port: int = 8000
    management_port: int = 9464
    dispatch_port: int = 9474
    scrape_interval: str | None = None
    exporters: bool = True
    # Without the API and what watches it: whoever measures starts servers of their own.
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """The port of every server."""

    postgres: int
    valkey: int
    s3: int
    api: int
    management: list[int]
    dispatcher: int
    prometheus: int
    alertmanager: int
    webhook: int

    @property
    def prometheus_url(self) -> str:
        """The address of Prometheus."""
        return f"http://{HOST}:{self.prometheus}"

    @property
    def alertmanager_url(self) -> str:
        """The address of Alertmanager."""
        return f"http://{HOST}:{self.alertmanager}"

    @property
    def webhook_url(self) -> str:
        """The address that notifications are sent to."""
        return f"http://{HOST}:{self.webhook}"


def plan_ports(options: StackOptions, ports: Ports) -> Plan:
    """Choose the port of every server."""
    return Plan(
        postgres=ports.choose("PostgreSQL", 5432),
        valkey=ports.choose("Valkey", 6379),
        s3=ports.choose("S3", 9000),
        api=ports.choose("the API", options.port),
        management=ports.choose_run("metrics", options.management_port, options.workers),
        dispatcher=ports.choose("the dispatcher", options.dispatch_port),
        prometheus=ports.choose("Prometheus", 9090),
        alertmanager=ports.choose("Alertmanager", 9093),
        webhook=ports.choose("notifications", 9095),
    )
