"""Criteria as data, three-valued logic, predicates over findings, and the evaluation of a chart."""

from chartsift.nlp.criteria.evaluate import evaluate as evaluate
from chartsift.nlp.criteria.load import Trial as Trial
from chartsift.nlp.criteria.load import available_trials as available_trials
from chartsift.nlp.criteria.load import load_trial as load_trial
from chartsift.nlp.criteria.load import trial_faults as trial_faults
