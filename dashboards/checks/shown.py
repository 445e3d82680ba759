"""What a kind of panel shows: values, words, or what no query is asked for."""

# These have no values, so no unit.
WORDS = ("alertlist", "logs", "text")
# These ask no data source.
WITHOUT_TARGETS = ("alertlist", "text")
