// SPDX-License-Identifier: ISC
#include "common/far_process.hh"

#include "common/errors.hh"
#include "tests/skip.hh"

#include <csignal>
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace common;

TEST_SUITE("unit") {
    TEST_CASE("far process: one that is held is signalled and one that has ended is nobody else") {
        const pid_t child = checked("fork", {}, [] { return ::fork(); });
        if (child == 0)
            for (;;) ::pause();
        const Fd held = hold_process(child);
        if (held)
            signal_held(held, SIGTERM);
        else
            ::kill(child, SIGTERM);
        int status = 0;
        CHECK(::waitpid(child, &status, 0) == child);
        CHECK(WIFSIGNALED(status));
        CHECK(WTERMSIG(status) == SIGTERM);
        signal_held(held, SIGKILL);
        CHECK_FALSE(hold_process(child));
        if (!held) tests::skip("this system gives no hold on a process");
    }
}
