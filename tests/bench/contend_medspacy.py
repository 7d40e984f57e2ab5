"""
Stock medspaCy in the benchmark: ``medspacy.load()`` (tokenizer, PyRuSH sentences, TargetMatcher, ConText with its own
rules) with the literal terms of chartsift's lexicon as target rules. PyRuSH's log is silenced, which helps it.
"""

from __future__ import annotations

import argparse
import json
import warnings
from importlib import metadata

from contender import Read, Row, main
from loguru import logger


def build(options: argparse.Namespace) -> Read:
    """Return what reads notes one by one."""
    logger.disable("PyRuSH")
    logger.disable("medspacy")
    warnings.simplefilter("ignore")
    import medspacy
    from medspacy.target_matcher import TargetRule

    nlp = medspacy.load()
    vocabulary = json.loads(options.vocabulary.read_text(encoding="utf-8"))
    nlp.get_pipe("medspacy_target_matcher").add(
        [TargetRule(term, concept) for concept, terms in vocabulary["concepts"].items() for term in terms]
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
                    ent._.is_negated,
                    ent._.is_family,
                    ent._.is_historical,
                )
                for ent in doc.ents
            ]
        return {"matches": len(found), "absent": sum(row[3] for row in found), "tokens": tokens}

    return read


if __name__ == "__main__":
    main(build, lambda: {name: metadata.version(name) for name in ("medspacy", "spacy")})
