"""From files to a policy set: which files, what names they have, what is kept, what is said."""

import gc
import os
import re
from pathlib import Path

import pytest

from salesctrl.diagnostics import Diagnostics
from salesctrl.policy.loader import default_policies, load_policy_set

ROOT = Path(__file__).parents[2]
POLICY = "policy: {name}\ncontrol_point: order.release\nrules: [{{id: {name}-1, deny: true}}]\n"


def write(folder, **files):
    """Files with one policy each, named like it; `a__b` is `b` in the folder `a`."""
    for name in files:
        path = folder / name.replace("__", "/")
        path = path.with_name(path.name + files[name])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(POLICY.format(name=name), "utf-8")


def load(*paths):
    found = Diagnostics()
    return load_policy_set(list(paths), found), found


def codes(found):
    return [diagnostic.code for diagnostic in found]


def names(policy_set):
    return [loaded.doc.policy for loaded in policy_set.policies]


# --- files ---------------------------------------------------------------------------------------


def test_a_folder_is_every_yaml_file_below_it_but_hidden_ones(tmp_path):
    write(tmp_path, b=".yaml", a=".yml", c=".YAML", z__d=".yaml", e=".txt", f=".json")
    for hidden in (".git/x.yaml", ".hidden.yaml", "z/.cache/y.yaml"):
        (tmp_path / hidden).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / hidden).write_text("not: a policy", "utf-8")
    policy_set, found = load(tmp_path)
    assert policy_set.files == ("a.yml", "b.yaml", "c.YAML", "z/d.yaml")
    assert names(policy_set) == ["a", "b", "c", "z__d"]
    assert codes(found) == []


def test_a_file_is_itself_whatever_its_ending(tmp_path):
    write(tmp_path, a=".policy", b=".yaml")
    policy_set, found = load(tmp_path / "a.policy")
    assert policy_set.files == ("a.policy",)
    assert names(policy_set) == ["a"]
    assert codes(found) == []


def test_names_do_not_depend_on_where_the_folder_is(tmp_path, monkeypatch):
    text = "policy: p\ncontrol_point: c\ntitel: x\n"
    rendered = []
    for place in ("here", "elsewhere/deep"):
        folder = tmp_path / place
        (folder / "sub").mkdir(parents=True)
        (folder / "sub" / "p.yaml").write_text(text, "utf-8")
        rendered.append(load(folder)[1].render())
        monkeypatch.chdir(folder)
        rendered.append(load(Path())[1].render())
    assert len(set(rendered)) == 1
    assert "--> sub/p.yaml:3:1" in rendered[0]


def test_a_file_that_is_reached_twice_is_read_once(tmp_path):
    write(tmp_path, a=".yaml", sub__b=".yaml")
    policy_set, found = load(tmp_path / "a.yaml", tmp_path, tmp_path / "sub")
    assert names(policy_set) == ["a", "sub__b"]
    assert codes(found) == []


def test_files_of_two_folders_keep_apart_where_they_have_one_name(tmp_path):
    for number, folder in enumerate(("one/p", "two/p", "three/p")):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.yaml").write_text(POLICY.format(name=f"n{number}"), "utf-8")
    folders = [tmp_path / "one/p", tmp_path / "two/p", tmp_path / "three/p"]
    policy_set, found = load(*folders)
    assert policy_set.files == ("a.yaml", "p/a.yaml", "p/a.yaml (2)")
    assert names(policy_set) == ["n0", "n1", "n2"]
    assert set(found.sources) == set(policy_set.files)


def test_links_are_followed_and_circles_end(tmp_path):
    write(tmp_path, elsewhere__a=".yaml")
    root = tmp_path / "root"
    root.mkdir()
    (root / "linked").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (root / "again").symlink_to(root, target_is_directory=True)
    policy_set, found = load(root)
    assert policy_set.files == ("linked/a.yaml",)
    assert codes(found) == []


def test_the_order_of_a_set_is_that_of_names_and_documents(tmp_path):
    first, second = POLICY.format(name="x"), POLICY.format(name="y")
    (tmp_path / "b.yaml").write_text(f"{first}---\n{second}", "utf-8")
    write(tmp_path, c=".yaml", a=".yaml")
    assert names(load(tmp_path)[0]) == ["a", "x", "y", "c"]
    assert names(load(tmp_path / "c.yaml", tmp_path / "a.yaml")[0]) == ["c", "a"]


# --- what cannot be loaded ---------------------------------------------------------------------------


def test_a_missing_path_is_said_and_the_rest_is_loaded(tmp_path):
    write(tmp_path, a=".yaml")
    policy_set, found = load(tmp_path / "missing", tmp_path / "a.yaml")
    assert codes(found) == ["E100"]
    assert names(policy_set) == ["a"]


def test_a_folder_without_documents_is_an_error(tmp_path):
    policy_set, found = load(tmp_path)
    assert policy_set.files == ()
    assert codes(found) == ["E212"]
    (tmp_path / "empty.yaml").write_text("# nothing yet\n---\n", "utf-8")
    policy_set, found = load(tmp_path)
    assert policy_set.files == ("empty.yaml",)
    assert codes(found) == ["E212"]


def test_no_path_is_an_error():
    assert codes(load()[1]) == ["E212"]


def test_an_empty_document_beside_others_is_none(tmp_path):
    (tmp_path / "a.yaml").write_text("---\n" + POLICY.format(name="a") + "---\n# the end\n", "utf-8")
    policy_set, found = load(tmp_path)
    assert names(policy_set) == ["a"]
    assert codes(found) == []


def test_what_is_no_file_is_not_read(tmp_path):
    write(tmp_path, a=".yaml")
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "broken.yaml").symlink_to(tmp_path / "nowhere")
    policy_set, found = load(tmp_path)
    assert [(d.code, d.span.file) for d in found] == [("E100", "broken.yaml"), ("E100", "pipe.yaml")]
    assert names(policy_set) == ["a"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_said(tmp_path):
    write(tmp_path, a=".yaml", secret__b=".yaml")
    (tmp_path / "secret").chmod(0)
    try:
        _, found = load(tmp_path)
    finally:
        (tmp_path / "secret").chmod(0o700)
    assert [(d.code, d.span.file) for d in found] == [("E100", "secret")]


def test_a_folder_that_fails_to_list_is_said(tmp_path, monkeypatch):
    write(tmp_path, a=".yaml", secret__b=".yaml")
    scandir = os.scandir

    def refusing(path):
        if str(path).endswith("secret"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    policy_set, found = load(tmp_path)
    assert [(d.code, d.message, d.span.file) for d in found] == [
        ("E100", "the folder cannot be read: permission denied", "secret")
    ]
    assert names(policy_set) == ["a"]


def test_all_mistakes_of_all_files_are_found_at_once_and_the_sound_rest_is_returned(tmp_path):
    write(tmp_path, good=".yaml")
    (tmp_path / "syntax.yaml").write_text("policy: [", "utf-8")
    (tmp_path / "shape.yaml").write_text(
        "policy: p\ntitel: x\n---\npack: x\n---\n" + POLICY.format(name="fine"), "utf-8"
    )
    policy_set, found = load(tmp_path)
    assert names(policy_set) == ["good", "fine"]
    assert [(d.span.file, d.code) for d in found] == [
        ("shape.yaml", "E202"),
        ("shape.yaml", "E201"),
        ("shape.yaml", "E202"),
        ("syntax.yaml", "E101"),
    ]


def test_diagnostics_bring_the_lines_they_speak_of(tmp_path):
    (tmp_path / "p.yaml").write_text("policy: p\ncontrol_point: c\ntitel: 额度\n", "utf-8")
    found = Diagnostics()
    load_policy_set([tmp_path], found)
    assert "3 | titel: 额度" in found.render()


# --- what is kept ------------------------------------------------------------------------------------


def test_the_reference_is_one_sound_set(tmp_path):
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/language.md").read_text("utf-8"), re.DOTALL)
    (tmp_path / "set.yaml").write_text("---\n".join(blocks), "utf-8")
    policy_set, found = load(tmp_path)
    assert codes(found) == []
    assert policy_set.pack is not None
    assert policy_set.pack.doc.pack == "language-reference"
    kinds = (policy_set.vocabularies, policy_set.organisations, policy_set.tests, policy_set.overlays)
    assert [len(kind) for kind in kinds] == [2, 1, 4, 1]
    assert names(policy_set) == ["collection-liability", "release-against-limit", "discount-authority"]


def test_every_part_has_its_place(tmp_path):
    write(tmp_path, a=".yaml")
    [loaded] = load(tmp_path)[0].policies
    assert str(loaded.source.span(("rules", 0, "id"))) == "a.yaml:3:14"
    assert loaded.doc.rules[0].id == "a-1"


def test_the_default_policies_load():
    policy_set, found = load(default_policies())
    assert codes(found) == []
    assert policy_set.pack is not None


def test_an_installed_package_carries_its_policies(tmp_path, monkeypatch):
    package = tmp_path / "site-packages" / "salesctrl"
    (package / "policy").mkdir(parents=True)
    monkeypatch.setattr("salesctrl.policy.loader.__file__", str(package / "policy" / "loader.py"))
    assert default_policies() == tmp_path / "policies"
    (package / "_policies").mkdir()
    assert default_policies() == package / "_policies"


@pytest.mark.parametrize("enabled", [True, False])
def test_the_garbage_collector_is_left_as_it_was(tmp_path, enabled):
    try:
        (gc.enable if enabled else gc.disable)()
        load(tmp_path)
        assert gc.isenabled() is enabled
    finally:
        gc.enable()


# --- what may stand once -----------------------------------------------------------------------------


def set_of(tmp_path, *texts):
    (tmp_path / "set.yaml").write_text("---\n".join(texts), "utf-8")
    return load(tmp_path)


def version(period, rules="[{id: R, deny: true}]", name="p"):
    return f"policy: {name}\ncontrol_point: c\neffective: {{{period}}}\nrules: {rules}\n"


def test_versions_may_follow_one_another_and_keep_their_ids(tmp_path):
    _, found = set_of(
        tmp_path,
        version("from: 2026-01-01"),
        version("to: 2024-12-31"),
        version("from: 2025-01-01, to: 2025-12-31"),
    )
    assert codes(found) == []


def test_a_day_in_common_is_an_overlap(tmp_path):
    _, found = set_of(tmp_path, version("to: 2026-01-01"), version("from: 2026-01-01"))
    assert codes(found) == ["E211"]


def test_a_version_inside_an_older_one_overlaps_and_so_does_the_next(tmp_path):
    _, found = set_of(
        tmp_path,
        version("from: 2020-01-01"),
        version("from: 2021-01-01, to: 2021-12-31"),
        version("from: 2023-01-01"),
    )
    assert codes(found) == ["E211", "E211"]


def test_an_id_twice_inside_a_later_version_is_found(tmp_path):
    _, found = set_of(
        tmp_path,
        version("to: 2025-12-31"),
        version("from: 2026-01-01", "[{id: R, deny: true}, {id: R, flag: true}]"),
    )
    assert codes(found) == ["E209"]


def test_policies_of_one_control_point_may_overlap(tmp_path):
    _, found = set_of(tmp_path, version("", name="p"), version("", "[{id: S, deny: true}]", name="q"))
    assert codes(found) == []


def test_vocabularies_merge_where_their_kinds_differ(tmp_path):
    one = "vocabulary: v\nkinds: {a: {fields: {x: text}}}\n"
    other = "vocabulary: v\nkinds: {b: {fields: {x: text}}}\n"
    policy_set, found = set_of(tmp_path, one, other)
    assert codes(found) == []
    assert len(policy_set.vocabularies) == 2
    assert codes(set_of(tmp_path, one, one)[1]) == ["E208"]


def test_tables_of_values_are_no_rules(tmp_path):
    table = "control_point: c\ntables: {terms: {inputs: [a], rows: [{match: '-', give: {x: 1}}]}}\n"
    rule = version("", "[{id: terms, deny: true}]", "r")
    assert codes(set_of(tmp_path, f"policy: p\n{table}", f"policy: q\n{table}", rule)[1]) == []
