"""handbook: pages for the starter set, in both languages; what is said where they cannot be written."""


def test_the_pages_of_the_starter(starter, salesctrl):
    done = salesctrl("handbook", "policies", "--out", "book")
    assert (done.code, done.out, done.err) == (0, "2 pages in book\n", "")
    assert sorted(path.name for path in (starter / "book").iterdir()) == ["index.md", "policies.md"]
    page = (starter / "book" / "policies.md").read_text("utf-8")
    assert "- When: *Exposure* > *Credit limit*\n" in page
    assert "- When: *Order amount* ≥ *Large order* (150,000.00)\n" in page
    assert "| a large order waits for the sales manager |" in page


def test_in_chinese(starter, salesctrl):
    assert salesctrl("handbook", "policies", "--out", "book", "--lang", "zh").code == 0
    page = (starter / "book" / "policies.md").read_text("utf-8")
    assert "- 条件：信用敞口 > 信用额度\n" in page


def test_pages_that_are_no_more_are_named(starter, salesctrl):
    salesctrl("handbook", "policies", "--out", "book")
    index = starter / "book" / "index.md"
    (starter / "book" / "s9.md").write_bytes(index.read_bytes())
    done = salesctrl("handbook", "policies", "--out", "book")
    assert done.out == "2 pages in book\nremoved s9.md, which is no page any more\n"


def test_a_file_that_is_in_the_way(starter, salesctrl):
    (starter / "book").mkdir()
    (starter / "book" / "index.md").write_text("mine", encoding="utf-8")
    done = salesctrl("handbook", "policies", "--out", "book")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "error: book: `index.md` would be overwritten, which is no page of the handbook [F_FILE]\n"
        "  help: move it away, or name another folder\n"
    )


def test_without_a_folder(starter, salesctrl):
    done = salesctrl("handbook", "policies")
    assert done.code == 2
    assert "--out" in done.err


def test_policies_that_are_wrong(starter, salesctrl):
    (starter / "policies" / "more.yaml").write_text("policy: more\n", encoding="utf-8")
    done = salesctrl("handbook", "policies", "--out", "book")
    assert (done.code, done.out) == (2, "")
    assert not (starter / "book").exists()
