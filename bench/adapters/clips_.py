"""clipspy (CLIPS, C): an order is asserted as a fact, the rules run, the facts are reset.

Decisions in one environment get slower with each that was made before, so that the environment
is built anew after every 500; the time for it is part of the figure.
"""

import clips

from reference.rules import FACTS, RULES, outcome_of

TITLE, DISTRIBUTION, ROWS, TRACE = "clipspy", "clipspy", "float", ""
REMARK = "the environment is built anew after every 500 decisions, or they get slower and slower"

CONDITIONS = {
    "R1": "(contract_signed FALSE)",
    "R2": "(outstanding ?o) (amount ?a) (credit_limit ?l&:(> (+ ?o ?a) ?l)) (has_cfo_approval FALSE)",
    "R3": "(overdue_days ?d&:(> ?d 120))",
    "R4": "(overdue_days ?d&:(> ?d 30))",
    "R5": '(customer_grade "D") (prepaid_ratio ?p&:(< ?p 1))',
    "R6": '(customer_grade "C") (prepaid_ratio ?p&:(< ?p 0.3))',
    "R7": "(discount_rate ?d&:(> ?d 0.05))",
    "R8": "(discount_rate ?d&:(> ?d 0.1))",
    "R9": "(discount_rate ?d&:(> ?d 0.2))",
    "R10": "(list_price ?l) (discount_rate ?d)"
    " (unit_price ?u&:(< ?u (/ (integer (+ (* ?l (- 1 ?d) 100) 0.5)) 100.0)))",
    "R11": "(amount ?a&:(>= ?a 500000))",
    "R12": "(requester_role ?r) (approver_role ?r)",
}
CONSTRUCTS = [
    "(deftemplate order " + " ".join(f"(slot {name})" for name in FACTS) + ")",
    "(deftemplate fired (slot rule))",
    *(
        f"(defrule {rule} (order {condition}) => (assert (fired (rule {rule}))))"
        for rule, condition in CONDITIONS.items()
    ),
]
LIFE = 500


class Environment:
    def __init__(self):
        self.clips = clips.Environment()
        for construct in CONSTRUCTS:
            self.clips.build(construct)
        self.order = self.clips.find_template("order")
        self.fired = self.clips.find_template("fired")
        self.left = LIFE


def load():
    return Environment()


def decider(environment):
    place = RULES.index

    def decide(order):
        nonlocal environment
        if not environment.left:
            environment = Environment()
        environment.left -= 1
        environment.clips.reset()
        environment.order.assert_fact(**order)
        environment.clips.run()
        fired = sorted((str(fact["rule"]) for fact in environment.fired.facts()), key=place)
        return outcome_of(fired), fired

    return decide
