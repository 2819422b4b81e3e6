"""common-expression-language (CEL in Rust): one program."""

import cel

from adapters._cel import PROGRAM
from reference.rules import outcome_of

TITLE, DISTRIBUTION = "common-expression-language", "common-expression-language"
ROWS, TRACE = "float", ""


def load():
    return cel.compile(PROGRAM)


def decider(program):
    def decide(order):
        fired = program.execute(order)
        return outcome_of(fired), fired

    return decide
