"""The exception tree: what each says, and that it survives being sent between processes."""

import pickle

import pytest

from salesctrl import errors
from salesctrl.diagnostics import Diagnostic, Severity, Span
from salesctrl.errors import (
    FactProblem,
    FactsError,
    InternalError,
    MissingExtra,
    PolicyError,
    SalesctrlError,
    UnknownControlPoint,
)

PLACE = Span("a.yaml", 2, 1, 2, 6)
DUPLICATE = Diagnostic("E102", Severity.ERROR, "the key `grace` is written twice", PLACE, "delete one")
UNUSED = Diagnostic("W301", Severity.WARNING, "never used", None)

EXAMPLES = [
    PolicyError([DUPLICATE, UNUSED], {"a.yaml": "grace: 1\ngrace: 2\n"}),
    FactsError([FactProblem("order.amount", "F102", "expected a number but got `ten`", "write digits")]),
    UnknownControlPoint("order.relase", ["order.release"], "order.release"),
    MissingExtra("proof", "proving"),
    InternalError("slot 3 is empty"),
]


def test_every_exception_is_exported_and_of_the_tree():
    raised = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, Exception) and value.__module__ == errors.__name__
    }
    assert raised == set(errors.__all__) - {"FactProblem"}
    assert all(issubclass(getattr(errors, name), SalesctrlError) for name in raised)
    assert all(f" {name} " in (errors.__doc__ or "") for name in raised - {"SalesctrlError"})


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_pickling_keeps_type_and_message(error):
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)


def test_policy_error_renders_every_diagnostic_with_its_line():
    error = PolicyError([DUPLICATE, UNUSED], {"a.yaml": "grace: 1\ngrace: 2\n"})
    assert error.diagnostics == (DUPLICATE, UNUSED)
    assert str(error) == (
        "error[E102]: the key `grace` is written twice\n"
        " --> a.yaml:2:1\n"
        "  |\n"
        "2 | grace: 2\n"
        "  | ^^^^^\n"
        "  = help: delete one\n"
        "\n"
        "warning[W301]: never used"
    )


def test_facts_error_lists_every_problem_by_field():
    problems = (
        FactProblem(
            "order.lines[2].quantity", "F103", "expected at most 2 decimals but got `1.005`", "round it"
        ),
        FactProblem("", "F101", "expected a mapping but got a list"),
    )
    error = FactsError(list(problems))
    assert error.problems == problems
    assert str(error) == (
        "order.lines[2].quantity: expected at most 2 decimals but got `1.005` [F103]\n"
        "  help: round it\n"
        "the facts: expected a mapping but got a list [F101]"
    )


@pytest.mark.parametrize(
    ("known", "suggestion", "remedy"),
    [
        (["order.release"], "order.release", "did you mean `order.release`?"),
        (["a.b", "c.d"], None, "the policies name `a.b`, `c.d`"),
        ([], None, "the policies name none"),
    ],
)
def test_unknown_control_point_says_what_there_is(known, suggestion, remedy):
    error = UnknownControlPoint("order.relase", known, suggestion)
    assert str(error) == f"unknown control point `order.relase`; {remedy}"
    assert not isinstance(error, KeyError)


def test_missing_extra_is_an_import_error_that_names_the_extra():
    error = MissingExtra("durable", "the durable matcher")
    assert isinstance(error, ImportError)
    assert 'pip install "salesctrl[durable]"' in str(error)


def test_internal_error_asks_for_a_report():
    assert "slot 3 is empty" in str(EXAMPLES[-1])
    assert "report" in str(EXAMPLES[-1])
