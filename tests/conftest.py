"""How the tests run: Hypothesis alike on every machine, or looking for more where that is asked for.

`HYPOTHESIS_PROFILE=search pytest …` makes new examples on every run.
"""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "gate", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.register_profile("search", settings.get_profile("gate"), derandomize=False, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "gate"))
