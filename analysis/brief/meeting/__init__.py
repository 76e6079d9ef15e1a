"""The monthly meeting: before it, in it and around it.

promises.py      what was promised at meetings, by which site and role (params/<study>/collaborative.yml)
agenda.py        the meeting's page: promises first, then what the data raise; learning.py which sites to learn from
sources.py       what the pages are made from
submissions.py   who has sent records, and how long ago; status.py the page before the meeting
worklist.py      one site's own list of what is missing; it never leaves runs/; unfinished.py its checks,
                 referrers.py who called, by name
partner.py       one page that a site can hand to a school district, an emergency department or the police
"""
