"""Keys: which passages state a fact, and whether the fact's patterns agree with that.

`sets/passages.yml` was made by reading every passage of the default content against every fact. A reply is judged by
patterns, so a pattern that matches a passage without the fact would call a wrong reply right.
`python -m evaluation.keys` compares the two.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from evaluation.questions import SETS, load_facts, read_yaml
from healthqa.articles import read_articles
from healthqa.errors import ContentError
from healthqa.passages import split_articles
from healthqa.settings import Settings
from healthqa.types import Passage

__all__ = ["PASSAGES_FILE", "default_passages", "find_problems", "load_right_passages", "main", "states"]

PASSAGES_FILE = "passages.yml"


def load_right_passages(folder: Path = SETS) -> Mapping[str, tuple[str, ...]]:
    """Return fact -> ids of all passages of the default content that state it.

    :raises ContentError: for a file that is not a mapping of facts to lists.
    """
    path = folder / PASSAGES_FILE
    content = read_yaml(path)
    if not isinstance(content, dict) or not all(isinstance(ids, list) and ids for ids in content.values()):
        raise ContentError(path, "It is no list of facts with passages.", "Write `<fact>:` and below it `- <id>`.")
    return {fact: tuple(ids) for fact, ids in content.items()}


def states(text: str, need: Sequence[str]) -> bool:
    """Tell whether the text matches all patterns of a fact."""
    return all(re.search(pattern, text, re.IGNORECASE) for pattern in need)


def default_passages(settings: Settings) -> tuple[Passage, ...]:
    """Split the default articles as the index does; needs neither index nor encoder."""
    return split_articles(read_articles(settings.articles_dir), settings)


def find_problems(
    facts: Mapping[str, tuple[str, ...]], right: Mapping[str, tuple[str, ...]], passages: Sequence[Passage]
) -> list[str]:
    """Return one sentence for each disagreement of patterns and reading; none when the keys hold."""
    known = {passage.id for passage in passages}
    problems = [f"{fact}: no passage is listed in {PASSAGES_FILE}." for fact in facts if fact not in right]
    problems += [f"{fact}: listed in {PASSAGES_FILE}, but no question asks for it." for fact in right.keys() - facts]
    problems += [
        f"{fact}: no passage is called {identifier!r}."
        for fact, ids in right.items()
        for identifier in set(ids) - known
    ]
    for fact, need in facts.items():
        for passage in passages:
            matches, listed = states(passage.text, need), passage.id in right.get(fact, ())
            if listed and not matches:
                missing = next(p for p in need if not re.search(p, passage.text, re.IGNORECASE))
                problems.append(f"{fact}: {passage.id} states it, but the pattern {missing!r} does not match.")
            if matches and not listed:
                problems.append(f"{fact}: the patterns match {passage.id}, which is not listed as stating it.")
    return problems


def main() -> int:
    """Print the problems of the keys; 1 when there is one."""
    facts, passages = load_facts(), default_passages(Settings.from_env())
    problems = find_problems(facts, load_right_passages(), passages)
    for problem in problems:
        print(problem)
    print(f"{len(facts)} facts against {len(passages)} passages: {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
