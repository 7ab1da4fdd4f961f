"""Ray Serve: whole engines behind one address, as many as a cluster has room for.

`serve run lianju.bot.cluster:app` starts them, or `docs/deploy/serve.yaml`; Ray is in the extra
`cluster`. Bots stay outside of the cluster and speak HTTP with it (`LIANJU_ENGINE`).
"""

import os
from typing import TYPE_CHECKING, Any

from ..errors import missing_extra
from ..settings import load_settings
from .options import ClusterError, ClusterOptions, deployment_options

if TYPE_CHECKING:
    from ray.serve import Application

__all__ = ["ClusterError", "ClusterOptions", "app"]

# Where Ray's proxies look for what stands in front of them.
PROXY_VARIABLE = "RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH"
PROXY_MIDDLEWARE = "lianju.bot.cluster.proxy:middleware"


def app(arguments: dict[str, Any]) -> "Application":
    """Returns the application; the settings are read where it is built.

    Args:
        arguments: See `ClusterOptions`.

    Raises:
        ClusterError: An argument or a setting does not suit the others.
        SettingsError: A setting is wrong.
        LianjuError: Ray is not installed.
    """
    try:
        from ray import serve
    except ModuleNotFoundError as error:
        raise missing_extra(error, "cluster") from None
    from .replica import Replica

    options, settings = ClusterOptions.parse(arguments), load_settings()
    options.check(settings)
    if options.gpus:  # a GPU must not stay idle unnoticed
        settings = settings.model_copy(update={"provider": "cuda"})
    os.environ.setdefault(PROXY_VARIABLE, PROXY_MIDDLEWARE)  # if Ray is started by this process
    deployment = serve.deployment(**deployment_options(settings, options))
    application: Application = deployment(serve.ingress()(Replica)).bind(settings)
    return application
