"""A gRPC server and its client, both with py-grpc-prometheus, for all four kinds of calls."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent import futures
from typing import Any

import grpc
from prometheus_client import REGISTRY, generate_latest
from py_grpc_prometheus.prometheus_client_interceptor import PromClientInterceptor
from py_grpc_prometheus.prometheus_server_interceptor import PromServerInterceptor


def one(request: bytes, context: Any) -> bytes:
    if request == b"refused":
        context.abort(grpc.StatusCode.PERMISSION_DENIED, "on purpose")
    return request


def many(request: bytes, context: Any) -> Iterator[bytes]:
    yield from (request, request, request)


def collect(requests: Iterator[bytes], context: Any) -> bytes:
    return b"".join(requests)


def each(requests: Iterator[bytes], context: Any) -> Iterator[bytes]:
    yield from requests


def run() -> str:
    handlers = {
        "One": grpc.unary_unary_rpc_method_handler(one),
        "Many": grpc.unary_stream_rpc_method_handler(many),
        "Collect": grpc.stream_unary_rpc_method_handler(collect),
        "Each": grpc.stream_stream_rpc_method_handler(each),
    }
    server = grpc.server(
        futures.ThreadPoolExecutor(2), interceptors=(PromServerInterceptor(enable_handling_time_histogram=True),)
    )
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("shop.Echo", handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    watched = PromClientInterceptor(
        enable_client_handling_time_histogram=True,
        enable_client_stream_receive_time_histogram=True,
        enable_client_stream_send_time_histogram=True,
    )
    with grpc.insecure_channel(f"127.0.0.1:{port}") as plain:
        channel = grpc.intercept_channel(plain, watched)
        for request in (b"a", b"b"):
            assert channel.unary_unary("/shop.Echo/One")(request) == request
        refused = channel.unary_unary("/shop.Echo/One").future(b"refused")
        assert refused.code() is grpc.StatusCode.PERMISSION_DENIED
        assert list(channel.unary_stream("/shop.Echo/Many")(b"c")) == [b"c"] * 3
        assert channel.stream_unary("/shop.Echo/Collect")(iter([b"d", b"e"])) == b"de"
        assert list(channel.stream_stream("/shop.Echo/Each")(iter([b"f", b"g"]))) == [b"f", b"g"]
    server.stop(None).wait()
    return generate_latest(REGISTRY).decode()
