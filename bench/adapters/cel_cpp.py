"""cel-expr-python (Google's CEL in C++): one typed program."""

from cel_expr_python import cel

from adapters._cel import PROGRAM
from reference.rules import COUNTS, FLAGS, MONEY, RATES, TEXTS, outcome_of

TITLE, DISTRIBUTION, ROWS, TRACE = "cel-expr-python", "cel-expr-python", "float", ""
REMARK = "CEL does not round: the floor price is `int(x + 0.5)`"


def load():
    types = (
        dict.fromkeys(MONEY + RATES, cel.Type.DOUBLE)
        | dict.fromkeys(COUNTS, cel.Type.INT)
        | dict.fromkeys(FLAGS, cel.Type.BOOL)
        | dict.fromkeys(TEXTS, cel.Type.STRING)
    )
    return cel.NewEnv(variables=types).compile(PROGRAM)


def decider(program):
    def decide(order):
        fired = program.eval(data=order).plain_value()
        return outcome_of(fired), fired

    return decide
