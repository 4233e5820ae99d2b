"""toolvitals itself: what it lost, what it holds, and what that costs."""

from __future__ import annotations

from toolvitals.catalogue._family import FamilyType, Label, OwnFamily, Stability

__all__ = ["TOOLVITALS"]

_COLLECTOR = Label("collector")
_COLLECTORS = "a custom collector, or a gauge with a function"
_SERVER = "`toolvitals serve` with a socket"
_SHARED = "`TOOLVITALS_DIR`"


def _of_self(
    name: str,
    kind: FamilyType,
    help_text: str,
    meaning: str,
    *labels: Label,
    unit: str = "",
    setting: str = "",
    stability: Stability = "development",
) -> OwnFamily:
    return OwnFamily(
        "toolvitals",
        f"toolvitals_{name}",
        kind,
        help_text,
        unit,
        labels,
        setting=setting,
        meaning=meaning,
        stability=stability,
    )


TOOLVITALS = (
    _of_self(
        "build",
        "info",
        "The version of toolvitals, as a label.",
        "the version, as a label",
        Label("version"),
        stability="stable",
    ),
    _of_self(
        "dropped_records",
        "counter",
        "Records that were not counted, by reason.",
        "records that were not counted, by [reason](#reasons-for-a-dropped-record)",
        Label("reason"),
        stability="stable",
    ),
    _of_self(
        "overflowed_records",
        "counter",
        "Records of label sets that a family had no room for, by family.",
        "records of label sets that a family had no room for",
        Label("family"),
    ),
    _of_self(
        "collector_failures",
        "counter",
        "Collections that failed, by collector.",
        "how often a custom collector or a gauge's function raised",
        _COLLECTOR,
        setting=_COLLECTORS,
    ),
    _of_self(
        "collector_hangs",
        "counter",
        "Collections that took longer than they may, by collector.",
        "how often one took longer than `METRICS_REFRESH_DEADLINE_S`",
        _COLLECTOR,
        setting=_COLLECTORS,
    ),
    _of_self(
        "collector_age_seconds",
        "gauge",
        "Time since a collector last succeeded.",
        "seconds since it last succeeded, of several the longest; none where it never did",
        _COLLECTOR,
        unit="seconds",
        setting=_COLLECTORS,
    ),
    _of_self(
        "stale_reads",
        "counter",
        "Times that values of a collector were shown that were older than they should be.",
        "times that an endpoint showed values of a custom collector older than twice `METRICS_REFRESH_INTERVAL_S`",
    ),
    _of_self(
        "processes",
        "gauge",
        "Processes whose records are shown: those that live, and those that have ended.",
        "processes whose records are shown: those that live, and those that have ended",
        Label("state", ("live", "retired")),
    ),
    _of_self(
        "unshared_processes",
        "counter",
        "Forked processes whose records are not shown, since there was no room to share them.",
        "children of the process that answers whose records are not shown, since there was no room to share them",
    ),
    _of_self(
        "refused_segments",
        "gauge",
        "Files among the shared segments that are not read, by reason.",
        "files of the shared directory that are not read "
        "([reasons](../explanation/many-processes.md#a-reader-trusts-no-file))",
        Label("reason"),
        setting=_SHARED,
    ),
    _of_self(
        "merge_conflicts",
        "gauge",
        "Processes whose metric is not shown, since another one of its name is defined otherwise.",
        "processes whose metric is not shown, since another one of its name is defined otherwise",
        Label("family"),
        setting="several processes",
    ),
    _of_self(
        "series",
        "gauge",
        "Label sets in the store.",
        "label sets in the stores of all processes: tools, error types of tools, caches, series of instruments",
        stability="stable",
    ),
    _of_self(
        "memory_bytes",
        "gauge",
        "Bytes of the store in use.",
        "bytes in use in the stores of all processes, each of which has `METRICS_MEMORY_LIMIT_MB`",
        unit="bytes",
        stability="stable",
    ),
    _of_self(
        "scrape_duration_seconds",
        "summary",
        "How long collecting and rendering took.",
        "`_sum` and `_count` of collecting and rendering, by all processes",
        unit="seconds",
        stability="stable",
    ),
    _of_self(
        "ipc_lines",
        "counter",
        "Lines that other programs sent, by what became of them.",
        "lines that other programs sent, by [what became of them](ipc-protocol.md#what-became-of-a-line)",
        Label("result"),
        setting=_SERVER,
    ),
    _of_self(
        "ipc_connections",
        "gauge",
        "Connections of other programs.",
        "connections of other programs that are open",
        setting=_SERVER,
    ),
)
