"""
Intent or receipt: the words around a treatment that is given once, asked one rule after the other.

Each rule looks at the words and decides or passes; the first that decides holds. Their order is the reading: what is
called off is not given, whatever stands before it; a clinic is no graft; a word of receipt counts when it stands
nearer than a word of intent; a bare "after" counts only where nothing looks ahead.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from chartsift.nlp.components.receipt_cues import (
    AFTER_DONE,
    AFTER_INTENT,
    AHEAD,
    ARRANGED,
    ASKED,
    BEFORE,
    CALLED_OFF,
    CONDITION,
    CONTESTED,
    COUNTED,
    DONE_TO,
    FOR_A_DISEASE,
    FOR_ANOTHER,
    HERS,
    INFUSED_ON,
    INTENT_NOUN,
    ITS_THINGS,
    LIST_OF_PAST,
    MINUS_DAY,
    NEW_ITEM,
    NO_PAPERS,
    OF_A_YEAR,
    ON_A_DAY,
    OPENS,
    PAST_BESIDE,
    PAST_PLACE,
    PER_PROTOCOL,
    PROSPECT,
    PUT_OFF,
    REFUSED,
    SERVICE,
    STEP,
    THE,
    THEN_RECEIVED,
    THINKS,
    TO_COME,
    TREATED_ON,
    TRIAL_NOUN,
    UNSURE,
    UNSURE_AFTER,
    VERB,
    WEAK_RECEIPT,
    WITH_ITS_DAY,
    last_intent,
    last_receipt,
)
from chartsift.nlp.components.receipt_reach import first_governing, is_said_of_the_mention
from chartsift.nlp.components.receipt_talk import (
    ANOTHER,
    ASKED_OF,
    AT_LARGE,
    BECAUSE_OF,
    CAME_UP,
    COMPARED_WITH,
    EXCLUDES,
    GRANTED,
    IN_THE_LITERATURE,
    IN_VIEW_OF,
    NOT_THERE,
    PRESUPPOSED,
    RULE_BEFORE,
    SOME_PATIENT,
    STEP_FOR,
    TALKED_OF,
    WEIGHED,
)
from chartsift.nlp.months import MONTHS
from chartsift.nlp.text.cues import Letters
from chartsift.nlp.text.dates import find_dates
from chartsift.nlp.types import Assertion

# Distances in code points, by the width of a note's line, about 80. A word governs a mention from a line and a half
# away; a date, or a plan behind it, is its own within half a line (45, also in the patterns below), for behind that
# mostly another statement begins.
REACH = 130
_NEAR = 60
_HALF_LINE = 45
# A word of receipt that close before a mention, two or three words, governs it whatever else the clause says.
_BESIDE = 25
# "S/p" that close stands right before the mention: "s/p CAR T clinic" is no clinic.
_ADJOINING = 12
# A date holds a digit or one of these; most words behind a mention do not.
_DIGIT = re.compile(r"\d")
_DATE_LETTERS = Letters(
    (
        *MONTHS,
        "today",
        "tonight",
        "now",
        "yesterday",
        "this",
        "last",
        "past",
        "earlier",
        "ago",
        "prior",
        "back",
        "before",
    )
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """
    How a note holds a treatment that is given once.

    Attributes:
        assertion: The reading; None where no word decides.
        cues: The words that decided.
        service: The mention names a clinic, a team or a programme rather than the treatment.
        strength: "strong" for a documented receipt (a verb, a date, a day count), "plain" otherwise.
        unblinded: The assignment of a blinded trial was disclosed.
        corrects: The words say that an earlier entry was an error.
    """

    assertion: Assertion | None
    cues: tuple[str, ...] = ()
    service: bool = False
    strength: str = "plain"
    unblinded: bool = False
    corrects: bool = False


@dataclass(frozen=True)
class _Around:
    """The words of the mention's clause before and after it."""

    left: str
    right: str
    note_date: date

    @cached_property
    def near(self) -> str:
        return self.left[-REACH:]

    @cached_property
    def strong(self) -> tuple[str, int] | None:
        """The receipt word nearest before the mention, and where it ends in ``near``."""
        return last_receipt(self.near)

    @cached_property
    def intent(self) -> tuple[str, int] | None:
        """The word of intent nearest before the mention, and where it ends in ``near``."""
        return last_intent(self.near)

    @cached_property
    def dated(self) -> bool | None:
        return past_date_after(self.right, self.note_date)

    def gap(self, cue: tuple[str, int]) -> int:
        """Return how many code points stand between *cue* and the mention."""
        return len(self.near) - cue[1]


def intent_or_receipt(left: str, right: str, note_date: date) -> Receipt:
    """Return how the clause holds a mention that stands between *left* and *right*."""
    around = _Around(left, right, note_date)
    for rule in _RULES:
        decided = rule(around)
        if decided is not None:
            return decided
    return Receipt(None)


def names_service_or_plan(right: str) -> bool:
    """Say whether *right*, the words after a mention, make it a clinic's name or a visit for it."""
    return bool(INTENT_NOUN.match(right) or SERVICE.match(right))


def names_prospect(left: str) -> bool:
    """Say whether *left*, the words before a mention, make it a role that is still to come ("screened as a")."""
    return bool(PROSPECT.search(left[-REACH:]))


def is_received(left: str, right: str, note_date: date) -> bool:
    """Say whether a word of receipt stands right before the mention, or a past date right after it."""
    around = _Around(left, right, note_date)
    return (around.strong is not None and around.gap(around.strong) < _BESIDE) or bool(
        re.match(r"[\s,(]*(?:in |on )?(?:\w{3,9} )?(?:19|20)\d\d\b", right) and around.dated
    )


def past_date_after(right: str, note_date: date) -> bool | None:
    """Return True when a past date stands beside the mention, False for a future one, None without a date."""
    window = right[:_HALF_LINE]
    if not (_DATE_LETTERS.any(window.lower()) or _DIGIT.search(window)):
        return None
    for mention in find_dates(window, note_date):
        before = window[: mention.start]
        if names_service_or_plan(before) or AFTER_INTENT.match(before) or re.search(r"[.:]\s", before):
            return None
        return mention.first <= note_date
    return None


def _said(assertion: Assertion, cue: str, *, strong: bool = False) -> Receipt:
    return Receipt(assertion, (cue.strip(" -,"),), strength="strong" if strong else "plain")


def _uncertain(around: _Around) -> Receipt | None:
    asked = ASKED.search(around.near) or CONTESTED.search(around.near)
    if asked is None and NO_PAPERS.match(around.right):
        asked = THINKS.search(around.near)
    if asked is not None:
        return _said("possible", asked.group())
    unsure = UNSURE.search(around.near) or UNSURE_AFTER.match(around.right)
    if unsure is None or (around.strong is not None and around.gap(around.strong) < _BESIDE):
        return None
    # "Possible CAR-T next year" weighs a plan; only a past can be uncertain.
    weighed = unsure.re is UNSURE and re.match(r"possibl|\?", unsure.group().strip(), re.IGNORECASE)
    is_past = around.dated is True or PAST_PLACE.match(around.right) is not None
    return _said("hypothetical" if weighed and not is_past else "possible", unsure.group())


def _step_towards(around: _Around) -> Receipt | None:
    """Read "leukapheresis for CAR T done 5/14", which says that a step before it was done."""
    step = STEP_FOR.search(around.near[-_NEAR:])
    return _said("hypothetical", step.group()) if step is not None else None


def _blamed(around: _Around) -> Receipt | None:
    """Read "because of the liver transplant", whatever follows from it."""
    blamed = BECAUSE_OF.search(around.near[-_NEAR:])
    if blamed is None or TRIAL_NOUN.match(around.right):
        return None
    return _said("present", blamed.group())


def _service(around: _Around) -> Receipt | None:
    service = SERVICE.match(around.right)
    if service is None:
        return None
    strong = around.strong
    if strong is not None and around.gap(strong) < _ADJOINING and strong[0] in ("s/p", "status post"):
        return None
    return Receipt(None, (service.group().strip(),), service=True)


def _prospect(around: _Around) -> Receipt | None:
    if not re.match(r"[\s-]*(?:recipient|patient)\b", around.right, re.IGNORECASE) or not names_prospect(
        around.left
    ):
        return None
    return _said("hypothetical", "recipient to be")


def _on_trial(around: _Around) -> Receipt | None:
    treated = (
        TREATED_ON.search(around.near) or THEN_RECEIVED.match(around.right) or COUNTED.match(around.right)
    )
    if treated is None or TO_COME.search(around.near + treated.group()):
        return None
    return _said("present", treated.group(), strong=True)


def _called_off(around: _Around) -> Receipt | None:
    off = CALLED_OFF.match(around.right)
    if off is None or (around.strong is not None and around.gap(around.strong) < 4):
        return None
    return _said("hypothetical", off.group())


def _plan_or_trial(around: _Around) -> Receipt | None:
    noun = INTENT_NOUN.match(around.right) or (
        TRIAL_NOUN.match(around.right) if around.strong is None else None
    )
    return _said("hypothetical", noun.group()) if noun else None


def _date_to_come(around: _Around) -> Receipt | None:
    strong = around.strong
    if strong is not None and around.gap(strong) < _ADJOINING and PAST_BESIDE.fullmatch(strong[0]):
        return None  # "s/p CD19 CART 3/24": the year, whatever day the figures could be
    is_to_come = around.dated is False or MINUS_DAY.match(around.right)
    return _said("hypothetical", "a date to come") if is_to_come else None


def _compared(around: _Around) -> Receipt | None:
    """Read "this is the same as a bone marrow transplant", which compares one treatment with another."""
    if around.dated or HERS.search(around.near):
        return None
    compared = COMPARED_WITH.search(around.near)
    return _said("hypothetical", compared.group()) if compared is not None else None


def _in_the_literature(around: _Around) -> Receipt | None:
    """Read "reviews describe autologous HSCT", which tells of nobody."""
    if around.dated or HERS.search(around.near):
        return None
    written = IN_THE_LITERATURE.search(around.near)
    return _said("hypothetical", written.group()) if written is not None else None


def _presupposed(around: _Around) -> Receipt | None:
    """Read "rejection of the lung graft", "belatacept for the kidney transplant", whatever else is considered."""
    said = PRESUPPOSED.search(around.near[-_NEAR:])
    if said is None or NOT_THERE.search(around.near) or around.dated is False:
        return None
    return _said("present", said.group())


def _talked_of(around: _Around) -> Receipt | None:
    """Read "was brought up in 2017", which gives the talk a date and not the treatment."""
    if RULE_BEFORE.search(around.left[-40:]) and EXCLUDES.match(around.right):
        return _said("hypothetical", "a rule of a trial")
    talk = TALKED_OF.match(around.right) or CAME_UP.match(around.right)
    if talk is None and HERS.search(around.near) is None:
        talk = AT_LARGE.match(around.right)
    if talk is None or (around.strong is not None and around.gap(around.strong) < _BESIDE):
        return None
    return _said("hypothetical", talk.group())


def _another(around: _Around) -> Receipt | None:
    """Read "a second one must be discussed"; with a past date or a word of doing it was done."""
    if (
        not (ANOTHER.search(around.near) or IN_VIEW_OF.search(around.near))
        or around.dated
        or AFTER_DONE.match(around.right)
    ):
        return None
    if around.strong is not None and around.gap(around.strong) < _BESIDE:
        return None
    if IN_VIEW_OF.search(around.near):
        return _said("hypothetical", "in view of")
    weighed = WEIGHED.search(around.near) or WEIGHED.search(around.right[:REACH])
    return _said("hypothetical", weighed.group()) if weighed else None


def _infused_on(around: _Around) -> Receipt | None:
    infused = list(INFUSED_ON.finditer(around.near))
    if not infused:
        return None
    for mention in find_dates(around.near[infused[-1].start() :], around.note_date):
        if mention.first > around.note_date:
            return _said("hypothetical", infused[-1].group())
        if not PUT_OFF.search(around.near):
            return _said("present", infused[-1].group(), strong=True)
    return None


def _word_of_receipt(around: _Around) -> Receipt | None:
    strong = around.strong
    if strong is None or (around.intent is not None and around.intent[1] >= strong[1]):
        return None
    return _said("present", strong[0], strong=True)


def _done_after(around: _Around) -> Receipt | None:
    done = AFTER_DONE.match(around.right)
    if done is not None and FOR_A_DISEASE.match(done.group()) and not around.dated:
        refused = first_governing(REFUSED, around.right)
        if refused is not None:
            return _said("hypothetical", refused.group())
    if done is None or (around.intent is not None and CONDITION.search(around.intent[0])):
        return None
    return _said("present", done.group(), strong=True)


def _its_things(around: _Around) -> Receipt | None:
    """Read the records, the biopsy or the function of a graft, which take it for granted."""
    thing = ITS_THINGS.match(around.right)
    if thing is not None and thing.group().endswith("patient") and SOME_PATIENT.search(around.near):
        return _said("hypothetical", "some patient")
    return _said("present", thing.group()) if thing is not None else None


def _taken_for_granted(around: _Around) -> Receipt | None:
    """Read "whether her kidney transplant is a problem", which asks about something else."""
    if ASKED_OF.search(around.near) is None or GRANTED.match(around.right) is None:
        return None
    return _said("present", "taken for granted")


def _owned(around: _Around) -> Receipt | None:
    """Read "we spoke about her transplant in 2011", which takes it for granted."""
    definite = OF_A_YEAR.match(around.right) is not None and THE.search(around.near) is not None
    if not around.dated or not (definite or HERS.search(around.near)):
        return None
    if around.intent is not None and ARRANGED.match(around.intent[0]):
        return None
    return _said("present", "a past date beside it", strong=True)


def _intent_near(around: _Around) -> Receipt | None:
    intent = around.intent
    if intent is None or around.gap(intent) >= _NEAR:
        return None
    between = around.near[intent[1] :]
    if (
        around.dated
        and WITH_ITS_DAY.match(around.right)
        and re.search(r",|->|→", between)
        and STEP.match(intent[0])
    ):
        return None  # "leukapheresis 02/2022, lymphodepletion 03/2022, CAR T 03/15/2022"
    if around.dated and not _reaches(intent[0], between):
        return None  # "scheduled for colonoscopy, history significant for liver transplantation 2012"
    if around.dated and BEFORE.fullmatch(intent[0]) and ON_A_DAY.match(around.right):
        return None  # "before the allo-HSCT in 2015"
    return _said("hypothetical", intent[0])


def _reaches(cue: str, between: str) -> bool:
    """Say whether a word of intent is still about the mention behind *between*: no new item begins, or only names of it."""
    # "If relapse -> allo HCT (10/10 donor)": what a condition opens goes on behind the arrow.
    return (
        OPENS.fullmatch(cue) is not None
        or NEW_ITEM.search(between) is None
        or is_said_of_the_mention(between)
    )


def _intent_after(around: _Around) -> Receipt | None:
    after = AFTER_INTENT.match(around.right)
    if after is None or around.dated:
        return None
    if HERS.search(around.near) and re.search(r"reviewed$", after.group(), re.IGNORECASE):
        return None  # "her kidney transplant was reviewed in clinic"
    if _is_of_another(around.right[: after.start("cue")], around.right[after.start("cue") :]):
        return None
    return _said("hypothetical", after.group()[-40:])


def _is_of_another(between: str, cue: str) -> bool:
    """Say whether a word of intent after a comma has a subject or an object of its own."""
    if "," not in between or is_said_of_the_mention(between):
        return False
    subject = between.rpartition(",")[2]
    if FOR_ANOTHER.match(cue):
        return True  # ", now a candidate for a new knee"
    if is_said_of_the_mention(subject):
        return False
    # ", rituximab is planned", ", MRI scheduled"; no subject in ", wants a referral" or ", much too early".
    return bool(VERB.search(subject) or VERB.match(cue) or (DONE_TO.match(cue) and len(subject.split()) < 3))


def _dated(around: _Around) -> Receipt | None:
    return _said("present", "a past date beside it", strong=True) if around.dated else None


def _in_a_list_of_past(around: _Around) -> Receipt | None:
    listed = LIST_OF_PAST.search(around.left)
    if listed is None or (around.intent is not None and around.gap(around.intent) <= len(listed.group())):
        return None
    return _said("present", listed.group().split(":")[0], strong=True)


def _weak_word(around: _Around) -> Receipt | None:
    weak = list(WEAK_RECEIPT.finditer(around.near))
    if not weak:
        return None
    between = around.near[weak[-1].end() :]
    if (
        len(between) >= _NEAR
        or "," in between
        or (around.intent is not None and around.intent[1] >= weak[-1].start())
    ):
        return None
    # "Since" looks back whatever else the clause says.
    ahead = None
    if weak[-1].group().lower() != "since":
        ahead = AHEAD.search(around.near) or PER_PROTOCOL.match(around.right)
    return _said("hypothetical", ahead.group()) if ahead else _said("present", weak[-1].group())


def _intent_far(around: _Around) -> Receipt | None:
    if around.intent is not None:
        return _said("hypothetical", around.intent[0])
    return Receipt("possible", ("?",)) if around.right.strip() == "?" else None


_RULES: tuple[Callable[[_Around], Receipt | None], ...] = (
    _uncertain,
    _service,
    _prospect,
    _its_things,
    _on_trial,
    _called_off,
    _plan_or_trial,
    _date_to_come,
    _step_towards,
    _blamed,
    _in_the_literature,
    _compared,
    _presupposed,
    _talked_of,
    _another,
    _infused_on,
    _word_of_receipt,
    _done_after,
    _taken_for_granted,
    _owned,
    _intent_near,
    _intent_after,
    _dated,
    _in_a_list_of_past,
    _weak_word,
    _intent_far,
)
