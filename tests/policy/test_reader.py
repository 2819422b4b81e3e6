"""The YAML reader: what it reads, what it refuses and where, and that nothing makes it fail otherwise."""

import importlib.util
import sys
import time
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from salesctrl.diagnostics import Diagnostics, Span
from salesctrl.errors import PolicyError
from salesctrl.policy import reader
from salesctrl.policy.reader import MAX_BYTES, MAX_DEPTH, MAX_REPORTED, SourceDocument, read_file, read_text

LIBYAML = reader._new_parser
PARSERS = [LIBYAML, reader._PureParser]


def read(text: str, *, parser=LIBYAML) -> tuple[list[SourceDocument], Diagnostics]:
    found = Diagnostics()
    with mock.patch.object(reader, "_new_parser", parser):
        return read_text(text, "a.yaml", found), found


def data(text: str, *, parser=LIBYAML) -> Any:
    [document], found = read(text, parser=parser)
    assert not list(found), found.render()
    return document.data


def refused(text: str, *, parser=LIBYAML) -> list[tuple[str, int, int]]:
    """Code, line and column of everything refused."""
    _, found = read(text, parser=parser)
    for diagnostic in found:
        assert diagnostic.help
    return [(d.code, d.span.line, d.span.column) for d in found if d.span]


@pytest.fixture(params=PARSERS, ids=["libyaml", "pure"])
def parser(request):
    return request.param


class TestValues:
    @pytest.mark.parametrize(
        "written",
        [
            *(
                "0.10",
                "1:30",
                "no",
                "Yes",
                "on",
                "OFF",
                "0x10",
                "1_000",
                "1e3",
                ".inf",
                "30 days",
                "2026-01-01",
            ),
            *(
                "True",
                "TRUE",
                "Null",
                "NULL",
                "=",
                "5%",
                "a == b",
                "<= 5%",
                "12345678901234567.890",
                "订单",
                "y",
            ),
        ],
    )
    def test_plain_text_stays_text(self, written, parser):
        assert data(f"a: {written}\n", parser=parser) == {"a": written}
        assert data(written, parser=parser) == written

    @pytest.mark.parametrize(
        ("written", "value"), [("true", True), ("false", False), ("null", None), ("~", None), ("", None)]
    )
    def test_plain_words_and_nothing(self, written, value, parser):
        assert data(f"a: {written}\n", parser=parser) == {"a": value}
        assert data(f"- {written}\n", parser=parser) == [value]

    @pytest.mark.parametrize("quote", ['"', "'"])
    @pytest.mark.parametrize("word", ["true", "false", "null", "~", "", "<<"])
    def test_quoted_is_always_text(self, quote, word, parser):
        assert data(f"a: {quote}{word}{quote}\n", parser=parser) == {"a": word}

    @pytest.mark.parametrize("word", ["true", "null", "~", "no", "5", "2026-01-01", "订单"])
    def test_keys_are_text(self, word, parser):
        assert data(f"{word}: 1\n", parser=parser) == {word: "1"}

    def test_block_scalars_are_text(self, parser):
        assert data("a: |-\n  true\nb: >-\n  x\n  y\n", parser=parser) == {"a": "true", "b": "x y"}

    def test_order_of_keys_is_the_order_written(self, parser):
        assert list(data("z: 1\na: 2\nm: 3\n", parser=parser)) == ["z", "a", "m"]

    def test_several_documents(self, parser):
        documents, found = read("a: 1\n---\n- b\n---\n", parser=parser)
        assert [document.data for document in documents] == [{"a": "1"}, ["b"], None]
        assert not list(found)
        assert documents[1].span((0,)) == Span("a.yaml", 3, 3, 3, 4)

    @pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "\ufeff"])
    def test_nothing_is_no_document(self, text, parser):
        documents, found = read(text, parser=parser)
        assert documents == []
        assert not list(found)

    def test_aliases_repeat_what_they_name(self, parser):
        text = "a: &x {k: [1, &y true]}\nb: *x\nc: [*y]\n? &z key\n: *z\n*z : 2\n"
        documents, found = read(text, parser=parser)
        assert documents[0].data == {
            "a": {"k": ["1", True]},
            "b": {"k": ["1", True]},
            "c": [True],
            "key": "key",
        }
        assert [(d.code, d.span) for d in found] == [("E102", Span("a.yaml", 6, 1, 6, 3))]

    def test_an_alias_may_be_a_key(self, parser):
        [document], found = read("a: &x name\n*x : 2\n", parser=parser)
        assert not list(found)
        assert document.data == {"a": "name", "name": "2"}
        assert document.span(("name",), key=True) == Span("a.yaml", 2, 1, 2, 3)

    def test_a_plain_word_repeated_is_the_same_value(self, parser):
        assert data("? &x true\n: *x\n", parser=parser) == {"true": True}

    def test_anchors_end_with_their_document(self, parser):
        assert data("&a x", parser=parser) == "x"
        assert refused("a: &x 1\n---\nb: &x 2\n", parser=parser) == []
        assert refused("a: &x 1\n---\nb: *x\n", parser=parser) == [("E101", 3, 4)]


class TestRefusals:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("a: [1\n", [("E101", 1, 4)]),
            ("a:\n\tb: 1\n", [("E101", 2, 1)]),
            ("a: *b\n", [("E101", 1, 4)]),
            ("a: &x 1\nb: &x 2\n", [("E101", 2, 4)]),
            ("a: 1\nb: 2\na: 3\na: 4\n", [("E102", 3, 1), ("E102", 4, 1)]),
            ("a: {b: 1, 'b': 2}\n", [("E102", 1, 11)]),
            ("a: !!python/object:os.system x\n", [("E103", 1, 4)]),
            ("a: !custom [x]\nb: !!str 5\nc: ! true\n", [("E103", 1, 4), ("E103", 2, 4), ("E103", 3, 4)]),
            ("a: &x !t # why\n  5\n", [("E103", 1, 7)]),
            ("a: !<tag:x> 5\n", [("E103", 1, 4)]),
            ("a: !foo!bar 5\n", [("E103", 1, 4)]),
            ("!t a: !t {b: 1}\n", [("E103", 1, 1), ("E103", 1, 7)]),
            ("a: &x {b: 1}\nc:\n  <<: *x\n  d: 2\n", [("E104", 3, 3)]),
            ("a: &x [*x]\n", [("E107", 1, 8)]),
            ("a: &x {b: {c: *x}}\n", [("E107", 1, 15)]),
            ("[a]: 1\n{b: 1}: 2\n", [("E108", 1, 1), ("E108", 2, 1)]),
            ("? [x, {y: z}]\n: 1\nb: 2\n", [("E108", 1, 3)]),
            ("? \n: 1\n", [("E108", 1, 2)]),
            ("a: &x [1]\n*x : 2\n", [("E108", 2, 1)]),
            ("a: x\u202ey\n", [("E110", 1, 5)]),
            ("a: x\x00y\n# \x07\n", [("E110", 1, 5), ("E110", 2, 3)]),
            ("a\u200b: 1\n", [("E110", 1, 2)]),
            ('a: "x\\u2066y"\n', [("E110", 1, 4)]),
            ("a: \ud800\n", [("E110", 1, 4)]),
            ("a: 1\ufeff\n", [("E110", 1, 5)]),
        ],
    )
    def test_where(self, text, expected, parser):
        assert refused(text, parser=parser) == expected

    @pytest.mark.parametrize(
        "character", "\x00\x0b\x1b\x7f\x85\xad\u061c\u200b\u200f\u2028\u202a\u2069\ufeff\uffff"
    )
    def test_characters_that_mislead(self, character):
        assert refused(f"a{character}: 1\n")[0] == ("E110", 1, 2)

    @pytest.mark.parametrize(
        "text", ["a: b\r\nc: d\r\n", "a: 👨\u200d👩\n", "a: 中\u3000文\n", "\ufeffa: 1\n"]
    )
    def test_characters_that_do_not(self, text, parser):
        assert refused(text, parser=parser) == []

    @pytest.mark.parametrize("escape", ["\\UFFFFFFFF", "\\U00110000", "\\q", "\\xg0"])
    def test_escapes_of_no_character(self, escape, parser):
        [(code, line, _)] = refused(f'a: "{escape}"\n', parser=parser)
        assert (code, line) == ("E101", 1)

    def test_a_duplicate_names_the_first_and_the_first_counts(self):
        [document], found = read("a: 1\nb: {c: 2, c: [3, {d: 4}]}\na: {x: 1}\n")
        assert document.data == {"a": "1", "b": {"c": "2"}}
        assert [d.notes for d in found] == [
            (("first written here", Span("a.yaml", 2, 5, 2, 6)),),
            (("first written here", Span("a.yaml", 1, 1, 1, 2)),),
        ]

    def test_what_is_refused_is_left_out_and_the_rest_is_read(self):
        text = "a: !t 5\nb: {<<: {x: 1}, y: 2}\n[k]: 1\nc: 3\u202e\n"
        [document], found = read(text)
        assert document.data == {"a": "5", "b": {"y": "2"}, "c": "3"}
        assert [d.code for d in found] == ["E103", "E104", "E108", "E110"]

    def test_after_a_broken_document_the_next_is_read(self, parser):
        text = "a: 1\na: 2\n---\nb: [\n---\nc: 3\nc: 4\n---\nd: 'x\n"
        documents, found = read(text, parser=parser)
        assert [document.data for document in documents] == [{"a": "1"}, {"c": "3"}]
        assert [(d.code, d.span.line) for d in found if d.span] == [
            ("E102", 2),
            ("E101", 5),
            ("E102", 7),
            ("E101", 9),
        ]
        assert documents[1].span(("c",)) == Span("a.yaml", 6, 4, 6, 5)

    def test_documents_before_a_broken_one_are_read_once(self, parser):
        documents, found = read("a\n---\nb\n---\nc\n---\n[\n---\nd: {e: f}\n", parser=parser)
        assert [document.data for document in documents] == ["a", "b", "c", {"d": {"e": "f"}}]
        assert len(found) == 1
        assert documents[-1].span(()) == Span("a.yaml", 9, 1, 9, 10)
        assert documents[-1].span(("d",)) == Span("a.yaml", 9, 4, 9, 10)

    def test_documents_that_cannot_be_told_are_left_out(self):
        documents, _ = read("a: *x\n---\nb: &y [*y]\n---\nc: 1\n")
        assert [document.data for document in documents] == [{"c": "1"}]

    def test_as_many_problems_are_reported_as_help(self):
        _, found = read("a: 1\n" * 1000)
        assert len(found) == MAX_REPORTED
        assert "what else is wrong with this file is not reported" in found.render()


class TestLimits:
    def test_depth(self, parser):
        deepest = "[" * MAX_DEPTH + "]" * MAX_DEPTH
        assert refused(deepest, parser=parser) == []
        assert refused(f"[{deepest}]", parser=parser) == [("E105", 1, MAX_DEPTH + 1)]
        assert refused("- " * MAX_DEPTH + "x\n", parser=parser) == []
        assert refused("- " * MAX_DEPTH + "- x\n", parser=parser) == [("E105", 1, 2 * MAX_DEPTH + 1)]

    def test_depth_through_aliases(self, parser):
        half = MAX_DEPTH // 2
        anchored = f"- &x {'[' * half}{']' * half}\n"
        inner = half - 1  # the list around counts too
        assert refused(f"{anchored}- {'[' * inner}*x{']' * inner}\n", parser=parser) == []
        assert refused(f"{anchored}- {'[' * half}*x{']' * half}\n", parser=parser) == [("E105", 2, 3 + half)]
        mapping = f"- &x {{a: 1, b: {'[' * half}{']' * half}, c: 2}}\n"
        assert refused(f"{mapping}- {'[' * inner}*x{']' * inner}\n", parser=parser) == [
            ("E105", 2, 3 + inner)
        ]

    def test_depth_through_aliases_of_aliases(self, parser):
        half = MAX_DEPTH // 2
        text = f"- &x {'[' * half}{']' * half}\n- &y [*x]\n- {{}}\n"
        for brackets, expected in ((half - 2, []), (half - 1, [("E105", 4, 3 + half - 1)])):
            assert refused(f"{text}- {'[' * brackets}*y{']' * brackets}\n", parser=parser) == expected

    def test_reading_goes_on_after_what_is_too_deep(self):
        documents, found = read("[" * 5000 + "\n---\nb: 1\nb: 2\n")
        assert [document.data for document in documents] == [{"b": "1"}]
        assert [d.code for d in found] == ["E105", "E102"]

    def test_alias_bomb(self, parser):
        lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
        lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
        started = time.perf_counter()
        documents, found = read("\n".join(lines), parser=parser)
        assert time.perf_counter() - started < 5
        assert documents == []
        assert [(d.code, d.span.line) for d in found if d.span] == [("E106", 6)]

    def test_values_are_counted_as_written_out(self, parser):
        # mapping, 2 keys, list of 3, its 3 items; the alias repeats the list and its items
        text = "a: &x [1, 2, 3]\nb: *x\n"
        for limit, expected in ((11, []), (10, [("E106", 2, 4)])):
            with mock.patch.object(reader, "MAX_NODES", limit):
                assert refused(text, parser=parser) == expected

    def test_values_without_aliases(self):
        with mock.patch.object(reader, "MAX_NODES", 1000):
            assert refused("- 1\n" * 999) == []
            assert refused("- 1\n" * 1000) == [("E106", 1000, 3)]
            assert refused("---\n- 1\n" * 501) == [("E106", 1002, 1)]

    def test_size(self):
        text = "# " + "x" * (MAX_BYTES - 2)
        assert refused(text) == []
        assert refused(text + "x") == [("E106", 1, 1)]
        assert refused("# " + "订" * (MAX_BYTES // 3) + "订") == [("E106", 1, 1)]

    @pytest.mark.parametrize(
        "text",
        [
            "[" * 10**6,
            "{" * 10**6,
            "- " * 10**6,
            "? " * 10**6,
            "'" * (10**6 + 1),
            "\t" * 10**6,
            "&" * 10**6,
            "!" * 10**6,
            "a:\n" * 10**4,
            "---\n[\n" * 10**4,
            "\x01" * 10**5,
            "*a " * 10**5,
            "a: " * 10**5,
            "- !x\n" * 10**4,
        ],
        ids=lambda text: repr(text[:6]),
    )
    def test_hostile_texts_take_bounded_time(self, text):
        started = time.perf_counter()
        _, found = read(text)
        found.render()
        assert time.perf_counter() - started < 10
        assert found.has_errors


class TestFiles:
    def write(self, folder: Path, content: bytes) -> Path:
        path = folder / "规则.yaml"
        path.write_bytes(content)
        return path

    def test_read(self, tmp_path):
        path = self.write(tmp_path, "\ufeff金额: 5\n".encode())
        [document] = read_file(path)
        assert document.data == {"金额": "5"}
        assert document.file == path.as_posix()
        assert document.span(("金额",)).column == 5
        assert read_file(str(path), file="rules.yaml")[0].file == "rules.yaml"

    def test_everything_wrong_is_raised_at_once(self, tmp_path):
        path = self.write(tmp_path, b"a: 1\na: 2\n---\nb: !t\n")
        with pytest.raises(PolicyError) as caught:
            read_file(path, file="a.yaml")
        assert [diagnostic.code for diagnostic in caught.value.diagnostics] == ["E102", "E103"]
        assert "2 | a: 2" in str(caught.value)

    def test_or_collected(self, tmp_path):
        found = Diagnostics()
        assert [d.data for d in read_file(self.write(tmp_path, b"a: 1\na: 2\n"), found)] == [{"a": "1"}]
        assert [diagnostic.code for diagnostic in found] == ["E102"]

    def collected(self, path: Path) -> tuple[str, Span | None, str | None]:
        found = Diagnostics()
        assert read_file(path, found, file="a.yaml") == []
        [diagnostic] = found
        found.render()
        return diagnostic.code, diagnostic.span, diagnostic.help

    @pytest.mark.parametrize(
        ("content", "line", "column", "help_"),
        [
            (b"a: 1\nb: \xff\n", 2, 4, "save the file as UTF-8"),
            (
                "a: 1\n订单: 金额\n".encode("gb18030"),
                2,
                1,
                "it may be GBK or GB18030: save the file as UTF-8",
            ),
            ("a: 1\n".encode("utf-16"), 1, 1, "it looks like UTF-16: save the file as UTF-8"),
            ("订单: 金".encode()[:-1], 1, 5, "it may be GBK or GB18030: save the file as UTF-8"),
            ("\ufeff订: ".encode() + b"\x80", 1, 4, "save the file as UTF-8"),
        ],
        ids=["latin", "gbk", "utf-16", "cut", "bom"],
    )
    def test_not_utf8(self, tmp_path, content, line, column, help_):
        path = self.write(tmp_path, content)
        assert self.collected(path) == ("E109", Span("a.yaml", line, column, line, column + 1), help_)

    def test_too_large(self, tmp_path):
        comment = b"\xef\xbb\xbf#" + b"x" * (MAX_BYTES - 1)
        assert read_file(self.write(tmp_path, comment)) == []
        assert self.collected(self.write(tmp_path, comment + "订".encode()[:1]))[0] == "E106"

    def test_cannot_be_read(self, tmp_path):
        assert self.collected(tmp_path / "absent.yaml")[0] == "E100"
        assert self.collected(tmp_path)[0] == "E100"


def test_without_libyaml_the_pure_parser_is_used():
    spec = importlib.util.find_spec("salesctrl.policy.reader")
    assert spec is not None
    assert spec.loader is not None
    with mock.patch.dict(sys.modules, {"yaml._yaml": None}):
        module = importlib.util.module_from_spec(spec)
        with mock.patch.dict(sys.modules, {spec.name: module}):
            spec.loader.exec_module(module)
    assert module._new_parser is module._PureParser
    [document] = module.read_text("a: [1, true]\n", "a.yaml", Diagnostics())
    assert document.data == {"a": ["1", True]}


TEXTS = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cf", "Zl", "Zp", "Cn"), include_characters="\n\t\r"),
    max_size=20,
)
SCALARS = TEXTS | st.sampled_from(
    ["true", "no", "null", "~", "", "1:30", "0.10", "<<", "=", "- a", "a: b", "#", "%"]
)
VALUES = st.recursive(
    SCALARS | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(SCALARS, inner, max_size=4),
    max_leaves=12,
)


class _PlainDumper(yaml.SafeDumper):
    def ignore_aliases(self, data):
        return True


@settings(max_examples=150, deadline=None)
@given(
    VALUES,
    st.sampled_from([None, False, True]),
    st.sampled_from([None, '"', "'", "|", ">"]),
    st.sampled_from(PARSERS),
)
def test_what_was_written_is_read(value, flow, style, parser):
    if style in {"|", ">"} and flow:
        style = None  # there are no block scalars inside brackets
    if style is None or isinstance(value, str):
        text = yaml.dump(
            value,
            Dumper=_PlainDumper,
            default_flow_style=flow,
            default_style=style,
            allow_unicode=True,
            width=20,
        )
        assert data(text, parser=parser) == value


PIECES = st.sampled_from(
    [
        "a",
        "b",
        "key",
        ": ",
        ":",
        "- ",
        "\n",
        "\n  ",
        "\n- ",
        "\n    ",
        "[",
        "]",
        "{",
        "}",
        ", ",
        '"',
        "'",
        "|",
        ">",
        "#",
        " # c\n",
        "&a ",
        "*a",
        "!t ",
        "!!str ",
        "? ",
        "---\n",
        "\n---\n",
        "...\n",
        "%YAML 1.1\n",
        "<<",
        "\t",
        "\\",
        "\\x41",
        "\\u202E",
        "\\UFFFFFFFF",
        "true",
        "null",
        "~",
        "0.10",
        "订单",
        "\u202e",
        "\x00",
        "\r",
        "\r\n",
        "👍",
        "@",
    ]
)
ANY_TEXT = st.lists(PIECES, max_size=25).map("".join) | st.text(max_size=40)


def spans_of(document: SourceDocument) -> list[Span]:
    """The spans of every value and key, and of the first character of every text."""
    spans = []
    paths: list[tuple[tuple, object]] = [((), document.data)]
    for path, value in paths:
        spans += [document.span(path), document.span(path, key=True), document.expression_span(path, 0, 1)]
        if isinstance(value, dict):
            assert all(isinstance(key, str) for key in value)
            paths += [((*path, key), item) for key, item in value.items()]
        elif isinstance(value, list):
            paths += [((*path, index), item) for index, item in enumerate(value)]
        else:
            assert value is None or isinstance(value, str | bool)
    return spans


def is_inside(span: Span, lines: list[str]) -> bool:
    start, end = (span.line, span.column), (span.end_line, span.end_column)
    return (
        (1, 1) <= start <= end
        and span.end_line <= len(lines)
        and span.column <= len(lines[span.line - 1]) + 1
        and span.end_column <= len(lines[span.end_line - 1]) + 1
    )


@settings(max_examples=400, deadline=None)
@given(ANY_TEXT, st.sampled_from(PARSERS))
def test_any_text_is_read_or_refused_with_a_place(text, parser):
    documents, found = read(text, parser=parser)
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for diagnostic in found:
        assert diagnostic.help
        assert diagnostic.code[:2] == "E1"
        assert diagnostic.span is not None
        assert is_inside(diagnostic.span, lines)
        for _, span in diagnostic.notes:
            assert span is None or is_inside(span, lines)
    for document in documents:
        for span in spans_of(document):
            assert is_inside(span, lines)
    found.render()


def agrees(ours: object, base: object) -> bool:
    """Whether our data is that of PyYAML's loader that knows texts only."""
    if ours is None:
        return base in {"", "~", "null"}
    if isinstance(ours, bool):
        return base == str(ours).lower()
    if isinstance(ours, dict):
        return (
            isinstance(base, dict)
            and list(ours) == list(base)
            and all(agrees(value, base[key]) for key, value in ours.items())
        )
    if isinstance(ours, list):
        return isinstance(base, list) and len(ours) == len(base) and all(map(agrees, ours, base))
    return ours == base


@settings(max_examples=200, deadline=None)
@given(ANY_TEXT)
def test_both_parsers_read_the_same(text):
    documents, found = read(text)
    pure, pure_found = read(text, parser=reader._PureParser)
    if not found.has_errors and not pure_found.has_errors:  # the pure one refuses more tabs
        assert [document.data for document in documents] == [document.data for document in pure]
        assert list(map(spans_of, documents)) == list(map(spans_of, pure))


@settings(max_examples=400, deadline=None)
@given(ANY_TEXT)
def test_what_is_not_refused_is_what_yaml_says(text):
    documents, found = read(text)
    if not found.has_errors:
        expected = list(yaml.load_all(text, Loader=yaml.CBaseLoader))
        assert agrees([document.data for document in documents], expected)
