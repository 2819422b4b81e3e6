"""Logs in XES: what is written is what is read, and nothing is made of files that are none."""

import gzip
import warnings
from datetime import UTC, date, datetime, timedelta, timezone
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salesctrl import FactsError
from salesctrl.monitor.log_files import read_log

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def attributes(given_):
    return "".join(
        f"<{tag} key={quoteattr(key)} value={quoteattr(value)}/>" for key, (tag, value) in given_.items()
    )


def xes(traces, before=""):
    """A log of traces, each with its attributes and its events."""
    inside = "".join(
        f"<trace>{attributes(of)}{''.join(f'<event>{attributes(event)}</event>' for event in events)}</trace>\n"
        for of, events in traces
    )
    return f'{HEAD}<log xes.version="1.0" xmlns="http://www.xes-standard.org/">\n{before}{inside}</log>\n'


def event(activity, time, **more):
    own = {"concept:name": ("string", activity), "time:timestamp": ("date", time)}
    return own | {key.replace("_", ":"): value for key, value in more.items()}


def case(name, **more):
    return {"concept:name": ("string", name), **more}


ORDERS = xes(
    [
        (
            case("SO-1", customer=("string", "C-9"), lines=("int", "3")),
            [
                event("take order", "2026-03-01T00:30:00.000+08:00", org_resource=("string", "Li"), org_role=("string", "sales"),
                      org_group=("string", "East"), amount=("float", "1234.50"), rush=("boolean", "true"), units=("int", "7")),
                event("ship", "2026-03-02T10:00:00Z", amount=("float", "0.1"), due=("date", "2026-03-05T00:00:00+08:00"), gap=("float", "nan")),
            ],
        ),
        (case("SO-2", lines=("int", "1")), [event("take order", "2026-03-03T10:00:00.123Z", units=("int", "8"))]),
    ]
)  # fmt: skip


@pytest.fixture
def write(tmp_path):
    def write_(text, name="log.xes"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write_


def test_a_log(write):
    log = read_log(write(ORDERS))
    assert log.frame.rows(named=True)[0] == {
        "id": "1", "case": "SO-1", "activity": "take order", "time": datetime(2026, 2, 28, 16, 30, tzinfo=UTC),
        "on": date(2026, 3, 1), "person": "Li", "role": "sales", "department": "East", "case:customer": "C-9",
        "case:lines": 3, "amount": "1234.50", "rush": True, "units": 7, "due": None, "gap": None, "row": 1,
    }  # fmt: skip
    assert log.frame.select("case", "person", "case:lines", "amount", "units", "due").rows()[1:] == [
        ("SO-1", None, 3, "0.1", None, datetime(2026, 3, 4, 16, tzinfo=UTC)),
        ("SO-2", None, 1, None, 8, None),
    ]
    assert log.frame["time"].to_list()[2] == datetime(2026, 3, 3, 10, 0, 0, 123000, tzinfo=UTC)
    assert log.rejected.height == 0
    assert read_log(write(ORDERS), zone="UTC").frame["on"].to_list()[0] == date(2026, 2, 28)


@pytest.mark.parametrize("name", ["log.xes.gz", "LOG.XES.GZ", "log.xes"])
def test_packed(write, name):
    content = ORDERS.encode()
    path = write(gzip.compress(content) if name.lower().endswith("gz") else content, name)
    assert read_log(path).frame.height == 3


def test_prefixes_and_other_encodings(write):
    text = (
        ORDERS.replace("<", "<x:").replace("<x:/", "</x:").replace("<x:?", "<?").replace("xmlns=", "xmlns:x=")
    )
    assert read_log(write(text)).frame.height == 3
    for encoding in ("gb2312", "GB18030", "gbk", "big5"):
        text = ORDERS.replace("UTF-8", encoding).replace("Li", "李明")
        assert read_log(write(text.encode(encoding))).frame["person"][0] == "李明"
    for encoding in ("utf-16", "latin-1"):
        text = ORDERS.replace("UTF-8", encoding.upper() if encoding == "utf-16" else "ISO-8859-1").replace(
            "Li", "Jürgen"
        )
        assert read_log(write(text.encode(encoding))).frame["person"][0] == "Jürgen"


def test_defaults_are_those_of_attributes_and_never_make_a_fact_of_an_event(write):
    """The default of a name is often `__INVALID__`, that of a time 1970: no event was ever that."""
    given_ = {
        "concept:name": ("string", "__INVALID__"), "time:timestamp": ("date", "1970-01-01T00:00:00Z"),
        "org:resource": ("string", "UNKNOWN"), "units": ("int", "1"), "note": ("string", "none"),
    }  # fmt: skip
    before = f'<global scope="event">{attributes(given_)}</global>'
    before += f'<global scope="trace">{attributes(case("__INVALID__", region=("string", "East")))}</global>'
    traces = [
        (
            case("A", region=("string", "West")),
            [event("pay", "2026-03-01T00:00:00Z", units=("int", "5"), note=("string", "x"))],
        ),
        (case("B"), [event("pay", "2026-03-01T00:00:00Z"), {"concept:name": ("string", "pay")}]),
        ({}, [event("pay", "2026-03-01T00:00:00Z")]),
    ]
    log = read_log(write(xes(traces, before)))
    assert log.frame.select("case", "person", "units", "note", "case:region").rows() == [
        ("A", None, 5, "x", "West"), ("B", None, 1, "none", "East"),
    ]  # fmt: skip
    assert [(row, code) for row, _, code, _ in log.rejected.rows()] == [(3, "V_NO_TIME"), (4, "V_NO_CASE")]


def test_attributes_in_attributes_and_lists(write):
    text = xes([(case("A"), [event("pay", "2026-03-01T00:00:00Z")])]).replace(
        "</event>",
        '<string key="cost" value="5"><string key="driver" value="x"/></string>'
        '<list key="tags"><values><string key="tag" value="a"/><string key="tag" value="b"/><string key="tag" value="c"/></values></list></event>',
    )
    log = read_log(write(text))
    assert log.frame.select("cost", "cost/driver", "tags/tag", "tags/tag#2", "tags/tag#3").rows() == [
        ("5", "x", "a", "b", "c")
    ]


def test_values_that_are_not_what_their_tag_says(write):
    traces = [
        (
            case("A"),
            [
                event(
                    "pay",
                    "2026-03-01T00:00:00Z",
                    n=("int", "7"),
                    b=("boolean", "true"),
                    d=("date", "2026-03-01Z"),
                    big=("int", "1"),
                )
            ],
        ),
        (
            case("A"),
            [
                event(
                    "pay",
                    "2026-03-01T00:00:00Z",
                    n=("int", "x"),
                    b=("boolean", "no"),
                    d=("date", "soon"),
                    big=("int", "9" * 30),
                )
            ],
        ),
    ]
    log = read_log(write(xes(traces)))
    assert log.frame.select("n", "b", "d", "big").rows() == [
        ("7", "true", "2026-03-01Z", "1"), ("x", "no", "soon", "9" * 30),
    ]  # fmt: skip


def test_events_outside_traces_and_keys_that_meet(write):
    text = xes([(case("A"), [event("pay", "2026-03-01T00:00:00Z", case_concept_name=("string", "B"))])])
    loose = f"<event>{attributes(event('pay', '2026-03-01T00:00:00Z'))}</event></log>"
    log = read_log(write(text.replace("case:concept:name", "case:concept:name").replace("</log>", loose)))
    assert log.frame.select("case", "event/case:concept:name").rows() == [("A", "B")]
    assert [code for _, _, code, _ in log.rejected.rows()] == ["V_NO_CASE"]


def test_columns_and_types_of_attributes(write):
    log = read_log(write(ORDERS), columns={"amount": "sum"}, attributes={"sum": "money", "due": "date"})
    assert [str(value) for value in log.frame["sum"]] == ["1234.50", "0.10", "None"]
    assert log.unread["reason"].to_list() == [
        "expected a date such as 2026-12-31 but got `2026-03-05T00:00:00+08:00`"
    ]


def test_a_log_without_events(write):
    with pytest.raises(FactsError, match=r"log\.xes: no column holds the `case`"):
        read_log(write(xes([])))


# --- what is no XES -------------------------------------------------------------------------------------

BOMB = '<!DOCTYPE log [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
OUTSIDE = '<!DOCTYPE log [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    "type_", [BOMB, OUTSIDE, "<!DOCTYPE log>", '<!DOCTYPE log SYSTEM "http://localhost/a.dtd">']
)
def test_document_types_are_refused(write, type_):
    with pytest.raises(FactsError, match=r"log\.xes: it has a document type"):
        read_log(write(ORDERS.replace("<log", type_ + "<log", 1).replace("SO-1", "&b;")))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "cannot be read from line 1 on: no element found"),
        (ORDERS[:-10].encode(), "cannot be read from line 4 on: unclosed token"),
        (ORDERS[:-1].replace("</log>", "").encode(), "cannot be read from line 5 on: no element found"),
        (ORDERS[:300].encode(), "cannot be read from line 3 on: "),
        (ORDERS.replace("Li", "李").encode("gb18030"), "from line 3 on: .*not in the encoding"),
        (ORDERS.replace("UTF-8", "johab").encode(), "not in the encoding .*F_ENCODING"),
        (ORDERS.replace("UTF-8", "UTF-16").encode(), "encoding .*F_ENCODING.*iconv"),
        (ORDERS.replace("UTF-8", "klingon").encode(), "not known .F_ENCODING"),
        (ORDERS.replace("UTF-8", "GBK").encode() + b"\xff", "not in the encoding .*F_ENCODING"),
        (ORDERS.replace("</event>", "", 1).encode(), "from line 3 on: mismatched tag"),
        (b"<html/>", "expected a log in XES but got XML that begins with `<html>`"),
        (b"case,activity\n", "cannot be read from line 1 on: syntax error"),
        (ORDERS.replace("Li", "&a;").encode(), "undefined entity"),
        (b"<log><trace><event>" + b'<string key="a">' * 51, "nested more than 50 deep"),
    ],
)  # fmt: skip
def test_files_that_cannot_be_read(write, content, words):
    with pytest.raises(FactsError, match=rf"(?s)^log\.xes: .*{words}"):
        read_log(write(content))


@pytest.mark.parametrize("keep", [0, 5, 100, -1])
def test_packed_files_that_are_cut_short(write, keep):
    with pytest.raises(FactsError, match=r"^log\.xes\.gz: "):
        read_log(write(gzip.compress(ORDERS.encode())[:keep], "log.xes.gz"))
    damaged = bytearray(gzip.compress(ORDERS.encode()))
    damaged[40:60] = bytes(20)
    with pytest.raises(FactsError, match=r"^log\.xes\.gz: "):
        read_log(write(bytes(damaged), "log.xes.gz"))


# --- round trips ----------------------------------------------------------------------------------------

TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Zs", "Zl", "Zp")),
    min_size=1,
    max_size=5,
)
MOMENTS = st.datetimes(
    datetime.fromisoformat("1900-01-01"),
    datetime.fromisoformat("2100-01-01"),
    timezones=st.just(timezone(timedelta(hours=8))),
)
EVENTS = st.fixed_dictionaries(
    {"concept:name": TEXTS, "time:timestamp": MOMENTS},
    optional={
        "org:resource": TEXTS,
        "n": st.integers(-(2**63), 2**63 - 1),
        "flag": st.booleans(),
        "text": TEXTS,
    },
)


def tagged(value):
    if isinstance(value, bool):
        return "boolean", str(value).lower()
    if isinstance(value, int):
        return "int", str(value)
    return ("date", value.isoformat()) if isinstance(value, datetime) else ("string", value)


@settings(max_examples=50)
@given(traces=st.lists(st.tuples(TEXTS, st.lists(EVENTS, max_size=4)), max_size=4))
def test_what_is_written_is_read(tmp_path_factory, traces):
    path = tmp_path_factory.mktemp("xes") / "a.xes"
    written = [
        ({"concept:name": ("string", name)}, [{k: tagged(v) for k, v in e.items()} for e in events])
        for name, events in traces
    ]
    path.write_text(xes(written), "utf-8")
    expected = [(name, event) for name, events in traces for event in events]
    if not expected:
        with pytest.raises(FactsError):
            read_log(path)
        return
    log = read_log(path)
    assert log.rejected.height == 0
    names = {"n", "flag", "text"} & set(log.frame.columns)
    for row, (name, one) in zip(log.frame.rows(named=True), expected, strict=True):
        assert (row["case"], row["activity"], row["person"]) == (
            name,
            one["concept:name"],
            one.get("org:resource"),
        )
        assert (row["time"], row["on"]) == (one["time:timestamp"], one["time:timestamp"].date())
        assert {key: row[key] for key in names} == {key: one.get(key) for key in names}


def test_it_is_read_as_pm4py_reads_it(write):
    pm4py = pytest.importorskip("pm4py", reason="compares with pm4py, which is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = pm4py.read_xes(str(write(ORDERS)))
    ours = read_log(write(ORDERS)).frame
    assert ours["case"].to_list() == theirs["case:concept:name"].to_list()
    assert ours["activity"].to_list() == theirs["concept:name"].to_list()
    assert ours["time"].to_list() == [time.to_pydatetime() for time in theirs["time:timestamp"]]
    assert [float(amount) if amount else None for amount in ours["amount"]] == theirs["amount"].astype(
        object
    ).where(theirs["amount"].notna(), None).to_list()
    from_frame = read_log(theirs).frame
    assert from_frame.select("case", "activity", "time", "person").equals(
        ours.select("case", "activity", "time", "person")
    )
