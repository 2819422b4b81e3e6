"""The overlays of the invented companies: sound, no more than they say, and a system that is off is off whole."""

from dataclasses import replace

import pytest
from examples.companies import COMPANIES
from tests.examples.running import ROOT

from salesctrl.engine import Engine
from salesctrl.loading import read
from salesctrl.policy.loader import default_policies
from salesctrl.testing import cases, run_case, watched_points

WITHOUT = {"trading_firm": {"S21", "S32", "S33"}, "property_developer": {"S30"}}
"""The systems of controls that a company has switched off."""


@pytest.fixture(scope="module", params=COMPANIES)
def company(request):
    """The folder, the policies as they are shipped, and under the overlay."""
    paths = [default_policies(), ROOT / "examples" / request.param]
    loadings = [read(paths, overlays=names) for names in ((), COMPANIES[request.param][:1])]
    assert [list(loading.diagnostics) for loading in loadings] == [[], []]
    return request.param, *map(Engine, loadings)


def overlay_of(engine, folder):
    """The overlay of a company, as it is written."""
    name = COMPANIES[folder][0]
    return next(loaded.doc for loaded in engine.documents.overlays if loaded.doc.overlay == name)


def rules_of_systems(engine, systems):
    """What an overlay lists to switch some systems off: their rules, those of obligations and metrics too."""
    sets = engine.documents.policies, engine.documents.obligations, engine.documents.metrics
    of_system = {
        getattr(loaded.doc, kind)
        for kind, documents in zip(("policy", "obligation", "metric"), sets, strict=True)
        for loaded in documents
        if loaded.doc.system in systems
    }
    rules = {rule.id for policy in engine.policies if policy.name in of_system for rule in policy.rules}
    return {rule.partition("#")[0] for rule in rules}  # a table is switched off by its name


def test_a_system_that_is_off_is_off_whole(company):
    folder, shipped, _ = company
    off = [item.rule for item in overlay_of(shipped, folder).off]
    there = rules_of_systems(shipped, WITHOUT[folder])
    assert len(off) == len(set(off))
    assert there <= set(off)
    single = {"trading_firm": {"CR-18-2b-H"}, "property_developer": set()}
    assert set(off) - there == single[folder]


def test_every_parameter_of_the_overlay_is_another_than_the_shipped(company):
    folder, shipped, own = company
    overlay = overlay_of(shipped, folder)
    before = {policy.name: policy for policy in shipped.policies}
    after = {policy.name: policy for policy in own.policies}
    changed = [(policy, name) for policy, values in overlay.parameters.items() for name in values]
    for policy, name in changed:
        was, now = before[policy].parameters[name], after[policy].parameters[name]
        assert now.origin == overlay.overlay
        assert replace(now, origin=None) != was, f"{policy}: {name} is as shipped"
    systems = {loaded.doc.policy: loaded.doc.system for loaded in shipped.documents.policies}
    found = len(changed), len({systems[policy] for policy, _ in changed})
    assert found == {"trading_firm": (21, 11), "property_developer": (23, 8)}[folder]


def test_every_change_has_a_case_that_comes_out_otherwise_without_it(company):
    folder, shipped, own = company
    overlay = overlay_of(shipped, folder)
    otherwise = set()
    for case in cases(own):
        if case.overlays == (overlay.overlay,):
            alone = replace(case, overlays=())
            with_it, without = (run_case(engine, alone).decision for engine in (own, shipped))
            said = [(found.outcome, found.fired, found.values) for found in (with_it, without)]
            otherwise |= {case.control_point} if said[0] != said[1] else set()
    points = {policy.name: policy.control_point for policy in shipped.policies}
    assert {points[policy] for policy in (*overlay.parameters, *overlay.add)} - otherwise == set()


@pytest.mark.slow
def test_the_cases_of_the_pack_differ_only_where_the_overlay_does(company):
    folder, shipped, _ = company
    overlay = overlay_of(shipped, folder)
    facts = [path for path in [ROOT / "examples" / folder / "facts.yaml"] if path.exists()]
    # Without the organisation: the pack's cases speak of a company that lists no persons.
    loading = read([default_policies(), *facts], overlays=[ROOT / "examples" / folder / "overlay.yaml"])
    assert not list(loading.diagnostics)
    engine = Engine(loading)
    off = {item.rule for item in overlay.off}
    touched = {
        policy.control_point
        for policy in engine.policies
        if policy.name in overlay.parameters
        or policy.name in overlay.add
        or any(rule.id in off for rule in policy.rules)
    }
    results = [run_case(engine, case) for case in cases(engine) if not case.overlays]
    for result in results:
        if result.case.kind == "timeline":
            assert result.passed or touched & set(watched_points(engine, result.case))
        else:
            assert result.passed or result.case.control_point in touched
    assert sum(result.passed for result in results) > 0.9 * len(results)
    assert all(result.outcome is not None for result in results)
