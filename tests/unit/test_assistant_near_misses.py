from __future__ import annotations

from pathlib import Path

import pytest

from healthqa.errors import LexiconError
from healthqa.lexicon import Lexicon
from healthqa.near_misses import NearMisses

FOLDER = Path(__file__).resolve().parents[2] / "knowledge" / "lexicon"


@pytest.fixture(scope="module")
def near_misses() -> NearMisses:
    return NearMisses.load(FOLDER)


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon.load(FOLDER)


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("how much magnesium should I take?", "dose"),
        ("is 1000 mcg of b12 enough", "dose"),
        ("what dose of B12 for twitching", "dose"),
        ("how often do I need the shots?", "dose"),
        ("can you take too much b12", "dose"),
        ("how much do B12 shots cost?", "price"),
        ("which brand of b12 is best", "price"),
        ("where can I buy b12", "price"),
        ("how much is a b12 test?", "price"),
        ("how much are b12 shots", "price"),
        ("can I take b12 with metformin?", "drug_interaction"),
        ("does b12 interact with my meds", "drug_interaction"),
        ("can a lack of vitamin D cause twitching?", "other_vitamin"),
        ("does folic acid help", "other_vitamin"),
        ("which foods are high in magnesium", "other_vitamin"),
        ("is my level of 180 low", "lab_reading"),
        ("my b12 came back at 230 pg/ml", "lab_reading"),
        ("what is a normal b12 level", "lab_reading"),
        ("do I have a B12 deficiency?", "personal_diagnosis"),
        ("is my twitching ALS?", "personal_diagnosis"),
        ("what's wrong with me", "personal_diagnosis"),
        ("do I need to see a doctor today about my twitching", "triage"),
        ("should i go to hospital now because of my cramps", "triage"),
        ("do I need to see a doctor about my twitching", "triage"),
        ("should i see a doctor for my eye twitch?", "triage"),
        ("should my mum be seen by a gp for her tingling feet", "triage"),
        ("is it safe to ignore twitching", "triage"),
        ("can my twitching wait", "triage"),
        ("how long can I wait with this", "triage"),
        ("how soon should I see a neurologist", "triage"),
        ("is it ok to wait a month with numb toes", "triage"),
        ("can I stop my B12 tablets", "stop_treatment"),
        ("should I come off the injections", "stop_treatment"),
        ("is it ok to skip a b12 shot", "stop_treatment"),
        ("can i stop taking them", "stop_treatment"),
        ("should she stop taking water tablets", "stop_treatment"),
        ("can it come back when i stop the tablets?", "stop_treatment"),
        ("where can i get a test done", "procedure"),
        ("is there a lab near me", "procedure"),
        ("how likely is it that i have it", "number"),
        ("how many cups of coffee are ok", "dose"),
        ("how many slices of cheese a day", "dose"),
        ("what happens with too much b12", "dose"),
        ("my b12 is 2000", "lab_reading"),
        ("can low b12 cause alzheimer's", "other_topic"),
        ("does a lack of b12 give you headaches", "other_topic"),
        ("is gall bladder surgery linked with low b12", "other_topic"),
        ("should I get the flu jab", "other_topic"),
        ("can a trapped nerve be operated on", "operation"),
        ("what is b12 chemically", "chemistry"),
        ("which has more b12, tuna or beef", "amount"),
        ("is there more b12 in milk than in cheese", "amount"),
        ("is salmon richer in b12 than trout", "amount"),
        ("my doctor says anxiety, I say low b12, who is right", "personal_diagnosis"),
        ("is that disease rare", "number"),
        ("how big is a nerve", "number"),
        ("how long do eye twitches last", "number"),
        ("is b12 safe while pregnant", "pregnancy_child"),
        ("does my 4 year old need b12", "pregnancy_child"),
        ("why is my dog twitching", "animal"),
        ("what percentage of people have low b12", "number"),
    ],
)
def test_near_miss_is_recognised_by_type(near_misses: NearMisses, lexicon: Lexicon, question: str, kind: str) -> None:
    found = near_misses.find(lexicon.correct(question))
    assert found is not None
    assert found.type == kind


@pytest.mark.parametrize(
    "question",
    [
        "does low magnesium cause twitching?",
        "can low potassium cause cramps?",
        "are high-dose oral supplements effective?",
        "how long does it take to recover?",
        "how is a B12 deficiency diagnosed?",
        "how do I know if my twitching is caused by stress or B12?",
        "can I get b12 from fish and eggs?",
        "my B12 test is borderline, what tests come next?",
        "I am 45 years old and my calf twitches, is that a symptom of low B12?",
        "what does vitamin B12 do?",
        "why do older adults get low b12?",
        "are water pills linked with cramps?",
        "should I see a doctor for cramps that do not go away?",
        "when should I see a doctor?",
        "what should be in my weekly shop for plenty of b12?",
        "is twitching after starting B12 the same as having too much B12?",
        "is twitching usually harmless or should I worry?",
        "can weight loss surgery lead to low b12?",
        "can stomach surgery lead to low b12?",
        "how fast do people recover?",
        "does twitching stop if i stop drinking coffee?",
        "where do b12 twitches happen?",
        "where do i get b12 from as a vegan?",
        "how long do cramps take to get better with treatment?",
    ],
)
def test_answerable_question_is_no_near_miss(near_misses: NearMisses, lexicon: Lexicon, question: str) -> None:
    assert near_misses.find(lexicon.correct(question)) is None


def test_covered_subject_is_no_near_miss(near_misses: NearMisses) -> None:
    question = "can metformin lower b12?"
    assert near_misses.find(question) is not None
    assert near_misses.find(question, covered=lambda words: "metformin" in words) is None


def test_dose_stays_a_near_miss_even_where_its_words_are_covered(near_misses: NearMisses) -> None:
    assert near_misses.find("what dose of b12 should I take", covered=lambda words: True) is not None


def test_intents_that_are_often_wrong_can_be_overruled(near_misses: NearMisses) -> None:
    dose, topic = near_misses.by_intent("request_dose"), near_misses.by_intent("other_health_topic")
    assert dose is not None
    assert dose.strong
    assert topic is not None
    assert not topic.strong
    assert near_misses.by_intent("ask_diagnosis") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rules: [{type: a}]", "rule 1"),
        ("rules: [{type: a, response: b, patterns: ['(']}]", "regular expression"),
        ("[]", "rules"),
        ("rules: {", "not YAML"),
        ("intents: {request_a: {type: a}}", "request_a"),
    ],
)
def test_near_miss_file_that_cannot_be_used_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "near_misses.yml").write_text(text, encoding="utf-8")
    with pytest.raises(LexiconError, match=message):
        NearMisses.load(tmp_path)


def test_missing_near_miss_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(LexiconError, match="cannot be read"):
        NearMisses.load(tmp_path)


@pytest.mark.parametrize(
    "question",
    [
        "does stress lower b12",
        "can coffee make my b12 drop?",
        "is it true that dehydration lowers your b12",
        "do cramps damage the nerves",
        "does a lack of b12 cause low potassium?",
    ],
)
def test_relation_turned_round_is_refused(near_misses: NearMisses, question: str) -> None:
    found = near_misses.find(question, covered=lambda words: True)
    assert found is not None
    assert found.type == "relation"


@pytest.mark.parametrize(
    "question",
    [
        "can low b12 cause twitching",
        "can a vegan diet lead to b12 deficiency",
        "does old age lower b12",
        "does stomach surgery lead to b12 deficiency",
        "can low b12 cause cramps or is it low potassium",
        "does stress cause twitching",
    ],
)
def test_relation_that_the_articles_state_is_no_near_miss(near_misses: NearMisses, question: str) -> None:
    assert near_misses.find(question, covered=lambda words: True) is None


def test_bare_worry_after_a_question_is_no_diagnosis_but_that_of_a_person_is(near_misses: NearMisses) -> None:
    assert near_misses.find("ok, is it dangerous?") is None
    for question in ("is it dangerous that my eyelid twitches", "can you tell me if i have pernicious anemia"):
        found = near_misses.find(question)
        assert found is not None
        assert found.type == "personal_diagnosis"


@pytest.mark.parametrize(
    "question", ["is it dangerous to leave low b12 untreated", "will i have to take supplements for life"]
)
def test_what_holds_for_everybody_is_no_diagnosis(near_misses: NearMisses, question: str) -> None:
    assert near_misses.find(question) is None


@pytest.mark.parametrize("question", ["is it dangerous to leave my low b12", "will i have nerve damage"])
def test_what_is_asked_of_one_person_is_a_diagnosis(near_misses: NearMisses, question: str) -> None:
    found = near_misses.find(question)
    assert found is not None
    assert found.type == "personal_diagnosis"


def test_seeing_a_doctor_is_answered_after_a_question_on_cramps_only(near_misses: NearMisses) -> None:
    question = "should I go to the doctor?"
    for about in ("", "why does my eyelid twitch"):
        found = near_misses.find(question, about=about)
        assert found is not None
        assert found.type == "triage"
    assert near_misses.find(question, about="can low b12 cause cramps") is None
