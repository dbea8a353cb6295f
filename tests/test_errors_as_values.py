"""Errors as values: what a worker process raises is the same error where it is caught."""

import copy
import importlib
import pickle
import pkgutil

import pytest

import steelyard
from steelyard.errors import InputError, PortfolioProblems, Problem, SteelyardError
from steelyard.words import say


def kinds_of(root):
    yield root
    for kind in root.__subclasses__():
        yield from kinds_of(kind)


def kinds():
    """Every error of the product that can be imported here."""
    for module in pkgutil.walk_packages(steelyard.__path__, "steelyard."):
        if "error" in module.name or "brokers" in module.name:
            try:
                importlib.import_module(module.name)
            except ImportError:
                continue
    return sorted(set(kinds_of(SteelyardError)), key=lambda kind: kind.__qualname__)


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__qualname__)
def test_an_error_of_a_worker_arrives_with_all_it_tells(kind):
    text = say("{path} is not what was prepared", path="it")
    error = kind.__new__(kind)
    SteelyardError.__init__(error, "batch-changed", text, say("run it again"))
    error.extra, error._problems = "lab", (Problem("a", text, "b"),)
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is kind
        assert vars(again) == vars(error)
        assert str(again) == str(error)
        assert again.message.template == text.template


def test_all_problems_of_a_file_arrive():
    error = PortfolioProblems((Problem("one", "first", "do it"), Problem("two", "second", "do that")), "ko")
    again = pickle.loads(pickle.dumps(error))
    assert (again.problems, again.language, again.status) == (error.problems, "ko", 2)
    assert isinstance(again, InputError)
