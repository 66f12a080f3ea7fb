// SPDX-License-Identifier: ISC
#include "tests/e2e/tmux.hh"

#include "common/text.hh"
#include "tests/e2e/observe.hh"

#include <doctest/doctest.h>
#include <signal.h>

namespace e2e {

using common::text;

Tmux::Tmux(unsigned columns, unsigned rows, const std::string& command) {
    run({"new-session", "-d", "-x", std::to_string(columns), "-y", std::to_string(rows), command});
    server_ = static_cast<pid_t>(std::stol(run({"display-message", "-p", "#{pid}"})));
}

Tmux::~Tmux() {
    try {
        run({"kill-server"});
        wait_until("tmux has ended", [&] { return ::kill(server_, 0) != 0; });
    } catch (const Failure& late) {
        FAIL_CHECK(late.what());
    }
}

void Tmux::type(const std::string& text) { run({"send-keys", "-l", text}); }

void Tmux::press(Words keys) {
    keys.insert(keys.begin(), "send-keys");
    run(keys);
}

void Tmux::resize(unsigned columns) { run({"resize-window", "-x", std::to_string(columns)}); }

std::string Tmux::screen() { return run({"capture-pane", "-p"}); }

void Tmux::wait_for_rows(const std::string& rows) { wait_for(text('\n', rows, '\n')); }

void Tmux::wait_for(const std::string& text) {
    std::string all;
    try {
        wait_until("the screen has " + text, [&] {
            all = '\n' + screen();
            return all.find(text) != all.npos;
        });
    } catch (const Failure& late) {
        throw Failure{common::text(late.what(), "; it has:", all)};
    }
}

std::string Tmux::run(const Words& words) {
    Words command{"env", "SHELL=/bin/sh", "tmux", "-S", folder_ / "tmux", "-f", "/dev/null", "-u"};
    command.insert(command.end(), words.begin(), words.end());
    return run_client(command).out;
}

} // namespace e2e
