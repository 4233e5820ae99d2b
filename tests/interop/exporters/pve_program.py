"""prometheus-pve-exporter's HTTP application over a cluster that answers from a table."""

from __future__ import annotations

import logging
from typing import Any

from proxmoxer.core import ProxmoxResource
from pve_exporter import scrape_metrics
from pve_exporter.collector import CollectorsOptions
from pve_exporter.http import PveExporterApplication
from werkzeug.test import Client

ANSWERS: dict[str, Any] = {
    "cluster/status": [
        {"type": "cluster", "name": "pvec", "nodes": 1, "version": 2, "quorate": 1},
        {"type": "node", "id": "node/a", "name": "a", "online": 1,
         "ip": "192.0.2.1", "level": "", "local": 1, "nodeid": 0},
    ],
    "cluster/resources": [
        {"id": "lxc/101", "type": "lxc", "status": "running", "name": "web", "node": "a", "template": 0, "maxcpu": 2,
         "cpu": 0.25, "mem": 1024, "maxmem": 4096, "disk": 1, "maxdisk": 2, "netin": 7, "netout": 8, "diskread": 9,
         "diskwrite": 10, "uptime": 11},
        {"id": "storage/a/local", "type": "storage", "status": "available", "node": "a", "storage": "local", "disk": 5,
         "maxdisk": 50, "shared": 0, "content": "iso"},
    ],
    "version": {"release": "8", "repoid": "abc", "version": "8.2"},
}  # fmt: skip


def answer(resource: ProxmoxResource, method: str, *args: Any, **kwargs: Any) -> Any:
    path = resource._store["base_url"].partition("/api2/json/")[2]
    answers = ANSWERS[path]
    kind = kwargs.get("params", {}).get("type")
    if kind is not None:
        return [each for each in answers if each["type"] == kind or (kind == "vm" and each["type"] in ("lxc", "qemu"))]
    return answers


def run() -> str:
    scrape_metrics.TARGET_METRICS_ENABLED = True
    ProxmoxResource._request = answer
    options = CollectorsOptions(**dict.fromkeys(CollectorsOptions._fields, False))
    options = options._replace(status=True, version=True, cluster=True, resources=True, node=True)
    config = {"default": {"user": "u@pve", "token_name": "t", "token_value": "v", "verify_ssl": False}}
    client = Client(PveExporterApplication(config, options, logging.getLogger("program")))
    target = client.get("/pve?target=192.0.2.7").text
    return target + client.get("/metrics").text
