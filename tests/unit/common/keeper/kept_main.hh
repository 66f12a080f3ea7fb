// SPDX-License-Identifier: ISC
// A keeper in a process of its own, with a main process that a test plays.
#pragma once

#include "common/errors.hh"
#include "common/keeper/keeper.hh"
#include "common/keeper/paper.hh"
#include "common/socket.hh"
#include "common/state.hh"
#include "common/text.hh"
#include "tests/unit/common/in_child.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <array>
#include <csignal>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <poll.h>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace kept {

using namespace common;

inline constexpr int in_order = 7; // the status of a main process that has come to its end

// The main process's bare end of its pair.
struct Main {
    void say(const KeeperFrame& frame, int fd = -1) const { say(pack_keeper_frame(frame), fd); }
    void say(const std::string& packet, int fd = -1) const {
        while (send_packet(keeper.get(), packet, fd) == IoState::would_block) wait(POLLOUT);
    }
    // Until it is killed.
    void go_on() const {
        for (;;) wait(0);
    }
    void wait(short events) const {
        pollfd one{keeper.get(), events, 0};
        ::poll(&one, 1, -1);
    }
    // The next word to it that is wanted: one that is not about the start.
    KeeperFrame hear(const std::function<bool(const KeeperFrame&)>& is_wanted) const {
        static std::array<char, max_keeper_packet> packet;
        for (;;) {
            wait(POLLIN);
            Received got = receive_packet(keeper.get(), packet);
            if (got.state == IoState::would_block) continue;
            if (got.state != IoState::done) ::_exit(1);
            const KeeperFrame frame = unpack_keeper_frame(std::span{packet}.first(got.bytes));
            if (frame.label == "helper") helper = std::move(got.passed);
            if (is_wanted(frame)) return frame;
        }
    }
    KeeperFrame hear() const {
        return hear([](const KeeperFrame& frame) {
            return frame.word != KeeperWord::begin && (frame.word != KeeperWord::give || frame.flag);
        });
    }
    // The number of the helper that it is given, whose pair is kept.
    pid_t hear_of_helper() const {
        return static_cast<pid_t>(
            hear([](const KeeperFrame& frame) { return frame.label == "helper"; }).number);
    }
    Fd keeper;
    mutable Fd helper{}; // the pair with the last one that was given
};

struct Outcome {
    int status;
    std::string log;
    std::string helpers; // numbers of those that came to their end, a blank after each
    bool has_logged(std::string_view words) const { return log.find(words) != log.npos; }
};

// As the keeper before has left it after an upgrade: this main process, and the children that start makes.
inline Paper paper_of_former(const std::string& state, const std::function<void(const Main&)>& body,
                             const std::function<std::vector<pid_t>()>& start) {
    static std::optional<StateDirectory> directory; // whose lock must not be closed
    directory.emplace(state);
    auto [ours, theirs] = make_packet_pair();
    Paper paper{.program_version = "tester 0.9",
                .state = state,
                .lock = ::dup(directory->lock().get()),
                .born_with = 1024};
    paper.children = start();
    paper.main = ::fork();
    if (paper.main == 0) {
        ours.reset();
        body({.keeper = std::move(theirs)});
        ::_exit(in_order);
    }
    paper.pair = ours.release();
    return paper;
}

// What a keeper comes to whose main process does this; change: what the plan is to have in another way. A
// helper stands beside it, which waits for the end of its pair with it. former: the keeper was executed in
// the place of one that had these children.
inline Outcome keep(
    const std::function<void(const Main&)>& body, const std::function<void(Plan&)>& change = [](Plan&) {},
    const std::function<std::vector<pid_t>()>& former = nullptr) {

    const TemporaryFolder folder;
    const std::string log_file = folder / "log";
    const std::string said = in_child([&] {
        Log log{"tester", "keeper", {Log::Target::file, log_file}, Severity::detail};
        const auto make_plan = [&](Duties::Lines) {
            Plan plan;
            plan.settings.state = folder / "state";
            plan.settings.control = folder / "control";
            plan.settings.log = log_file;
            plan.on_request["main file"] = [] { return Fd{::open("/dev/null", O_RDONLY | O_CLOEXEC)}; };
            plan.processes.push_back({.role = "main", .body = [&](Birth birth) {
                                          body({.keeper = std::move(birth.keeper)});
                                          return in_order;
                                      }});
            plan.processes.push_back(
                {.role = "helper",
                 .body =
                     [&](Birth birth) {
                         pollfd one{birth.main.get(), POLLIN, 0};
                         ::poll(&one, 1, -1); // its end
                         std::ofstream{folder / "helpers", std::ios::app} << ::getpid() << ' ' << std::flush;
                         return 0;
                     },
                 .pause = std::chrono::milliseconds{0}});
            change(plan);
            return plan;
        };
        const auto merge = [](Duties::Lines, Duties::Lines given, std::vector<std::string>&) {
            return std::vector<ConfigLine>{given.begin(), given.end()};
        };
        const DaemonOptions options;
        std::array<char, 8> name{"tester"};
        std::array<char*, 1> arguments{name.data()};
        const Invocation invocation{arguments};
        std::optional<Paper> paper;
        if (former) paper = paper_of_former(folder / "state", body, former);
        Keeper keeper{{"tester", "1.0", make_plan, merge}, options, {}, log, invocation, std::move(paper)};
        return text("status ", keeper.run(nullptr));
    });
    std::ifstream file{log_file}, helpers{folder / "helpers"};
    CAPTURE(said);
    REQUIRE(said.starts_with("status "));
    return {std::stoi(said.substr(7)),
            {std::istreambuf_iterator<char>{file}, {}},
            {std::istreambuf_iterator<char>{helpers}, {}}};
}

} // namespace kept
