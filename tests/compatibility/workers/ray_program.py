"""An actor of Ray whose methods are tools, in its process: `python ray_program.py True|False`."""

from __future__ import annotations

import sys

import ray
from program import recorded, say, tool_of

tool = tool_of(sys.argv[1])
ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False, configure_logging=False)


@ray.remote
class Counter:
    @tool
    def add(self, a: int) -> int:
        return a + 1

    @tool
    async def later(self, a: int) -> int:
        return a + 2

    def recorded(self) -> int:
        return recorded()


counter = Counter.remote()
said = ray.get([counter.add.remote(1), counter.later.remote(1)])
say(said, ray.get(counter.recorded.remote()))
