# The workspace as a flow: data/raw -> data/processed -> outputs. `make` alone prints what can be done.
.DELETE_ON_ERROR:
.SECONDARY:
.SECONDEXPANSION:
.DEFAULT_GOAL := help
SHELL := /bin/sh

# Two notebooks or tests at a time want one core each; linear algebra on small tables is slower on two.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1

STUDY ?= demo
SCENARIO ?= default
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
UV_VERSION := 0.13.9
INSTALLED := $(VENV)/installed

# --- what reads what --------------------------------------------------------------------------------------------------
# A change of one of these files rebuilds what stands in its line, and nothing else; tests/test_makefile.py holds the lists
# against the files that each step really opens.

CONTRACT := analysis/__init__.py analysis/tables.py analysis/params.py analysis/periods.py analysis/intervals.py
DEMO_CODE := $(CONTRACT) $(wildcard analysis/demo/*.py analysis/demo/*/*.py analysis/demo/*.csv) params/demo/state.yml params/demo/scenarios.yml
LAYOUTS := $(wildcard params/sources/*.yml)
INTAKE_CODE := $(CONTRACT) $(wildcard analysis/intake/*.py analysis/intake/*/*.py) $(LAYOUTS) $(wildcard params/demo/public_key.yml)
COHORT_CODE := $(CONTRACT) analysis/claim_codes.py $(wildcard analysis/cohort/*.py) params/bh_codes.yml
PACKET_CODE := $(wildcard analysis/brief/packet/*.py)
BRIEF_CODE := $(CONTRACT) analysis/claim_codes.py $(filter-out $(PACKET_CODE),$(wildcard analysis/quality/*.py analysis/quality/*/*.py analysis/effect/*.py analysis/savings/*.py \
	analysis/brief/*.py analysis/brief/*/*.py analysis/brief/press/template/*))

STATEWIDE_NOTEBOOKS := data_quality collaborative_brief agenda meeting_status
SITE_NOTEBOOKS := site_scorecard
PARTNER_NOTEBOOKS := partner_page
PLAN_NOTEBOOKS := support_plan
PLANS_NOTEBOOKS := support_plans_overview
ROI_NOTEBOOKS := ed_diversion placement_avoidance cost_savings
LINKED_NOTEBOOKS := cohort

reads_every_brief = params/disclosure.yml params/measures.yml params/scales.yml params/bh_codes.yml params/$1/study.yml params/$1/source.yml $(LAYOUTS)
reads_data_quality = $(reads_every_brief) $(wildcard params/$1/collaborative.yml)
reads_collaborative_brief = $(reads_every_brief) params/false_alarms.csv $(wildcard params/$1/rebases.yml params/$1/collaborative.yml) $(wildcard params/$1/releases/*.json)
reads_site_scorecard = $(reads_collaborative_brief)
reads_agenda = $(reads_collaborative_brief) params/low_use.yml
reads_meeting_status = $(reads_agenda)
reads_partner_page = $(reads_agenda)
reads_support_plan = $(reads_agenda) params/actions.yml params/costs.csv params/price_index.csv \
	$(wildcard params/$1/costs.csv params/$1/program.csv params/$1/place_names.yml params/$1/plans/*.yml params/$1/lots/*.yml)
reads_support_plans_overview = $(reads_support_plan)
reads_ed_diversion = $(reads_every_brief) params/diversion.yml
reads_placement_avoidance = $(reads_ed_diversion) params/stayed_home.csv
reads_cost_savings = $(reads_ed_diversion) params/costs.csv params/price_index.csv params/shares.csv params/assumptions.csv \
	$(wildcard params/$1/costs.csv params/$1/shares.csv params/$1/assumptions.csv params/$1/program.csv)
reads_cohort = params/disclosure.yml params/$1/study.yml params/$1/source.yml $(LAYOUTS) $(wildcard params/$1/border_counties.csv)

# --- the month and the sites, as the data have them (written by intake) -------------------------------------------------

PLAN := data/processed/$(STUDY)/plan.mk
DERIVED := data/processed/$(STUDY)/derived.csv
MANY := $(filter plans plan partner briefs collaborative packet roi cohort,$(MAKECMDGOALS))
ifneq ($(MANY),)
include $(PLAN)
endif
PERIOD ?= $(LAST_MONTH)
SITES ?= $(ALL_SITES)

BRIEFS := outputs/$(STUDY)/briefs
COLLABORATIVE := $(foreach name,$(STATEWIDE_NOTEBOOKS),$(BRIEFS)/$(PERIOD)/statewide/$(name).html) \
	$(foreach site,$(SITES),$(foreach name,$(SITE_NOTEBOOKS),$(BRIEFS)/$(PERIOD)/$(site)/$(name).html))
PARTNER := $(foreach site,$(SITES),$(foreach name,$(PARTNER_NOTEBOOKS),$(BRIEFS)/$(PERIOD)/$(site)/$(name).html))

# A plan page for each site that has a plan; the overview names the sites that have none yet.
PLANNED ?= $(filter $(ALL_SITES),$(basename $(notdir $(wildcard params/$(STUDY)/plans/*.yml))))
PLANS := $(foreach name,$(PLANS_NOTEBOOKS),$(BRIEFS)/$(PERIOD)/statewide/$(name).html) \
	$(foreach site,$(PLANNED),$(foreach name,$(PLAN_NOTEBOOKS),$(BRIEFS)/$(PERIOD)/$(site)/$(name).html))

# Written last of what goes into the meeting: the PDF, the workbook, the slides and the folders to send stand where it does.
PACKET := $(BRIEFS)/$(PERIOD)/statewide/packet.html

# An ROI study counts over every month that the extract covers; a month named for the others does not cut it.
ROI_PERIOD = $(if $(and $(filter roi,$(MAKECMDGOALS)),$(filter command environment,$(firstword $(origin PERIOD)))),$(PERIOD),$(ACCRUAL))
ROI = $(foreach name,$(ROI_NOTEBOOKS),$(BRIEFS)/$(ROI_PERIOD)/statewide/$(name).html)

# The linked study's days are those of study.yml, over every month that there is.
LINKED = $(foreach name,$(LINKED_NOTEBOOKS),$(BRIEFS)/$(ACCRUAL)/statewide/$(name).html)

##@ What can be done (add STUDY=name for your own data; without it, the made-up state)

.PHONY: help briefs roi cohort collaborative partner packet plans plan plan-form plan-read lot worklist release request data lab study env test test-all check docs format clean

help:  ## this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {print "\n" substr($$0, 5) "\n"} \
		/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile
	@echo

briefs: $$(COLLABORATIVE) $$(PACKET) $$(ROI) $$(LINKED)  ## every brief of the last complete month; PERIOD=2026-10 for another
	@$(build)

roi: $$(ROI) $$(LINKED)  ## ED diversion, placement, dollars and who is in the linked study, over the whole extract; PERIOD=2023-07_2026-06 for a part
	@$(build)

cohort: $$(LINKED)  ## who is in the linked study and who is not; without claims, what they would add
	@$(build)

collaborative: $$(COLLABORATIVE) $$(PACKET)  ## the monthly set and all for its meeting: PERIOD=2026-10 [SITES="site-01 site-04"]
	@$(build)

partner: $$(PARTNER)  ## a page that each site can hand to a school, an ED or a police chief: [SITES="site-01"]
	@$(build)

plans: $$(PLANS)  ## who reaches fewer children than expected, and every site's support plan: PERIOD=2026-10
	@$(build)

plan: $(PLAN)  ## write the first draft of a site's support plan from its records, and its Excel form: SITE=site-04 [PERIOD=2026-10]
	@$(RUN) -m analysis.brief.support.start $(STUDY) "$(SITE)" "$(PERIOD)"

plan-form: $(PLAN)  ## a site's support plan as an Excel form to fill in: SITE=site-04
	@$(RUN) -m analysis.brief.plans form $(STUDY) "$(SITE)"

plan-read: $(PLAN)  ## read a filled form back into the plan, with the same checks: SITE=site-04 FORM=path.xlsx
	@$(RUN) -m analysis.brief.plans read $(STUDY) "$(SITE)" "$(FORM)"

lot: $(PLAN)  ## draw by lot which site's plan starts first: SITES="site-04 site-09" WORDS="public words nobody could know before"
	@$(RUN) -m analysis.brief.support.lots $(STUDY) "$(WORDS)" $(SITES)

packet: $$(PACKET)  ## packet, PDF, workbook, slides and folders to send once more, say once Chromium is there
	@$(build)

worklist: $(PLAN)  ## one site's own list of what is missing, inside only: SITE=site-01 [PERIOD=2026-10]
	@$(RUN) -m analysis.brief.meeting.worklist $(STUDY) "$(SITE)" "$(PERIOD)"

release: $(PLAN)  ## note what the month's briefs show, so that later ones give nothing away beside them: PERIOD=2026-10 [AGAIN=yes]
	@$(RUN) -m analysis.brief.small_counts.release $(STUDY) $(PERIOD) $(AGAIN)

request: $(PLAN)  ## write the data request that would narrow the ROI answer most
	@$(RUN) -m analysis.brief.roi.request $(STUDY)

data: $(DERIVED)  ## data/raw/STUDY to data/processed/STUDY, with every problem listed; ENGINE=spark for a nation's claims; SCENARIO=small_state for another made-up state

lab: $(INSTALLED)  ## JupyterLab on the notebooks
	$(VENV)/bin/jupyter lab notebooks

study: $(INSTALLED)  ## start a folder for a new state: make study STUDY=nm
	@$(RUN) -m analysis.intake.start $(STUDY)

test: $(INSTALLED) data/processed/demo/derived.csv  ## the tests (under 8 minutes; what needs a browser skips, saying so, where there is none)
	$(RUN) -m pytest -m "not slow" --numprocesses 2 --dist loadfile --no-loadscope-reorder

test-all: test  ## the tests, then the slow ones; MANY=3 draws three times as many states
	$(RUN) -m pytest -m slow --numprocesses 2 --dist loadfile --no-loadscope-reorder

check: $(INSTALLED)  ## lint, format, notebooks stripped, generated docs current, no data in git
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(RUN) -m analysis.dictionary --check
	$(RUN) -m pytest -m "not slow" tests/test_notebooks.py tests/test_privacy.py tests/test_environment.py

docs: $(INSTALLED)  ## write the generated docs: docs/data_dictionary.md
	$(RUN) -m analysis.dictionary

format: $(INSTALLED)  ## format the code and strip the notebooks
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/jupyter nbconvert --clear-output --inplace --log-level WARN notebooks/*.ipynb

env: $(INSTALLED)  ## the Python environment in .venv (every target makes it when it is not there)

clean:  ## delete what make has made from data: outputs, processed tables, the made-up state. Your raw files stay
	rm -rf outputs/*/ data/processed/*/ data/processed/.*.new data/raw/demo data/truth

# --- how --------------------------------------------------------------------------------------------------------------

$(INSTALLED): requirements.lock pyproject.toml
	@echo "Setting up the Python environment in $(VENV) (once)"
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] <= (3, 13) else "Python 3.11 to 3.13 is needed, this is " + sys.version.split()[0] + ". Name another: make PYTHON=python3.12")'
	@test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	@$(RUN) -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(VENV)/bin/uv pip sync --quiet --compile-bytecode --python $(RUN) --require-hashes requirements.lock
	@$(VENV)/bin/uv pip install --quiet --python $(RUN) --no-deps --no-build-isolation --editable .
	@touch $@

# The made-up state's raw files, with the truth they were made from; another SCENARIO takes the place of both.
data/truth/demo/%/summary.json: $(DEMO_CODE) | $(INSTALLED)
	@$(RUN) -m analysis.demo --scenario $*

data/processed/demo/plan.mk: data/truth/demo/$(SCENARIO)/summary.json

# Raw files may have blanks in their names; the folder itself is named so that a file taken away is noticed.
raw_files = $(shell find data/raw/$1 -not -name '.*' 2>/dev/null | sed 's/ /\\ /g')

data/processed/%/plan.mk: requirements.lock params/%/source.yml params/%/study.yml $(INTAKE_CODE) \
		$$(call raw_files,$$*) | $(INSTALLED)
	@$(RUN) -m analysis.intake $*

# A study without params: intake says so in a sentence.
data/processed/%/plan.mk: | $(INSTALLED)
	@$(RUN) -m analysis.intake $*

# The cohort and what it is made of, where the study has claims; its list is written last.
data/processed/%/derived.csv: data/processed/%/plan.mk $(COHORT_CODE) | $(INSTALLED)
	@$(RUN) -m analysis.cohort $*

# One brief: outputs/<study>/briefs/<period>/<site>/<notebook>.html. Many at once are noted down and built by one process.
part = $(word $1,$(subst /, ,$2))
QUEUE := outputs/$(STUDY)/.queue

outputs/%.html: notebooks/$$(notdir $$*).ipynb requirements.lock data/processed/$$(call part,1,$$*)/plan.mk $(BRIEF_CODE) \
		$$(call reads_$$(notdir $$*),$$(call part,1,$$*)) \
		$$(if $$(filter $$(LINKED_NOTEBOOKS),$$(notdir $$*)),data/processed/$$(call part,1,$$*)/derived.csv) | $(INSTALLED)
	@$(if $(MANY),mkdir -p $(dir $(QUEUE)); echo $@ >> $(QUEUE),$(RUN) -m analysis.brief $@)

$(BRIEFS)/%/statewide/packet.html: $$(COLLABORATIVE) $(PACKET_CODE) | $(INSTALLED)
	@$(if $(MANY),mkdir -p $(dir $(QUEUE)); echo $@ >> $(QUEUE),$(RUN) -m analysis.brief $@)

# A brief that is noted down is not newer yet, so make does not see that its packet is stale: it is noted down with it.
define build
if [ -s $(QUEUE) ]; then mv $(QUEUE) $(QUEUE).now; \
	$(if $(filter briefs collaborative packet,$(MAKECMDGOALS)),if grep -qF $(BRIEFS)/$(PERIOD)/ $(QUEUE).now && ! grep -qxF $(PACKET) $(QUEUE).now; \
	then echo $(PACKET) >> $(QUEUE).now; fi;) \
	$(RUN) -m analysis.brief --list $(QUEUE).now; status=$$?; \
	rm -f $(QUEUE).now; exit $$status; \
	else echo "Nothing has changed since these briefs were made: $(BRIEFS)/index.html"; fi
endef

ifneq ($(MANY),)
$(shell rm -f $(QUEUE))
endif
ifneq ($(filter packet,$(MAKECMDGOALS)),)
$(shell rm -f $(PACKET))
endif
