"""A Flask application with its reloader: `python flask_app.py PORT`; it answers with its process and its metrics."""

from __future__ import annotations

import os
import sys

import flask

import toolvitals as tv

app = flask.Flask(__name__)
handle = tv.start()


@app.get("/")
@tv.tool
def page() -> dict[str, object]:
    return {"pid": os.getpid(), "url": handle.json_url}


if __name__ == "__main__":
    app.run(debug=True, port=int(sys.argv[1]))
