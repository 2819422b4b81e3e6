"""zen-engine (GoRules, Rust): one expression node with a boolean for each rule, its fastest graph."""

import zen as zen_engine

from reference.rules import RULES, outcome_of

TITLE, DISTRIBUTION, ROWS = "zen-engine", "zen-engine", "float"
TRACE = "input, output and time of each node"

EXPRESSIONS = {
    "R1": "not contract_signed",
    "R2": "outstanding + amount > credit_limit and not has_cfo_approval",
    "R3": "overdue_days > 120",
    "R4": "overdue_days > 30",
    "R5": "customer_grade == 'D' and prepaid_ratio < 1",
    "R6": "customer_grade == 'C' and prepaid_ratio < 0.3",
    "R7": "discount_rate > 0.05",
    "R8": "discount_rate > 0.1",
    "R9": "discount_rate > 0.2",
    "R10": "unit_price < round(list_price * (1 - discount_rate), 2)",
    "R11": "amount >= 500000",
    "R12": "requester_role == approver_role",
}


def _node(identity, kind, **content):
    return {"id": identity, "name": identity, "type": kind, "position": {"x": 0, "y": 0}, "content": content}


def _edge(source, target):
    return {"id": f"{source}-{target}", "type": "edge", "sourceId": source, "targetId": target}


GRAPH = {
    "contentType": "application/vnd.gorules.decision",
    "nodes": [
        _node("order", "inputNode"),
        _node(
            "rules",
            "expressionNode",
            passThrough=False,
            expressions=[{"id": rule, "key": rule, "value": text} for rule, text in EXPRESSIONS.items()],
        ),
        _node("answer", "outputNode"),
    ],
    "edges": [_edge("order", "rules"), _edge("rules", "answer")],
}


def load():
    engine = zen_engine.ZenEngine({"loader": {"type": "static", "content": {"release": GRAPH}}})
    engine.get_decision("release")  # compiles
    return engine


def decider(engine):
    def decide(order):
        result = engine.evaluate("release", order)["result"]
        fired = [rule for rule in RULES if result[rule]]
        return outcome_of(fired), fired

    return decide


def explainer(engine):
    options = {"trace": True}

    def explain(order):
        answer = engine.evaluate("release", order, options)
        result = answer["result"]
        fired = [rule for rule in RULES if result[rule]]
        return outcome_of(fired), fired, answer["trace"]

    return explain


def batcher(engine):
    def decide_all(orders):
        asked = [{"key": "release", "context": order} for order in orders]
        answers = [answer["data"]["result"] for answer in engine.evaluate_batch(asked)]
        fired = [[rule for rule in RULES if answer[rule]] for answer in answers]
        return [(outcome_of(rules), rules) for rules in fired]

    return decide_all
