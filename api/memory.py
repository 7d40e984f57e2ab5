"""
The garbage collector in a process that runs for months.

The pipeline, the templates and the tables are hundreds of thousands of objects that live until the end. As the
interpreter comes, the collector looks through all of them whenever enough new objects were made, and opening one large
chart makes enough: half of the time went there.
"""

from __future__ import annotations

import gc

# New objects until the youngest are looked through, and how many such looks until older ones are. A page makes some ten
# thousand objects and drops them without the collector; what it is needed for, cycles, are few.
_THRESHOLDS = (20_000, 20, 20)


def settle() -> None:
    """Take what there is now as staying until the end, and look for garbage less often from now on."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
