// SPDX-License-Identifier: ISC
#include "common/service.hh"

#include "common/errors.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "tests/unit/common/each_backend.hh"
#include "tests/unit/common/temporary_folder.hh"
#include "tests/unit/common/test_keeper.hh"

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>

using namespace common;
using namespace waiting;

namespace {

// A daemon's main process with nothing but its service; what the service has it do is told in done.
struct House {
    House() {
        settings.control = folder / "control";
        settings.events = Backend::poll;
        settings.log_level = Severity::detail;
        std::vector<Given> given;
        given.push_back({std::string{label_of_control}, listen_on(Address::of_path(settings.control), 0600)});
        keeper.emplace(folder / "lock", std::move(given));
        service.emplace(keeper->link(), settings, log);
        service->loop().at(common::Clock::now() + deadline,
                           [] { FAIL("the deadline has passed"); }); // which no loop lives through
        service->open(
            {.verbs = {{"hello", "", "greet", [](Words) { return ControlAnswer{{"hello"}}; }}},
             .on_child_end = [this] { done += "reap\n"; },
             .status = [] { return std::vector<std::string>{"one client"}; },
             .apply = [this](Service::Lines lines) -> std::vector<std::string> {
                 if (lines[0].words[1] == "never") throw UserError("that is no time");
                 settings.idle_timeout = std::chrono::seconds{std::stoi(lines[0].words[1])};
                 done += text("apply ", lines[0].words[1], '\n');
                 return {"a room is full"};
             },
             .on_given = [this](Given one) { done += text("given ", one.label, '\n'); },
             .on_taken_back = [this](const std::string& label) { done += text("taken back ", label, '\n'); },
             .make_safe = [](const std::string& words) { return escape(words); },
             .max_farewell = 20});
    }

    void wait() {
        service->wait();
        service->heed_signals();
    }
    // A signal that the keeper has got.
    void signal(int number) {
        keeper->tell({.word = KeeperWord::signal, .number = number});
        wait();
    }
    // What the keeper has read.
    void give_config(std::string_view time, bool asked) {
        keeper->tell(frame_of({"conf:1", {"idle-timeout", std::string{time}}}));
        keeper->tell({.word = KeeperWord::told,
                      .number = static_cast<int>(Severity::warning),
                      .text = "a change of 'events' waits for an upgrade or the next start"});
        keeper->tell({.word = KeeperWord::apply, .flag = asked});
    }
    // The answer to a reload, which the keeper gives with finish.
    std::string ask_to_reload(const std::function<void()>& finish) {
        const Fd client =
            connect_to(std::vector{Address::of_path(settings.control)}, Clock::now() + deadline);
        write_some(client.get(), "reload\n");
        std::optional<KeeperFrame> asked;
        while (!asked) {
            service->wait();
            asked = keeper->heard();
        }
        CHECK(asked->word == KeeperWord::reload);
        std::array<char, 16> piece{};
        CHECK(read_some(client.get(), piece).state == IoState::would_block); // the answer waits, nobody else
        CHECK(ask("hello") == " hello\nok\n");
        finish();
        return answer_on(client);
    }
    // What the control socket answers, whole; the question is the last of its connection.
    std::string ask(std::string_view question) {
        const Fd client =
            connect_to(std::vector{Address::of_path(settings.control)}, Clock::now() + deadline);
        write_some(client.get(), text(question, '\n'));
        return answer_on(client);
    }
    std::string answer_on(const Fd& client) {
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
    DaemonSettings settings;
    Log log{"tester", "tester", {Log::Target::file, folder / "log"}, Severity::detail};
    std::string done;
    std::optional<TestKeeper> keeper;
    std::optional<Service> service;
};

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("service: each of the keeper's signals does its work and only two of them stop it") {
        House house;
        ::raise(SIGCHLD);
        house.wait();
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

    TEST_CASE(
        "service: signals for every process of the daemon are the keeper's and the keeper's end stops it") {
        House house;
        for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) {
            ::raise(signal);
            house.wait();
        }
        CHECK_FALSE(house.service->is_stopping());
        CHECK(house.logged().empty());
        house.keeper->end();
        house.wait();
        CHECK(house.service->is_stopping());
        CHECK(house.has_logged("the keeper has ended\n"));
    }

    TEST_CASE("service: what is given and taken back later is the daemon's to use but for the log") {
        House house;
        house.keeper->give("listen 1", Fd{::open("/dev/null", O_RDONLY | O_CLOEXEC)});
        house.keeper->tell({.word = KeeperWord::take_back, .label = "listen 0"});
        std::filesystem::rename(house.folder / "log", house.folder / "log.1");
        house.keeper->give(label_of_log,
                           Fd{::open((house.folder / "log").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)});
        house.wait();
        CHECK(house.done == "given listen 1\ntaken back listen 0\n");
        house.log.notice("here");
        CHECK(house.has_logged("here\n"));
    }

    TEST_CASE("service: a reload applies what it may and tells what waits or could not be done") {
        House house;
        house.give_config("2", false);
        house.wait();
        CHECK(house.done == "apply 2\n");
        CHECK(house.settings.idle_timeout == 2s);
        CHECK(house.has_logged("a change of 'events' waits for an upgrade or the next start\n"));
        CHECK(house.has_logged("configuration read again\n"));
        const auto applied = house.keeper->heard();
        CHECK((applied && applied->word == KeeperWord::applied && applied->flag));
        CHECK(house.ask_to_reload([&] { house.give_config("3", true); }) ==
              " a room is full\n a change of 'events' waits for an upgrade or the next start\nok\n");
        CHECK(house.settings.idle_timeout == 3s);
    }

    TEST_CASE("service: more reloads than may wait are refused") {
        House house;
        for (std::size_t i = 0; i < max_reloads; ++i) {
            const Fd client =
                connect_to(std::vector{Address::of_path(house.settings.control)}, Clock::now() + deadline);
            write_some(client.get(), "reload\n");
            while (!house.keeper->heard()) house.service->wait();
        }
        CHECK(house.ask("reload").starts_with("error the configuration is being read again for others"));
        CHECK_FALSE(house.keeper->heard());
        house.give_config("2", true);
        house.wait();
        const auto applied = house.keeper->heard();
        CHECK((applied && applied->word == KeeperWord::applied));
        CHECK(house.ask_to_reload([&] {
            for (std::size_t i = 0; i < max_reloads; ++i) house.give_config("3", true);
        }) == " a room is full\n a change of 'events' waits for an upgrade or the next start\nok\n");
    }

    TEST_CASE("service: what is wrong in a configuration leaves the old one in force") {
        House house;
        house.give_config("never", false);
        house.wait();
        CHECK(house.has_logged("configuration not read again, the old one stays: that is no time\n"));
        const auto applied = house.keeper->heard();
        CHECK((applied && applied->word == KeeperWord::applied && !applied->flag));
        CHECK(house.ask_to_reload([&] { house.give_config("never", true); }) == "error that is no time\n");
        house.keeper->heard();
        CHECK(house.ask_to_reload([&] {
            house.keeper->tell({.word = KeeperWord::refuse, .flag = true, .text = "conf:1: no"});
        }) == "error conf:1: no\n");
        house.keeper->tell({.word = KeeperWord::refuse, .text = "conf:2: no"});
        house.wait();
        CHECK(house.has_logged("configuration not read again, the old one stays: conf:2: no\n"));
        CHECK(house.done.empty());
        CHECK_FALSE(house.has_logged("configuration read again"));
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

    TEST_CASE("service: at the end the keeper holds the control connections") {
        House house;
        const Fd client =
            connect_to(std::vector{Address::of_path(house.settings.control)}, Clock::now() + deadline);
        write_some(client.get(), "shutdown\n");
        while (!house.service->is_stopping()) house.service->wait();
        house.service->begin_stop(3, 5s);
        house.service->end_stop();
        CHECK(house.has_logged("stopping, clients 3\n"));
        CHECK(house.has_logged("stopped\n"));
        const auto stopping = house.keeper->heard();
        CHECK((stopping && stopping->word == KeeperWord::stopping && stopping->number == 5));
        const auto held = house.keeper->heard();
        CHECK((held && held->word == KeeperWord::hold));
        std::array<char, 16> piece{};
        CHECK(read_some(client.get(), piece).bytes == 3); // "ok\n"
        house.service.reset();
        CHECK(read_some(client.get(), piece).state == IoState::would_block);
        house.keeper->held.reset();
        CHECK(read_some(client.get(), piece).state == IoState::ended);
    }
}
