"""A Celery application whose broker is a folder; `python prefork_celery.py` sends it sixty tasks."""

from __future__ import annotations

import os

import celery

import toolvitals as tv

folders = {"data_folder_in": "queue", "data_folder_out": "queue", "control_folder": "control"}
app = celery.Celery("prefork_celery", broker="filesystem://", broker_transport_options=folders)


@app.task(name="add")
def add(x: int, y: int) -> int:
    # Celery takes functions alone for tasks.
    with tv.track("add"):
        return x + y


if __name__ == "__main__":
    for i in range(60):
        add.delay(i, i)
elif os.environ.get("METRICS_JSON_PORT"):
    tv.start()
