"""The words of the vocabulary stand for the codes of evidence, wherever people read of them."""

import re
from typing import ClassVar

import pytest
from tests.evidence.cases import COMPANY, approval, on

import salesctrl
from salesctrl.compile.needs import ActionNeed, ApprovalNeed, DocumentNeed
from salesctrl.evidence.given import Action, Document, Evidence
from salesctrl.evidence.judgement import judge
from salesctrl.loading import read
from salesctrl.policy.documents import LocalText

AS_OF = on("2026-02-20")
CONTRACT = LocalText(en="signed contract", zh="已签合同")
CALL = LocalText(en="call about the credit", zh="信用回访")
WRITTEN = LocalText(en="written", zh="书面")

KINDS = """
vocabulary: sales
currency: CNY
kinds:
  order:
    fields:
      amount: {type: money, min: 0}
"""
TERMS = """
terms:
  signed_contract: {en: signed contract, zh: 已签合同}
  bank_letter: {en: letter of the bank, zh: 银行函}
  credit_call: {en: call about the credit, zh: 信用回访}
  written: {en: written, zh: 书面}
"""
RULES = """
---
organisation: company
roles:
  cfo: {title: {en: CFO, zh: 财务总监}}
---
policy: release
control_point: order.release
rules:
  - id: CR-1
    review:
      - document: signed_contract
      - document: {kind: bank_letter, count: 2}
      - action: {name: credit_call, owner: cfo}
      - approval: {any_of: cfo, form: written}
"""
CODES = re.compile("signed_contract|bank_letter|credit_call|written`")


@pytest.fixture
def explained(tmp_path):
    """What is explained of an order, by the terms of the vocabulary and the language."""

    def explain(terms, lang, **evidence):
        file = tmp_path / "set.yaml"
        file.write_text(KINDS + terms + RULES, encoding="utf-8")
        facts = {"order": {"amount": "100.00"}, "evidence": evidence}
        return salesctrl.load(file).evaluate("order.release", facts, as_of="2026-03-01").explain(lang)

    return explain


class TestWhatIsMissing:
    @pytest.mark.parametrize(
        ("need", "english", "chinese"),
        [
            (DocumentNeed("R", "R", "contract", called=CONTRACT), "signed contract", "缺少已签合同"),
            (
                DocumentNeed("R", "R", "contract", count=2, called=CONTRACT),
                "2 more of signed contract",
                "还缺少2份已签合同",
            ),
            (ActionNeed("R", "R", "call", called=CALL), "call about the credit", "待完成信用回访"),
            (
                ActionNeed("R", "R", "call", has_due=True, called=CALL),
                "the due date of call about the credit is not known",
                "信用回访的期限未知",
            ),
        ],
    )
    def test_is_said_in_words(self, need, english, chinese):
        [gap] = judge(need, None, COMPANY, AS_OF, None).missing
        assert gap.text("en") == english
        assert gap.text("zh") == chinese

    def test_form(self):
        need = ApprovalNeed("R", "R", "order.release", ("gm",), "any", form="written", form_called=WRITTEN)
        [gap] = judge(need, None, COMPANY, AS_OF, None).missing
        assert "in the form written;" in gap.text("en")
        assert "形式为书面；" in gap.text("zh")

    def test_one_language_stands_for_the_other(self):
        need = DocumentNeed("R", "R", "contract", called=LocalText(zh="已签合同"))
        [gap] = judge(need, None, COMPANY, AS_OF, None).missing
        assert gap.text("en") == "已签合同"

    def test_data_keep_the_code_beside_the_words(self):
        need = DocumentNeed("R", "R", "contract", called=CONTRACT)
        [gap] = judge(need, None, COMPANY, AS_OF, None).missing
        params = gap.details[0].to_dict()["params"]
        assert params == {
            "kind": "contract",
            "kind.en": "signed contract",
            "kind.zh": "已签合同",
            "count": "1",
        }


class TestWhatIsGiven:
    def test_document(self):
        need = DocumentNeed("R", "R", "contract", called=CONTRACT)
        evidence = Evidence(documents=(Document("contract", AS_OF),))
        [verdict] = judge(need, evidence, COMPANY, AS_OF, None).items
        assert verdict.text("en") == "signed contract of 2026-02-20, 1, valid"
        assert verdict.text("zh") == "2026-02-20的已签合同，1份，有效"

    @pytest.mark.parametrize("person", [None, "wang"])
    def test_action(self, person):
        need = ActionNeed("R", "R", "call", called=CALL)
        evidence = Evidence(actions=(Action("call", AS_OF, person),))
        [verdict] = judge(need, evidence, COMPANY, AS_OF, None).items
        assert verdict.text("en").startswith("call about the credit done ")
        assert "完成信用回访，有效" in verdict.text("zh")

    @pytest.mark.parametrize(
        ("form", "chinese"), [("oral", "要求形式为书面，实为`oral`"), (None, "要求形式为书面，但未注明形式")]
    )
    def test_form_that_was_not_asked_for(self, form, chinese):
        need = ApprovalNeed("R", "R", "order.release", ("gm",), "any", form="written", form_called=WRITTEN)
        evidence = Evidence(approvals=(approval("zhao", "gm", form=form),))
        [verdict] = judge(need, evidence, COMPANY, AS_OF, None).items
        assert chinese in verdict.text("zh")


class TestExplanations:
    GIVEN: ClassVar = {
        "documents": [{"kind": "bank_letter", "date": "2026-02-27"}],
        "approvals": [{"person": "1", "role": "cfo", "date": "2026-02-27", "form": "oral"}],
    }

    @pytest.mark.parametrize("lang", ["en", "zh"])
    def test_say_the_words_and_no_codes(self, explained, lang):
        text = explained(TERMS, lang, **self.GIVEN)
        assert CODES.search(text) is None
        words = {
            "en": [
                "requires signed contract",
                "2 of letter of the bank",
                "requires call about",
                "form: written",
            ],
            "zh": ["要求已签合同", "要求2份银行函", "要求完成信用回访", "，形式为书面"],
        }
        for expected in words[lang]:
            assert expected in text

    def test_show_the_codes_where_there_are_no_words(self, explained):
        text = explained("", "zh", **self.GIVEN)
        for code in ("单据`signed_contract`", "2份单据`bank_letter`", "完成`credit_call`", "形式为`written`"):
            assert code in text


def test_terms_of_all_vocabularies_count_and_may_be_repeated(tmp_path):
    (tmp_path / "a.yaml").write_text(KINDS + TERMS + RULES, encoding="utf-8")
    more = """
vocabulary: purchasing
kinds: {supply: {fields: {paid: boolean}}}
terms:
  written: {en: written, zh: 书面}
  receipt: {en: receipt, zh: 收据}
"""
    (tmp_path / "b.yaml").write_text(more, encoding="utf-8")
    loading = read(tmp_path)
    assert loading.findings == ()
    needs = [
        r.need for policy in loading.checked.policies for rule in policy.rules for r in rule.requirements
    ]
    assert [getattr(need, "called", None) for need in needs[:3]] == [
        CONTRACT,
        LocalText(en="letter of the bank", zh="银行函"),
        CALL,
    ]
    assert needs[3].form_called == WRITTEN
