"""
Stock medspaCy in the benchmark: ``medspacy.load()`` (tokenizer, PyRuSH sentences, TargetMatcher, ConText with its own
rules) with the literal terms of chartsift's lexicon as target rules. PyRuSH's log is silenced, which helps it.
"""

from __future__ import annotations

import argparse
import warnings
from importlib import metadata

from contender import Read, main, read_with, vocabulary_of
from loguru import logger


def build(options: argparse.Namespace) -> Read:
    """Return what reads notes one by one."""
    logger.disable("PyRuSH")
    logger.disable("medspacy")
    warnings.simplefilter("ignore")
    import medspacy
    from medspacy.target_matcher import TargetRule

    nlp = medspacy.load()
    vocabulary = vocabulary_of(options)
    nlp.get_pipe("medspacy_target_matcher").add(
        [TargetRule(term, concept) for concept, terms in vocabulary["concepts"].items() for term in terms]
    )

    return read_with(nlp, ("is_negated", "is_family", "is_historical"))


if __name__ == "__main__":
    main(build, lambda: {name: metadata.version(name) for name in ("medspacy", "spacy")})
