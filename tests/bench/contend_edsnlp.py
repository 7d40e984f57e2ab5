"""
EDS-NLP in the benchmark: sentences, matcher with the literal terms of chartsift's lexicon (case ignored), negation,
hypothesis, family and history, with chartsift's English cues in place of its French ones.
"""

from __future__ import annotations

import argparse
from importlib import metadata

from contender import Read, main, read_with, vocabulary_of


def build(options: argparse.Namespace) -> Read:
    """Return what reads notes one by one."""
    import edsnlp
    import edsnlp.pipes as eds

    vocabulary = vocabulary_of(options)
    cues = vocabulary["cues"]
    nlp = edsnlp.blank("eds")
    nlp.add_pipe(eds.sentences())
    nlp.add_pipe(eds.matcher(terms=vocabulary["concepts"], attr="LOWER"))
    ends = vocabulary["terminate"]
    nlp.add_pipe(
        eds.negation(
            pseudo=vocabulary["pseudo"], preceding=cues["NEGATED"]["before"], following=cues["NEGATED"]["after"],
            verbs=[], termination=ends, attr="LOWER",
        )
    )  # fmt: skip
    nlp.add_pipe(
        eds.hypothesis(
            pseudo=vocabulary["pseudo"], preceding=cues["HYPOTHETICAL"]["before"],
            following=cues["HYPOTHETICAL"]["after"], verbs_hyp=[], verbs_eds=[], termination=ends, attr="LOWER",
        )
    )  # fmt: skip
    nlp.add_pipe(
        eds.family(
            family=[*cues["FAMILY"]["before"], *cues["FAMILY"]["after"]], termination=ends, attr="LOWER"
        )
    )
    nlp.add_pipe(
        eds.history(
            history=[*cues["HISTORICAL"]["before"], *cues["HISTORICAL"]["after"]],
            termination=ends,
            attr="LOWER",
        )
    )

    return read_with(nlp, ("negation", "hypothesis", "family", "history"))


if __name__ == "__main__":
    main(build, lambda: {name: metadata.version(name) for name in ("edsnlp", "spacy")})
