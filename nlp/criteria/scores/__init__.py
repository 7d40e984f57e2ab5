"""Classification scores: weights and cut-points as data, a pure calculator, and the states of items read in a chart."""

from chartsift.nlp.criteria.scores.load import available_scores as available_scores
from chartsift.nlp.criteria.scores.load import load_score as load_score
from chartsift.nlp.criteria.scores.score import score_chart as score_chart
from chartsift.nlp.criteria.scores.support import support as support
