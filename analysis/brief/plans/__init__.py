"""A site's support plan: a file that people write and this room reads strictly, checks, drafts and turns into a form and back.

actions.py       params/actions.yml: what can be done, what came of it elsewhere; the steps between a call and lasting help
records.py       params/<study>/plans/<site_id>.yml as frozen records, every field with its heading
private.py       who may not be named in them
lines.py         YAML with the line of every key, and none of its traps
checking.py      from what was read to a plan, or one sentence for each fault; what a plan is held against
notes.py         what is not yet written, and what deserves a word
writing.py       a plan as commented YAML
draft.py         the first draft, from what the records show
form.py          a plan as an Excel form; filled_in.py reads one back
files.py         where plans lie, and their older versions
"""
