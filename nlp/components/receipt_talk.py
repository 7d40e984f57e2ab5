"""
Words of talk about a treatment that is given once: what was brought up, put off or kept in reserve was not given.

Part of ``receipt_rules``, which asks them in their order.
"""

from __future__ import annotations

from chartsift.nlp.components.loose import loosely

# "Was brought up at the board in April", "was called off in October": what was weighed or dropped on a past day was not
# done on it.
_TALK = (
    r"(?:brought up|mooted|mentioned|contemplated|debated|floated|aired|broached|suggested|discussed|considered|weighed|proposed"
    r"|offered|raised|vetoed|shelved|dropped|called off|ruled out|put off|put on hold|taken off the table|on the table|cancel+ed"
    r"|postponed|deferred|declined|refused|rejected by (?:the |our )?(?:board|committee|panel|insur\w+|surgeons?|cardiolog\w+)|turned down"
    r"|abandoned|not (?:pursued|realized|realised)|thought (?:of|about)|planned|in (?:the )?discussion|under discussion"
    r"|(?:kept|held|left) (?:in reserve|back|as (?:a )?(?:reserve|backup|back-up|fallback|last resort|plan B))"
    r"|(?:felt|judged|deemed|thought|considered) (?:to be )?(?:\w+ )?(?:premature|early|risky|dangerous|futile|inappropriate))"
)
TALKED_OF = loosely(
    rf"^[\s\-]*(?:cells?\b|therapy\b|treatment\b|infusion\b|product\b)?\s*(?::\s*|[–—-]\s+)?(?:(?:from|for|by|with) (?:(?!was\b|were\b|had\b|has\b|is\b)[\w'’-]+ ){{1,4}})?(?:that )?(?:(?:was|were|is|are|had|has|have|been|being|got|first"
    rf"|once|then|only|again|briefly|repeatedly|already|also|initially|at first|later|therefore) )*{_TALK}(?![\w-])"
)
CAME_UP = loosely(
    r"^[\s\-]*(?:cells?\b|therapy\b|treatment\b)?\s*(?:came up|comes? up|has come up|had come up|comes into question|came into question)\b"
)
# "A second kidney transplant is not realistic", "another CAR T infusion": the article says that there is none yet.
ONE_MORE = loosely(r"\b(?:an?|any|another|further|whether)\s+(?:new |further |repeat )?$")
ANOTHER = loosely(
    r"\b(?:an?|any)\s+(?:second|third|fourth|further|new|repeat|subsequent)\s+(?:[\w-]+\s+)?$|\banother\s+(?:[\w-]+\s+)?$"
)
# "Cells in the freezer in view of an autologous transplant": what they are for.
IN_VIEW_OF = loosely(r"\bin view of (?:an?|the|possible|a possible|later) (?:[\w-]+ )?$")
WEIGHED = loosely(
    r"\b(?:must|can|could|may|might|should|would|whether|allowed|permitted|proposes?|proposed|suggest\w*|possible|discuss\w*"
    r"|realistic|feasible|consider\w*|question|option)\b"
)
# "A treatment with CAR T cells", "about a treatment with", "her aim is treatment with": the noun names it, nobody got it.
NAMED_BY_NOUN = loosely(
    r"\b(?:an?|any|such|this|about|for|of|on|is|are|towards?|re|regarding|concerning|into|via|to)\s+(?:[\"“”'‘’]?[\w-]+[\"“”'‘’]?\s+)?$"
)
