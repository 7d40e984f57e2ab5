"""
EDS-NLP in the benchmark: sentences, matcher with the literal terms of chartsift's lexicon (case ignored), negation,
hypothesis, family and history, with chartsift's English cues in place of its French ones.
"""

from __future__ import annotations

import argparse
import json
from importlib import metadata

from contender import Read, Row, main


def build(options: argparse.Namespace) -> Read:
    """Return what reads notes one by one."""
    import edsnlp
    import edsnlp.pipes as eds

    vocabulary = json.loads(options.vocabulary.read_text(encoding="utf-8"))
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

    def read(rows: list[Row]) -> dict[str, int]:
        found = []
        tokens = 0
        for row in rows:
            doc = nlp(row["text"])
            tokens += len(doc)
            found += [
                (
                    ent.start_char,
                    ent.end_char,
                    ent.label_,
                    ent._.negation,
                    ent._.hypothesis,
                    ent._.family,
                    ent._.history,
                )
                for ent in doc.ents
            ]
        return {"matches": len(found), "absent": sum(bool(row[3]) for row in found), "tokens": tokens}

    return read


if __name__ == "__main__":
    main(build, lambda: {name: metadata.version(name) for name in ("edsnlp", "spacy")})
