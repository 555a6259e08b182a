"""Where and as how many processes things run, and what they say."""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from server.settings.kinds import Port


class ProcessSettings(BaseModel):
    """Where and as how many processes things run, and what they say."""

    data_dir: Path = Field(
        default=Path(".picshare"),
        description="Where the embedded database and object store keep their files.",
    )
    host: str = Field(default="127.0.0.1", description="Address the API listens on.")
    port: Port = Field(default=8000, description="Port the API listens on.")
    worker_metrics_port: Port = Field(
        default=0, description="Port of the worker's own /metrics; 0 turns it off."
    )
    processes: Annotated[int, Field(ge=1)] = Field(
        default=1, description="API processes that share the port."
    )
    drain_s: Annotated[int, Field(ge=0)] = Field(
        default=2,
        description="How long a process that was told to end is unready but still answers, in "
        "seconds: what a load balancer needs to notice. `picshare dev` does not wait.",
    )
    worker_concurrency: Annotated[int, Field(ge=1)] = Field(
        default_factory=lambda: os.cpu_count() or 1,
        description="Photos one worker process handles at the same time. Empty: one a core.",
    )
    log_format: Literal["auto", "json", "console"] = Field(
        default="auto", description="auto: console on a terminal, else JSON lines."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe line that is logged."
    )

    @property
    def api_url(self) -> str:
        """Where a client on this machine reaches the API."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"
