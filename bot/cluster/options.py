"""What operators choose of the cluster, and what Ray Serve makes of it."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import LianjuError
from ..settings import Settings

__all__ = ["ClusterError", "ClusterOptions", "deployment_options", "threads_of"]

NAME = "Lianju"  # of the deployment, in Ray's configuration files
SPARE = 16  # requests beside those in the engine's queue: refused ones, the page, descriptions
SHARE = 8  # of the queue: with more requests than this for each replica, another one is started
RETRY_AFTER_S = 1
GRACE_S = 4.0  # after the deadline, as `lianju web`
DRAINED_S = 0.5  # how often a replica that ends looks whether all its requests are answered
HEALTH_PERIOD_S = 10.0
HEALTH_TIMEOUT_S = 30.0


class ClusterError(LianjuError):
    """The arguments of the application do not suit each other, or the settings."""


class ClusterOptions(BaseModel):
    """The arguments of the application: `serve run lianju.bot.cluster:app replicas=2`.

    What else a deployment can be told is for Ray's own configuration files.

    Attributes:
        replicas: How many engines there are, or at least if there is a maximum.
        max_replicas: How many there are at most, as the load demands; None keeps the number.
        gpus: The GPUs of each, which may be a part of one; 0 runs the model on the CPU.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    replicas: int = Field(default=1, ge=1)
    max_replicas: int | None = Field(default=None, ge=1)
    gpus: float = Field(default=0.0, ge=0.0, allow_inf_nan=False)

    @classmethod
    def parse(cls, arguments: dict[str, Any]) -> "ClusterOptions":
        """Returns the options that arguments describe.

        Args:
            arguments: From a command line, as text, or from a configuration file.

        Raises:
            ClusterError: An argument is unknown or wrong.
        """
        try:
            return cls.model_validate(arguments)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False)[0]
            name, value = str(first["loc"][0]), str(first["input"])
            if first["type"] == "extra_forbidden":
                names = ", ".join(cls.model_fields)
                raise ClusterError("cluster-unknown", name=name, names=names) from None
            raise ClusterError("cluster-value", name=name, value=value) from None

    def check(self, settings: Settings) -> None:
        """Checks the options beside each other and the settings.

        Raises:
            ClusterError: They contradict each other.
        """
        if self.max_replicas is not None and self.max_replicas < self.replicas:
            raise ClusterError("cluster-maximum", replicas=self.replicas, most=self.max_replicas)
        if settings.provider == "cuda" and not self.gpus:  # Ray would hide them from the replica
            raise ClusterError("cluster-no-gpu")


def threads_of(settings: Settings) -> int:
    """Returns the threads of a replica, one by default: the others are for other replicas."""
    return settings.threads or 1


def deployment_options(settings: Settings, options: ClusterOptions) -> dict[str, Any]:
    """Returns how Ray Serve is to run the replicas; its configuration files may override each.

    Args:
        settings: The operator's settings.
        options: The arguments of the application.
    """
    count: dict[str, Any] = {"num_replicas": options.replicas}
    if options.max_replicas is not None:
        count = {
            "autoscaling_config": {
                "min_replicas": options.replicas,
                "max_replicas": options.max_replicas,
                "target_ongoing_requests": max(1, settings.queue // SHARE),
            }
        }
    return count | {
        "name": NAME,
        "ray_actor_options": {"num_cpus": threads_of(settings), "num_gpus": options.gpus},
        # The engine batches all requests of its queue. It gets some more, so that it can refuse
        # those itself, with regard to each client's share of the queue.
        "max_ongoing_requests": settings.queue + SPARE,
        # What waits for a replica: while all have that many, or while none is running.
        "max_queued_requests": settings.queue,
        "backpressure_config": {"status_code": 429, "retry_after_s": RETRY_AFTER_S},
        "graceful_shutdown_timeout_s": settings.deadline + GRACE_S,
        "graceful_shutdown_wait_loop_s": DRAINED_S,
        "health_check_period_s": HEALTH_PERIOD_S,
        "health_check_timeout_s": HEALTH_TIMEOUT_S,
        "logging_config": {"enable_access_log": False},  # the application logs each request
    }
