"""A Flask service with prometheus_flask_exporter and each of its decorators."""

from __future__ import annotations

from flask import Flask, request
from prometheus_flask_exporter import PrometheusMetrics


def run() -> str:
    app = Flask("shop")
    metrics = PrometheusMetrics(app, group_by="endpoint", default_labels={"zone": "eu"}, buckets=(0.5, 30))
    metrics.info("shop_info", "What runs", version="1.2.3")

    @app.route("/simple")
    @metrics.counter("simple_calls", "Calls", labels={"status": lambda answer: answer.status_code})
    def simple() -> str:
        return "simple"

    @app.route("/all/<int:number>")
    @metrics.gauge("running", "Running now")
    @metrics.summary("time_spent", "Time", labels={"number": lambda: request.view_args["number"]})
    @metrics.histogram("spread", "Time", labels={"path": lambda: request.path}, buckets=(1, 20))
    def everything(number: int) -> str:
        return str(number)

    @app.route("/fail")
    def fail() -> str:
        raise ValueError("on purpose")

    @app.route("/silent")
    @metrics.do_not_track()
    def silent() -> str:
        return ""

    metrics.register_default(metrics.counter("by_path", "Requests by path", labels={"path": lambda: request.path}))
    client = app.test_client()
    for path in ("/simple", "/simple", "/all/1", "/all/2", "/fail", "/silent", "/nowhere"):
        client.get(path)
    answer = client.get("/metrics?name[]=nothing_of_this_name")
    assert answer.text.strip() == "", answer.text
    return client.get("/metrics").text
