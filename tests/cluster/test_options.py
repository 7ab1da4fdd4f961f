"""What operators choose, and what Ray Serve is told. Ray itself is not needed."""

import sys

import pytest
from lianju.bot.cluster import ClusterError, ClusterOptions, app
from lianju.bot.cluster.options import deployment_options
from lianju.bot.errors import LianjuError
from lianju.bot.settings import Settings


def options(settings=None, **arguments):
    return deployment_options(settings or Settings(), ClusterOptions.parse(arguments))


def refusal(settings=None, **arguments):
    """The key and the facts of the error."""
    with pytest.raises(ClusterError) as caught:
        ClusterOptions.parse(arguments).check(settings or Settings())
    return caught.value.key, caught.value.facts


def test_arguments_are_text_on_a_command_line_and_numbers_in_a_file():
    written = ClusterOptions.parse({"replicas": "2", "max_replicas": "4", "gpus": "0.5"})
    assert written == ClusterOptions.parse({"replicas": 2, "max_replicas": 4, "gpus": 0.5})
    assert written.gpus == 0.5


@pytest.mark.parametrize(
    ("arguments", "key", "name"),
    [
        ({"replica": "2"}, "cluster-unknown", "replica"),
        ({"replicas": "0"}, "cluster-value", "replicas"),
        ({"replicas": "two"}, "cluster-value", "replicas"),
        ({"replicas": 1.5}, "cluster-value", "replicas"),
        ({"max_replicas": "0"}, "cluster-value", "max_replicas"),
        ({"gpus": "-1"}, "cluster-value", "gpus"),
        ({"gpus": "inf"}, "cluster-value", "gpus"),
    ],
)
def test_wrong_arguments_are_named(arguments, key, name):
    found, facts = refusal(**arguments)
    assert (found, facts["name"]) == (key, name)


def test_fewer_replicas_at_most_than_at_least_are_refused():
    assert refusal(replicas=3, max_replicas=2) == (
        "cluster-maximum",
        {"replicas": 3, "most": 2},
    )


def test_cuda_needs_gpus():
    settings = Settings(provider="cuda")
    assert refusal(settings)[0] == "cluster-no-gpu"
    ClusterOptions.parse({"gpus": 1}).check(settings)


def test_a_replica_has_as_many_processors_as_threads():
    assert options()["ray_actor_options"] == {"num_cpus": 1, "num_gpus": 0}
    four = options(Settings(threads=4), gpus=1)
    assert four["ray_actor_options"] == {"num_cpus": 4, "num_gpus": 1}


def test_number_of_replicas_is_fixed_or_follows_the_load():
    assert options(replicas=3)["num_replicas"] == 3
    scaled = options(Settings(queue=80), replicas=2, max_replicas=5)
    assert "num_replicas" not in scaled
    assert scaled["autoscaling_config"] == {
        "min_replicas": 2,
        "max_replicas": 5,
        "target_ongoing_requests": 10,
    }
    tiny = options(Settings(queue=1), max_replicas=2)
    assert tiny["autoscaling_config"]["target_ongoing_requests"] == 1


def test_the_engine_can_batch_its_whole_queue_and_what_waits_for_it_is_bounded():
    chosen = options(Settings(queue=100))
    assert chosen["max_ongoing_requests"] > 100  # so that the engine itself refuses
    assert chosen["max_queued_requests"] == 100
    assert chosen["backpressure_config"] == {"status_code": 429, "retry_after_s": 1}


def test_a_replica_may_finish_what_has_the_longest_deadline():
    assert options(Settings(deadline=120))["graceful_shutdown_timeout_s"] > 120


def test_without_ray_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(LianjuError) as caught:
        app({})
    assert (caught.value.key, caught.value.facts) == (
        "cli-extra",
        {"module": "ray", "extra": "cluster"},
    )
