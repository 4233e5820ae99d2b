"""Settings that are read and pickled by a program that needs no dataclass."""

from __future__ import annotations

import pickle
import sys

from toolvitals.settings import Settings


def pickle_settings() -> list[object]:
    data = pickle.dumps(Settings.from_env({"METRICS_JSON_PORT": "5"}))
    port = pickle.loads(data).json_port
    return [port, "dataclasses" in sys.modules, data.hex()]
