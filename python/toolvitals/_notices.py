"""What the core has said in the log.

The core holds these functions, and so this module, which imports next to nothing: a copy of the package that nobody
uses any more can go.
"""

from __future__ import annotations

from toolvitals._late import logger

__all__ = ["log_drop", "log_fold"]


def log_drop(reason: str) -> None:
    """Says that a record was dropped. Thread-safe."""
    logger().warning(
        "toolvitals dropped a record (%s); further ones are only counted, in toolvitals_dropped_records_total", reason
    )


# Why new label sets of a family are counted together, and what to do about it.
_FOLD_REASONS = {
    "family_limit": "it has the %d label sets that max_series= allows it; a larger max_series= keeps more apart",
    "series_limit": "all families together have the %d label sets that METRICS_MAX_SERIES allows; "
    "a larger METRICS_MAX_SERIES keeps more apart",
    "memory_limit": "the store has used the %d MiB that METRICS_MEMORY_LIMIT_MB allows; "
    "a larger METRICS_MEMORY_LIMIT_MB keeps more apart",
    "file_system": "the file of shared metrics cannot grow where it lies; room in that file system keeps more apart",
    "value_bytes": "a label value has more than %d bytes, which no setting changes",
    "not_utf8": "a label value cannot be encoded as UTF-8, which no setting changes",
    "error_types": "a tool has failed with %d types of error, and no setting keeps more apart",
}


def log_fold(family: str, reason: str, limit: int) -> None:
    """Says that new label sets of a family are counted together. Thread-safe."""
    why = _FOLD_REASONS[reason]
    logger().warning(
        "toolvitals counts new label sets of %s in one overflow series, because %s; totals stay exact",
        family,
        why % limit if "%d" in why else why,
    )
