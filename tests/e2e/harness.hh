// SPDX-License-Identifier: ISC
// All that an end-to-end test needs.
#pragma once

#include "tests/e2e/daemon.hh"
#include "tests/e2e/files.hh"
#include "tests/e2e/proc.hh"
#include "tests/e2e/process.hh"
#include "tests/e2e/pty.hh"
#include "tests/e2e/wire.hh"
