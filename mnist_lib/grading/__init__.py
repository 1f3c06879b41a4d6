"""For teachers: what grading needs beyond the checks. No stage imports it, and no student's notebook does."""
