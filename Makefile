# SPDX-License-Identifier: ISC
# Builds the suite with GNU make; `make help' lists the targets. These settings go with any of them:
#   POSIX=1   nothing but POSIX.1-2008     CXX=clang++   another compiler
#   SHARED=1  daemons that use the shared  SANITIZE=address,undefined
#             libraries of the system
#   WERROR=1  warnings are errors          CXXFLAGS, LDFLAGS  are appended     V=1  shows commands
#   shells=   no completions for shells, for which the programs are run: for another machine
# Each combination of the first four has a folder of its own under build/, so they lie side by side; those that
# only choose other objects or another way to link them share the objects.

version := 0.1
PREFIX  ?= /usr/local

# NAME:MAIN SOURCE:FOLDER below PREFIX. A program without its main source is not built.
programs := ftpd:ftpd/main.cc:sbin fcp:ftpd/fcp/fcp.cc:bin ftpctl:common/ctl/ctl.cc:sbin \
            chatd:chatd/main.cc:sbin chat:chatd/chat/chat.cc:bin suite-tls:common/tls/suite_tls.cc:libexec
# SECOND NAME:PROGRAM:a source it goes with:FOLDER below PREFIX. Symbolic links.
links    := fls:fcp:ftpd/fcp/fcp.cc:bin chatctl:ftpctl:chatd/main.cc:sbin
# FILE of service/:FOLDER below PREFIX[:NAME there]. What other programs are told of the daemons: systemd of their
# units, users and folders; and, to be copied into /etc, logrotate, avahi and fail2ban.
services := $(foreach u,chatd.service chatd.socket ftpd.service ftpd.socket ftpd-root.service ftpd-root.socket,$u:lib/systemd/system) \
            $(foreach d,suite chatd ftpd,$d.sysusers:lib/sysusers.d:$d.conf) \
            $(foreach d,chatd ftpd,$d.tmpfiles:lib/tmpfiles.d:$d.conf) \
            ftpd.logrotate:share/doc/suite/logrotate:ftpd \
            $(foreach f,avahi/ftpd.service $(addprefix fail2ban/,suite-ftpd.conf suite-chatd.conf suite-jails.conf) \
              $(foreach n,1 2 3,examples/chatd-$n.conf examples/ftpd-$n.conf) examples/announce.conf,$f:share/doc/suite/$(patsubst %/,%,$(dir $f)))
# SHELL:FOLDER below PREFIX:NAME there, % being the program's. What shells offer behind the programs' names.
shells   := bash:share/bash-completion/completions:% zsh:share/zsh/site-functions:_% fish:share/fish/vendor_completions.d:%.fish
# Message catalogues (gencat(1)), by language, and where they go below PREFIX.
languages := $(if $(wildcard chatd/main.cc),$(basename $(notdir $(wildcard chatd/*.msg))))
catalogue_folder := share/chatd
catalogue_path   := $(PREFIX)/$(catalogue_folder)
# Folders whose other sources, and those one folder below, become an archive each; what uses another stands
# before it.
parts    := chatd ftpd common

# --- variants and flags --------------------------------------------------------------------------------
other    := $(if $(POSIX),linux,posix)
compiler := $(filter-out g++,$(notdir $(CXX))) $(SANITIZE)
folder    = build/$(or $(subst $() ,-,$(strip $1)),default)
build    := $(call folder,$(if $(POSIX),posix) $(compiler) $(if $(SHARED),shared))
shared   := $(call folder,$(compiler))

compile  := $(CXX) -std=c++20 -I. -D_FILE_OFFSET_BITS=64 -DSUITE_VERSION='"$(version)"' -pthread -MMD -MP -fPIE \
            -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion \
            -fstack-protector-strong -fstack-clash-protection -ffunction-sections -fdata-sections
# `|| :': make shows what a shell says of a command that is not there yet.
compile  += $(if $(filter x86_64-% i%86-%,$(shell $(CXX) -dumpmachine 2>&1 || :)),-fcf-protection)
compile  += $(if $(SANITIZE),-O0 -g1 -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -DSUITE_SANITIZED,\
            -O2 -g1 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
compile  += $(if $(filter-out 0 false,$(WERROR) $(CI)),-Werror) $(CXXFLAGS)
link     := $(CXX) -pthread -pie -Wl,-z,relro,-z,now,-z,noexecstack,--gc-sections
link     += $(if $(SANITIZE),-fsanitize=$(SANITIZE)) $(CXXFLAGS) $(LDFLAGS)
library  := -Wl,--as-needed -lcrypt
# The daemons are static where the static libraries are installed: what is small is forked sooner (the README
# of tests/bench). Names are then still looked up with this system's shared libraries when they are to come
# from more than files and DNS, which is what the linker would warn of.
daemons  := ftpd chatd
comma    := ,
is_there  = $(filter /%,$(shell $(CXX) -print-file-name=lib$1.a 2>&1 || :))
hash     := \#
includes  = $(shell echo '$(hash)include <$1>' | $(CXX) $(CXXFLAGS) -E -x c++ - >/dev/null 2>&1 && echo found)
# What chatd and chat know of Unicode: its static library always. Without it the others are built.
utf8proc := $(call is_there,utf8proc)
utf8proc := $(if $(call includes,utf8proc.h),$(utf8proc))
unicode  := chatd chat
# TLS, where its library is installed: one program has it, the others know nothing of it. Without it that one is
# left out.
secure   := suite-tls
gnutls   := $(if $(call includes,gnutls/abstract.h),-lgnutls)
static   := $(if $(SHARED)$(SANITIZE),,$(if $(and $(call is_there,c),$(call is_there,stdc++),$(call is_there,crypt)),-static-pie))
static   += $(if $(static),$(findstring -Wl$(comma)--no-warnings,$(patsubst %,-Wl$(comma)%,$(shell $(CXX) -Wl$(comma)--help 2>&1 || :))))
layout_ftpd  := -Wl,-T,common/fork.ld,-T,ftpd/session/session.ld
layout_chatd := -Wl,-T,common/fork.ld

# --- what there is -------------------------------------------------------------------------------------
field     = $(word $1,$(subst :, ,$2))
programs := $(foreach p,$(programs),$(if $(wildcard $(call field,2,$p)),$p))
links    := $(foreach l,$(links),$(if $(wildcard $(call field,3,$l)),$l))
names    := $(foreach p,$(programs) $(links),$(call field,1,$p))
mains    := $(foreach p,$(programs),$(call field,2,$p))
sources  := $(filter-out $(mains) common/$(other)/%,$(foreach p,$(parts),$(wildcard $p/*.cc $p/*/*.cc) $(if $(filter-out common,$p),$(wildcard $p/*/*/*.cc))))
parts    := $(foreach p,$(parts),$(if $(filter $p/%,$(sources)),$p))
catalogues := $(languages:%=$(build)/chatd.%.cat)
lacking  := $(if $(utf8proc),,$(filter $(unicode),$(names)))
left_out := $(lacking) $(if $(gnutls),,$(secure))
programs := $(foreach p,$(programs),$(if $(filter $(call field,1,$p),$(left_out)),,$p))
names    := $(filter-out $(left_out),$(names))
secured  := $(if $(gnutls),$(wildcard common/tls/*/*.cc))
completed = $(filter-out $(secure),$(names))
completions = $(foreach s,$(shells),$(completed:%=$(build)/completions/$(call field,1,$s)/%))
tests    := $(wildcard tests/*.cc tests/unit/*/*.cc tests/unit/*/*/*.cc tests/unit/*/*/*/*.cc tests/e2e/*.cc tests/e2e/*/*.cc tests/e2e/*/*/*.cc tests/faults/*.cc)
floor    := $(wildcard tests/bench/floor*.cc)
tls_clients := $(if $(gnutls),tests/bench/tls_clients.cc)
bench    := $(filter-out $(floor) tests/bench/tls_clients.cc,$(wildcard tests/bench/*.cc))
# What the benchmarks have of the tests: no doctest in it.
watching := tests/e2e/proc.cc
objects   = $(patsubst %.cc,$(shared)/obj/%.o,$1)
archives  = $(patsubst %,$(build)/lib%.a,$(filter $1,$(parts)))

# As many jobs as cores, unless the user says; each prints in one piece, except where a person watches.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc) $(if $(filter run test faults hostile soak model bench check-fresh,$(MAKECMDGOALS)),,-O)
endif
ifneq (,$(filter clean,$(MAKECMDGOALS)))
.NOTPARALLEL:
endif
# V=1 shows whole commands. Else each step is shown with its number; how many there will be is counted first.
say       = @$(if $(V),:,printf '%5s of %s  %s %s\n' $(step))
hush      = $(if $(V),,@)
step      = $(eval done += x)$(words $(done)) $(steps)
builds    = $(filter-out run needs everything test faults hostile run-hostile soak model bench check check-fresh help clean uninstall,$(or $(MAKECMDGOALS),all))
ifeq (,$(V)$(steps)$(findstring n,$(firstword -$(MAKEFLAGS))))
ifneq (,$(builds))
steps := $(shell $(MAKE) -n $(MAKEOVERRIDES) $(builds) steps=? V= MAKEFLAGS= 2>/dev/null | grep -c 'of %s  %s %s')
endif
endif
.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all lacking needs everything run test faults hostile run-hostile soak model bench check check-fresh dist deb check-deb install uninstall clean help force

all: $(names:%=$(build)/%) $(catalogues) $(completions) $(if $(lacking),lacking) ## build the programs (the default)

lacking: $(names:%=$(build)/%)
	@echo 'make: $(lacking): not built, please type: apt-get install libutf8proc-dev; built without it:' \
	  '$(names)' >&2; exit 1

$(shared)/obj/%.o: %.cc $(shared)/compile
	@mkdir -p $(@D)
	$(say) compile $<
	$(hush)$(compile) $(also) $(if $|,-include $(basename $|) $(misled)) -c -o $@ $<

$(call objects,$(bench) $(floor) $(tls_clients)): also = $(if $(SANITIZE),,-O3)
$(call objects,$(tests)): also = $(for_tests)
$(call objects,tests/e2e/files.cc): also = $(for_tests) -DSUITE_SOURCE_DIR='"$(CURDIR)"'
for_tests = $(if $(SANITIZE),,-O1)

# The standard headers, compiled once for all programs and once for all tests: that is half the time of a build.
# Each source includes what it needs all the same: `make check' and `make PRECOMPILED=' see to it.
PRECOMPILED := programs tests
# g++ 12 forgets which of them are the system's, and finds fault with them.
misled      := $(if $(findstring clang,$(CXX)),,-Wno-array-bounds -Wno-stringop-overread -Wno-stringop-overflow -Wno-restrict)
standard := algorithm array atomic cerrno charconv chrono cstddef cstdint cstdio cstdlib cstring deque fcntl.h \
            filesystem functional iterator limits list map memory optional set signal.h span stdexcept string \
            string_view sys/socket.h sys/stat.h sys/types.h system_error unistd.h utility vector
standard_tests := $(standard) doctest/doctest.h fstream random sstream thread
standard_programs := $(standard)

define precompiled # NAME, OBJECTS
$(shared)/$1.hh: $(shared)/standard_$1
	@printf '#include <%s>\n' $(standard_$1) >$$@
$(shared)/$1.hh.gch: $(shared)/$1.hh $(shared)/compile
	$$(say) compile $$<
	$$(hush)$$(compile) $$(also) -Wno-pragma-once-outside-header -x c++-header -o $$@ $$<
$2: | $(shared)/$1.hh.gch
endef
$(foreach p,$(filter programs,$(PRECOMPILED)),$(eval $(call precompiled,$p,$(call objects,$(sources) $(secured) $(mains) $(wildcard common/*/*.cc)))))
$(foreach p,$(filter tests,$(PRECOMPILED)),$(eval $(call precompiled,$p,$(call objects,$(filter-out $(watching),$(tests))))))
$(shared)/tests.hh.gch: also = $(for_tests)

$(call objects,chatd/phrases.cc): $(shared)/catalogue_path
$(call objects,chatd/phrases.cc): also = -DCATALOGUE_FOLDER='"$(catalogue_path)"'

define part # NAME: its archive
$(build)/lib$1.a: $(call objects,$(filter $1/%,$(sources))) $(build)/sources
	$$(hush)rm -f $$@ && ar qcs $$@ $$(filter %.o,$$^)
endef
$(foreach p,$(parts),$(eval $(call part,$p)))

define program # NAME, MAIN SOURCE: links with its own folder's archive and with common's
$(build)/$1: $(call objects,$2 $(if $(filter $1,$(secure)),$(secured))) $(call archives,$(firstword $(subst /, ,$2)) common) $(build)/link
	$$(say) link $$@
	$$(hush)$$(link) $(if $(filter $1,$(daemons)),$(static) $(if $(static),$(layout_$1))) -o $$@ $$(filter %.o %.a,$$^) $(if $(filter $1,$(unicode)),$(utf8proc)) $(if $(filter $1,$(secure)),$(gnutls)) $(library)
endef
$(build)/ftpd: common/fork.ld ftpd/session/session.ld
$(build)/chatd: common/fork.ld
$(foreach p,$(programs),$(eval $(call program,$(call field,1,$p),$(call field,2,$p))))

define second_name # NAME, PROGRAM
$(build)/$1: $(build)/$2
	$$(hush)ln -sf $2 $$@
endef
$(foreach l,$(links),$(eval $(call second_name,$(call field,1,$l),$(call field,2,$l))))

$(build)/chatd.%.cat: chatd/%.msg
	@mkdir -p $(@D) && rm -f $@
	$(say) gencat $<
	$(hush)LC_ALL=C.UTF-8 gencat $@ $<

# SHELL, NAME: made of what NAME -h prints, and of what stands in completions/ about its operands, under that name
# or the one that it is the second name of.
define completion
$(build)/completions/$1/$2: $(build)/$2 completions/make.sh $(call operands,$1,$2)
	@mkdir -p $$(@D)
	$$(hush)completions/make.sh $1 $(build)/$2 $(call operands,$1,$2) >$$@
endef
operands = $(firstword $(foreach n,$2 $(foreach l,$(filter $2:%,$(links)),$(call field,2,$l)),$(wildcard completions/$1/$n)))
$(foreach s,$(shells),$(foreach n,$(completed),$(eval $(call completion,$(call field,1,$s),$n))))

# What the benchmarks have that is tested, too.
counting := $(patsubst %,tests/bench/%.cc,rows samples spoken statistics svg table)

$(build)/run-tests: $(call objects,$(tests) $(counting)) $(call archives,%) $(build)/link
	$(say) link $@
	$(hush)$(link) -o $@ $(filter %.o %.a,$^) $(utf8proc) $(library)

# The benchmarks' generator, and the bare loops it compares with, which fork best as a static program.
$(build)/bench: $(call objects,$(bench) $(watching)) $(build)/libcommon.a $(build)/link
	$(say) link $@
	$(hush)$(link) -o $@ $(filter %.o %.a,$^) $(library)

$(build)/bench-floor: $(call objects,$(floor)) $(build)/libcommon.a $(build)/link
	$(say) link $@
	$(hush)$(link) -static-pie -o $@ $(filter %.o %.a,$^)

$(build)/bench-tls: $(call objects,$(tls_clients)) $(build)/libcommon.a $(build)/link
	$(say) link $@
	$(hush)$(link) -o $@ $(filter %.o %.a,$^) $(gnutls) $(library)

# Files that hold the variable of their name, written when it has changed: then what depends on them is made
# again.
remembered := $(shared)/compile $(shared)/catalogue_path $(build)/link $(build)/sources \
              $(patsubst %,$(shared)/standard_%,$(PRECOMPILED))
define remember
ifneq ($$(strip $$($$(notdir $$f))),$$(strip $$(file < $$f)))
$$f: force
endif
endef
$(foreach f,$(remembered),$(eval $(remember)))
$(remembered): ; @mkdir -p $(@D) && printf '%s\n' '$(subst ','\'',$($(@F)))' > $@

-include $(patsubst %.o,%.d,$(call objects,$(sources) $(secured) $(mains) $(tests) $(bench) $(floor) $(tls_clients) $(wildcard common/*/*.cc)))

# --- use -----------------------------------------------------------------------------------------------
run: ## build, start both daemons on loopback, say what to type in another shell; FTP=port CHAT=port
	@tests/need.sh $(compiler_need) $(run_needs)
	@$(MAKE) --no-print-directory all
	@tests/run.sh $(build) $(FTP) $(CHAT)

needs: ## install what `make test' and `make check' need
	@tests/need.sh $(compiler_need) $(test_needs) $(check_needs)

everything: ## build the programs and the tests, run nothing
	@tests/need.sh $(compiler_need) $(test_needs)
	@$(MAKE) --no-print-directory all $(build)/run-tests

test: ## run the tests; ONLY='*pattern*' those, REPEAT=n each n times, EVENTS='poll epoll' under these, TESTFLAGS=-v say more
	@$(MAKE) --no-print-directory everything
	@$(build)/run-tests $(if $(ONLY),--only '$(ONLY)',--exclude-suite '*faults*') $(if $(REPEAT),--repeat $(REPEAT)) $(events) $(TESTFLAGS)

faults: ## let each system call of the processes that serve many fail in turn, under strace; minutes
	@tests/need.sh strace:strace
	@$(MAKE) --no-print-directory everything
	@$(build)/run-tests --only 'faults:*' --events '$(firstword $(backends))' $(TESTFLAGS)

hostile: ## clients that do what they should not, against both daemons with sanitizers; MINUTES=30 SEED=number
	@tests/need.sh $(compiler_need) python3:python3
	@$(MAKE) --no-print-directory $(if $(SANITIZE),,SANITIZE=address$(comma)undefined) all run-hostile

run-hostile: all
	@tests/hostile/hostile.py $(build) $(MINUTES) $(SEED)

soak: ## kill and upgrade hub, parent and others again and again under clients who may not notice; MINUTES=30 SEED=number ONLY='hub parent'
	@tests/need.sh $(compiler_need) python3:python3
	@$(MAKE) --no-print-directory all
	@tests/soak/soak.py $(build) $(MINUTES) '$(SEED)' $(ONLY)

model: ## look at each state of a model of the hub, its handlers and the log, with deaths anywhere; needs spin
	@tests/model/check.sh build/model

check-fresh: ## as root: make, run and test on a minimal Debian, as root and as an ordinary user
	@tests/check_fresh.sh

dist: ## the committed sources as build/suite-VERSION.tar.gz, the same bytes each time
	@mkdir -p build && git archive --format=tar --prefix=suite-$(version)/ HEAD | gzip -9n >build/suite-$(version).tar.gz
	@echo build/suite-$(version).tar.gz

deb: ## build the packages of debian/ in build/deb
	@tests/need.sh dpkg-buildpackage:dpkg-dev dh:debhelper $(compiler_need) /usr/include/gnutls/gnutls.h:libgnutls28-dev
	@rm -rf build/deb && mkdir -p build/deb/suite
	@git ls-files -z | tar --null -T - -cf - | tar -C build/deb/suite -xf -
	@cd build/deb/suite && dpkg-buildpackage -us -uc -b

check-deb: ## as root: lint, install, try, remove and purge the packages on a minimal Debian
	@$(MAKE) --no-print-directory deb
	@tests/check_deb.sh

bench: ## measure speed against other servers; ONLY=ftp|chat|pack|poller ROUNDS=n BUILD='folders'
	@tests/need.sh $(compiler_need) $(bench_needs)
	@$(MAKE) --no-print-directory all $(build)/bench $(build)/bench-floor $(if $(gnutls),$(build)/bench-tls)
	@tests/bench/peers.sh build/peers
	@$(build)/bench $(addprefix -b ,$(BUILD)) -k $(build)/bench-floor $(if $(gnutls),-s $(build)/bench-tls) -n $(ROUNDS) $(if $(ONLY),-o $(ONLY))

MINUTES       = 30
SEED          =
FTP           = 2121
CHAT          = 2323
BUILD         = $(build)
events        = --events '$(if $(filter-out all,$(EVENTS)),$(EVENTS),$(backends))' $(if $(EVENTS),--every)
ROUNDS        = 5
bench_needs   = apt-get:apt dpkg-deb:dpkg unshare:util-linux python3:python3
EVENTS        =
backends      = $(if $(POSIX),poll select,epoll epoll-edge poll select)
compiler_need = $(lastword $(CXX)):$(if $(findstring clang,$(CXX)),clang,g++) /usr/include/crypt.h:libcrypt-dev \
                /usr/include/utf8proc.h:libutf8proc-dev
run_needs     = curl:curl nc.openbsd:netcat-openbsd telnet:telnet
test_needs    = /usr/include/doctest/doctest.h:doctest-dev /usr/include/gnutls/gnutls.h:libgnutls28-dev openssl:openssl $(run_needs) lftp:lftp \
                tmux:tmux tnftp:tnftp ncftpget:ncftp wget:wget expect:expect python3:python3 watch:procps

include tests/check.mk

# What install puts below PREFIX and uninstall removes; second names are symbolic links, as TARGET:PLACE.
# pack(3) stays: it describes a header that is not installed.
into     = $(DESTDIR)$(PREFIX)
pages   := $(notdir $(wildcard man/*.[1578]))
place    = share/man/man$(subst .,,$(suffix $1))/$1
placed   = $(foreach p,$(programs),$(call field,3,$p)/$(call field,1,$p))
manuals  = $(foreach m,$(pages),$(call place,$m))
symlinks = $(foreach l,$(links),$(call field,2,$l):$(call field,4,$l)/$(call field,1,$l) \
             $(foreach m,$(filter $(call field,2,$l).%,$(pages)),$(call page_for,$m,$(call field,1,$l)$(suffix $m))))
served   = $(foreach s,$(services),service/$(call field,1,$s):$(call field,2,$s)/$(or $(call field,3,$s),$(notdir $(call field,1,$s))))
# What was made:PLACE.
offered  = $(foreach s,$(shells),$(foreach n,$(completed),completions/$(call field,1,$s)/$n:$(call field,2,$s)/$(subst %,$n,$(call field,3,$s))))
page_for = $(if $(filter $2,$(pages)),,$1:$(call place,$2)) # unless the second name has a page of its own

# The folders that install had to make are noted, so that uninstall removes them and no others.
noted    = $(into)/$(catalogue_folder)/folders
folders  = $(sort $(patsubst %/,%,$(dir $(placed) $(manuals) $(catalogues:$(build)/%=$(catalogue_folder)/%) \
             $(foreach l,$(symlinks),$(lastword $(subst :, ,$l))) \
             $(foreach s,$(served) $(offered),$(call field,2,$s)))))

install: all ## copy programs, manuals, completions and units below DESTDIR and PREFIX (/usr/local); stripped
	@tests/make_folders.sh $(noted) $(into) $(folders)
	@for f in $(placed); do install -s -m 755 $(build)/$${f##*/} $(into)/$$f || exit; done
	@for f in $(catalogues); do install -m 644 $$f $(into)/$(catalogue_folder)/$${f##*/} || exit; done
	@for f in $(manuals); do install -m 644 man/$${f##*/} $(into)/$$f || exit; done
	@for c in $(offered); do install -m 644 $(build)/$${c%%:*} $(into)/$${c#*:} || exit; done
	@for s in $(served); do sed 's,@PREFIX@,$(PREFIX),g' $${s%%:*} >$(into)/$${s#*:} && \
	  chmod 644 $(into)/$${s#*:} || exit; done
	@for l in $(symlinks); do ln -sf $${l%%:*} $(into)/$${l#*:} || exit; done

uninstall: ## remove exactly what install put there, and the folders that it made
	rm -f $(addprefix $(into)/,$(placed) $(manuals) \
	  $(addprefix $(catalogue_folder)/,$(notdir $(catalogues))) \
	  $(foreach l,$(symlinks) $(served) $(offered),$(lastword $(subst :, ,$l))))
	@tests/make_folders.sh -r $(noted)

clean: ## remove everything that was built
	rm -rf build

help: ## show this
	@sed -n '2,/^$$/s/^# \{0,1\}//p' Makefile
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' Makefile tests/check.mk | expand -t 20
