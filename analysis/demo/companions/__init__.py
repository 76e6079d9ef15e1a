"""The tables that stand beside the episodes of the made-up state: one module a noun, and what is wrong with their raw files.

parts.py         their parts of params/demo/state.yml as frozen records
care.py          which children stay in care and for how long, as every table below needs it
contacts.py      follow-ups and the contacts of stabilization
scales.py        ratings at intake and at discharge, missing where a child did worse
referrals.py     referrals to other services and their first kept appointments
calls.py         every call to a line, with or without an episode
satisfaction.py  surveys sent and answered
staff.py         staff, training, and the positions filled
outreach.py      outreach events
readiness.py     readiness assessments
hours.py         the hours in which teams can go out
tables.py        all of them, and what is true of them
dirt.py          what is wrong with their raw files, counted
files.py         the record system's headers and words for them
"""
