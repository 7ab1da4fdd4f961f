"""One search alone, to compare with those that share their steps."""

from lianju.bot.verse.search.search import nothing_allowed
from lianju.bot.verse.serving.jobs import run_job


def run_search(model, search):
    """Runs one search in the calling thread; returns its hypotheses, or raises as planners do."""

    def job():
        return (yield [search])

    (found,) = run_job(model, job())
    if not found:
        raise nothing_allowed()
    return found
