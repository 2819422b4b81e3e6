"""OpenFisca: an order is an entity, every fact and every rule a variable of one month.

Its floats are of 32 bits.
"""

import logging

import numpy as np
from openfisca_core.entities import Entity
from openfisca_core.indexed_enums import Enum
from openfisca_core.periods import DateUnit
from openfisca_core.simulations import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

import columns as orders
from reference.rules import COUNTS, DENYING, FLAGS, MONEY, RATES, RULES

logging.getLogger("openfisca_core").setLevel(logging.ERROR)

TITLE, DISTRIBUTION, TAKES = "OpenFisca", "OpenFisca-Core", "float32, str"

MONTH = "2026-03"
ORDER = Entity("order", "orders", "An order", "")
TEXTS = tuple(orders.WORDS)

CONDITIONS = {
    "R1": lambda o, m: ~o("contract_signed", m),
    "R2": lambda o, m: (
        (o("outstanding", m) + o("amount", m) > o("credit_limit", m)) * ~o("has_cfo_approval", m)
    ),
    "R3": lambda o, m: o("overdue_days", m) > 120,
    "R4": lambda o, m: o("overdue_days", m) > 30,
    "R5": lambda o, m: (o("customer_grade", m) == "D") * (o("prepaid_ratio", m) < 1),
    "R6": lambda o, m: (o("customer_grade", m) == "C") * (o("prepaid_ratio", m) < 0.3),
    "R7": lambda o, m: o("discount_rate", m) > 0.05,
    "R8": lambda o, m: o("discount_rate", m) > 0.10,
    "R9": lambda o, m: o("discount_rate", m) > 0.20,
    "R10": lambda o, m: o("unit_price", m) < np.round(o("list_price", m) * (1 - o("discount_rate", m)), 2),
    "R11": lambda o, m: o("amount", m) >= 500_000,
    "R12": lambda o, m: o("requester_role", m) == o("approver_role", m),
}


class Outcomes(Enum):
    allow = "allow"
    review = "review"
    deny = "deny"


def _variable(name, value_type, **more):
    shared = {"entity": ORDER, "definition_period": DateUnit.MONTH, "label": name}
    return type(name, (Variable,), {"value_type": value_type} | shared | more)


def _outcome(order, month):
    fired = {rule: order(rule, month) for rule in RULES}
    denied = np.logical_or.reduce([fired[rule] for rule in RULES if rule in DENYING])
    any_fired = np.logical_or.reduce(list(fired.values()))
    return np.select([denied, any_fired], [Outcomes.deny, Outcomes.review], Outcomes.allow)


def load():
    system = TaxBenefitSystem([ORDER])
    types = (
        dict.fromkeys(MONEY + RATES, float)
        | dict.fromkeys(COUNTS, int)
        | dict.fromkeys(FLAGS, bool)
        | dict.fromkeys(TEXTS, str)
    )
    for name, value_type in types.items():
        system.add_variable(_variable(name, value_type))
    for rule, formula in CONDITIONS.items():
        system.add_variable(_variable(rule, bool, formula=formula))
    system.add_variable(
        _variable("outcome", Enum, possible_values=Outcomes, default_value=Outcomes.allow, formula=_outcome)
    )
    return system


def take(_engine, columns):
    given = orders.floats(columns)
    taken = {name: given[name].astype(np.float32) for name in MONEY + RATES}
    taken |= {name: given[name] for name in COUNTS + FLAGS}
    return taken | {name: values for name, values in orders.texts(columns).items() if name in TEXTS}


def decide(system, data):
    """The simulation with the outcome computed, and with it every rule."""
    simulation = SimulationBuilder().build_default_simulation(system, orders.height(data))
    for name, values in data.items():
        simulation.set_input(name, MONTH, values)
    simulation.calculate("outcome", MONTH)
    return simulation


def _read(simulation):
    outcome = np.asarray(simulation.calculate("outcome", MONTH)).astype(np.uint8)
    fired = sum(
        simulation.calculate(rule, MONTH).astype(np.uint16) << place for place, rule in enumerate(RULES)
    )
    return outcome, fired


CALLS = {"flags": (decide, _read)}
