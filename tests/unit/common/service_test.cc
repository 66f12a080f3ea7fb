// SPDX-License-Identifier: ISC
#include "common/service.hh"

#include "common/errors.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "tests/unit/common/each_backend.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <csignal>
#include <fstream>
#include <iterator>

using namespace common;
using namespace waiting;

namespace {

void write_file(const std::string& path, std::string_view text) { std::ofstream{path} << text; }

// A daemon with nothing but its service; what the service has it do is told in done.
struct House {
    House() {
        settings.state = folder / "state";
        settings.control = folder / "control";
        settings.events = Backend::poll;
        settings.log_level = Severity::detail;
        options.file = folder / "conf";
        write_file(options.file, "idle-timeout 1\n");
        start();
    }

    void start() {
        service.emplace(options, read_config(options.file, {}), settings, log);
        service->loop().at(common::Clock::now() + deadline,
                           [] { FAIL("the deadline has passed"); }); // which no loop lives through
        service->open({.verbs = {{"hello", "", "greet", [](Words) { return ControlAnswer{{"hello"}}; }}},
                       .on_child_end = [this] { done += "reap\n"; },
                       .status = [] { return std::vector<std::string>{"one client"}; },
                       .merge =
                           [](Service::Lines old, Service::Lines given, std::vector<std::string>& ignored) {
                               DaemonSettings scratch;
                               const auto table = daemon_directives(scratch, {});
                               return merge_for_reload(old, given, table, ignored);
                           },
                       .apply = [this](Service::Lines merged) -> std::vector<std::string> {
                           if (merged[0].words[1] == "never") throw UserError("that is no time");
                           settings.idle_timeout = std::chrono::seconds{std::stoi(merged[0].words[1])};
                           done += text("apply ", merged[0].words[1], '\n');
                           return {};
                       },
                       .make_safe = [](const std::string& words) { return escape(words); },
                       .max_farewell = 20});
    }

    void signal(int number) {
        ::raise(number);
        service->wait();
        service->heed_signals();
    }
    // What the control socket answers, whole; the question is the last of its connection.
    std::string ask(std::string_view question) {
        const Fd client =
            connect_to(std::vector{Address::of_path(settings.control)}, Clock::now() + deadline);
        write_some(client.get(), text(question, '\n'));
        std::string answer;
        while (answer.find("ok\n") == answer.npos && answer.find("error") == answer.npos) {
            service->wait();
            std::array<char, 4096> piece{};
            const IoResult got = read_some(client.get(), piece);
            if (got.state == IoState::done) answer.append(piece.data(), got.bytes);
        }
        return answer;
    }
    std::string logged() const {
        std::ifstream file{folder / "log"};
        return {std::istreambuf_iterator<char>{file}, {}};
    }
    bool has_logged(std::string_view line) const { return logged().find(line) != std::string::npos; }

    TemporaryFolder folder;
    DaemonOptions options;
    DaemonSettings settings;
    Log log{"tester", "tester", {Log::Target::file, folder / "log"}, Severity::detail};
    std::string done;
    std::optional<Service> service;
};

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("service: each signal does its work once and only two of them stop it") {
        House house;
        house.signal(SIGCHLD);
        CHECK(house.done == "reap\n");
        house.signal(SIGUSR1);
        CHECK(house.has_logged("one client\n"));
        house.service->heed_signals();
        CHECK(house.done == "reap\n");
        CHECK_FALSE(house.service->is_stopping());
        house.signal(SIGTERM);
        CHECK(house.service->is_stopping());
        House other;
        other.signal(SIGINT);
        CHECK(other.service->is_stopping());
    }

    TEST_CASE("service: a reload applies what it may and tells what waits for the next start") {
        House house;
        write_file(house.options.file, "idle-timeout 2\nnice 5\n");
        house.signal(SIGHUP);
        CHECK(house.done == "apply 2\n");
        CHECK(house.settings.idle_timeout == 2s);
        CHECK(house.has_logged("a change of 'nice' waits for the next start\n"));
        CHECK(house.has_logged("configuration read again\n"));
        CHECK(house.ask("reload") == " a change of 'nice' waits for the next start\nok\n");
    }

    TEST_CASE("service: what is wrong in a configuration leaves the old one in force") {
        House house;
        write_file(house.options.file, "idle-timeout never\n");
        house.signal(SIGHUP);
        CHECK(house.has_logged("configuration not read again, the old one stays: that is no time\n"));
        CHECK(house.ask("reload") == "error that is no time\n");
        CHECK(house.done.empty());
        CHECK_FALSE(house.has_logged("configuration read again"));
        write_file(house.options.file, "idle-timeout 3\n");
        CHECK(house.ask("reload") == "ok\n");
        CHECK(house.done == "apply 3\n");
    }

    TEST_CASE("service: a shutdown with words stops it and too many words do not") {
        House house;
        CHECK(house.ask("shutdown until tomorrow at noon") ==
              "error the message is too long: 20 bytes at most\n");
        CHECK_FALSE(house.service->is_stopping());
        CHECK(house.service->farewell().empty());
        CHECK(house.ask("shutdown \"so\tlong\"") == "ok\n");
        CHECK(house.service->is_stopping());
        CHECK(house.service->farewell() == "so\\tlong");
        CHECK(house.has_logged("shutdown by administrator\n"));
    }

    TEST_CASE("service: the daemon's own verbs come before those of every daemon") {
        House house;
        CHECK(house.ask("hello") == " hello\nok\n");
        const std::string help = house.ask("help");
        CHECK(help.find(" hello") < help.find(" reload"));
        CHECK(help.find(" reload") < help.find(" shutdown"));
    }

    TEST_CASE("service: a control connection ends when the state is free and not before") {
        House house;
        const Fd client =
            connect_to(std::vector{Address::of_path(house.settings.control)}, Clock::now() + deadline);
        write_some(client.get(), "shutdown\n");
        while (!house.service->is_stopping()) house.service->wait();
        house.service->begin_stop(3);
        house.service->end_stop();
        CHECK(house.has_logged("stopping, clients 3\n"));
        CHECK(house.has_logged("stopped\n"));
        CHECK(::access(house.settings.control.c_str(), F_OK) != 0);
        std::array<char, 16> piece{};
        CHECK(read_some(client.get(), piece).bytes == 3); // "ok\n"
        CHECK(read_some(client.get(), piece).state == IoState::would_block);
        house.service.reset();
        CHECK(read_some(client.get(), piece).state == IoState::ended);
        house.start(); // nothing is in its way
    }
}
