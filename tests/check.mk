# SPDX-License-Identifier: ISC
# `make check': what can be seen of the sources without running them. Each check leaves a stamp in build/check
# when it passes, and is made again when what it looked at has changed; a failing one prints why.

clang_flags  = -std=c++20 -I. -DSUITE_VERSION='"$(version)"' -DSUITE_SOURCE_DIR='"$(CURDIR)"' \
               -DCATALOGUE_FOLDER='"$(catalogue_path)"'
check_needs  = $(compiler_need) g++:g++ clang-format-14:clang-format-14 clang-tidy-14:clang-tidy-14 cppcheck:cppcheck \
               mandoc:mandoc ctags:universal-ctags python3:python3
analysed    := $(sort $(sources) $(secured) $(mains) $(bench) $(floor) $(wildcard common/*/*.cc))
checks      := $(patsubst %,build/check/%.ok,format layers classes manuals tables install $(if $(shell git rev-parse -q --verify HEAD 2>/dev/null),dist) symbols cppcheck $(analysed:%=tidy/%))

check: ## formatting, layering, manuals, static analysis, names that the POSIX=1 build uses
	@tests/need.sh $(check_needs)
	@$(MAKE) --no-print-directory -k $(checks) || true
	@failed=0; for check in $(checks); do [ -e $$check ] && continue; failed=$$((failed + 1)); \
	   echo "failed: $$check"; grep -s -E -m 3 'error|warning|differ|not ' $$check.log | sed 's/^/failed:   /'; done; \
	 echo "check: $$(($(words $(checks)) - failed)) passed, $$failed failed"; [ $$failed = 0 ]

# Runs $1; its output is shown only if it fails.
define try
	@mkdir -p $(@D) && rm -f $@
	@printf '  check %s\n' '$(@:build/check/%.ok=%)'
	@if $1 >$@.log 2>&1; then touch $@; else cat $@.log; exit 1; fi
endef

build/check/format.ok: force
	$(call try,clang-format-14 --dry-run -Werror $$(find $(wildcard common ftpd chatd tests) -name '*.cc' -o -name '*.hh'))

build/check/layers.ok: force
	$(call try,tests/check_layers.sh)

build/check/classes.ok: force
	$(call try,tests/check_classes.sh)

build/check/manuals.ok: force
	$(call try,tests/check_manuals.sh $(names))

build/check/install.ok: force
	$(call try,tests/check_install.sh)

# The same sources make the same bytes.
build/check/dist.ok: force
	$(call try,sh -c 'set -e; $(MAKE) --no-print-directory dist; mv build/suite-$(version).tar.gz build/check/first; sleep 1; \
	  $(MAKE) --no-print-directory dist; cmp build/suite-$(version).tar.gz build/check/first; rm build/check/first')

# What was made by hand is what would be made now.
build/check/tables.ok: force
	$(call try,sh -c 'chatd/unicode/make_tables.py | cmp - chatd/unicode_tables.hh')

build/check/symbols.ok: force
	$(call try,sh -c '$(MAKE) POSIX=1 SANITIZE= SHARED=1 all && tests/check_symbols.sh build/posix-shared/lib*.a $(patsubst %,build/posix-shared/%,$(filter-out $(secure),$(names)))')

# What cppcheck 2.10 takes good code for, and clang-tidy tells better.
worse := missingIncludeSystem returnDanglingLifetime containerOutOfBounds accessMoved \
         danglingTemporaryLifetime danglingLifetime passedByValue

build/check/cppcheck.ok: force
	$(call try,mkdir -p build/check/cppcheck && cppcheck --quiet --cppcheck-build-dir=build/check/cppcheck --std=c++20 --language=c++ -I. --enable=warning$(comma)performance$(comma)portability \
	  --inline-suppr --error-exitcode=1 $(addprefix --suppress=,$(worse)) $(analysed))

# The object stands for the source and all that it includes.
build/check/tidy/%.cc.ok: $(shared)/obj/%.o .clang-tidy
	$(call try,clang-tidy-14 --quiet $*.cc -- $(clang_flags))

comma := ,
