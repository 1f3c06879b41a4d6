"""For teachers only: collecting, running and scoring notebooks by strangers. No stage imports it."""

import sys

# jsonschema, which nbformat and nbgrader load, would compile a grammar of web addresses, more than a second in each process that grades.
# It does without where that package cannot be had, and nothing here checks an address.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # None stands for a module that cannot be had
