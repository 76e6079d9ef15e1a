"""The linked study on paper: who is in it, who is not, and how alike the two groups were before. Never what became of them.

sources.py    what the brief reads, and the sentence where a study has no claims
front.py      headline, windows, what it rests on
flow.py       from all crises to the children compared: steps joined until none is small; flow_drawing.py the diagram
baseline.py   what is said of each characteristic; table_one.py the table, and where the groups differ most
watched.py    how long watched, and why no longer
joined.py     who of the service's children is found in Medicaid's records
visits.py     ED visits under each definition
border.py     counties whose children are often seen in another state
unseen.py     what the records can't see
method.py     definitions, windows, what may not be concluded
"""
