"""Lists of assignments: every shape that ERPs and people write, and no row that is lost."""

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.monitor.segregation.company import company, people

from salesctrl import FactsError
from salesctrl.monitor.segregation import read_assignments
from salesctrl.policy.organisation import Organisation

ROLES = company().checked.organisation


def read(frame, **options):
    return read_assignments(frame, ROLES, **options)


def entries(frame, **options):
    return read(frame, **options).used.select("person", "role").rows()


def codes(frame, **options):
    return read(frame, **options).rejected.select("row", "code").rows()


@pytest.mark.parametrize(
    ("person", "role"),
    [
        ("user", "role"),
        ("工号", "岗位"),
        ("Employee ID", "Job Title"),
        ("用户名", "角色"),
        ("USER_NAME", "AGR_NAME"),
        ("姓名", "职位"),
    ],
)
def test_columns_go_by_their_names(person, role):
    assert entries(pl.DataFrame({person: ["7"], role: ["业务员"]})) == [("7", "salesperson")]


def test_a_user_name_beside_an_id_is_a_name():
    found = read(pl.DataFrame({"用户编号": ["7"], "用户名": ["张三"], "角色": ["CFO"]}))
    assert found.used.select("person", "name", "role").rows() == [("7", "张三", "cfo")]


def test_names_count_as_ids_where_nothing_else_says_who_it_is():
    found = read(pl.DataFrame({"姓名": ["张三"], "岗位": ["CFO"]}))
    assert found.used["person"].to_list() == ["张三"]
    assert found.notices == ("nothing but `姓名` says who it is: names count as ids",)


def test_a_mapping_goes_before_names():
    frame = pl.DataFrame({"user": ["x"], "Benutzer": ["7"], "Rolle": ["CFO"]})
    assert entries(frame, columns={"Benutzer": "person", "Rolle": "role"}) == [("7", "cfo")]


def test_several_roles_in_a_cell():
    frame = people(("7", "salesperson; 仓管员"), ("8", "CFO，仓管员、业务员"), ("9", "Sales manager, home"))
    assert entries(frame) == [
        ("7", "salesperson"),
        ("7", "keeper"),
        ("8", "cfo"),
        ("8", "keeper"),
        ("8", "salesperson"),
        ("9", "sales_manager"),
    ]


def test_a_matrix_with_marks():
    frame = pl.DataFrame(
        {
            "工号": ["7", "8", "9", "10"],
            "销售员": ["x", None, "maybe", None],
            "仓管员": ["√", "否", "是", ""],
            "财务总监": [None, "1", None, "0"],
            "备注": ["a", None, None, None],
        }
    )
    found = read(frame)
    assert found.used.select("person", "role").rows() == [
        ("7", "salesperson"),
        ("7", "keeper"),
        ("8", "cfo"),
        ("9", "keeper"),
        ("10", None),
    ]
    assert found.rejected["reason"].to_list() == ["expected a mark such as `x` in `销售员` but got `maybe`"]


def test_marks_under_the_name_of_no_role_are_not_lost():
    frame = pl.DataFrame({"user": ["7", "8"], "keeper": ["x", None], "Z_ADMIN": ["x", "x"]})
    assert entries(frame) == [("7", "keeper")]
    assert codes(frame) == [(1, "V_ROLE"), (2, "V_ROLE")]


def test_a_column_of_marks_may_be_mapped_to_its_role():
    frame = pl.DataFrame({"user": ["7"], "Lager": [True]})
    assert entries(frame, columns={"Lager": "keeper"}) == [("7", "keeper")]


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01",
        "2026/3/1",
        "2026.03.01",
        "20260301",
        "2026年3月1日",
        "2026-03-01 00:00:00",
        "2026-03-01T00:00:00.000",
    ],
)
def test_days(text):
    found = read(people(("7", "cfo", None, text, None)))
    assert str(found.used["first"][0]) == "2026-03-01"


def test_days_of_frames():
    frame = pd.DataFrame(
        {"user": ["7"], "role": ["cfo"], "from": [pd.Timestamp("2026-03-01")], "to": [pd.NaT]}
    )
    used = read(frame).used
    assert (str(used["first"][0]), used["last"][0]) == ("2026-03-01", None)


def test_bad_rows_are_rejected_each_with_everything_that_is_wrong():
    frame = people(
        (None, "cfo"),
        (" ", "cfo"),
        ("7", None),
        ("7", ";"),
        ("7", "gurad"),
        ("7", "keper, CFO"),
        ("7", "cfo", None, "1.3.2026", "soon"),
        ("7", "cfo", None, "2026-03-02", "2026-03-01"),
        ("7", "cfo", None, "2026-02-30", None),
        ("7", "cfo", None, "2026-03-01 10:00", None),
    )
    found = read(frame)
    assert found.rejected.select("row", "code").rows() == [
        (1, "V_NO_PERSON"),
        (2, "V_NO_PERSON"),
        (3, "V_NO_ROLE"),
        (4, "V_NO_ROLE"),
        (5, "V_ROLE"),
        (6, "V_ROLE"),
        (7, "V_DATE"),
        (8, "V_PERIOD"),
        (9, "V_DATE"),
        (10, "V_DATE"),
    ]
    assert found.rejected["reason"][5] == "unknown role `keper`; did you mean `keeper`?"
    assert "`from` but got `1.3.2026`; " in found.rejected["reason"][6]
    assert found.used.select("row", "role").rows() == [(6, "cfo")]


def test_both_ends_of_a_period_belong_to_it():
    found = read(people(("7", "cfo", None, "2026-03-01", "2026-03-31")))
    held = {
        day: found.on(pl.select(pl.lit(day).str.to_date()).item()).height
        for day in ("2026-02-28", "2026-03-01", "2026-03-31", "2026-04-01")
    }
    assert list(held.values()) == [0, 1, 1, 0]


@pytest.mark.parametrize(
    ("frame", "columns", "words"),
    [
        ({"role": ["cfo"]}, {}, "no column says who it is"),
        ({"user": ["7"]}, {}, "no column says the `role`"),
        ({"user": ["7"], "工号": ["7"], "role": ["cfo"]}, {}, "could all be the `person`"),
        ({"user": ["7"], "role": ["cfo"], "keeper": ["x"]}, {}, "is the name of one"),
        ({"user": ["7"], "keeper": ["x"], "仓管员": ["x"]}, {}, "are all the role `keeper`"),
        ({"user": ["7"], "role": ["cfo"]}, {"nobody": "person"}, "there is no column `nobody`"),
        ({"user": ["7"], "role": ["cfo"]}, {"role": "rolle"}, "neither a field nor a role"),
        (
            {"a": ["7"], "b": ["8"], "role": ["cfo"]},
            {"a": "person", "b": "person"},
            "two columns for `person`",
        ),
    ],
)
def test_columns_that_do_not_say_it(frame, columns, words):
    with pytest.raises(FactsError, match=words):
        read(pl.DataFrame(frame), columns=columns)


def test_all_that_is_wrong_with_columns_is_said_at_once():
    with pytest.raises(FactsError) as caught:
        read(pl.DataFrame({"a": ["7"]}), columns={"b": "person", "a": "nothing"})
    assert len(caught.value.problems) >= 3


@pytest.mark.parametrize("suffix", ["csv", "parquet", "xlsx"])
def test_files(tmp_path, suffix):
    frame = people(("7", "salesperson;keeper", "Süd", "2026-01-01", None), ("8", "nobody"))
    path = tmp_path / f"roles.{suffix}"
    if suffix == "xlsx":
        frame.to_pandas().to_excel(path, index=False)
    else:
        getattr(frame, f"write_{suffix}")(path)
    found = read(path)
    assert found.used.select("row", "person", "role", "department").rows() == [
        (1, "7", "salesperson", "Süd"),
        (1, "7", "keeper", "Süd"),
    ]
    assert found.rejected["row"].to_list() == [2]


def test_files_that_are_none(tmp_path):
    with pytest.raises(FactsError, match="no such file"):
        read(tmp_path / "none.csv")
    for name, content in {"a.csv": b"", "b.parquet": b"PAR1", "c.xlsx": b"PK", "d.txt": b"user,role"}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(FactsError):
            read(tmp_path / name)


def test_rows_that_cannot_be_read_keep_their_places(tmp_path):
    path = tmp_path / "roles.csv"
    path.write_bytes("user,role\n7,cfo\n8\n9,仓管员\n".encode() + b"\xff,cfo\n10,cfo\n")
    found = read(path)
    assert found.used["row"].to_list() == [1, 3, 5]
    assert found.rejected["row"].to_list() == [2, 4]


def test_numbers_are_persons_too():
    assert entries(pd.DataFrame({"user": [7.0, None], "role": ["cfo", "cfo"]})) == [("7", "cfo")]
    assert entries(pa.table({"user": [7], "role": ["cfo"]})) == [("7", "cfo")]


CELLS = st.sampled_from(
    [
        None,
        "",
        "7",
        "８",
        "cfo",
        "CFO; keeper",
        "x",
        "nobody",
        "2026-03-01",
        "2026-13-01",
        ";;",
        "\ud7ff",
        "x,y",
    ]
)


@given(st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS), max_size=12), st.booleans())
def test_no_row_is_lost(rows, wide):
    names = ("user", "keeper", "Z_ROLE", "cfo") if wide else ("user", "role", "from", "to")
    found = read(pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row"))
    assert found.rows == len(rows)
    assert {*found.used["row"], *found.rejected["row"]} == set(range(1, len(rows) + 1))
    assert found.used["person"].null_count() == 0
    assert found.rejected["reason"].null_count() == 0


@given(st.lists(st.sampled_from(["salesperson", "keeper", "cfo", "nobody"]), min_size=1, max_size=5))
def test_one_cell_says_what_several_rows_say(roles):
    one = read(people(("7", ";".join(roles))))
    several = read(people(*(("7", role) for role in roles)))
    assert set(one.used["role"]) == set(several.used["role"])
    assert sorted(one.rejected["reason"]) == sorted(several.rejected["reason"])


def test_an_organisation_without_roles_knows_none():
    found = read_assignments(people(("7", "cfo")), Organisation())
    assert found.rejected["code"].to_list() == ["V_ROLE"]
