"""The predicates of trial files, by topic. Importing this package fills the table."""

from chartsift.nlp.criteria.predicates import activity as activity
from chartsift.nlp.criteria.predicates import age as age
from chartsift.nlp.criteria.predicates import antibody as antibody
from chartsift.nlp.criteria.predicates import contraindication as contraindication
from chartsift.nlp.criteria.predicates import diagnosis as diagnosis
from chartsift.nlp.criteria.predicates import heart_lung as heart_lung
from chartsift.nlp.criteria.predicates import infection as infection
from chartsift.nlp.criteria.predicates import judgement as judgement
from chartsift.nlp.criteria.predicates import measure as measure
from chartsift.nlp.criteria.predicates import organ as organ
from chartsift.nlp.criteria.predicates import refractory as refractory
from chartsift.nlp.criteria.predicates import statement as statement
from chartsift.nlp.criteria.predicates import therapy as therapy
from chartsift.nlp.criteria.predicates import treatment as treatment
from chartsift.nlp.criteria.predicates import weakness as weakness
from chartsift.nlp.criteria.predicates.table import PREDICATES as PREDICATES
from chartsift.nlp.criteria.predicates.table import Parameters as Parameters
from chartsift.nlp.criteria.predicates.table import Predicate as Predicate
