"""Fired rules as bits, rule R1 the lowest; outcomes as codes: 0 allow, 1 review, 2 deny, 3 refused.

Plain Python, for engines whose environment has no numpy.
"""

from reference.rules import ALLOW, DENY, DENYING, REVIEW, RULES

OUTCOMES = (ALLOW, REVIEW, DENY)
REFUSED = len(OUTCOMES)
DENY_BITS = sum(1 << place for place, rule in enumerate(RULES) if rule in DENYING)
#: The ids of the fired rules, joined with spaces, for every set of bits.
IDS = tuple(
    " ".join(rule for place, rule in enumerate(RULES) if bits >> place & 1) for bits in range(1 << len(RULES))
)
BITS_OF = {ids: bits for bits, ids in enumerate(IDS)}


def bits(fired):
    """The bits of rules that are given by id.

    >>> bits(["R1", "R3"])
    5
    """
    return sum(1 << RULES.index(rule) for rule in fired)


def read_ids(result):
    """Codes and bits, from outcome codes and joined ids."""
    outcomes, ids = result
    return outcomes, [BITS_OF[joined] for joined in ids]
