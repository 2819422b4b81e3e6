"""docs/handbook/corrections.md, written by hand, names what there is: parameters, overlays, pairs, controls."""

import re
from functools import cache

import pytest
from tests.handbook.book import CORRECTIONS, FOLDERS
from tests.policies.pack import engine, loading, rules

from salesctrl.coverage import read_catalogue
from salesctrl.policy.loader import default_policies

TEXT = (FOLDERS["en"] / CORRECTIONS).read_text("utf-8")
NAMED = sorted(set(re.findall(r"`([^`]+)`", TEXT)))
CONTROLS = sorted(set(re.findall(r"\b[A-Z]{2}-\d[\dA-Z-]*", re.sub(r"`[^`]+`", "", TEXT))))
SYSTEMS = sorted(set(re.findall(r"\b(S\d\d) ([\u4e00-\u9fff]+)", TEXT)))
AMBIGUITIES = sorted(set(re.findall(r"\bA\d{3}\b", TEXT)) - {"A001"})


@cache
def known() -> set[str]:
    """Policies, parameters as `policy.parameter`, overlays and incompatible pairs."""
    documents = loading().documents
    policies = {policy.name for policy in engine().policies}
    parameters = {f"{policy.name}.{name}" for policy in engine().policies for name in policy.parameters}
    overlays = {loaded.doc.overlay for loaded in documents.overlays}
    pairs = {pair.id for loaded in documents.organisations for pair in loaded.doc.incompatible}
    return policies | parameters | overlays | pairs


@pytest.mark.parametrize("name", NAMED)
def test_what_it_names_is_there(name):
    assert name in known()


@pytest.mark.parametrize("control", CONTROLS)
def test_its_controls_and_rules_are_there(control):
    listed = {one.id for one in read_catalogue(default_policies() / "catalogue.csv").controls}
    assert control in listed | set(rules())


@pytest.mark.parametrize(("code", "title"), SYSTEMS)
def test_systems_have_their_chinese_names(code, title):
    pack = loading().documents.pack
    assert pack is not None
    assert pack.doc.systems[code].zh == title


@pytest.mark.parametrize("ambiguity", AMBIGUITIES)
def test_a_parameter_settles_each_ambiguity(ambiguity):
    refs = {parameter.ref for policy in engine().policies for parameter in policy.parameters.values()}
    assert ambiguity in refs


def test_it_names_controls_systems_parameters_and_ambiguities():
    assert len(CONTROLS) > 15
    assert len(SYSTEMS) > 10
    assert len(NAMED) > 30
    assert len(AMBIGUITIES) > 10
