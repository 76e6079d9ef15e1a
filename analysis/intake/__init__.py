"""Raw extracts to checked tables: every row accepted, rejected or set aside, and the reasons kept.

source.py        params/<study>/source.yml, read and held against the contract
mapping.py       what it may say, as records
layouts.py       mappings that ship (params/sources/), a study's own keys over them
faults.py        what it says that the contract does not know, or leaves out
raw.py           what a raw file is to the rest: rows of text, or the sentence that refuses it
files.py         one raw file, found and read: its header, its damaged rows
delimited.py     text: encoding, delimiter, quotes
regular.py       text without surprises, by whole columns
spreadsheets.py  Excel and Parquet: typed cells as text
headers.py       a file of claim lines and the file of their headers
texts.py         columns of text as categories, each text looked at once
codes.py         many spellings to one code
clocks.py        local dates and times, partial ones, impossible ones, their order
columns.py       one column: its values, and why a row cannot be used
references.py    identifiers of one table in another: what belongs to nothing
rules.py         what no row may be: spans, days, scores
fates.py         accepted, rejected, set aside, and why
claims.py        versions, voids, denials: what of the claims counts
enrollment.py    months, spans and years as one row a child and month
people/          who is who: keys, the crosswalk, names, the secret key, the report
linked.py        what can be told only once it is known who is who
rows.py          one table: its rows accepted, rejected or set aside
copies.py        the same row under another id
problems.py      what was found, as counted raw and after the rules
extract.py       one study: every table read, held against each other
schema.py        the contract as a last look before anything is written
store.py         writing: all files of a study or none
start.py         a new study's folder, commented from the contract
"""
